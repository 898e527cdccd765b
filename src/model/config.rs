//! What a decoder is made of, read from `config.json` or from GGUF metadata.

mod json;
mod to_json;

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

/// Why a config does not describe a decoder that this program computes.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("not a model config: {0}")]
    Json(String),
    #[error("model type `{0}` is not supported: this version runs {supported}", supported = Family::SUPPORTED)]
    Family(String),
    #[error("`{0}` is missing")]
    Missing(&'static str),
    #[error("`{key}` is not {wanted}")]
    Type { key: &'static str, wanted: &'static str },
    #[error("{key} = {value} is not supported: this version runs {supported}")]
    Unsupported { key: &'static str, value: String, supported: String },
    #[error("the config contradicts itself: {0}")]
    Contradiction(String),
}

impl Family {
    /// The families this version runs, for messages.
    pub const SUPPORTED: &'static str = "llama and gpt2";

    /// transformers' `model_type`, which is also GGUF's `general.architecture`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Gpt2 => "gpt2",
        }
    }
}

impl Config {
    /// Checks that the numbers make a decoder.
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        let contradiction = |what: String| Err(ConfigError::Contradiction(what));
        for (name, size) in [
            ("vocabulary", self.vocab_size),
            ("width", self.hidden_size),
            ("feed-forward width", self.intermediate_size),
            ("number of layers", self.layers),
            ("number of heads", self.heads),
            ("number of key/value heads", self.kv_heads),
            ("head size", self.head_dim),
            ("context", self.context),
        ] {
            // Nothing near this exists; below it no product of two sizes overflows.
            if size == 0 || size >= 1 << 30 {
                return contradiction(format!("the {name} is {size}"));
            }
        }
        if !self.heads.is_multiple_of(self.kv_heads) {
            return contradiction(format!("{} heads cannot share {} key/value heads", self.heads, self.kv_heads));
        }
        if !(self.norm_eps.is_finite() && self.norm_eps > 0.0) {
            return contradiction(format!("the norm epsilon is {}", self.norm_eps));
        }
        match &self.rope {
            Some(rope) => rope.validate(self.head_dim),
            None => Ok(()),
        }
    }
}

impl Rope {
    fn validate(&self, head_dim: usize) -> Result<(), ConfigError> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let scaled = match self.scaling {
            None => true,
            Some(RopeScaling::Linear { factor }) => positive(factor),
            Some(RopeScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_context }) => {
                [factor, low_freq_factor, high_freq_factor, original_context].into_iter().all(positive)
                    && high_freq_factor > low_freq_factor
            }
        };
        if !head_dim.is_multiple_of(2) {
            return Err(ConfigError::Contradiction(format!("rotary positions need an even head size, not {head_dim}")));
        }
        if !positive(self.theta) || !scaled {
            return Err(ConfigError::Contradiction("the rotary position numbers are out of range".to_owned()));
        }
        Ok(())
    }
}
