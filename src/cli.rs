//! The command line, as types only.

pub mod bench;
pub mod generate;
pub mod handover;
pub mod inside;
pub mod lesson;
pub mod mask;
pub mod models;
pub mod pretrain;
pub mod reference;
pub mod report;
pub mod setup;
pub mod train;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::decoder::DeviceKind;
use crate::loss::Denominator;
use crate::mask::profile::{self, Profile};
use crate::mask::{Header, Mode, PartWeights, Stop, Straddlers, on_or_off, prompt_weight};
use crate::sequence::Packing;

/// See how a language model learns, token by token.
///
/// Without a subcommand the screen opens on what is given, or on a sample. Without a terminal on standard output the
/// same is printed as `analyze` does.
#[derive(Debug, Parser)]
#[command(version, disable_version_flag = true, about, long_about)]
#[command(max_term_width = 100, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Subcommands>,
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub model: ModelArgs,
    #[command(flatten)]
    pub mask: MaskArgs,
    #[command(flatten)]
    pub compare: CompareArgs,
    #[command(flatten)]
    pub screen: ScreenArgs,
    /// Go on with a session that was written with ctrl-s: text, model, mask and settings are as they were, and its steps
    /// are taken again
    #[arg(long, value_name = "FILE", conflicts_with_all = OF_A_SESSION)]
    pub session: Option<PathBuf>,
    #[command(flatten)]
    pub program: ProgramArgs,
}

/// What program this is, and with how much of the machine it runs.
#[derive(Debug, Default, Args)]
pub struct ProgramArgs {
    /// Threads to compute with [default: RAYON_NUM_THREADS, else one for each core]
    #[arg(long, global = true, value_name = "N", value_parser = threads)]
    pub threads: Option<usize>,
    /// Print version
    #[arg(short = 'V', long)]
    pub version: bool,
    /// With --version: processor, kernels, threads, memory and features as well
    #[arg(long, requires = "version")]
    pub verbose: bool,
}

/// More threads than any machine has cores are a slip of the finger.
const MOST_THREADS: usize = 1024;

fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(threads) if (1..=MOST_THREADS).contains(&threads) => Ok(threads),
        _ => Err(format!("give a number from 1 to {MOST_THREADS}")),
    }
}

/// How the screen looks, and what is written of it.
#[derive(Debug, Default, Args)]
pub struct ScreenArgs {
    /// Colours of the screen (NO_COLOR means mono)
    #[arg(long, value_enum)]
    pub theme: Option<ThemeArg>,
    /// Record what the screen shows in a new file, as an asciicast that asciinema plays
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Write a log of every step that is taken on screen, as TensorBoard reads it or as JSON lines; each run that begins at
    /// its first step has a folder of its own, DIR/run-1 and on; may be given twice
    #[arg(long, num_args = 2, value_names = ["tensorboard|jsonl", "DIR"])]
    pub log: Vec<OsString>,
    /// Start presenting to a class: several views at once, each key in words
    #[arg(long)]
    pub present: bool,
    /// In a lesson, write what is there for the teacher to this file, step by step: `tail -f FILE` follows it in a second
    /// terminal
    #[arg(long, value_name = "FILE")]
    pub notes: Option<PathBuf>,
}

/// What a session says by itself.
const OF_A_SESSION: [&str; 16] = [
    "text",
    "file",
    "chat",
    "index",
    "EncodeArgs",
    "PackArgs",
    "model",
    "template",
    "eot_token",
    "compare",
    "mask",
    "profile",
    "denominator",
    "split",
    "weights",
    "MaskOptionArgs",
];

