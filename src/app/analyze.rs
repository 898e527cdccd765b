//! Asking the engine for what is on screen: when another sample or model is there, again, and no more.

use super::training::pause;
use super::{App, Effect, ROW_TOP_K};
use crate::engine::Request;
use crate::sample::Sample;
use crate::source::Source;

impl App {
    /// The active model: the chosen one, the one that has learned something, or the embedded one for this kind of
    /// sample.
    pub fn source(&self) -> Source {
        let trained = || self.asked.source.clone().filter(|_| self.training.step > 0);
        self.chosen_model.clone().or_else(trained).unwrap_or_else(|| Source::default_for(&self.sample))
    }

    /// Asks for the sample's tokens and scores; every answer to an earlier question is stale from now on.
    pub(super) fn analyze(&mut self) -> Vec<Effect> {
        let generation = self.shared.begin_analysis();
        // What is learned is what is on screen: a run on the text before ends.
        let mut effects = if self.asked.run.is_some() { pause(self) } else { Vec::new() };
        effects.push(Effect::Engine(Request::Analyze {
            generation,
            source: self.source(),
            sample: self.sample.clone(),
            encoding: self.encoding,
            pack: self.pack.clone(),
            experiment: self.experiment.clone(),
            top_k: ROW_TOP_K,
        }));
        effects.extend(self.shared.ask_second());
        effects
    }

    /// A sample from elsewhere is shown from its start.
    pub(super) fn open_sample(&mut self, sample: Sample, name: impl Into<String>) -> Vec<Effect> {
        self.records.leave_record();
        self.shared.open(sample, name);
        self.analyze()
    }

    /// Another model takes over, unless steps of this one would be lost: then it is to be asked for once more.
    pub(super) fn take_model(&mut self, source: Source) -> Vec<Effect> {
        let training = &self.training;
        let would_lose = training.step > 0 && training.saved.is_none() && source != self.source();
        if would_lose && self.asked.leaving_for.replace(source.clone()).as_ref() != Some(&source) {
            let (step, name) = (training.step, source.name());
            self.shared.say(format!(
                "the weights after step {step} are not saved: choose {name} again to drop them, or w in Train saves"
            ));
            return Vec::new();
        }
        self.shared.choose_model(source);
        self.analyze()
    }

    /// The analysis under way ends; `None` where there is none.
    pub(super) fn stop_analysis(&mut self) -> Option<Vec<Effect>> {
        if self.analysis.is_awaited() {
            let mut effects = vec![Effect::CancelEngine];
            // The model on screen stays, where another was on its way.
            if self.analysis.model.is_some() && self.shared.keep_working_model() {
                self.shared.say("stopped: the model before it stays");
                effects.extend(self.analyze());
            } else {
                self.shared.stop_analysis();
            }
            return Some(effects);
        }
        self.shared.stop_second().then(|| vec![Effect::CancelEngine])
    }
}
