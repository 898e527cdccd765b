//! From the state of the screen to what the trainer is asked for.

use super::TrainingData;
use super::step_settings::StepSettings;
use crate::app::{App, Progress};
use crate::engine::{CopyMask, CopyPlan, Data, Plan, TrainRequest};
use crate::mask::{Paint, Policy};
use crate::train::Settings;

/// Tokens that the model writes by itself at most.
pub const WRITTEN: usize = 24;

impl App {
    /// What the next steps are taken with.
    pub(in crate::app) fn step_settings(&self) -> StepSettings {
        let basis = self.basis();
        let (scoring, paint) = match &self.training.data {
            TrainingData::Screen => (self.scoring(), self.painting.paint.clone()),
            // Paint is of the sequence on screen alone.
            TrainingData::Samples { .. } => (self.scorings.iter().find(|row| row.basis == basis), Paint::default()),
        };
        let mask = scoring.and_then(|scoring| scoring.mask.as_ref().ok());
        let mask = mask.map_or_else(|| basis.name(), |mask| basis.mask_name(mask));
        let mut data = self.training.data.describe();
        if self.experiment.is_on() {
            data = format!("{data}, {}", self.experiment.words());
        }
        StepSettings { settings: self.training.settings.clone(), mask, paint, data }
    }

    /// What was cut or left out of the data set that is trained on; nothing once the mask or the data is another one.
    pub fn data_notes(&self) -> &[String] {
        let Some(read) = &self.training.read else { return &[] };
        let (then, now) = (&read.settings, self.step_settings());
        if then.mask == now.mask && then.data == now.data { &read.notes } else { &[] }
    }

    /// How the next steps are taken.
    ///
    /// # Errors
    /// Why none can be taken, and what to do.
    pub(in crate::app) fn plan(&self) -> Result<Plan, String> {
        if self.experiment.is_on() && self.training.data != TrainingData::Screen {
            let why = "the experiment of Attend holds for the text on screen: D in Train trains on that, esc in Attend ends it";
            return Err(why.into());
        }
        let data = match &self.training.data {
            TrainingData::Screen if !self.is_current() => {
                return Err(match self.analysis.progress {
                    Progress::Failed(_) => "there are no tokens to learn, for the reason above".into(),
                    Progress::Cancelled => "there are no tokens to learn yet; R goes on".into(),
                    _ => "the text is not tokenised yet; one moment".into(),
                });
            }
            TrainingData::Screen if self.is_empty() => {
                return Err("there is no text to learn; e edits, o opens".into());
            }
            TrainingData::Screen => Data::Screen { generation: self.analysis.generation },
            TrainingData::Samples { samples, .. } => {
                Data::Samples { samples: samples.clone(), encoding: self.encoding }
            }
        };
        let first = self.copy_plan(&self.training.settings, self.policy)?;
        let second = self.training.twin.as_ref().map(|twin| self.copy_plan(&twin.settings, twin.policy));
        Ok(Plan { data, first, second: second.transpose()? })
    }

    fn copy_plan(&self, settings: &Settings, policy: Policy) -> Result<CopyPlan, String> {
        Ok(CopyPlan { settings: settings.clone(), mask: self.copy_mask(policy)? })
    }

    fn copy_mask(&self, policy: Policy) -> Result<CopyMask, String> {
        if let TrainingData::Samples { .. } = self.training.data {
            // The split is that of the sample on screen.
            return Ok(CopyMask::Policy(Policy { split: None, ..policy }));
        }
        let mask = self.mask_under(policy).map_err(|error| error.to_string())?;
        match mask.scored() {
            0 => Err(format!("nothing scored under mask {}: tab chooses another mask", policy.basis.mask_name(&mask))),
            _ => Ok(CopyMask::Weights(mask.weights().into())),
        }
    }

    /// What the model would write after the prompt on screen; `None` where there is no text.
    pub(in crate::app) fn continuation(&self) -> Option<TrainRequest> {
        let sequence = self.sequence();
        let split = self.policy.split.map(|chars| sequence.token_at_char(chars));
        let prompt = sequence.prompt_length(split);
        let training = &self.training;
        (self.is_current() && prompt > 0).then_some(TrainRequest::Continue {
            prompt,
            tokens: WRITTEN,
            temperature: training.sample_temperature,
            seed: training.settings.seed,
        })
    }
}
