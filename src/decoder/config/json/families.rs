//! What each family's keys are called, and what they mean where they are left out.

use super::keys::{Keys, unsupported};
use super::rope::{Spelling, by_layer_type, rope};
use crate::decoder::config::{Activation, Config, ConfigError, Family, Window};

type Result<T> = std::result::Result<T, ConfigError>;

pub(super) fn read(family: Family, keys: Keys<'_>) -> Result<Config> {
    match family {
        Family::Llama => llama(keys),
        Family::Mistral => mistral(keys),
        Family::Qwen2 | Family::Qwen3 => qwen(family, keys),
        Family::Gemma3 => gemma3(keys),
        Family::Gpt2 => gpt2(keys),
        Family::GptNeo => gpt_neo(keys),
        Family::GptNeoX => gpt_neox(keys),
        Family::Opt => opt(keys),
    }
}

/// What llama and the families after it have in common.
fn llama_like(family: Family, keys: Keys<'_>) -> Result<Config> {
    let heads = keys.required("num_attention_heads")?;
    let hidden_size = keys.required("hidden_size")?;
    let head_dim = match keys.size("head_dim")? {
        Some(head_dim) => head_dim,
        None => even_split(hidden_size, heads)?,
    };
    Ok(Config {
        family,
        vocab_size: keys.required("vocab_size")?,
        hidden_size,
        intermediate_size: keys.required("intermediate_size")?,
        layers: keys.required("num_hidden_layers")?,
        heads,
        kv_heads: keys.size("num_key_value_heads")?.unwrap_or(heads),
        head_dim,
        context: keys.size("max_position_embeddings")?.unwrap_or(default_context(family)),
        norm_eps: keys.number("rms_norm_eps")?.unwrap_or(1e-6),
        activation: activation(keys, "hidden_act", "silu")?,
        rope: Some(rope(keys, &Spelling::default())?),
        window_rope: None,
        window: None,
        query_scalar: head_dim as f64,
        parallel_residual: false,
        tie_embeddings: keys.flag("tie_word_embeddings")?.unwrap_or(false),
        qkv_bias: false,
        output_bias: false,
        mlp_bias: false,
    })
}

/// transformers' `max_position_embeddings` where a config has none.
fn default_context(family: Family) -> usize {
    match family {
        Family::Mistral => 131_072,
        Family::Qwen2 | Family::Qwen3 => 32_768,
        _ => 2048,
    }
}

fn llama(keys: Keys<'_>) -> Result<Config> {
    let bias = keys.flag("attention_bias")?.unwrap_or(false);
    let mlp_bias = keys.flag("mlp_bias")?.unwrap_or(false);
    Ok(Config { qkv_bias: bias, output_bias: bias, mlp_bias, ..llama_like(Family::Llama, keys)? })
}

fn mistral(keys: Keys<'_>) -> Result<Config> {
    let window = keys.size_unless_null("sliding_window", 4096)?;
    Ok(Config { window: window.map(Window::everywhere), ..llama_like(Family::Mistral, keys)? })
}

fn qwen(family: Family, keys: Keys<'_>) -> Result<Config> {
    let config = llama_like(family, keys)?;
    let head_dim = match (family, keys.size("head_dim")?) {
        (Family::Qwen3, None) => 128,
        _ => config.head_dim,
    };
    let bias = match family {
        Family::Qwen3 => keys.flag("attention_bias")?.unwrap_or(false),
        _ => true,
    };
    let window = match keys.flag("use_sliding_window")?.unwrap_or(false) {
        true => keys.size_unless_null("sliding_window", 4096)?,
        false => None,
    };
    let all_before = keys.size("max_window_layers")?.unwrap_or(28).min(config.layers);
    Ok(Config {
        head_dim,
        query_scalar: head_dim as f64,
        qkv_bias: bias,
        output_bias: bias && family == Family::Qwen3,
        window: windowed_layers(keys, window, config.layers, |layer| layer >= all_before)?,
        ..config
    })
}

pub(super) fn gemma3(keys: Keys<'_>) -> Result<Config> {
    keys.without("attn_logit_softcapping")?;
    keys.without("final_logit_softcapping")?;
    keys.only("use_bidirectional_attention", false)?;
    let size = |key, default| Ok(keys.size(key)?.unwrap_or(default));
    let layers = size("num_hidden_layers", 26)?;
    let (rope, window_rope) = by_layer_type(keys)?;
    let period = keys.size("sliding_window_pattern")?.or(keys.size("_sliding_window_pattern")?).unwrap_or(6);
    let window = keys.size_unless_null("sliding_window", 4096)?;
    let bias = keys.flag("attention_bias")?.unwrap_or(false);
    Ok(Config {
        family: Family::Gemma3,
        vocab_size: size("vocab_size", 262_208)?,
        hidden_size: size("hidden_size", 2304)?,
        intermediate_size: size("intermediate_size", 9216)?,
        layers,
        heads: size("num_attention_heads", 8)?,
        kv_heads: size("num_key_value_heads", 4)?,
        head_dim: size("head_dim", 256)?,
        context: size("max_position_embeddings", 131_072)?,
        norm_eps: keys.number("rms_norm_eps")?.unwrap_or(1e-6),
        activation: activation(keys, "hidden_activation", "gelu_pytorch_tanh")?,
        rope: Some(rope),
        window_rope: Some(window_rope),
        window: windowed_layers(keys, window, layers, |layer| (layer + 1) % period.max(1) != 0)?,
        query_scalar: keys.number("query_pre_attn_scalar")?.unwrap_or(256.0),
        parallel_residual: false,
        tie_embeddings: keys.flag("tie_word_embeddings")?.unwrap_or(true),
        qkv_bias: bias,
        output_bias: bias,
        mlp_bias: false,
    })
}

