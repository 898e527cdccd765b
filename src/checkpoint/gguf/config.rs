//! A decoder's config from GGUF metadata.

use candle_core::Tensor;

use super::file::{Container, Value};
use super::metadata::Metadata;
use super::rope;
use crate::decoder::config::{Activation, Config, ConfigError, Family, NormKind, Rope, Window};

/// llama.cpp's architectures that this version reads.
const ARCHITECTURES: [(&str, Family); 5] = [
    ("llama", Family::Llama),
    ("qwen2", Family::Qwen2),
    ("qwen3", Family::Qwen3),
    ("gemma3", Family::Gemma3),
    ("gpt2", Family::Gpt2),
];

/// llama.cpp's name for a family, if this version can read it back.
pub(in crate::checkpoint) fn architecture(family: Family) -> Option<&'static str> {
    ARCHITECTURES.iter().find(|(_, of)| *of == family).map(|(name, _)| *name)
}

/// Every how many layers gemma3 has one without a window, where the file does not say.
const GEMMA3_PERIOD: usize = 6;
/// As many layers as gemma-3-27b has, the one whose attention is scaled by another number than the head size; files do
/// not say by which, llama.cpp tells it by the layers too.
const GEMMA3_27B_LAYERS: usize = 62;

/// Keys of models that compute something more.
const NOT_COMPUTED: [&str; 9] = [
    "final_logit_softcapping",
    "attn_logit_softcapping",
    "expert_count",
    "logit_scale",
    "embedding_scale",
    "residual_scale",
    "attention.scale",
    "attention.clamp_kqv",
    "attention.max_alibi_bias",
];

pub(super) fn config(metadata: Metadata<'_>, rope_factors: Option<&Tensor>) -> Result<Config, ConfigError> {
    let family = match metadata.text("general.architecture") {
        Some(name) => {
            ARCHITECTURES.iter().find(|(known, _)| *known == name).map(|(_, family)| *family).ok_or_else(|| {
                let supported = ARCHITECTURES.map(|(name, _)| name).join(", ");
                ConfigError::Unsupported { key: "general.architecture", value: name.to_owned(), supported }
            })?
        }
        None => return Err(ConfigError::Missing("general.architecture")),
    };
    NOT_COMPUTED.into_iter().try_for_each(|key| refuse(metadata, key))?;
    let has = |tensor: &str| metadata.0.tensor(tensor).is_some();
    let has_layer_norm = family.norm() == NormKind::Layer;
    let hidden_size = metadata.required("embedding_length")?;
    let heads = metadata.required("attention.head_count")?;
    let layers = metadata.required("block_count")?;
    let by_heads = hidden_size.checked_div(heads).unwrap_or(0);
    let head_dim = metadata.size("attention.key_length")?.unwrap_or(by_heads);
    let epsilon = if has_layer_norm { "attention.layer_norm_epsilon" } else { "attention.layer_norm_rms_epsilon" };
    let is_27b = family == Family::Gemma3 && layers == GEMMA3_27B_LAYERS;
    let config = Config {
        family,
        // The embedding decides: files pad it beyond the list of tokens.
        vocab_size: match metadata.0.tensor("token_embd.weight") {
            Some(embedding) => embedding.shape.first().copied().unwrap_or(0),
            None => return Err(ConfigError::Missing("token_embd.weight")),
        },
        hidden_size,
        intermediate_size: metadata.required("feed_forward_length")?,
        layers,
        heads,
        kv_heads: metadata.size("attention.head_count_kv")?.unwrap_or(heads),
        head_dim,
        context: metadata.required("context_length")?,
        norm_eps: metadata.float(epsilon)?.unwrap_or(1e-5),
        activation: match family {
            Family::Gemma3 | Family::Gpt2 => Activation::GeluTanh,
            _ => Activation::Silu,
        },
        rope: if has_layer_norm { None } else { Some(rope(metadata, head_dim, rope_factors)?) },
        window_rope: match family {
            Family::Gemma3 => Some(rope::unscaled(metadata.float("rope.freq_base_swa")?.unwrap_or(10_000.0))),
            _ => None,
        },
        window: window(metadata, family)?,
        query_scalar: if is_27b { by_heads as f64 } else { head_dim as f64 },
        parallel_residual: false,
        tie_embeddings: tied(metadata.0),
        qkv_bias: has_layer_norm || has("blk.0.attn_q.bias"),
        output_bias: has_layer_norm || has("blk.0.attn_output.bias"),
        mlp_bias: has_layer_norm || has("blk.0.ffn_up.bias"),
    };
    config.validate()?;
    Ok(config)
}

fn rope(metadata: Metadata<'_>, head_dim: usize, factors: Option<&Tensor>) -> Result<Rope, ConfigError> {
    let factors = factors.and_then(|factors| factors.flatten_all().and_then(|flat| flat.to_vec1()).ok());
    rope::rope(metadata, head_dim, factors.as_deref())
}

/// Refuses a file that asks for what is not computed; 0 asks for nothing.
fn refuse(metadata: Metadata<'_>, key: &'static str) -> Result<(), ConfigError> {
    match metadata.float(key)? {
        Some(value) if value != 0.0 => {
            Err(ConfigError::Unsupported { key, value: value.to_string(), supported: "models without it".to_owned() })
        }
        _ => Ok(()),
    }
}

/// gemma3's window: a number says every how many layers one has none, a list says which layers have one.
fn window(metadata: Metadata<'_>, family: Family) -> Result<Option<Window>, ConfigError> {
    if family != Family::Gemma3 {
        refuse(metadata, "attention.sliding_window")?;
        return Ok(None);
    }
    let Some(tokens) = metadata.size("attention.sliding_window")?.filter(|tokens| *tokens > 0) else { return Ok(None) };
    let key = "attention.sliding_window_pattern";
    let wrong = || ConfigError::Type { key, wanted: "a small number or a list of true and false" };
    let pattern = match metadata.0.value(&metadata.of_architecture(key)) {
        None => every(GEMMA3_PERIOD),
        Some(Value::Integer(period @ 1..=1024)) => every(*period as usize),
        Some(Value::List(layers)) => {
            let flags = layers.iter().map(|layer| if let Value::Flag(flag) = layer { Some(*flag) } else { None });
            flags.collect::<Option<Vec<bool>>>().ok_or_else(wrong)?
        }
        Some(_) => return Err(wrong()),
    };
    Ok(Window::of_layers(tokens, &pattern))
}

/// Every `period`th layer has no window.
fn every(period: usize) -> Vec<bool> {
    (1..=period).map(|layer| layer < period).collect()
}

/// No output projection of its own, or a copy of the embedding (older gpt2 files).
fn tied(container: &Container<'_>) -> bool {
    let raw = |name: &str| container.tensor(name).and_then(|tensor| container.raw(tensor).ok());
    match (raw("output.weight"), raw("token_embd.weight")) {
        (Some(output), Some(embedding)) => output == embedding,
        _ => container.tensor("output.weight").is_none(),
    }
}
