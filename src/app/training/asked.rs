//! What was asked of the trainer.

use super::step_settings::{StepLog, StepSettings};
use super::{Preset, Training};
use crate::source::Source;
use crate::train::Goal;

/// What the trainer was asked for last, so that its answers can be told apart and nothing is asked twice.
#[derive(Debug, Default)]
pub(in crate::app) struct Asked {
    /// The goal of the run that was asked for and did not end yet.
    pub run: Option<Goal>,
    /// What its steps are taken with.
    pub log: StepLog,
    /// It watches the probes that are on screen.
    pub probes: bool,
    /// How many of those, from the first on, came with the sample.
    pub default_probes: usize,
    /// What the second copy of a twin run does otherwise.
    pub preset: Option<&'static Preset>,
    /// The twin run that begins once another model has scored the text.
    pub twin: Option<&'static Preset>,
    /// The model that is trained.
    pub source: Option<Source>,
    /// The model that was asked for while steps were not saved: asked for again, it takes over.
    pub leaving_for: Option<Source>,
    /// The same of a lesson.
    pub leaving_for_lesson: bool,
}

impl Asked {
    /// The next steps are taken with `settings`. A step that is being taken began before.
    pub fn hold(&mut self, training: &mut Training, settings: StepSettings) {
        let after = training.step + usize::from(self.run.is_some());
        self.log.hold(after, settings, &mut training.changes);
    }
}
