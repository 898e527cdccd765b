//! What a decoder is made of: its sizes, and which of the possible parts it has.

mod json;
mod to_json;

pub(crate) use json::is_wrapper;

pub use crate::ops::Activation;

/// Which of transformers' model classes a decoder is: it fixes what no config varies, and the tensors' names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Llama,
    Mistral,
    Qwen2,
    Qwen3,
    Gemma3,
    Gpt2,
    GptNeo,
    GptNeoX,
    Opt,
}

/// How a family normalises rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormKind {
    Rms,
    /// RMS norm whose stored weight is the deviation from 1 (gemma3).
    RmsFromOne,
    Layer,
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
    pub activation: Activation,
    /// Rotary position embedding; `None` where positions are learned.
    pub rope: Option<Rope>,
    /// That of the layers with a window, where theirs is another (gemma3).
    pub window_rope: Option<Rope>,
    /// Layers that look back over some tokens only.
    pub window: Option<Window>,
    /// q·k is divided by this number's root: the head size, except gemma3's `query_pre_attn_scalar` and gpt_neo's 1.
    pub query_scalar: f64,
    /// Attention and the feed-forward network read the same x and are added together (gpt_neox).
    pub parallel_residual: bool,
    /// The output projection is the token embedding.
    pub tie_embeddings: bool,
    /// The projections to queries, keys and values have a bias.
    pub qkv_bias: bool,
    /// The projection out of attention has one.
    pub output_bias: bool,
    /// The feed-forward network's projections have one.
    pub mlp_bias: bool,
}

/// Attention over the latest tokens only: query q sees key k where 0 ≤ q − k < `tokens`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    pub tokens: usize,
    /// Whether a layer has it; from the first layer on, again and again.
    pub layers: Vec<bool>,
}

/// Rotary position embedding.
#[derive(Clone, Debug, PartialEq)]
pub struct Rope {
    pub theta: f64,
    pub scaling: Option<RopeScaling>,
    /// The share of a head's features that are rotated, its first ones.
    pub partial: f64,
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
    const ALL: [Self; 9] = [
        Self::Llama,
        Self::Mistral,
        Self::Qwen2,
        Self::Qwen3,
        Self::Gemma3,
        Self::Gpt2,
        Self::GptNeo,
        Self::GptNeoX,
        Self::Opt,
    ];
    /// The families this version runs, for messages.
    pub const SUPPORTED: &'static str = "llama, mistral, qwen2, qwen3, gemma3_text, gpt2, gpt_neo, gpt_neox and opt";

    /// transformers' `model_type`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Mistral => "mistral",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
            Self::Gemma3 => "gemma3_text",
            Self::Gpt2 => "gpt2",
            Self::GptNeo => "gpt_neo",
            Self::GptNeoX => "gpt_neox",
            Self::Opt => "opt",
        }
    }

    /// The family of a `model_type`.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.name() == name)
    }

    /// How it normalises rows.
    pub fn norm(self) -> NormKind {
        match self {
            Self::Llama | Self::Mistral | Self::Qwen2 | Self::Qwen3 => NormKind::Rms,
            Self::Gemma3 => NormKind::RmsFromOne,
            Self::Gpt2 | Self::GptNeo | Self::GptNeoX | Self::Opt => NormKind::Layer,
        }
    }

    /// By what the embedded tokens are multiplied.
    pub fn embedding_scale(self, hidden_size: usize) -> f64 {
        if self == Self::Gemma3 { (hidden_size as f64).sqrt() } else { 1.0 }
    }

    /// Rows of the learned positions before that of position 0.
    pub fn position_offset(self) -> usize {
        if self == Self::Opt { 2 } else { 0 }
    }

    /// Projections' weights are stored `[in, out]`, as transformers' `Conv1D` has them.
    pub fn is_conv1d(self) -> bool {
        self == Self::Gpt2
    }
}

impl Window {
    /// In every layer.
    pub fn everywhere(tokens: usize) -> Self {
        Self { tokens, layers: vec![true] }
    }

    /// In the layers that say so; `None` if none does.
    pub fn of_layers(tokens: usize, layers: &[bool]) -> Option<Self> {
        let repeats = |period: &usize| layers.iter().zip(&layers[*period..]).all(|(a, b)| a == b);
        let period = (1..=layers.len()).find(repeats)?;
        layers.contains(&true).then(|| Self { tokens, layers: layers[..period].to_vec() })
    }

    /// The window of layer `layer`.
    pub fn of_layer(&self, layer: usize) -> Option<usize> {
        let has = *self.layers.get(layer % self.layers.len().max(1))?;
        has.then_some(self.tokens)
    }
}

impl Config {
    /// How far back layer `layer` looks, in tokens, if not to the first one.
    pub fn window_of(&self, layer: usize) -> Option<usize> {
        self.window.as_ref().and_then(|window| window.of_layer(layer))
    }

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
        if !(self.query_scalar.is_finite() && self.query_scalar > 0.0) {
            return contradiction(format!("attention is scaled by the root of {}", self.query_scalar));
        }
        if self.window.as_ref().is_some_and(|window| window.tokens == 0) {
            return contradiction("the sliding window is 0 tokens".to_owned());
        }
        [&self.rope, &self.window_rope].into_iter().flatten().try_for_each(|rope| rope.validate(self.head_dim))
    }
}

impl Rope {
    /// How many of a head's features the frequencies are counted over; an odd number rotates one more.
    pub fn rotated(&self, head_dim: usize) -> usize {
        (head_dim as f64 * self.partial) as usize
    }

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
        if self.partial == 1.0 && !head_dim.is_multiple_of(2) {
            return Err(ConfigError::Contradiction(format!("rotary positions need an even head size, not {head_dim}")));
        }
        if !positive(self.partial) || !(1..=head_dim).contains(&self.rotated(head_dim).next_multiple_of(2)) {
            let partial = self.partial;
            return Err(ConfigError::Contradiction(format!("{partial} of a head of {head_dim} cannot be rotated")));
        }
        if !positive(self.theta) || !scaled {
            return Err(ConfigError::Contradiction("the rotary position numbers are out of range".to_owned()));
        }
        Ok(())
    }
}
