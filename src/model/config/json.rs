//! `config.json` as transformers writes it, old spelling (`rope_theta`, `rope_scaling`) and new (`rope_parameters`).

use serde_json::{Map, Value};

use super::{Config, ConfigError, Family, Rope, RopeScaling};

impl Config {
    /// Reads `config.json`. What a key left out means is transformers' default for the family.
    ///
    /// # Errors
    /// Anything the decoder would not compute exactly: another family, activation or rope type, quantised weights.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ConfigError> {
        let value: Value = serde_json::from_slice(bytes).map_err(|error| ConfigError::Json(error.to_string()))?;
        let Value::Object(keys) = value else {
            return Err(ConfigError::Json("not a JSON object".to_owned()));
        };
        let keys = Keys(&keys);
        if keys.present("quantization_config").is_some() {
            return Err(unsupported(
                "quantization_config",
                "quantised safetensors",
                "f32, f16 and bf16 weights, or GGUF",
            ));
        }
        let config = match keys.text("model_type")? {
            Some("llama") => llama(keys)?,
            Some("gpt2") => gpt2(keys)?,
            Some(other) => return Err(ConfigError::Family(other.to_owned())),
            None => return Err(ConfigError::Missing("model_type")),
        };
        config.validate()?;
        Ok(config)
    }
}

fn llama(keys: Keys<'_>) -> Result<Config, ConfigError> {
    keys.only("hidden_act", "silu", &["silu", "swish"])?;
    let heads = keys.required("num_attention_heads")?;
    let hidden_size = keys.required("hidden_size")?;
    Ok(Config {
        family: Family::Llama,
        vocab_size: keys.required("vocab_size")?,
        hidden_size,
        intermediate_size: keys.required("intermediate_size")?,
        layers: keys.required("num_hidden_layers")?,
        heads,
        kv_heads: keys.size("num_key_value_heads")?.unwrap_or(heads),
        head_dim: match keys.size("head_dim")? {
            Some(head_dim) => head_dim,
            None => even_split(hidden_size, heads)?,
        },
        context: keys.size("max_position_embeddings")?.unwrap_or(2048),
        norm_eps: keys.number("rms_norm_eps")?.unwrap_or(1e-6),
        rope: Some(rope(keys)?),
        tie_embeddings: keys.flag("tie_word_embeddings")?.unwrap_or(false),
        attention_bias: keys.flag("attention_bias")?.unwrap_or(false),
        mlp_bias: keys.flag("mlp_bias")?.unwrap_or(false),
    })
}

fn gpt2(keys: Keys<'_>) -> Result<Config, ConfigError> {
    keys.only("activation_function", "gelu_new", &["gelu_new", "gelu_pytorch_tanh"])?;
    for (key, supported) in
        [("scale_attn_weights", true), ("scale_attn_by_inverse_layer_idx", false), ("add_cross_attention", false)]
    {
        if keys.flag(key)?.unwrap_or(supported) != supported {
            return Err(unsupported(key, &(!supported).to_string(), &supported.to_string()));
        }
    }
    let hidden_size = keys.required("n_embd")?;
    let heads = keys.required("n_head")?;
    Ok(Config {
        family: Family::Gpt2,
        vocab_size: keys.required("vocab_size")?,
        hidden_size,
        intermediate_size: keys.size("n_inner")?.unwrap_or(hidden_size.saturating_mul(4)),
        layers: keys.required("n_layer")?,
        heads,
        kv_heads: heads,
        head_dim: even_split(hidden_size, heads)?,
        context: keys.required("n_positions")?,
        norm_eps: keys.number("layer_norm_epsilon")?.unwrap_or(1e-5),
        rope: None,
        tie_embeddings: keys.flag("tie_word_embeddings")?.unwrap_or(true),
        attention_bias: true,
        mlp_bias: true,
    })
}

