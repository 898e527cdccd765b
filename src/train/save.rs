//! Weights on disk: what transformers and PEFT load, and what it takes to go on from there.
//!
//! ```text
//! full, last, embeddings   config.json, generation_config.json, model.safetensors, tokenizer files   (transformers)
//! LoRA                     adapter_config.json, adapter_model.safetensors                            (PEFT)
//! with the state           trainer.json, optimizer.safetensors                                       (ours)
//! ```
//!
//! A save appears as a whole or not at all: it is written beside its place, brought to the disk, and then changes places
//! with what was there. Tensors go to the disk piece by piece, so that saving needs no second copy of them.

mod adapter;
mod folder;
mod pretrained;
mod state;
mod tensors;

use std::io;
use std::path::{Path, PathBuf};

pub use adapter::target_modules;
pub use state::{Resumed, read_settings, read_state};

use self::folder::Folder;
use super::{Settings, Trainer};
use crate::cancel::Cancel;
use crate::decoder::DecoderError;
use crate::model::Model;

/// What a save is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// All weights, as transformers loads them.
    Full,
    /// The adapter alone, as PEFT loads it.
    Adapter,
    /// All weights with the adapter merged into them: the base weights beneath it are in no other place. A run cannot
    /// go on from it as LoRA.
    Merged,
}

/// What was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saved {
    pub form: Form,
    /// Of all files.
    pub bytes: u64,
}

/// Why nothing was saved, or a save not read. What stood in the place of a save still stands there.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    #[error("saving was stopped; nothing was changed")]
    Cancelled,
    #[error("{} is not a directory: give another place to save to", .0.display())]
    NotADirectory(PathBuf),
    #[error("{} holds {found}, which is no part of a save: give a new or an empty directory", directory.display())]
    NotASave { directory: PathBuf, found: String },
    #[error("{} holds the base model of the adapter: give another directory", .0.display())]
    IntoBase(PathBuf),
    #[error("cannot write {}: {reason}; nothing was changed", file.display())]
    Write { file: PathBuf, reason: io::Error },
    #[error("cannot read {}: {reason}", file.display())]
    Read { file: PathBuf, reason: io::Error },
    #[error(
        "{} has no trainer.json to go on from: it was saved with --weights-only or by another program; open it with --model",
        .0.display()
    )]
    NoState(PathBuf),
    #[error("{} is damaged: {reason}", file.display())]
    Damaged { file: PathBuf, reason: String },
    #[error(transparent)]
    Decoder(#[from] DecoderError),
}

impl From<candle_core::Error> for SaveError {
    fn from(error: candle_core::Error) -> Self {
        Self::Decoder(error.into())
    }
}

/// Whether weights of this model, or an adapter beside it, can be saved to `directory`: before a run, so that its end
/// does not bring the bad news.
///
/// # Errors
/// A place that cannot be written, that holds something else than a save, or that holds the adapter's base model.
pub fn check(directory: &Path, model: &Model, is_adapter: bool) -> Result<(), SaveError> {
    if is_adapter
        && let Some(base) = model.source.directory()
        && let (Ok(base), Ok(place)) = (base.canonicalize(), directory.canonicalize())
        && base == place
    {
        return Err(SaveError::IntoBase(directory.to_owned()));
    }
    folder::check(directory)?;
    Folder::beside(directory).map(drop)
}

/// Saves the model's weights, the adapter alone if it has one, and with `with_state` what a later run needs to go on
/// exactly from here (see [`read_state`]): settings, steps taken, the optimizer's memory. `on_progress` gets 0…1;
/// `cancel` is polled between pieces.
///
/// # Errors
/// Nothing is changed then, on a full disk and after `cancel` too.
pub fn save(
    model: &Model,
    trainer: &Trainer,
    settings: &Settings,
    directory: &Path,
    with_state: bool,
    cancel: &Cancel,
    on_progress: &mut dyn FnMut(f32),
) -> Result<Saved, SaveError> {
    let form = match model.decoder.adapters().is_empty() {
        true => Form::Full,
        false if trainer.has_moved_base() => Form::Merged,
        false => Form::Adapter,
    };
    let state = (with_state && form != Form::Merged).then_some((trainer, settings));
    Save { model, form, state, beside: &[] }.to(directory, cancel, on_progress)
}

/// What is to be saved.
pub struct Save<'a> {
    pub model: &'a Model,
    pub form: Form,
    /// How steps are taken, where a later run is to go on from here.
    pub state: Option<(&'a Trainer, &'a Settings)>,
    /// Further files, by their names.
    pub beside: &'a [(&'static str, &'a [u8])],
}

impl Save<'_> {
    /// Saves to `directory`, as [`save`] does.
    ///
    /// # Errors
    /// As [`save`].
    pub fn to(&self, directory: &Path, cancel: &Cancel, on_progress: &mut dyn FnMut(f32)) -> Result<Saved, SaveError> {
        let Self { model, form, .. } = *self;
        check(directory, model, form == Form::Adapter)?;
        let weights = tensors::weights(model, form)?;
        let moments = self.state.map_or(0, |(trainer, _)| trainer.optimizer().bytes() as u64);
        let total = weights.iter().map(tensors::Entry::bytes).sum::<u64>() + moments;
        let mut folder = Folder::beside(directory)?;
        let mut task = tensors::Task { cancel, on_progress, written: 0, total };
        match form {
            Form::Adapter => adapter::write(&mut folder, model, &weights, &mut task)?,
            Form::Full | Form::Merged => pretrained::write(&mut folder, model, &weights, &mut task)?,
        }
        if let Some((trainer, settings)) = self.state {
            state::write(&mut folder, trainer, settings, &mut task)?;
        }
        self.beside.iter().try_for_each(|(name, bytes)| folder.add(name, bytes))?;
        task.advance(0)?;
        Ok(Saved { form, bytes: folder.finish()? })
    }
}
