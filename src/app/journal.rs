//! What moved the weights, as the engine says it: every run of steps, and what it was taken on.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{App, Effect};
use crate::engine::{Data, Plan, Request, TrainRequest};
use crate::session::Text;

/// The steps that the weights have had, from the base weights on.
#[derive(Debug, Default)]
pub(super) struct Journal {
    /// Texts that steps were asked for on, by the analysis that they were of.
    texts: BTreeMap<u64, Text>,
    /// What the next steps are taken under.
    plan: Option<Arc<Plan>>,
    /// The first step that was taken under a plan, with that plan; ascending.
    runs: Vec<(usize, Arc<Plan>)>,
}

impl Journal {
    /// The steps that follow are taken under this plan.
    pub fn begin(&mut self, plan: Plan) {
        self.plan = Some(plan.into());
    }

    /// The weights are those after `step` steps, by a step or by going back.
    pub fn stand_at(&mut self, step: usize, is_step: bool) {
        self.runs.retain(|&(first, _)| first <= step - usize::from(is_step && step > 0));
        let Some(plan) = self.plan.as_ref().filter(|_| is_step) else { return };
        if self.runs.last().is_none_or(|(_, last)| !Arc::ptr_eq(last, plan)) {
            self.runs.push((step, plan.clone()));
        }
    }

    /// The runs: first step, plan, and the text that it is of.
    pub fn runs(&self) -> impl Iterator<Item = (usize, &Plan, Option<&Text>)> {
        self.runs.iter().map(|(first, plan)| {
            let text = if let Data::Screen { generation } = plan.data { self.texts.get(&generation) } else { None };
            (*first, &**plan, text)
        })
    }
}

/// The text on screen is remembered where steps are asked for on it.
pub(super) fn note(app: &mut App, effects: &[Effect]) {
    for effect in effects {
        if let Effect::Engine(Request::Train(TrainRequest::Run { plan, .. } | TrainRequest::Replan(plan))) = effect
            && let Data::Screen { generation } = plan.data
            && !app.journal.texts.contains_key(&generation)
        {
            let text = app.shared.text();
            app.journal.texts.insert(generation, text);
        }
    }
}
