//! What longer texts cost, in time and memory, beside the floating-point operations that they take.

use serde::Serialize;

use super::rounds::Runs;
use crate::decoder::{Config, Decoder};

/// The texts' lengths in tokens, and under --quick.
pub const LENGTHS: [usize; 4] = [512, 1024, 2048, 4096];
pub const QUICK: [usize; 2] = [512, 1024];

/// Scoring a text of so many tokens.
#[derive(Clone, Debug, Serialize)]
pub struct Length {
    pub tokens: usize,
    pub seconds: Runs,
    /// The most resident bytes, of a process that did nothing else.
    pub resident: Option<u64>,
    /// What it takes, weights and attention.
    pub operations: f64,
}

impl Length {
    /// Floating-point operations a second: where it stays the same, the cost is that of the operations.
    pub fn rate(&self) -> f64 {
        self.operations / self.seconds.median
    }
}

/// Floating-point operations of scoring a text: two for each token and weight that it meets, and four for each query
/// head, key that a token sees and feature. Norms and the like are left out.
pub fn operations(decoder: &Decoder, tokens: usize) -> f64 {
    let config = decoder.config();
    // Embeddings are looked up; where they are the head as well, they are products once.
    let looked_up = if config.tie_embeddings { 0 } else { config.vocab_size * config.hidden_size };
    let weights = (decoder.parameters() - looked_up) as f64;
    let seen: f64 = (0..config.layers).map(|layer| seen(config, layer, tokens)).sum();
    2.0 * weights * tokens as f64 + 4.0 * (config.heads * config.head_dim) as f64 * seen
}

/// The pairs of a token and a token that it sees, itself among them.
fn seen(config: &Config, layer: usize, tokens: usize) -> f64 {
    let most = config.window_of(layer).map_or(tokens, |window| window.min(tokens)) as f64;
    let tokens = tokens as f64;
    // The first `most` tokens see one more each, the others as many.
    most * (most + 1.0) / 2.0 + (tokens - most) * most
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cancel::Cancel;
    use crate::decoder::config::Window;
    use crate::model::Model;
    use crate::source::{Embedded, Source};

    #[test]
    fn operations_are_those_of_the_products() {
        let source = Source::Embedded(Embedded::TinyBase);
        let load = Model::load(&source, &candle_core::Device::Cpu, &Cancel::default(), &mut |_| {});
        let decoder = load.expect("it is embedded").decoder;
        let config = decoder.config();
        let [hidden, inner, queries] = [config.hidden_size, config.intermediate_size, config.heads * config.head_dim];
        let keys = config.kv_heads * config.head_dim;
        // llama: q, k, v, o, gate, up, down, and the head.
        let layer = hidden * (2 * queries + 2 * keys) + 3 * hidden * inner;
        let weights = config.layers * layer + config.vocab_size * hidden;
        let pairs = 16 * 17 / 2;
        let expected = (2 * weights * 16 + 4 * config.layers * queries * pairs) as f64;
        assert!((operations(&decoder, 16) / expected - 1.0).abs() < 0.01, "norms are all that is more");
        let windowed = Config { window: Some(Window::everywhere(4)), ..config.clone() };
        assert_eq!((seen(config, 0, 6), seen(&windowed, 0, 6)), (21.0, 18.0));
    }
}
