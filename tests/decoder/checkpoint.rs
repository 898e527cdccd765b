//! Decoders' files, as the program itself reads them.

use std::path::{Path, PathBuf};

use candle_core::Device;
use lossglass::cancel::Cancel;
use lossglass::model::decoder::Weights;
use lossglass::model::load::load;
use lossglass::model::{Config, Source};
use serde_json::Value;

/// JSON under `tests/fixtures`.
pub fn json(path: &str) -> Value {
    let path = fixtures().join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
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
    let loaded = load(source, &Device::Cpu, &Cancel::default(), &mut |_| {}).unwrap();
    (loaded.config, loaded.weights)
}
