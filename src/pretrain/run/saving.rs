//! Weights to the run's folder.

use std::path::Path;

use super::{Event, Run};
use crate::cancel::Cancel;
use crate::model::Model;
use crate::pretrain::PretrainError;
use crate::pretrain::folder::{POSITION, Position, RECIPE};
use crate::train::save::{Form, Save, SaveError};
use crate::train::{Settings, TrainError, Trainer};

/// What is saved.
pub(super) struct Saving<'a> {
    pub model: &'a Model,
    pub trainer: &'a Trainer,
    pub recipe: &'a str,
}

impl Saving<'_> {
    /// The weights, with the recipe that they come from.
    pub fn weights(
        &self,
        directory: &Path,
        cancel: &Cancel,
        on_progress: &mut dyn FnMut(f32),
    ) -> Result<(), SaveError> {
        let Self { model, recipe, .. } = *self;
        let beside = [(RECIPE, recipe.as_bytes())];
        Save { model, form: Form::Full, state: None, beside: &beside }.to(directory, cancel, on_progress).map(drop)
    }

    /// All that it takes to go on.
    pub fn all(
        &self,
        directory: &Path,
        settings: &Settings,
        position: &Position,
        cancel: &Cancel,
        on_progress: &mut dyn FnMut(f32),
    ) -> Result<(), SaveError> {
        let Self { model, trainer, recipe } = *self;
        let position = serde_json::to_vec_pretty(position)
            .map_err(|error| SaveError::Write { file: directory.join(POSITION), reason: error.into() })?;
        let beside = [(RECIPE, recipe.as_bytes()), (POSITION, position.as_slice())];
        Save { model, form: Form::Full, state: Some((trainer, settings)), beside: &beside }
            .to(directory, cancel, on_progress)
            .map(drop)
    }
}

impl Run<'_> {
    /// What is to be saved after this step. `false` after `cancel`.
    pub(super) fn save(
        &mut self,
        settings: &Settings,
        is_last: bool,
        cancel: &Cancel,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<bool, PretrainError> {
        let step = self.step();
        if self.recipe.keeps(step) {
            self.check_weights()?;
            let saving = Saving { model: &self.model, trainer: &self.trainer, recipe: self.text };
            let saved =
                saving.weights(&self.folder.checkpoint(step), cancel, &mut |share| on_event(Event::Saving(share)));
            if matches!(saved, Err(SaveError::Cancelled)) {
                return Ok(false);
            }
            saved?;
        }
        if is_last || step.is_multiple_of(self.recipe.checkpoints.every) {
            return self.save_last(settings, cancel, on_event);
        }
        Ok(true)
    }

    /// Saves all that it takes to go on. `false` after `cancel`.
    pub(super) fn save_last(
        &mut self,
        settings: &Settings,
        cancel: &Cancel,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<bool, PretrainError> {
        self.check_weights()?;
        let saving = Saving { model: &self.model, trainer: &self.trainer, recipe: self.text };
        let on_progress = &mut |share| on_event(Event::Saving(share));
        match saving.all(&self.folder.last(), settings, &self.position, cancel, on_progress) {
            Err(SaveError::Cancelled) => Ok(false),
            saved => {
                saved?;
                self.saved = self.step();
                Ok(true)
            }
        }
    }

    /// Broken weights must not take the place of good ones.
    fn check_weights(&self) -> Result<(), PretrainError> {
        for parameter in self.trainer.parameters() {
            let square = parameter.tensor.sqr().and_then(|squares| squares.sum_all()?.to_scalar::<f32>());
            if !square.map_err(TrainError::from)?.is_finite() {
                return Err(TrainError::NotFinite { what: "weights", step: self.trainer.steps() }.into());
            }
        }
        Ok(())
    }
}
