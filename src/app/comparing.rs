//! A second model beside the one that speaks, on the same text.

use std::sync::Arc;

use super::{App, Effect, Progress};
use crate::compare::{Comparison, Side};
use crate::engine::{CompareRequest, Request};
use crate::loss::Scores;
use crate::model::ModelInfo;
use crate::sequence::Sequence;
use crate::source::Source;

/// The second model and what it says of the sample.
#[derive(Debug)]
pub struct Comparing {
    /// The model that was asked for; without one nothing is compared.
    pub source: Option<Source>,
    pub progress: Progress,
    pub model: Option<Arc<ModelInfo>>,
    /// The request that `sequence` and `scores` answer; an older one while a new text is not tokenised yet.
    pub tokenised: u64,
    pub sequence: Arc<Sequence>,
    pub scores: Scores,
    /// Both models stretch by stretch, or why they cannot be compared.
    pub outcome: Option<Result<Comparison, String>>,
}

impl Default for Comparing {
    fn default() -> Self {
        Self {
            source: None,
            progress: Progress::Waiting,
            model: None,
            tokenised: 0,
            sequence: Arc::default(),
            scores: Scores::default(),
            outcome: None,
        }
    }
}

impl Comparing {
    /// The comparison, where there is one.
    pub fn comparison(&self) -> Option<&Comparison> {
        self.outcome.as_ref()?.as_ref().ok()
    }

    /// Whether every row of the second model is there.
    pub fn is_complete(&self) -> bool {
        !self.sequence.is_empty() && self.scores.len() == self.sequence.len()
    }
}

impl App {
    /// Asks the second model, if there is one, for the sample that is shown.
    pub(super) fn ask_second(&mut self) -> Option<Effect> {
        let source = self.comparing.source.clone()?;
        self.comparing.progress = Progress::Waiting;
        let request = CompareRequest::Score {
            generation: self.analysis.generation,
            source,
            sample: self.sample.clone(),
            encoding: self.encoding,
        };
        Some(Effect::Engine(Request::Compare(request)))
    }

    /// Compares anew what is there; no forward pass.
    pub(super) fn compare(&mut self) {
        self.comparing.outcome = self.comparison_now();
    }

    fn comparison_now(&self) -> Option<Result<Comparison, String>> {
        let Comparing { source, tokenised, sequence, scores, .. } = &self.comparing;
        if source.is_none() || sequence.is_empty() || self.is_empty() {
            return None;
        }
        // One model is still at the text before: nothing that is shown may mix two texts.
        if *tokenised != self.analysis.tokenised {
            return None;
        }
        if self.pack.is_some() {
            return Some(Err("a pack of several records is not compared; open one of them by itself".into()));
        }
        let mask = match self.policy.mask(sequence, self.form, None) {
            Ok(mask) => mask,
            Err(error) => return Some(Err(error.to_string())),
        };
        let first = Side { sequence: self.sequence(), mask: self.mask()?, scores: &self.analysis.scores };
        let second = Side { sequence, mask: &mask, scores };
        Some(Comparison::new(first, second).map_err(|error| error.to_string()))
    }
}
