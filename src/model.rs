//! A pretrained decoder-only language model: where it comes from, what its files say, and its weights.

pub mod config;
pub mod decoder;
pub mod ops;

pub use config::Config;
pub use decoder::Decoder;

use crate::sequence::Vocabulary;

/// A loaded model.
pub struct Model {
    /// How the user knows it: `tiny-chat`, `smollm2`, the directory's or file's name.
    pub name: String,
    pub config: Config,
    pub decoder: Decoder,
    pub vocabulary: Vocabulary,
}