/// What gpt2 and the families after it have in common.
fn gpt_like(family: Family, keys: Keys<'_>, hidden_size: usize, heads: usize, layers: usize) -> Result<Config> {
    let head_dim = even_split(hidden_size, heads)?;
    Ok(Config {
        family,
        vocab_size: keys.required("vocab_size")?,
        hidden_size,
        intermediate_size: hidden_size.saturating_mul(4),
        layers,
        heads,
        kv_heads: heads,
        head_dim,
        context: 2048,
        norm_eps: 1e-5,
        activation: Activation::GeluTanh,
        rope: None,
        window_rope: None,
        window: None,
        query_scalar: head_dim as f64,
        parallel_residual: false,
        tie_embeddings: keys.flag("tie_word_embeddings")?.unwrap_or(true),
        qkv_bias: true,
        output_bias: true,
        mlp_bias: true,
    })
}

fn gpt2(keys: Keys<'_>) -> Result<Config> {
    keys.only("scale_attn_weights", true)?;
    keys.only("scale_attn_by_inverse_layer_idx", false)?;
    keys.only("add_cross_attention", false)?;
    let [hidden_size, heads, layers] = [keys.required("n_embd")?, keys.required("n_head")?, keys.required("n_layer")?];
    let config = gpt_like(Family::Gpt2, keys, hidden_size, heads, layers)?;
    Ok(Config {
        intermediate_size: keys.size("n_inner")?.unwrap_or(config.intermediate_size),
        context: keys.required("n_positions")?,
        norm_eps: keys.number("layer_norm_epsilon")?.unwrap_or(1e-5),
        activation: activation(keys, "activation_function", "gelu_new")?,
        ..config
    })
}

fn gpt_neo(keys: Keys<'_>) -> Result<Config> {
    let [hidden_size, heads] = [keys.required("hidden_size")?, keys.required("num_heads")?];
    let layers = keys.required("num_layers")?;
    let config = gpt_like(Family::GptNeo, keys, hidden_size, heads, layers)?;
    let tokens = keys.size("window_size")?.unwrap_or(256);
    Ok(Config {
        intermediate_size: keys.size("intermediate_size")?.unwrap_or(config.intermediate_size),
        context: keys.size("max_position_embeddings")?.unwrap_or(2048),
        norm_eps: keys.number("layer_norm_epsilon")?.unwrap_or(1e-5),
        activation: activation(keys, "activation_function", "gelu_new")?,
        window: Window::of_layers(tokens, &local_layers(keys, layers)?),
        query_scalar: 1.0,
        qkv_bias: false,
        ..config
    })
}

fn gpt_neox(keys: Keys<'_>) -> Result<Config> {
    let [hidden_size, heads] = [keys.required("hidden_size")?, keys.required("num_attention_heads")?];
    let layers = keys.required("num_hidden_layers")?;
    let config = gpt_like(Family::GptNeoX, keys, hidden_size, heads, layers)?;
    let spelling =
        Spelling { theta_key: "rotary_emb_base", theta: 10_000.0, partial_key: Some("rotary_pct"), partial: 0.25 };
    let bias = keys.flag("attention_bias")?.unwrap_or(true);
    Ok(Config {
        intermediate_size: keys.required("intermediate_size")?,
        context: keys.size("max_position_embeddings")?.unwrap_or(2048),
        norm_eps: keys.number("layer_norm_eps")?.unwrap_or(1e-5),
        activation: activation(keys, "hidden_act", "gelu")?,
        rope: Some(rope(keys, &spelling)?),
        parallel_residual: keys.flag("use_parallel_residual")?.unwrap_or(true),
        tie_embeddings: keys.flag("tie_word_embeddings")?.unwrap_or(false),
        qkv_bias: bias,
        output_bias: bias,
        ..config
    })
}