#[derive(Debug, Subcommand)]
pub enum Subcommands {
    /// Print what the model says of every token: −log p, p, rank, entropy, top candidates, and the loss
    Analyze(Box<AnalyzeArgs>),
    /// Show which tokens of every record of a data set a loss mask scores, and look for what would train badly
    ///
    /// Renders, tokenises and masks every record, without a forward pass: prints totals and findings, and writes the
    /// data set as a trainer takes it. Ctrl-C stops it and prints what was seen so far.
    Mask(Box<mask::MaskSetArgs>),
    /// Train on a text, a chat or a data set, step by step, and save the weights
    ///
    /// One line a step: the loss before it, the gradient's norm before clipping, the learning rate. Ctrl-C ends the run
    /// after the step under way, still saves, and exits with 130; a second one leaves the step or the save under way.
    Train(Box<train::TrainArgs>),
    /// Hand a training run over to transformers, TRL, Axolotl or torchtune
    ///
    /// Writes a folder: the sequences of the run, tokenised and masked, as Parquet in the order in which it takes them; the
    /// same method, optimizer and schedule as a script or a configuration; what starts it on one GPU, on several, on Ray
    /// and on Slurm; and a README that says what is equal and what is not. The options are those of `train`.
    #[command(after_long_help = handover::EXAMPLE)]
    Handover(Box<handover::HandoverArgs>),
    /// Train a tokenizer and a model from random weights, as a recipe says it
    ///
    /// A recipe names texts and chats, the model's sizes and the stages of the training. The same recipe gives the same
    /// weights. Ctrl-C saves after the step under way and exits with 130; the same command goes on from there, to the same
    /// weights as if it had never stopped.
    #[command(after_long_help = pretrain::RECIPE)]
    Pretrain(pretrain::PretrainArgs),
    /// Let the model continue a text or answer a chat, token by token
    ///
    /// On a terminal the text comes as it is written; elsewhere every token with p, rank and what it was drawn with.
    /// Ctrl-C ends it, prints what is there and exits with 130.
    Generate(Box<generate::GenerateArgs>),
    /// Write what the model says of a text or a chat as one HTML page, to read, to hand out, to print as a work sheet
    ///
    /// The page needs nothing beside itself: every token with −log p, p and rank, the distribution at a cursor that moves,
    /// and what each loss mask scores. On screen ctrl-s writes it too, with the film of a training run.
    Report(Box<report::ReportArgs>),
    /// Learn how a model learns, step by step beside the live views
    ///
    /// Opens the screen with a lesson. Without a name it is the first of `lossglass lesson list`. In the screen A leaves it
    /// and comes back to it.
    #[command(after_long_help = lesson::FORMAT)]
    Lesson(lesson::LessonArgs),
    /// Measure how fast this program is on this machine, beside PyTorch where LOSSGLASS_PYTHON names one
    ///
    /// Scoring, training steps, generation, memory, the screen, matrix products as a share of what a core can do, threads and
    /// long texts, each against its bar. Takes some minutes; Ctrl-C ends it and leaves what was measured.
    #[command(after_long_help = bench::BESIDE)]
    Bench(bench::BenchArgs),
    /// List models, fetch, show and remove them
    Models(models::ModelsArgs),
    /// Say what the program finds on this machine, and what to do where something is missing
    ///
    /// The terminal's colours and glyphs, the processor, memory, the caches of models. Exits with 1 if something will not
    /// work. The network is left alone.
    Doctor(setup::DoctorArgs),
    /// Print a script with which a shell completes commands and options
    Completions(setup::CompletionsArgs),
    /// Print the manual page of a command in roff, or write the pages of all
    ///
    /// `lossglass man mask | man -l -` shows one.
    Man(setup::ManArgs),
}