fn rope(keys: Keys<'_>) -> Result<Rope, ConfigError> {
    // transformers 5 keeps everything in rope_parameters; before, theta stood beside rope_scaling.
    let inner = match keys.object("rope_parameters")? {
        Some(parameters) => Some(parameters),
        None => keys.object("rope_scaling")?,
    };
    let inner_number = |key| inner.map_or(Ok(None), |inner| inner.number(key));
    let theta = inner_number("rope_theta")?.or(keys.number("rope_theta")?).unwrap_or(10_000.0);
    let partial = inner_number("partial_rotary_factor")?.or(keys.number("partial_rotary_factor")?).unwrap_or(1.0);
    if partial != 1.0 {
        return Err(unsupported("partial_rotary_factor", &partial.to_string(), "1"));
    }
    let Some(inner) = inner else { return Ok(Rope { theta, scaling: None }) };
    let kind = inner.text("rope_type")?.or(inner.text("type")?).unwrap_or("default");
    let scaling = match kind {
        "default" => None,
        "linear" => Some(RopeScaling::Linear { factor: inner.required_number("factor")? }),
        "llama3" => Some(RopeScaling::Llama3 {
            factor: inner.required_number("factor")?,
            low_freq_factor: inner.required_number("low_freq_factor")?,
            high_freq_factor: inner.required_number("high_freq_factor")?,
            original_context: inner.required_number("original_max_position_embeddings")?,
        }),
        other => return Err(unsupported("rope_type", other, "default, linear and llama3")),
    };
    Ok(Rope { theta, scaling })
}

fn even_split(hidden_size: usize, heads: usize) -> Result<usize, ConfigError> {
    if heads == 0 || !hidden_size.is_multiple_of(heads) {
        return Err(ConfigError::Contradiction(format!(
            "a width of {hidden_size} does not divide into {heads} attention heads"
        )));
    }
    Ok(hidden_size / heads)
}

fn unsupported(key: &'static str, value: &str, supported: &str) -> ConfigError {
    ConfigError::Unsupported { key, value: value.to_owned(), supported: supported.to_owned() }
}

/// Typed look-ups that say which key has the wrong type. JSON `null` counts as left out.
#[derive(Clone, Copy)]
struct Keys<'a>(&'a Map<String, Value>);

impl<'a> Keys<'a> {
    fn present(self, key: &str) -> Option<&'a Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    fn read<T>(
        self,
        key: &'static str,
        wanted: &'static str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(value) = self.present(key) else { return Ok(None) };
        read(value).map(Some).ok_or(ConfigError::Type { key, wanted })
    }

    fn text(self, key: &'static str) -> Result<Option<&'a str>, ConfigError> {
        self.read(key, "a string", Value::as_str)
    }

    fn flag(self, key: &'static str) -> Result<Option<bool>, ConfigError> {
        self.read(key, "true or false", Value::as_bool)
    }

    fn number(self, key: &'static str) -> Result<Option<f64>, ConfigError> {
        self.read(key, "a number", Value::as_f64)
    }

    fn size(self, key: &'static str) -> Result<Option<usize>, ConfigError> {
        self.read(key, "a whole number", |value| value.as_u64().and_then(|size| usize::try_from(size).ok()))
    }

    fn object(self, key: &'static str) -> Result<Option<Self>, ConfigError> {
        Ok(self.read(key, "an object", Value::as_object)?.map(Keys))
    }

    fn required(self, key: &'static str) -> Result<usize, ConfigError> {
        self.size(key)?.ok_or(ConfigError::Missing(key))
    }

    fn required_number(self, key: &'static str) -> Result<f64, ConfigError> {
        self.number(key)?.ok_or(ConfigError::Missing(key))
    }

    fn only(self, key: &'static str, default: &str, supported: &[&str]) -> Result<(), ConfigError> {
        let value = self.text(key)?.unwrap_or(default);
        if supported.contains(&value) { Ok(()) } else { Err(unsupported(key, value, &supported.join(", "))) }
    }
}
