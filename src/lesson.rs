//! Lessons: short steps beside the live views, in files that anybody can write.
//!
//! A step says one thing in two or three sentences, drives the program by ordinary actions, and waits for the reader to do
//! something. Numbers in its text are live values between braces, and a step can say what must be true of them, with
//! other words for a model of which it is not.
//!
//! # The format
//!
//! A lesson is Markdown: a front matter, and a step under each heading of the second level. A step has one block fenced as
//! `step`, with a directive a line, then its text; a quotation is the other words. What stands between `<!--` and `-->` is
//! for who reads the file.
//!
//! ````text
//! ---
//! title: A first look
//! about: what one token costs
//! minutes: 2
//! base: tiny-base
//! ---
//!
//! ## What comes next?
//!
//! ```step
//! text: The cat sat on the mat.
//! view: predict
//! cursor: mat
//! claim: " mat" is first
//! press: →
//! ```
//!
//! After “The cat sat on the” the model gives {target} a probability of {p}. That costs {nll} nats.
//!
//! > This model puts {first} first; the true token {target} has {p}, which costs {nll} nats.
//! ````
//!
//! The front matter has `title`, and perhaps `about`, `minutes`, `base` (the model for texts) and `chat` (the one for
//! chats). Models are named as `lossglass models` lists them; `base` and `chat` mean those of the lesson.
//!
//! | directive | what it does |
//! |---|---|
//! | `text: …` | opens a text; `\n` is a line break |
//! | `system: …`, `user: …`, `assistant: …` | lines that follow each other open a chat |
//! | `open: NAME [N]` | opens a sample of the program, or record N of a file beside the lesson |
//! | `model: NAME` | base, chat, or a model by its name; without it what opens is read with base or chat |
//! | `compare: NAME` | a second model beside it; `none` lets it go |
//! | `view: NAME`, `panel: NAME` | shows a view, and a panel of it |
//! | `cursor: WORD` | goes to a token: `mat`, `" mat" 2` (the second), a number, `end`, `scored`, `costliest` |
//! | `mask: NAME` | a mode or a profile |
//! | `weights: PART=W,…` | weights of parts, as `--weights` |
//! | `denominator: NAME` | scored, weights, all, sum |
//! | `attention: NAME` | causal, none, window=N, prefix=N |
//! | `labels: NAME` | next, or same: shifted by one too few |
//! | `rate: N` | the learning rate |
//! | `train: N` | takes N steps |
//! | `reset: weights` | back to the exact base weights |
//! | `twin: TITLE` | begins a twin run or a demonstration, by its title in the list of view Train; `none` ends it |
//! | `data: FILE` | trains on a file of records beside the lesson; `screen` on what is shown |
//! | `write: N` | lets the model write N tokens from the cursor on in Generate; `all` to the end |
//! | `keys: KEY KEY …` | presses keys as the key table names them |
//! | `table: mat 0.78, floor 0.22` | an example that the reader edits; the first is the target |
//! | `keep: NAME = VALUE` | keeps a value under a name, for this text and later ones |
//! | `claim: …` | what must be true, see below; any number of them |
//! | `notes: …` | a line for the teacher alone, whom `--notes FILE` tells; any number of them |
//!
//! Opening a text or a chat begins a scene: untouched weights, the default mask, nothing from before. Going back does a
//! scene's steps again up to the one before.
//!
//! At most one of these says what the reader is to do; without one it is to read on:
//!
//! | directive | what it asks |
//! |---|---|
//! | `press: KEY KEY …` | to press these keys; with `until: CLAIM` any of them until that is true |
//! | `guess: WHAT` | to guess first: `token`, `costliest`, `scored`, or `loss` (up or down, after what `then` does) |
//! | `type: VALUE [within N]` | to type a number or a word |
//! | `edit: WORD N` | to give a candidate of the table a probability |
//!
//! `ask: …` says it in other words. A directive behind `then`, such as `then train: 5`, is done once that is met.
//!
//! A value is a number, a text in quotes, a name that a step kept, or a live value: see [`Name`], or `lossglass lesson
//! --help`. `+ - * /` work between numbers. A claim is `VALUE < VALUE` (or `>`, `<=`, `>=`, `=`, `is`, `is not`, `has`, `has
//! not`), `VALUE within N of VALUE`, or `" mat" is first`.
//!
//! # What a lesson may do
//!
//! What a user may, and less of files: it opens samples of the program and files that lie beside it, no others, and what
//! it says is shown as text, whatever characters are in it.