#[derive(Debug, Args)]
pub struct AnalyzeArgs {
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub model: ModelArgs,
    #[command(flatten)]
    pub mask: MaskArgs,
    #[command(flatten)]
    pub compare: CompareArgs,
    #[command(flatten)]
    pub inside: inside::InsideArgs,
    /// How many of the most likely candidates to give for every token
    #[arg(long, value_name = "K", default_value_t = 5)]
    pub top_k: usize,
    /// Form of the output
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

/// What to look at; standard input, if it is piped, where none is given.
#[derive(Clone, Debug, Default, Args)]
pub struct InputArgs {
    /// Text to score
    #[arg(long, value_name = "STRING", allow_hyphen_values = true, conflicts_with_all = ["file", "chat"], help_heading = "Input")]
    pub text: Option<String>,
    /// File of text to score, - for standard input
    #[arg(long, value_name = "PATH", conflicts_with = "chat", help_heading = "Input")]
    pub file: Option<PathBuf>,
    /// Chat to score: JSON {"messages": […]}, a bare list of messages, or JSONL; - for standard input
    #[arg(long, value_name = "PATH", help_heading = "Input")]
    pub chat: Option<PathBuf>,
    /// Which record of a JSONL file, from 0 [default: 0]
    #[arg(long, value_name = "N", help_heading = "Input")]
    pub index: Option<usize>,
    #[command(flatten)]
    pub encoding: EncodeArgs,
    #[command(flatten)]
    pub pack: PackArgs,
}

/// Several records in one sequence.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct PackArgs {
    /// Pack the records of --chat or --data into sequences of at most N tokens, in the order of the file; what is longer
    /// is cut. What is shown is the pack that record --index goes into
    #[arg(long, value_name = "N", value_parser = pack_size, help_heading = "Input")]
    pub pack: Option<usize>,
    /// What the records of a pack know of each other: block, nothing (attention and positions of their own), or naive, as
    /// if they were one text [default: block]
    #[arg(long, value_name = "block|naive", requires = "pack", help_heading = "Input")]
    pub packing: Option<Packing>,
}

fn pack_size(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(size) if size >= 2 => Ok(size),
        _ => Err("give a number of tokens from 2 on".into()),
    }
}

/// How samples become tokens.
#[derive(Clone, Debug, Default, Args)]
pub struct EncodeArgs {
    /// Token to put before raw text, so that its first word is predicted too [default: what the tokenizer adds]
    #[arg(long, value_enum, value_name = "TOKEN", help_heading = "Input")]
    pub prefix: Option<PrefixArg>,
    /// Encode special-token text that stands in a text or a message, such as <|im_end|>, as the text it is; without
    /// this it becomes real special tokens
    #[arg(long, help_heading = "Input")]
    pub escape_specials: bool,
    /// Render a content that is a list of parts as one text, for templates that do not read parts
    #[arg(long, help_heading = "Input")]
    pub join_parts: bool,
    /// Put the end-of-sequence token behind raw text that does not end with it, as trainers do (--profile axolotl,
    /// trl-qwen3, trl-qwen2.5 and llama-factory do so by themselves)
    #[arg(long, help_heading = "Input")]
    pub append_eos: bool,
}

#[derive(Clone, Debug, Default, Args)]
pub struct ModelArgs {
    /// tiny-base, tiny-chat, random, a name that `models` lists, a directory, a .gguf file, or owner/name@revision on the
    /// Hugging Face Hub, owner/name/file.gguf for one file [default: tiny-chat for chats, else tiny-base]
    #[arg(long, value_name = "MODEL", help_heading = "Model")]
    pub model: Option<String>,
    /// Where to compute: auto, cpu, cuda, metal
    #[arg(long, value_name = "DEVICE", default_value_t = DeviceKind::Auto, help_heading = "Model")]
    pub device: DeviceKind,
    /// Chat template to use instead of the model's: a file, chatml, or the name of another one that the model has
    #[arg(long, value_name = "FILE|chatml|NAME", help_heading = "Model")]
    pub template: Option<String>,
    /// A token that ends a turn for --stop eos and --profile axolotl, in the place of the tokenizer's eos, as Axolotl's
    /// eot_tokens; may be given several times
    #[arg(long, value_name = "TOKEN", help_heading = "Model")]
    pub eot_token: Vec<String>,
}

#[derive(Clone, Debug, Default, Args)]
pub struct CompareArgs {
    /// A second model on the same text: by how much each expected it more, stretch by stretch, and bits per byte of both
    #[arg(long, value_name = "MODEL", help_heading = "Model")]
    pub compare: Option<String>,
}

