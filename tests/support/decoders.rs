//! What a decoder is made of, read as the program itself reads it.

use candle_core::Device;
use lossglass::cancel::Cancel;
use lossglass::decoder::{Config, Weights};
use lossglass::model::load::load;
use lossglass::source::Source;

/// The config and weights of a model.
pub fn read(source: &Source) -> (Config, Weights) {
    let loaded = load(source, &Device::Cpu, &Cancel::default(), &mut |_| {}).unwrap().loaded;
    (loaded.config, loaded.weights)
}

/// Those of SmolLM2-135M-Instruct, if it is downloaded.
pub fn smollm2() -> Option<(Config, Weights)> {
    Some(read(&Source::parse("smollm2").ok()?))
}
