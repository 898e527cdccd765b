//! What a model's files hold.

use crate::decoder::{Adapter, Config, Weights};
use crate::sequence::Vocabulary;

/// What a model's files hold.
pub struct Loaded {
    pub config: Config,
    /// Exactly the tensors that a decoder of this config uses, each with the shape it needs, f32, finite.
    pub weights: Weights,
    pub vocabulary: Vocabulary,
    /// Beside the projections of these names.
    pub adapters: Vec<(String, Adapter)>,
    /// How the user knows the model.
    pub name: String,
    /// Where the weights are not what the config says, and what was done, a sentence each.
    pub notes: Vec<String>,
    /// Tensors of the files that the decoder does without, in words.
    pub left_out: Option<String>,
}

impl Loaded {
    /// What is known before any weight is read.
    pub(super) fn described(config: Config, vocabulary: Vocabulary, name: String) -> Self {
        let (weights, adapters) = (Weights::new(), Vec::new());
        Self { config, weights, vocabulary, adapters, name, notes: Vec::new(), left_out: None }
    }
}
