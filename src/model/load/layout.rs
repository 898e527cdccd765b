//! Which tensors a decoder has, and with which shapes.

use std::path::Path;

use candle_core::{Storage, Tensor};
use rayon::prelude::*;

use super::LoadError;
use crate::model::config::{Config, Family};

/// Names and shapes of all tensors of a decoder, in transformers' words and order.
///
/// Weights of linear layers are `[out, in]`, except gpt2's, which are `[in, out]` (its `Conv1D`).
pub(super) fn tensors(config: &Config) -> impl Iterator<Item = (String, Vec<usize>)> {
    let (root, layer): (Vec<_>, fn(&Config, usize) -> Vec<_>) = match config.family {
        Family::Llama => (llama_root(config), llama_layer),
        Family::Gpt2 => (gpt2_root(config), gpt2_layer),
    };
    // Lazy: a config that claims a billion layers fails at the first one that is not there.
    root.into_iter().chain((0..config.layers).flat_map(move |index| layer(config, index)))
}

type Layout = Vec<(String, Vec<usize>)>;

fn llama_root(config: &Config) -> Layout {
    let embedding = vec![config.vocab_size, config.hidden_size];
    let mut tensors = vec![
        ("model.embed_tokens.weight".to_owned(), embedding.clone()),
        ("model.norm.weight".to_owned(), vec![config.hidden_size]),
    ];
    if !config.tie_embeddings {
        tensors.push(("lm_head.weight".to_owned(), embedding));
    }
    tensors
}

fn llama_layer(config: &Config, index: usize) -> Layout {
    let width = config.hidden_size;
    let (queries, keys) = (config.heads * config.head_dim, config.kv_heads * config.head_dim);
    let inner = config.intermediate_size;
    let mut tensors = Layout::new();
    let mut add = |name: &str, shape: Vec<usize>| tensors.push((format!("model.layers.{index}.{name}"), shape));
    add("input_layernorm.weight", vec![width]);
    for (name, out, input, bias) in [
        ("self_attn.q_proj", queries, width, config.attention_bias),
        ("self_attn.k_proj", keys, width, config.attention_bias),
        ("self_attn.v_proj", keys, width, config.attention_bias),
        ("self_attn.o_proj", width, queries, config.attention_bias),
        ("mlp.gate_proj", inner, width, config.mlp_bias),
        ("mlp.up_proj", inner, width, config.mlp_bias),
        ("mlp.down_proj", width, inner, config.mlp_bias),
    ] {
        add(&format!("{name}.weight"), vec![out, input]);
        if bias {
            add(&format!("{name}.bias"), vec![out]);
        }
    }
    add("post_attention_layernorm.weight", vec![width]);
    tensors
}

fn gpt2_root(config: &Config) -> Layout {
    let width = config.hidden_size;
    let mut tensors = vec![
        ("transformer.wte.weight".to_owned(), vec![config.vocab_size, width]),
        ("transformer.wpe.weight".to_owned(), vec![config.context, width]),
        ("transformer.ln_f.weight".to_owned(), vec![width]),
        ("transformer.ln_f.bias".to_owned(), vec![width]),
    ];
    if !config.tie_embeddings {
        tensors.push(("lm_head.weight".to_owned(), vec![config.vocab_size, width]));
    }
    tensors
}

fn gpt2_layer(config: &Config, index: usize) -> Layout {
    let (width, inner) = (config.hidden_size, config.intermediate_size);
    let mut tensors = Layout::new();
    let mut add = |name: &str, shape: Vec<usize>| tensors.push((format!("transformer.h.{index}.{name}"), shape));
    for norm in ["ln_1", "ln_2"] {
        add(&format!("{norm}.weight"), vec![width]);
        add(&format!("{norm}.bias"), vec![width]);
    }
    for (name, input, out) in [
        ("attn.c_attn", width, 3 * width),
        ("attn.c_proj", width, width),
        ("mlp.c_fc", width, inner),
        ("mlp.c_proj", inner, width),
    ] {
        add(&format!("{name}.weight"), vec![input, out]);
        add(&format!("{name}.bias"), vec![out]);
    }
    tensors
}

/// What to say of a tensor that such a decoder would leave out: the config does not describe these weights.
pub(super) fn stranger(config: &Config) -> String {
    format!("has no place in a {} decoder of {} layers as the config describes it", config.family.name(), config.layers)
}

/// Refuses a tensor of another shape or with values that are not finite.
pub(super) fn check(file: &Path, name: &str, tensor: &Tensor, shape: &[usize]) -> Result<(), LoadError> {
    let problem = |problem: String| LoadError::Tensor { file: file.to_owned(), tensor: name.to_owned(), problem };
    if tensor.dims() != shape {
        return Err(problem(format!("has shape {:?}, the config says {shape:?}", tensor.dims())));
    }
    match first_not_finite(tensor) {
        Ok(None) => Ok(()),
        Ok(Some((at, value))) => Err(problem(format!("holds {value} at element {at}: the weights are damaged"))),
        Err(reason) => Err(LoadError::Device { tensor: name.to_owned(), reason }),
    }
}

/// The first NaN or infinity of an f32 tensor on the CPU, with its index.
fn first_not_finite(tensor: &Tensor) -> candle_core::Result<Option<(usize, f32)>> {
    const CHUNK: usize = 1 << 16;
    let (storage, layout) = tensor.storage_and_layout();
    let values: &[f32] = match &*storage {
        Storage::Cpu(storage) => storage.as_slice()?,
        _ => candle_core::bail!("weights are checked on the CPU"),
    };
    let values = &values[layout.start_offset()..layout.start_offset() + layout.shape().elem_count()];
    let damaged = |chunk: &[f32]| !chunk.iter().fold(true, |finite, value| finite & value.is_finite());
    let Some(chunk) = values.par_chunks(CHUNK).position_first(damaged) else { return Ok(None) };
    let start = chunk * CHUNK;
    let at = values[start..].iter().position(|value| !value.is_finite());
    Ok(at.map(|at| (start + at, values[start + at])))
}
