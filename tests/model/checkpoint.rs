//! The fixtures' decoders, and what PyTorch computes with them.

use lossglass::decoder::{Config, Weights};
use lossglass::source::Source;
use serde_json::Value;

use crate::decoders;
use crate::fixtures;

/// The fixtures: every family, and llama with scaled rotary positions and a head of its own.
pub const FAMILIES: [&str; 10] =
    ["llama", "llama3_rope", "mistral", "qwen2", "qwen3", "gemma3", "gpt2", "gpt_neo", "gpt_neox", "opt"];

/// JSON under `tests/fixtures`.
pub fn json(path: &str) -> Value {
    let path = fixtures::fixture(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// Whether a tensor has no gradient but rounding errors: without rotary positions a bias of the keys adds the same to all
/// scores of a query, and softmax takes it away again.
pub fn has_no_gradient(tensor: &str) -> bool {
    tensor.starts_with("model.decoder.") && tensor.ends_with(".k_proj.bias")
}

/// A fixture's config and weights.
pub fn fixture(name: &str) -> (Config, Weights) {
    decoders::read(&Source::Directory(fixtures::fixture(name)))
}
