//! From random weights to a model: a tokenizer is trained, then a llama, on texts and chats, as a recipe says it.
//!
//! ```text
//! recipe ─▶ tokenizer ─▶ corpus (tokens by source, some held out) ─▶ mix ─▶ Trainer::step ─▶ checkpoints, log
//!              │                                                      │          ▲
//!              └─▶ random weights ────────────────────────────────────│──────────┘
//!                                     a pure function of step and seed┘
//! ```
//!
//! A run is a folder: the recipe, `last` (all that it takes to go on), `checkpoints` (the weights along the way), and
//! `log.jsonl`. Where it stands follows from the step alone, so that a run that was stopped ends in the same weights.

mod corpus;
mod documents;
mod evaluate;
mod folder;
mod life;
mod log;
mod measure;
mod mix;
mod recipe;
mod run;
mod tokenizer;

pub use corpus::{Corpus, Tokens};
pub use evaluate::{Loss, Sampled};
pub use life::{CLOSE, Packed, pack};
pub use log::Entry;
pub use measure::{Measured, measure};
pub use mix::Mix;
pub use recipe::{Problem, Recipe, RecipeError, Shape, SourceRecipe, Stage, Watch};
pub use run::{End, Event, Run, Stop};

use std::path::PathBuf;

use crate::data::{BadRecord, DataError};
use crate::generate::GenerateError;
use crate::score::ScoreError;
use crate::train::TrainError;
use crate::train::save::SaveError;

/// Why a run cannot begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum PretrainError {
    #[error("source {source_name}: {reason}")]
    Source { source_name: String, reason: String },
    #[error("source {source_name}: {} {record}", file.display())]
    Record { source_name: String, file: PathBuf, record: BadRecord },
    #[error("source {source_name}: {error}")]
    Data { source_name: String, error: DataError },
    #[error("the tokenizer: {0}")]
    Tokenizer(String),
    #[error("{}: {reason}", folder.display())]
    Folder { folder: PathBuf, reason: String },
    #[error(transparent)]
    Model(#[from] anyhow::Error),
    #[error(transparent)]
    Train(#[from] TrainError),
    #[error(transparent)]
    Score(#[from] ScoreError),
    #[error(transparent)]
    Generate(#[from] GenerateError),
    #[error(transparent)]
    Save(#[from] SaveError),
    /// Before the first step: there is nothing to go on from.
    #[error("stopped before the first step")]
    Stopped,
}
