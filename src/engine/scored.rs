//! What a model said of a sequence last, so that a changed text is scored from where it changed.

use anyhow::Result;

use crate::cancel::Cancel;
use crate::decoder::Decoder;
use crate::loss::Row;
use crate::score::Scorer;
use crate::sequence::{Documents, Sequence};

/// The ids that were scored last and their rows, as far as they were computed.
#[derive(Default)]
pub(super) struct Scored {
    pub scorer: Scorer,
    pub ids: Vec<u32>,
    pub documents: Documents,
    pub rows: Vec<Row>,
}

impl Scored {
    /// Scores `sequence`; rows go to `on_rows` with the place of the first, those that still hold first. Returns whether
    /// all was scored.
    pub fn score(
        &mut self,
        decoder: &Decoder,
        sequence: &Sequence,
        top_k: usize,
        cancel: &Cancel,
        on_rows: &mut dyn FnMut(usize, Vec<Row>),
    ) -> Result<bool> {
        let (ids, documents) = (sequence.ids(), sequence.documents());
        // The receiver may have dropped what was computed for an older generation: it gets the reused rows again.
        let common = self.ids.iter().zip(&ids).take_while(|(old, new)| old == new).count();
        let common = self.documents.common(&documents, common);
        if common < self.ids.len().max(ids.len()) {
            self.rows.truncate(common.saturating_sub(1)); // the row before the change has another target
        }
        on_rows(0, self.rows.clone());
        (self.ids, self.documents) = (ids, documents);
        let mirror = &mut self.rows;
        let mut mirrored = |from: usize, rows: Vec<Row>| {
            mirror.truncate(from);
            mirror.extend(rows.iter().cloned());
            on_rows(from, rows);
        };
        Ok(self.scorer.score_packed(decoder, &self.ids, &self.documents, top_k, cancel, &mut mirrored)?)
    }
}
