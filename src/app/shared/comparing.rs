//! A second model beside the active one, on the same text.

use super::{Analysis, Progress, Shared};
use crate::app::Effect;
use crate::compare::{Comparison, Side};
use crate::engine::{CompareEvent, CompareRequest, FreeText, Request};
use crate::loss::Labels;
use crate::sample::Sample;
use crate::source::Source;

/// The second model and what it says of the sample.
#[derive(Clone, Debug, Default)]
pub struct Comparing {
    /// The model that was asked for; without one nothing is compared.
    pub source: Option<Source>,
    pub analysis: Analysis,
    /// Both models stretch by stretch, or why they cannot be compared.
    pub outcome: Option<Result<Comparison, String>>,
    /// What both wrote by themselves when that was asked for last.
    free: Free,
}

/// What both models wrote by themselves.
#[derive(Clone, Debug, Default)]
struct Free {
    /// The analysis that they wrote in, and how many steps the first had had; `None` before it is asked for.
    of: Option<(u64, usize)>,
    written: [Option<Result<FreeText, String>>; 2],
}

impl Comparing {
    /// That model, of which nothing is known yet.
    pub(super) fn with(source: Option<Source>) -> Self {
        Self { source, ..Self::default() }
    }

    /// The comparison, where there is one.
    pub fn comparison(&self) -> Option<&Comparison> {
        self.outcome.as_ref()?.as_ref().ok()
    }
}

impl Shared {
    /// This model stands beside the active one from now on, or none.
    pub(in crate::app) fn compare_with(&mut self, source: Option<Source>) {
        self.comparing = Comparing::with(source);
    }

    /// What stands beside the active model gives way to this.
    pub(in crate::app) fn exchange_second(&mut self, second: Comparing) -> Comparing {
        std::mem::replace(&mut self.comparing, second)
    }

    /// Asks the second model, if there is one, for the sample that is shown.
    pub(in crate::app) fn ask_second(&mut self) -> Option<Effect> {
        let source = self.comparing.source.clone()?;
        let generation = self.analysis.generation;
        self.comparing.analysis.await_answer(generation);
        let (sample, encoding) = (self.sample.clone(), self.encoding);
        Some(Effect::Engine(Request::Compare(CompareRequest::Score { generation, source, sample, encoding })))
    }

    /// Asks both models to write by themselves: a chat's answer anew, or what follows the text before the cursor. `step` is
    /// how many the first has had.
    pub(in crate::app) fn ask_freely(&mut self, step: usize) -> Option<Effect> {
        let prompt = match &self.sample {
            Sample::Text(text) => {
                let before = self.sequence().chars_before(self.cursor);
                Sample::Text(if before > 0 { text.chars().take(before).collect() } else { text.clone() })
            }
            Sample::Chat(_) => self.sample.clone(),
            Sample::Prepared(_) => return None,
        };
        let (generation, encoding) = (self.analysis.generation, self.encoding);
        self.comparing.free = Free { of: Some((generation, step)), written: [None, None] };
        Some(Effect::Engine(Request::Compare(CompareRequest::Write { generation, prompt, encoding })))
    }

    /// What both wrote by themselves, as far as it is there; `None` where they were not asked to with this text and these
    /// weights.
    pub fn written_freely(&self, step: usize) -> Option<&[Option<Result<FreeText, String>>; 2]> {
        let Free { of, written } = &self.comparing.free;
        (*of == Some((self.analysis.generation, step))).then_some(written)
    }

    /// The user stopped it; false where nothing was awaited.
    pub(in crate::app) fn stop_second(&mut self) -> bool {
        let is_awaited = self.comparing.source.is_some() && self.comparing.analysis.is_awaited();
        if is_awaited {
            self.comparing.analysis.progress = Progress::Cancelled;
        }
        is_awaited
    }

    /// Takes in what the second model says; of an older sample, or after it was let go, it is dropped.
    pub(in crate::app) fn take_second(&mut self, generation: u64, event: CompareEvent) {
        let Comparing { source, analysis, .. } = &mut self.comparing;
        if source.is_none() {
            return;
        }
        if let CompareEvent::Loading { name, opening } = event {
            // A newer text waits for the same load.
            analysis.progress = Progress::Loading { name, opening };
            return;
        }
        if generation != self.analysis.generation {
            return;
        }
        match event {
            CompareEvent::Loading { .. } => {}
            CompareEvent::Wrote { which, written } => {
                if let Some(place) = self.comparing.free.written.get_mut(which) {
                    *place = Some(written);
                }
                return;
            }
            CompareEvent::Tokenised { model, sequence } => {
                analysis.read(model, sequence, Labels::Next);
                analysis.progress = Progress::Scoring;
            }
            CompareEvent::Scored { from, rows } => analysis.splice(from, rows),
            CompareEvent::Finished { seconds } => analysis.progress = Progress::Ready { seconds },
            CompareEvent::Failed(message) => analysis.progress = Progress::Failed(message),
        }
        self.compare();
    }

    /// Compares anew what is there; no forward pass.
    pub(super) fn compare(&mut self) {
        self.comparing.outcome = self.comparison_now();
    }

    fn comparison_now(&self) -> Option<Result<Comparison, String>> {
        let Comparing { source, analysis: second, .. } = &self.comparing;
        if source.is_none() || second.sequence.is_empty() || self.is_empty() {
            return None;
        }
        // One model is still at the text before: nothing that is shown may mix two texts.
        if second.tokenised != self.analysis.tokenised {
            return None;
        }
        if self.pack.is_some() {
            return Some(Err("a pack of several records is not compared; open one of them by itself".into()));
        }
        if self.experiment.is_on() {
            let why = "an experiment is on in Attend, under which only the first model is run; esc there ends it";
            return Some(Err(why.into()));
        }
        let mask = match self.policy.mask(&second.sequence, self.form, None) {
            Ok(mask) => mask,
            Err(error) => return Some(Err(error.to_string())),
        };
        let first = Side { sequence: self.sequence(), mask: self.mask()?, scores: &self.analysis.scores };
        let second = Side { sequence: &second.sequence, mask: &mask, scores: &second.scores };
        Some(Comparison::new(first, second).map_err(|error| error.to_string()))
    }
}
