//! Where a run keeps what it has.
//!
//! ```text
//! DIR/recipe.toml        what it was begun with
//!     last/              the latest weights, and all that it takes to go on from them
//!     checkpoints/0000N  the weights after step N
//!     log.jsonl          losses and samples along the way
//! ```

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::PretrainError;
use crate::source::run::{CHECKPOINTS, LAST};

/// The recipe, in the run's folder and with every save.
pub(super) const RECIPE: &str = "recipe.toml";
/// Where a save stands in its run.
pub(super) const POSITION: &str = "pretrain.json";

/// Where a run stands beside what a trainer saves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Position {
    pub stage: String,
    /// Steps of the stage.
    pub step: usize,
    /// Tokens that were trained on in the whole run.
    pub tokens: u64,
    /// Sum and number of the losses since the last entry of the log.
    pub losses: (f64, usize),
    /// Of the tokens of the stage's sources; empty before its first step.
    pub data: Vec<String>,
}

/// A run's folder.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Opens a run's folder, or makes one. Whether there is something to go on from says [`is_begun`](Self::is_begun).
    ///
    /// # Errors
    /// If it holds another run, or something else.
    pub fn open(path: &Path, recipe: &str) -> Result<Self, PretrainError> {
        let folder = Self { path: path.to_owned() };
        let failed = |error: io::Error| folder.wrong(error.to_string());
        match fs::read_to_string(path.join(RECIPE)) {
            Ok(own) if own == recipe => return Ok(folder),
            Ok(own) => return Err(folder.wrong(other_recipe(&own, recipe))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        fs::create_dir_all(path).map_err(failed)?;
        if let Some(found) = fs::read_dir(path).map_err(failed)?.flatten().next() {
            let found = found.file_name().to_string_lossy().into_owned();
            return Err(folder.wrong(format!("holds {found}, which is no run; give a new or an empty folder")));
        }
        fs::write(path.join(RECIPE), recipe).map_err(failed)?;
        Ok(folder)
    }

    fn wrong(&self, reason: String) -> PretrainError {
        PretrainError::Folder { folder: self.path.clone(), reason }
    }

    /// Whether there are weights to go on from.
    pub fn is_begun(&self) -> bool {
        self.last().join(POSITION).is_file()
    }

    /// Where the run stands.
    pub fn position(&self) -> Result<Position, PretrainError> {
        let file = self.last().join(POSITION);
        let text = fs::read(&file).map_err(|error| self.wrong(format!("reading {}: {error}", file.display())))?;
        serde_json::from_slice(&text).map_err(|error| self.wrong(format!("{} is damaged: {error}", file.display())))
    }

    /// Where the latest weights are.
    pub fn last(&self) -> PathBuf {
        self.path.join(LAST)
    }

    /// Where the weights after a step of the whole run are kept.
    pub fn checkpoint(&self, step: usize) -> PathBuf {
        self.path.join(CHECKPOINTS).join(format!("{step:06}"))
    }

    /// What the model is called: as its folder.
    pub fn name(&self) -> String {
        self.path.file_name().map_or_else(|| "model".into(), |name| name.to_string_lossy().into_owned())
    }

    /// The log.
    pub fn log(&self) -> PathBuf {
        self.path.join("log.jsonl")
    }

    /// An error of the log.
    pub fn log_error(&self, error: &io::Error) -> PretrainError {
        self.wrong(format!("log.jsonl: {error}"))
    }
}

/// The first line in which two recipes differ.
fn other_recipe(own: &str, given: &str) -> String {
    let lines = own.lines().chain(std::iter::repeat("")).zip(given.lines().chain(std::iter::repeat("")));
    let most = own.lines().count().max(given.lines().count());
    let differ = lines.take(most).position(|(own, given)| own != given).map_or(most, |at| at + 1);
    format!("was begun with another recipe: line {differ} is another; give a new folder, or the recipe.toml in it")
}
