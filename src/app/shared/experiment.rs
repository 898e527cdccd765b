//! What the sample is run under when it is not what the model was trained with: another attention mask, forbidden
//! edges, labels shifted otherwise.

use super::Shared;
use crate::loss::Labels;
use crate::mask::{AttentionChoice, Cut, Forbidden};

impl Shared {
    /// The sample is run under this mask from now on.
    pub(in crate::app) fn attend_under(&mut self, attention: AttentionChoice) {
        self.experiment.attention = attention;
    }

    /// Rows are asked for other labels from now on.
    pub(in crate::app) fn shift_labels(&mut self, labels: Labels) {
        self.experiment.labels = labels;
    }

    /// The edges are forbidden from now on, or allowed again.
    pub(in crate::app) fn toggle_cut(&mut self, cut: Cut) {
        self.experiment.forbidden = self.experiment.forbidden.toggled(cut);
    }

    /// Edges are of one text's tokens: of another they mean nothing.
    pub(in crate::app) fn allow_all_edges(&mut self) -> bool {
        let some = !self.experiment.forbidden.is_empty();
        self.experiment.forbidden = Forbidden::default();
        some
    }

    /// The model reads the sample as it was trained to.
    pub(in crate::app) fn end_experiment(&mut self) {
        self.experiment = Default::default();
    }
}
