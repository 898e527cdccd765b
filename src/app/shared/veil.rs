//! What is hidden while it is guessed: it is taken out of what the views are drawn from, so that no view can show it.

use std::sync::Arc;

use super::{Analysis, Comparing, Scoring, Shared};
use crate::loss::{Distribution, Scores};
use crate::mask::finding::Finding;

/// What is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) enum Hidden {
    /// Token `t` and all that follow it, and what predicts them.
    From(usize),
    /// What every token costs.
    Costs,
    /// Which tokens are scored.
    Mask,
}

/// What was there.
#[derive(Clone, Debug)]
pub(super) struct Veil {
    hidden: Hidden,
    analysis: Analysis,
    comparing: Comparing,
    distribution: Option<(usize, Distribution)>,
    scorings: Vec<Scoring>,
    current: Option<Scoring>,
    findings: Vec<Finding>,
}

impl Shared {
    /// Takes away what is to be guessed, and what would give it away.
    pub(in crate::app) fn hide(&mut self, hidden: Hidden) {
        self.reveal();
        self.veil = Some(Box::new(Veil {
            hidden,
            analysis: self.analysis.clone(),
            comparing: std::mem::take(&mut self.comparing),
            distribution: self.distribution.take(),
            scorings: std::mem::take(&mut self.scorings),
            current: self.current.take(),
            findings: std::mem::take(&mut self.findings),
        }));
        match hidden {
            Hidden::From(t) => {
                let mut sequence = (*self.analysis.sequence).clone();
                sequence.truncate(t);
                sequence.beyond.clear();
                self.analysis.sequence = Arc::new(sequence);
                self.analysis.labels.truncate(t);
                let row = self.experiment.labels.row(t).unwrap_or(0);
                self.analysis.scores.splice(row, Vec::new());
                self.analysis.contrast = Vec::new();
                self.rescore();
            }
            Hidden::Costs => {
                self.analysis.scores = Scores::under(self.experiment.labels);
                self.analysis.contrast = Vec::new();
                self.rescore();
            }
            Hidden::Mask => {}
        }
    }

    /// Everything is there again; whether something was hidden.
    pub(in crate::app) fn reveal(&mut self) -> bool {
        let Some(veil) = self.veil.take() else { return false };
        let Veil { analysis, comparing, distribution, scorings, current, findings, .. } = *veil;
        (self.analysis, self.comparing, self.distribution) = (analysis, comparing, distribution);
        (self.scorings, self.current, self.findings) = (scorings, current, findings);
        true
    }

    /// Whether something is hidden until it is guessed.
    pub fn is_hiding(&self) -> bool {
        self.veil.is_some()
    }

    /// Whether it is which tokens are scored.
    pub fn hides_mask(&self) -> bool {
        self.veil.as_ref().is_some_and(|veil| veil.hidden == Hidden::Mask)
    }
}
