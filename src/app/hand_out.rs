//! The present state as a page.

use std::sync::Arc;

use super::App;
use crate::inspect::weights::Pick;
use crate::loss::Scores;
use crate::report::page::{Page, Run};
use crate::report::{Attention, Inside, Under};

impl App {
    /// The page of what is on screen.
    ///
    /// # Errors
    /// Why there is none yet, and what to do.
    pub(in crate::app) fn page(&self) -> Result<Page, String> {
        let Some(model) = self.analysis.model.clone().filter(|_| self.is_current()) else {
            return Err("there are no tokens yet to hand out; one moment".into());
        };
        if self.is_empty() {
            return Err("there is no text to hand out; e edits, o opens".into());
        }
        if !self.is_complete() {
            return Err("the text is not scored to its end yet; one moment".into());
        }
        let mask = self.mask_under(self.policy).map_err(|error| error.to_string())?;
        let experiment = &self.experiment;
        Ok(Page {
            name: self.sample_name.clone(),
            model,
            sequence: self.analysis.sequence.clone(),
            policy: self.policy,
            form: self.form,
            split: None,
            mask,
            scores: self.analysis.scores.clone(),
            contrast: if self.sequence().pack.is_some() { self.analysis.contrast.clone() } else { Vec::new() },
            denominator: self.denominator,
            under: Under {
                attention: experiment.attention,
                forbidden: experiment.forbidden.clone(),
                labels: experiment.labels,
            },
            inside: Inside { attention: self.attention_on_show(), ..Inside::default() },
            cursor: self.cursor,
            run: self.run_on_show(),
        })
    }

    /// What the view Attend has seen of its layer and head, where it has.
    fn attention_on_show(&self) -> Option<Attention> {
        let seen = self.seen_attention()?;
        let pick: Pick = self.views.attend.pick;
        Some(Attention { layer: seen.layer, pick, weights: seen.pick(pick)?.clone() })
    }

    fn run_on_show(&self) -> Option<Run> {
        let training = &self.training;
        let frames = training.film.frames.iter();
        let frames: Vec<(usize, Arc<Scores>)> = frames.map(|frame| (frame.step, frame.scores.clone())).collect();
        (training.step > 0 && !frames.is_empty()).then(|| Run {
            steps: training.step,
            frames,
            shown: training.shown_step(),
        })
    }
}
