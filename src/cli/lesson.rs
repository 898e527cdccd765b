//! `lesson`: opening, listing and checking lessons.

use clap::{Args, Subcommand};

use super::ScreenArgs;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct LessonArgs {
    #[command(subcommand)]
    pub command: Option<LessonCommand>,
    /// A name that `lossglass lesson list` gives, or a lesson's file [default: how]
    #[arg(value_name = "NAME|FILE")]
    pub lesson: Option<String>,
    /// Model to read texts and chats with, in the place of the lesson's own
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    #[command(flatten)]
    pub screen: ScreenArgs,
}

#[derive(Debug, Subcommand)]
pub enum LessonCommand {
    /// List the lessons that come with the program
    List,
    /// Read a lesson, run every step of it, and say of every claim whether it holds
    ///
    /// Exits with 1 where a claim does not hold, with 2 where the file is wrong; mistakes are named by line.
    Check {
        /// A name that `lossglass lesson list` gives, or a lesson's file
        #[arg(value_name = "NAME|FILE")]
        lesson: String,
        /// Model to read texts and chats with, in the place of the lesson's own
        #[arg(long, value_name = "MODEL")]
        model: Option<String>,
    },
}

/// The format of lessons, for the help.
pub const FORMAT: &str = "\
A lesson is a Markdown file that anybody can write:

  ---
  title: A first look
  about: what one token costs
  base: tiny-base
  ---

  ## What comes next?

  ```step
  text: The cat sat on the mat.
  view: predict
  cursor: mat
  claim: \" mat\" is first
  press: →
  ```

  After “The cat sat on the” the model gives {target} a probability of {p}, which costs {nll} nats.

  > This model puts {first} first; {target} has {p}.

Each `## Title` is a step: a block of directives, the text, and behind > other words for where a claim does not hold.

  what opens    text: …   user: … and assistant: … (lines of a chat)   open: NAME [N]   model: base, chat or NAME
  what shows    view: NAME   panel: NAME   cursor: WORD, \" word\" 2, a number, end, scored or costliest
  what counts   mask: NAME   weights: PART=W,…   denominator: NAME   attention: NAME   labels: next or same
  what trains   rate: N   train: N   reset: weights   twin: TITLE or none   data: FILE or screen
  what else     compare: NAME or none   write: N or all   keys: KEY KEY …   table: mat 0.78, floor 0.22
                keep: NAME = VALUE   claim: VALUE < VALUE   notes: for the teacher, see --notes
  what is asked press: KEY KEY … (until: CLAIM)   guess: token, costliest, scored or loss
                type: VALUE [within N]   edit: WORD N   ask: in other words   then train: 5 (once it is done)

A value is a number, a text in quotes, a kept name or a live value; + - * / work. A claim compares two with < > <= >= = is, is
not, has, has not, or says VALUE within N of VALUE, or \" mat\" is first. The live values are: model, mask, target, first,
second, p, nll, rank, entropy, first_p, second_p, sees, weight (of where the step put the cursor; with here_ before them of
where it stands), p(\" Paris\"), nll(\" Paris\"), rank(\" Paris\"), costliest, costliest_nll, loss, loss(all), scored, scored(all),
targets, tokens, sum, unscored, perplexity, without, findings, step, lr, vocab, ln_vocab, written, written_tokens, ending,
parting, says(1), says_tokens(1), twin_loss(assistant), probe(1), probe_before(1), records, example(mat), example_loss,
cost(0.3).

A lesson opens samples of the program and files that lie beside it, no others.";
