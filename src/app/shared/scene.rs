//! Beginning from nothing, and coming back to what was there.

use super::{Comparing, Painting, Shared};
use crate::engine::Experiment;
use crate::loss::Denominator;
use crate::mask::Policy;
use crate::sequence::EncodeOptions;

impl Shared {
    /// No mask, paint, experiment, pack or second model was chosen.
    pub(in crate::app) fn forget_choices(&mut self) {
        self.reveal();
        self.hush();
        (self.policy, self.denominator) = (Policy::default(), Denominator::default());
        (self.encoding, self.pack) = (EncodeOptions::default(), None);
        (self.experiment, self.painting) = (Experiment::default(), Painting::default());
        self.comparing = Comparing::default();
    }

    /// What was there `before` is there again; whatever the engine still says is of something older.
    pub(in crate::app) fn return_to(&mut self, before: Self) {
        let (generation, opened) = (self.analysis.generation, self.opened + 1);
        *self = Self { opened, veil: None, distribution_asked: None, ..before };
        self.analysis.generation = generation;
    }
}