fn opt(keys: Keys<'_>) -> Result<Config> {
    keys.only("do_layer_norm_before", true)?;
    keys.only("_remove_final_layer_norm", false)?;
    keys.only("layer_norm_elementwise_affine", true)?;
    let [hidden_size, heads] = [keys.required("hidden_size")?, keys.required("num_attention_heads")?];
    if let Some(width) = keys.size("word_embed_proj_dim")?.filter(|width| *width != hidden_size) {
        let supported = format!("embeddings as wide as the layers, {hidden_size}");
        return Err(unsupported("word_embed_proj_dim", &width.to_string(), &supported));
    }
    let config = gpt_like(Family::Opt, keys, hidden_size, heads, keys.required("num_hidden_layers")?)?;
    let bias = keys.flag("enable_bias")?.unwrap_or(true);
    Ok(Config {
        intermediate_size: keys.required("ffn_dim")?,
        context: keys.size("max_position_embeddings")?.unwrap_or(2048),
        activation: activation(keys, "activation_function", "relu")?,
        qkv_bias: bias,
        output_bias: bias,
        mlp_bias: bias,
        ..config
    })
}

fn activation(keys: Keys<'_>, key: &'static str, default: &str) -> Result<Activation> {
    match keys.text(key)?.unwrap_or(default) {
        "silu" | "swish" => Ok(Activation::Silu),
        "gelu_new" | "gelu_pytorch_tanh" | "gelu_fast" => Ok(Activation::GeluTanh),
        "gelu" => Ok(Activation::Gelu),
        "relu" => Ok(Activation::Relu),
        other => Err(unsupported(key, other, "silu, gelu, gelu_new, gelu_pytorch_tanh, gelu_fast and relu")),
    }
}

/// A config that claims more layers than this lies; their kinds are not listed then.
const MOST_LAYERS: usize = 1 << 20;

/// The window of the layers that `layer_types` calls sliding; without that list, of those that `by_default` says.
fn windowed_layers(
    keys: Keys<'_>,
    tokens: Option<usize>,
    layers: usize,
    by_default: impl Fn(usize) -> bool,
) -> Result<Option<Window>> {
    let Some(types) = keys.texts("layer_types")? else {
        let Some(tokens) = tokens else { return Ok(None) };
        let windowed: Vec<bool> = (0..layers.min(MOST_LAYERS)).map(by_default).collect();
        return Ok(Window::of_layers(tokens, &windowed));
    };
    let windowed = types.iter().map(|kind| match *kind {
        "sliding_attention" => Ok(true),
        "full_attention" => Ok(false),
        other => Err(unsupported("layer_types", other, "full_attention and sliding_attention")),
    });
    let windowed = windowed.collect::<Result<Vec<bool>>>()?;
    one_for_each_layer("layer_types", windowed.len(), layers)?;
    match tokens {
        Some(tokens) => Ok(Window::of_layers(tokens, &windowed)),
        None if windowed.contains(&true) => Err(ConfigError::Missing("sliding_window")),
        None => Ok(None),
    }
}

/// gpt_neo's kinds of layers: `attention_types` as `[[["global", "local"], 6]]`, or `attention_layers` written out.
fn local_layers(keys: Keys<'_>, layers: usize) -> Result<Vec<bool>> {
    let is_local = |kind: &str| match kind {
        "local" => Ok(true),
        "global" => Ok(false),
        other => Err(unsupported("attention_types", other, "global and local")),
    };
    if let Some(kinds) = keys.texts("attention_layers")? {
        one_for_each_layer("attention_layers", kinds.len(), layers)?;
        return kinds.into_iter().map(is_local).collect();
    }
    let wrong = || ConfigError::Type { key: "attention_types", wanted: "a list like [[[\"global\", \"local\"], 6]]" };
    let Some(groups) = keys.present("attention_types") else {
        return Ok((0..layers.min(MOST_LAYERS)).map(|layer| layer % 2 == 1).collect());
    };
    let mut local = Vec::new();
    for group in groups.as_array().ok_or_else(wrong)? {
        let (kinds, times) = (&group[0], group[1].as_u64().ok_or_else(wrong)?);
        let kinds = kinds.as_array().ok_or_else(wrong)?.iter();
        let kinds = kinds.map(|kind| is_local(kind.as_str().ok_or_else(wrong)?)).collect::<Result<Vec<bool>>>()?;
        let room = layers.saturating_sub(local.len()) / kinds.len().max(1) + 1;
        for _ in 0..times.min(room.min(MOST_LAYERS) as u64) {
            local.extend(&kinds);
        }
    }
    one_for_each_layer("attention_types", local.len(), layers)?;
    Ok(local)
}

fn one_for_each_layer(key: &str, kinds: usize, layers: usize) -> Result<()> {
    if kinds == layers {
        Ok(())
    } else {
        Err(ConfigError::Contradiction(format!("{key} says {kinds} layers, not {layers}")))
    }
}

fn even_split(hidden_size: usize, heads: usize) -> Result<usize> {
    if heads == 0 || !hidden_size.is_multiple_of(heads) {
        return Err(ConfigError::Contradiction(format!(
            "a width of {hidden_size} does not divide into {heads} attention heads"
        )));
    }
    Ok(hidden_size / heads)
}