mod claim;
mod deed;
mod directive;
mod expression;
mod guess;
mod parse;
mod quantity;
mod scan;
mod shipped;
mod table;
mod words;

pub use claim::Claim;
pub use deed::{Ask, Deed, Spot, Which};
pub use expression::{Expression, Unit, Value, Values};
pub use guess::{Bet, Guess, Round, Tally, bets, class_nll};
pub use parse::{Mistake, Shelf, Terms, parse};
pub use quantity::{Argument, Name, Quantity};
pub use shipped::{FILES, SHIPPED, Shipped, named};
pub use table::Table;
pub use words::Words;

use crate::source::Source;

/// A lesson that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Lesson {
    pub title: String,
    /// In one line.
    pub about: String,
    /// How long it takes, about.
    pub minutes: Option<u32>,
    /// What texts are read with, and chats.
    pub base: Source,
    pub chat: Source,
    /// One at least, and the first opens something.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The line of its heading.
    pub line: usize,
    pub title: String,
    /// What it does when it is come to.
    pub deeds: Vec<Deed>,
    /// What the reader is to do, in the lesson's own words if it has any.
    pub ask: Ask,
    pub asks: Words,
    /// What is done once the reader did it.
    pub then: Vec<Deed>,
    /// What must be true when it is come to, each with its line.
    pub claims: Vec<(usize, Claim)>,
    pub text: Words,
    /// What it says where a claim does not hold.
    pub otherwise: Words,
    /// What only the teacher reads, line by line.
    pub notes: Vec<String>,
}

impl Step {
    /// Whether it begins a scene.
    pub fn opens(&self) -> bool {
        self.deeds.iter().any(|deed| matches!(deed, Deed::Open { .. }))
    }

    /// What doing as the step asks comes to, for who has it done and for who goes back.
    pub fn answer(&self) -> Vec<Deed> {
        let own = match &self.ask {
            Ask::Press { keys, until: None } => Some(Deed::Keys(keys.clone())),
            Ask::Press { keys, until: Some(claim) } => {
                Some(Deed::Until { keys: keys.clone(), claim: claim.clone(), left: MOST_PRESSES })
            }
            Ask::Edit { candidate, p } => Some(Deed::Edit { candidate: *candidate, p: *p }),
            Ask::GoOn | Ask::Guess(_) | Ask::Type { .. } => None,
        };
        own.into_iter().chain(self.then.iter().cloned()).collect()
    }
}

/// How often a step's keys are pressed at most, where it is done for the reader.
const MOST_PRESSES: usize = 200;

impl Lesson {
    /// The step with which the scene of step `at` begins.
    pub fn scene_of(&self, at: usize) -> usize {
        (0..=at).rev().find(|&i| self.steps.get(i).is_some_and(Step::opens)).unwrap_or(0)
    }

    /// What leads to step `at` from nothing: its scene's steps before it as the reader did them, and its own deeds.
    pub fn way_to(&self, at: usize) -> Vec<Deed> {
        let scene = self.steps.get(self.scene_of(at)..at).unwrap_or_default();
        let before = scene.iter().flat_map(|step| step.deeds.iter().cloned().chain(step.answer()));
        before.chain(self.steps.get(at).into_iter().flat_map(|step| step.deeds.iter().cloned())).collect()
    }
}