#[derive(Clone, Debug, Default, Args)]
pub struct MaskArgs {
    /// Which targets the loss counts: all, completion, assistant, last-message, last-turn, generation-tags, messages,
    /// reasoning, answer, custom, or roles=user,assistant,… [default: assistant for chats, else all]
    #[arg(long, value_name = "MODE", help_heading = "Loss")]
    pub mask: Option<Mode>,
    /// Chats: score them as a trainer does: axolotl, trl-qwen3, llama-factory, unsloth, trl-qwen2.5, no-stop, header,
    /// openai, everything, no-tags
    #[arg(long, value_name = "NAME", value_parser = profile::find, help_heading = "Loss", conflicts_with_all = ["mask", "split", "weights", "MaskOptionArgs"])]
    pub profile: Option<&'static Profile>,
    /// What the sum is divided by: scored, weights, all, sum [default: scored]
    #[arg(long, value_name = "D", help_heading = "Loss")]
    pub denominator: Option<Denominator>,
    /// Raw text: the prompt is the first N characters, the completion the rest; implies --mask completion
    #[arg(long, value_name = "N", help_heading = "Loss")]
    pub split: Option<usize>,
    /// Chats: weights for parts of the assistant's turns that the mask trains, in place of the mask's, such as
    /// stop=0,reasoning=0.5; the parts are header, reasoning, content, tool_call, stop, after_stop, tool_result (of the
    /// tools' turns), and answer (content, tool_call, stop)
    #[arg(long, value_name = "PART=W,…", help_heading = "Loss")]
    pub weights: Option<PartWeights>,
    #[command(flatten)]
    pub options: MaskOptionArgs,
}

/// Options that hold under any mask; without them the mask decides.
#[derive(Clone, Debug, Default, Args)]
pub struct MaskOptionArgs {
    /// Chats: which stops count: those of the trained turns, of them those that are the tokenizer's eos, the last of them, all whoever's turn they end, or none
    #[arg(long, value_name = "turn|last|all|none", help_heading = "Loss")]
    pub stop: Option<Stop>,
    /// Chats: whether the headers of trained turns count, or only the whitespace that ends them
    #[arg(long, value_name = "on|end|off", help_heading = "Loss")]
    pub header: Option<Header>,
    /// Chats: whether what follows a stop counts, usually a newline
    #[arg(long, value_name = "on|off", value_parser = on_or_off, help_heading = "Loss")]
    pub after_stop: Option<bool>,
    /// Chats: whether the empty think block counts that the generation prompt supplies
    #[arg(long, value_name = "on|off", value_parser = on_or_off, help_heading = "Loss")]
    pub prefill: Option<bool>,
    /// Chats: whether reasoning counts
    #[arg(long, value_name = "on|off", value_parser = on_or_off, help_heading = "Loss")]
    pub reasoning: Option<bool>,
    /// Chats: whether tool calls count
    #[arg(long, value_name = "on|off", value_parser = on_or_off, help_heading = "Loss")]
    pub tool_call: Option<bool>,
    /// Chats: whether what tools answered counts
    #[arg(long, value_name = "on|off", value_parser = on_or_off, help_heading = "Loss")]
    pub tool_result: Option<bool>,
    /// Weight of the targets that the mask leaves unscored
    #[arg(long, value_name = "W", value_parser = prompt_weight, allow_negative_numbers = true, help_heading = "Loss")]
    pub prompt_weight: Option<f64>,
    /// A token across two parts: scored if any of them is, or only if it lies inside what is scored [default: any]
    #[arg(long, value_name = "any|inside", help_heading = "Loss")]
    pub straddlers: Option<Straddlers>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Format {
    Table,
    Json,
    Csv,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum PrefixArg {
    Bos,
    Eos,
    None,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ThemeArg {
    Dark,
    Light,
    /// Full colours on black, for a projector
    Contrast,
    Ansi,
    Mono,
}
