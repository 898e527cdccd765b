//! What is told of a record, and all that totals are made of.

use super::repeats::Says;
use crate::data::{Raw, Unit};
use crate::dataset::Masked;
use crate::mask::Mode;
use crate::mask::finding::Finding;
use crate::sample::Form;
use crate::sequence::Kind;

/// One record of a data set. What shards are merged from: a report has every field of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its number, from 0.
    pub index: usize,
    /// The number of its file, from 0.
    pub file: usize,
    /// Its line or row, from 1.
    pub place: usize,
    pub unit: Unit,
    /// It is a record at all: JSON in a form that is known.
    pub is_read: bool,
    /// `None` where it cannot be read, rendered or masked.
    pub figures: Option<Figures>,
    pub findings: Vec<Finding>,
    /// What it says, to be compared with what others say.
    pub says: Option<Says>,
}

/// A record's tokens and mask in numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    pub form: Form,
    pub kind: Kind,
    pub mode: Mode,
    pub tokens: usize,
    pub targets: usize,
    pub scored: usize,
    /// Σ w.
    pub weight: f64,
    /// It is longer than the context.
    pub over_context: bool,
    /// Scored tokens that the context cut off.
    pub lost: usize,
}

impl Entry {
    /// Of a record that nothing is known of yet.
    pub(super) fn new(raw: &Raw) -> Self {
        let Raw { index, file, place, unit, .. } = *raw;
        Self { index, file, place, unit, is_read: false, figures: None, findings: Vec::new(), says: None }
    }

    /// "line 3".
    pub fn place(&self) -> String {
        format!("{} {}", self.unit.name(), self.place)
    }
}

impl Figures {
    pub(super) fn of(masked: &Masked) -> Self {
        let Masked { form, sequence, mask, .. } = masked;
        Self {
            form: *form,
            kind: sequence.kind,
            mode: mask.mode,
            tokens: sequence.len(),
            targets: sequence.target_count(),
            scored: mask.scored(),
            weight: mask.weights().iter().sum(),
            over_context: sequence.uncut_len().is_some(),
            lost: mask.lost,
        }
    }

    /// Scored targets as a share of all, 0 to 1; `None` where there is no target.
    pub fn share(&self) -> Option<f64> {
        (self.targets > 0).then(|| self.scored as f64 / self.targets as f64)
    }
}
