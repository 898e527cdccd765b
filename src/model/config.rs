//! What a decoder is made of, read from `config.json` or from GGUF metadata.

/// Which checkpoint layout the weights have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Llama,
    Gpt2,
}

/// The shape of a decoder.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    pub family: Family,
    pub vocab_size: usize,
    pub hidden_size: usize,
    pub intermediate_size: usize,
    pub layers: usize,
    pub heads: usize,
    /// Key/value heads; fewer than `heads` under grouped-query attention.
    pub kv_heads: usize,
    pub head_dim: usize,
    /// The longest sequence the model takes, in tokens.
    pub context: usize,
    pub norm_eps: f64,
    /// Rotary position embedding; `None` where positions are learned (gpt2).
    pub rope: Option<Rope>,
    /// The output projection is the token embedding.
    pub tie_embeddings: bool,
    /// llama's `attention_bias`.
    pub attention_bias: bool,
    /// llama's `mlp_bias`.
    pub mlp_bias: bool,
}

/// Rotary position embedding.
#[derive(Clone, Debug, PartialEq)]
pub struct Rope {
    pub theta: f64,
    pub scaling: Option<RopeScaling>,
}

/// How inverse frequencies are stretched.
#[derive(Clone, Debug, PartialEq)]
pub enum RopeScaling {
    /// transformers' `linear`.
    Linear { factor: f64 },
    /// transformers' `llama3`.
    Llama3 { factor: f64, low_freq_factor: f64, high_freq_factor: f64, original_context: f64 },
}
