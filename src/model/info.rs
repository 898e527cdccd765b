//! What the screen and the reports say about a model: plain values.

use std::sync::Arc;

use super::Model;
use crate::decoder::{Config, device};
use crate::mask::AttentionMask;
use crate::mask::finding::Facts;

/// What the screen and the reports say about a model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelInfo {
    pub name: String,
    pub architecture: &'static str,
    pub parameters: usize,
    pub vocab_size: usize,
    pub context: usize,
    pub dtype: &'static str,
    pub device: String,
    /// How many heads a layer has.
    pub heads: usize,
    /// Who sees whom in its layers: every mask, with the layers that have it.
    pub masks: Vec<(AttentionMask, Vec<usize>)>,
    /// What findings depend on.
    pub facts: Facts,
    /// Where its weights are not what its config says, a sentence each.
    pub notes: Vec<String>,
    /// Tensors of its files that it does without, in words.
    pub left_out: Option<String>,
    /// Text of every token that the views may name: bytes by id.
    pub tokens: Arc<Vec<Vec<u8>>>,
}

impl ModelInfo {
    /// What is said about `model`.
    pub fn of(model: &Model) -> Self {
        let tokens = (0..model.config.vocab_size as u32).map(|id| model.vocabulary.token_bytes(id)).collect();
        Self {
            name: model.name.clone(),
            architecture: model.config.family.name(),
            parameters: model.decoder.parameters(),
            vocab_size: model.config.vocab_size,
            context: model.config.context,
            dtype: "f32",
            device: device::name(&model.device).into(),
            heads: model.config.heads,
            masks: masks(&model.config),
            facts: Facts::new(&model.vocabulary, model.config.context),
            notes: model.notes.clone(),
            left_out: model.left_out.clone(),
            tokens: Arc::new(tokens),
        }
    }
}

impl ModelInfo {
    /// How many layers it has.
    pub fn layers(&self) -> usize {
        self.masks.iter().map(|(_, layers)| layers.len()).sum()
    }

    /// The mask of a layer, counted from 0; causal for one that is not there.
    pub fn mask_of(&self, layer: usize) -> AttentionMask {
        let own = self.masks.iter().find(|(_, layers)| layers.contains(&layer));
        own.map_or(AttentionMask::Causal, |(mask, _)| *mask)
    }
}

/// Every mask of the model's layers.
fn masks(config: &Config) -> Vec<(AttentionMask, Vec<usize>)> {
    let mut masks: Vec<(AttentionMask, Vec<usize>)> = Vec::new();
    for layer in 0..config.layers {
        let mask = AttentionMask::Causal.within(config.window_of(layer));
        match masks.iter_mut().find(|(known, _)| *known == mask) {
            Some((_, layers)) => layers.push(layer),
            None => masks.push((mask, vec![layer])),
        }
    }
    masks
}
