//! What a model said of a sequence last, so that a changed text is scored from where it changed.

use anyhow::Result;

use super::Experiment;
use crate::cancel::Cancel;
use crate::decoder::Decoder;
use crate::loss::Row;
use crate::score::{ScoreOptions, Scorer};
use crate::sequence::Sequence;

/// The ids that were scored last, under what, and their rows, as far as they were computed.
#[derive(Default)]
pub(super) struct Scored {
    pub scorer: Scorer,
    pub ids: Vec<u32>,
    pub options: ScoreOptions,
    pub rows: Vec<Row>,
}

impl Scored {
    /// Scores `sequence`; rows go to `on_rows` with the place of the first, those that still hold first. Returns whether
    /// all was scored.
    pub fn score(
        &mut self,
        decoder: &Decoder,
        sequence: &Sequence,
        experiment: &Experiment,
        top_k: usize,
        cancel: &Cancel,
        on_rows: &mut dyn FnMut(usize, Vec<Row>),
    ) -> Result<bool> {
        self.ids = sequence.ids();
        let visibility = experiment.attention.visibility(sequence, experiment.forbidden.clone());
        self.options = ScoreOptions { visibility, labels: experiment.labels, top_k };
        // The receiver may have dropped what was computed for an older generation: it gets the reused rows again.
        self.rows.truncate(self.scorer.holding(&self.ids, &self.options));
        on_rows(0, self.rows.clone());
        let mirror = &mut self.rows;
        let mut mirrored = |from: usize, rows: Vec<Row>| {
            mirror.truncate(from);
            mirror.extend(rows.iter().cloned());
            on_rows(from, rows);
        };
        Ok(self.scorer.score_under(decoder, &self.ids, self.options.clone(), &mut (), cancel, &mut mirrored)?)
    }
}
