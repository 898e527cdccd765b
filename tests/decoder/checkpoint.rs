//! Decoders' files, as the program itself reads them.

use std::path::{Path, PathBuf};

use candle_core::Device;
use lossglass::cancel::Cancel;
use lossglass::decoder::{Config, Weights};
use lossglass::model::load::load;
use lossglass::source::Source;
use serde_json::Value;

/// The fixtures: every family, and llama with scaled rotary positions and a head of its own.
pub const FAMILIES: [&str; 10] =
    ["llama", "llama3_rope", "mistral", "qwen2", "qwen3", "gemma3", "gpt2", "gpt_neo", "gpt_neox", "opt"];

/// JSON under `tests/fixtures`.
pub fn json(path: &str) -> Value {
    let path = fixtures().join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// Whether a tensor has no gradient but rounding errors: without rotary positions a bias of the keys adds the same to all
/// scores of a query, and softmax takes it away again.
pub fn has_no_gradient(tensor: &str) -> bool {
    tensor.starts_with("model.decoder.") && tensor.ends_with(".k_proj.bias")
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// A fixture's config and weights.
pub fn fixture(name: &str) -> (Config, Weights) {
    read(&Source::Directory(fixtures().join(name)))
}

/// SmolLM2-135M-Instruct, if it is downloaded.
pub fn smollm2() -> Option<(Config, Weights)> {
    Some(read(&Source::parse("smollm2").ok()?))
}

fn read(source: &Source) -> (Config, Weights) {
    let loaded = load(source, &Device::Cpu, &Cancel::default(), &mut |_| {}).unwrap().loaded;
    (loaded.config, loaded.weights)
}
