//! Writing a run down for another trainer.

use anyhow::{Result, bail};

use super::run::{OnScreen, Run};
use super::{Data, HandOver};
use crate::cancel::Cancel;
use crate::handover::{self, Handover, Written};
use crate::model::Model;
use crate::train::Settings;

impl Run {
    /// Writes a run down for another trainer; `None` after `cancel`.
    ///
    /// # Errors
    /// If the weights are not the base weights, the trainer cannot do what the plan asks for, or nothing can be written.
    pub fn hand_over(
        &mut self,
        model: &mut Model,
        request: &HandOver,
        screen: OnScreen,
        cancel: &Cancel,
        busy: &mut dyn FnMut(&str, f32),
    ) -> Result<Option<Written>> {
        if self.steps() > 0 {
            bail!("a run is handed over from its beginning: go back to the base weights first");
        }
        let HandOver { plan, to, steps, mask, data, directory } = request;
        let copies = [&plan.first];
        let mut settings = plan.first.settings.clone();
        if let Data::Screen { .. } = plan.data {
            // A step takes the one sequence once.
            settings = Settings { batch: 1, accumulate: 1, ..settings };
        }
        let examples = match self.examples(&plan.data, &copies, cancel, model, screen, busy)? {
            Some(examples) => examples.of_copy(0).to_vec(),
            None => self.on_screen(&copies, screen)?.concat(),
        };
        let (settings, examples, packing) = (&settings, &examples, None);
        let (mask, data) = (mask.clone(), data.clone());
        let handover = Handover { to: *to, examples, settings, steps: *steps, packing, mask, data };
        handover::write(&handover, model, directory, false, cancel, busy)
    }
}
