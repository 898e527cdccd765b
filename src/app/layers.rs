//! Which of the model's layers the view Attend shows: layers with the same attention mask look the same.

use super::App;
use crate::mask::AttentionMask;

impl App {
    /// The mask on show, and the layers that have it; without a model what every causal model has.
    pub fn attention_mask(&self) -> (AttentionMask, &[usize]) {
        let masks = self.attention_masks();
        match masks.get(self.layers_shown % masks.len().max(1)) {
            Some((mask, layers)) => (*mask, layers),
            None => (AttentionMask::Causal, &[]),
        }
    }

    /// Whether the model has layers with another mask than the one on show.
    pub fn has_other_masks(&self) -> bool {
        self.attention_masks().len() > 1
    }

    fn attention_masks(&self) -> &[(AttentionMask, Vec<usize>)] {
        self.model.as_ref().map_or(&[], |model| &model.masks)
    }
}
