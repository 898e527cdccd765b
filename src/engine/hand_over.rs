//! Writing a run down for another trainer.

use anyhow::{Context, Result, bail};

use super::on_screen::OnScreen;
use super::run::Run;
use super::{Data, HandOver};
use crate::cancel::Cancel;
use crate::handover::{self, Handover, Written};
use crate::model::Model;
use crate::sequence::Packing;
use crate::train::Settings;

impl Run {
    /// Writes a run down for another trainer.
    ///
    /// # Errors
    /// If the weights are not the base weights, the trainer cannot do what the plan asks for, nothing can be written, or `cancel`.
    pub fn hand_over(
        &mut self,
        model: &mut Model,
        request: &HandOver,
        screen: OnScreen,
        cancel: &Cancel,
        busy: &mut dyn FnMut(&str, f32),
    ) -> Result<Written> {
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
        // A pack whose records know nothing of each other; a naive one is one text.
        let is_block = examples.iter().any(|example| example.visibility.documents.count() > 1);
        let (settings, examples, packing) = (&settings, &examples, is_block.then_some(Packing::Block));
        let (mask, data) = (mask.clone(), data.clone());
        let handover = Handover { to: *to, examples, settings, steps: *steps, packing, mask, data };
        let written = handover::write(&handover, model, directory, false, cancel, busy)?;
        written.context("handing over was stopped; nothing is written")
    }
}
