//! GGUF files: llama.cpp's names and layouts turned back into transformers'.

mod file;
pub(in crate::model) mod rope;
pub(in crate::model) mod tokenizer;

use std::path::Path;

use candle_core::Tensor;

use super::{LoadError, Loaded, Task, layout};
use crate::model::Source;
use crate::model::config::{Config, ConfigError, Family};
use file::{Container, Value};

/// Loads the model in `bytes`; `path` is for messages, `release` hears which bytes are no longer needed.
pub(super) fn load(
    bytes: &[u8],
    source: &Source,
    path: &Path,
    name: String,
    task: &mut Task<'_>,
    release: &dyn Fn(&[u8]),
) -> Result<Loaded, LoadError> {
    let damaged = |reason| LoadError::Damaged { file: path.to_owned(), reason };
    let container = Container::read(bytes).map_err(damaged)?;
    let metadata = Metadata(&container);
    let factors = match container.tensor("rope_freqs.weight") {
        Some(stored) => {
            Some(container.dequantise(stored).map_err(|problem| tensor_error(path, "rope_freqs.weight", problem))?)
        }
        None => None,
    };
    let config =
        config(metadata, factors.as_ref()).map_err(|reason| LoadError::Config { file: path.to_owned(), reason })?;
    let vocabulary = tokenizer::vocabulary(metadata).map_err(damaged)?;
    super::check_ids(path, &vocabulary, &config)?;
    let mut expected = Vec::new();
    for (name, shape) in layout::tensors(&config) {
        let stored = stored_name(config.family, &name);
        if container.tensor(&stored).is_none() {
            return Err(tensor_error(path, &stored, "is missing".to_owned()));
        }
        expected.push((name, shape));
    }
    refuse_strangers(path, &container, &config, &expected)?;
    let weights = task.collect(expected, |name| {
        let stored = stored_name(config.family, name);
        let tensor = container.tensor(&stored).ok_or_else(|| "is missing".to_owned());
        let tensor = tensor.and_then(|tensor| {
            let values = container.dequantise(tensor)?;
            release(container.raw(tensor)?);
            Ok(values)
        });
        let tensor = tensor.map_err(|problem| tensor_error(path, &stored, problem))?;
        let tensor = restore(&config, name, tensor)
            .map_err(|error| tensor_error(path, &stored, format!("has the wrong shape: {error}")))?;
        Ok((path, tensor))
    })?;
    Ok(Loaded { config, weights, vocabulary, adapters: Vec::new(), source: source.clone(), name })
}

fn tensor_error(path: &Path, tensor: &str, problem: String) -> LoadError {
    LoadError::Tensor { file: path.to_owned(), tensor: tensor.to_owned(), problem }
}

/// Typed look-ups in a file's metadata.
#[derive(Clone, Copy)]
struct Metadata<'a>(&'a Container<'a>);

impl<'a> Metadata<'a> {
    fn text(self, key: &str) -> Option<&'a str> {
        if let Value::Text(text) = self.0.value(key)? { Some(text) } else { None }
    }

    fn flag(self, key: &str) -> Option<bool> {
        if let Value::Flag(flag) = self.0.value(key)? { Some(*flag) } else { None }
    }

    fn integer(self, key: &str) -> Option<i128> {
        if let Value::Integer(integer) = self.0.value(key)? { Some(*integer) } else { None }
    }

    fn number(self, key: &str) -> Option<f64> {
        match self.0.value(key)? {
            Value::Float(number) => Some(*number),
            Value::Integer(integer) => Some(*integer as f64),
            _ => None,
        }
    }

    fn texts(self, key: &str) -> Option<Vec<&'a str>> {
        let Value::List(values) = self.0.value(key)? else { return None };
        values.iter().map(|value| if let Value::Text(text) = value { Some(text.as_ref()) } else { None }).collect()
    }

    fn integers(self, key: &str) -> Option<Vec<i128>> {
        let Value::List(values) = self.0.value(key)? else { return None };
        values.iter().map(|value| if let Value::Integer(integer) = value { Some(*integer) } else { None }).collect()
    }

    /// `context_length` -> `llama.context_length`.
    fn of_architecture(self, key: &str) -> String {
        format!("{}.{key}", self.text("general.architecture").unwrap_or_default())
    }

    fn size(self, key: &'static str) -> Result<Option<usize>, ConfigError> {
        match self.0.value(&self.of_architecture(key)) {
            None => Ok(None),
            Some(Value::Integer(size)) if *size >= 0 => Ok(Some(usize::try_from(*size).unwrap_or(usize::MAX))),
            Some(_) => Err(ConfigError::Type { key, wanted: "a whole number" }),
        }
    }

    fn required(self, key: &'static str) -> Result<usize, ConfigError> {
        self.size(key)?.ok_or(ConfigError::Missing(key))
    }
}

fn config(metadata: Metadata<'_>, rope_factors: Option<&Tensor>) -> Result<Config, ConfigError> {
    let family = match metadata.text("general.architecture") {
        Some("llama") => Family::Llama,
        Some("gpt2") => Family::Gpt2,
        Some(other) => return Err(ConfigError::Family(other.to_owned())),
        None => return Err(ConfigError::Missing("general.architecture")),
    };
    let has = |tensor: &str| metadata.0.tensor(tensor).is_some();
    let llama = family == Family::Llama;
    let hidden_size = metadata.required("embedding_length")?;
    let heads = metadata.required("attention.head_count")?;
    let head_dim = metadata.size("attention.key_length")?.unwrap_or(hidden_size.checked_div(heads).unwrap_or(0));
    let epsilon = if llama { "attention.layer_norm_rms_epsilon" } else { "attention.layer_norm_epsilon" };
    let rope = if llama {
        let factors = rope_factors.and_then(|factors| factors.flatten_all().and_then(|flat| flat.to_vec1()).ok());
        Some(rope::rope(metadata, head_dim, factors.as_deref())?)
    } else {
        None
    };
    let config = Config {
        family,
        // The embedding decides: files pad it beyond the list of tokens.
        vocab_size: match metadata.0.tensor("token_embd.weight") {
            Some(embedding) => embedding.shape.first().copied().unwrap_or(0),
            None => return Err(ConfigError::Missing("token_embd.weight")),
        },
        hidden_size,
        intermediate_size: metadata.required("feed_forward_length")?,
        layers: metadata.required("block_count")?,
        heads,
        kv_heads: metadata.size("attention.head_count_kv")?.unwrap_or(heads),
        head_dim,
        context: metadata.required("context_length")?,
        norm_eps: metadata.number(&metadata.of_architecture(epsilon)).unwrap_or(1e-5),
        rope,
        tie_embeddings: tied(metadata.0),
        attention_bias: !llama || has("blk.0.attn_q.bias"),
        mlp_bias: !llama || has("blk.0.ffn_up.bias"),
    };
    config.validate()?;
    Ok(config)
}

/// No output projection of its own, or a copy of the embedding (older gpt2 files).
fn tied(container: &Container<'_>) -> bool {
    let raw = |name: &str| container.tensor(name).and_then(|tensor| container.raw(tensor).ok());
    match (raw("output.weight"), raw("token_embd.weight")) {
        (Some(output), Some(embedding)) => output == embedding,
        _ => container.tensor("output.weight").is_none(),
    }
}

/// transformers' prefix within a layer -> llama.cpp's.
const LLAMA: [(&str, &str); 9] = [
    ("input_layernorm", "attn_norm"),
    ("self_attn.q_proj", "attn_q"),
    ("self_attn.k_proj", "attn_k"),
    ("self_attn.v_proj", "attn_v"),
    ("self_attn.o_proj", "attn_output"),
    ("post_attention_layernorm", "ffn_norm"),
    ("mlp.gate_proj", "ffn_gate"),
    ("mlp.up_proj", "ffn_up"),
    ("mlp.down_proj", "ffn_down"),
];
const GPT2: [(&str, &str); 6] = [
    ("ln_1", "attn_norm"),
    ("attn.c_attn", "attn_qkv"),
    ("attn.c_proj", "attn_output"),
    ("ln_2", "ffn_norm"),
    ("mlp.c_fc", "ffn_up"),
    ("mlp.c_proj", "ffn_down"),
];
const ROOT: [(&str, &str); 6] = [
    ("model.embed_tokens", "token_embd"),
    ("model.norm", "output_norm"),
    ("lm_head", "output"),
    ("transformer.wte", "token_embd"),
    ("transformer.wpe", "position_embd"),
    ("transformer.ln_f", "output_norm"),
];

/// `model.layers.0.self_attn.q_proj.weight` -> `blk.0.attn_q.weight`; names outside the layout stay as they are.
pub(in crate::model) fn stored_name(family: Family, name: &str) -> String {
    let (layers, table): (_, &[(&str, &str)]) = match family {
        Family::Llama => ("model.layers.", &LLAMA),
        Family::Gpt2 => ("transformer.h.", &GPT2),
    };
    let renamed = |stem: &str, table: &[(&str, &'static str)]| {
        table.iter().find(|(theirs, _)| *theirs == stem).map(|(_, ours)| *ours)
    };
    let translate = || {
        let (stem, kind) = name.rsplit_once('.')?;
        match stem.strip_prefix(layers) {
            Some(rest) => {
                let (index, inner) = rest.split_once('.')?;
                Some(format!("blk.{index}.{}.{kind}", renamed(inner, table)?))
            }
            None => Some(format!("{}.{kind}", renamed(stem, &ROOT)?)),
        }
    };
    translate().unwrap_or_else(|| name.to_owned())
}

fn refuse_strangers(
    path: &Path,
    container: &Container<'_>,
    config: &Config,
    expected: &[(String, Vec<usize>)],
) -> Result<(), LoadError> {
    let known: std::collections::HashSet<String> =
        expected.iter().map(|(name, _)| stored_name(config.family, name)).collect();
    let ignored = |name: &str| name == "rope_freqs.weight" || (config.tie_embeddings && name == "output.weight");
    let mut strangers: Vec<&str> =
        container.tensor_names().filter(|name| !known.contains(*name) && !ignored(name)).collect();
    strangers.sort_unstable();
    match strangers.first() {
        None => Ok(()),
        Some(stranger) => Err(tensor_error(path, stranger, layout::stranger(config))),
    }
}

/// What llama.cpp's converter changed, undone.
fn restore(config: &Config, name: &str, tensor: Tensor) -> candle_core::Result<Tensor> {
    match config.family {
        Family::Llama if name.contains(".q_proj.") => halves_from_pairs(&tensor, config.heads),
        Family::Llama if name.contains(".k_proj.") => halves_from_pairs(&tensor, config.kv_heads),
        Family::Gpt2 if is_conv1d(name) => tensor.t()?.contiguous(),
        _ => Ok(tensor),
    }
}

/// llama.cpp rotates neighbouring rows, transformers rotates the two halves of a head: row (head, i, half) goes back
/// to (head, half, i). Works on weights `[heads * head_dim, in]` and biases `[heads * head_dim]`.
fn halves_from_pairs(tensor: &Tensor, heads: usize) -> candle_core::Result<Tensor> {
    let rows = tensor.dim(0)?;
    let columns = tensor.elem_count() / rows.max(1);
    tensor.reshape((heads, rows / heads / 2, 2, columns))?.transpose(1, 2)?.contiguous()?.reshape(tensor.shape())
}

/// What a GGUF file stores for one of transformers' tensors: [`restore`] turns it back.
pub(in crate::model) fn stored(config: &Config, name: &str, tensor: &Tensor) -> candle_core::Result<Tensor> {
    let pairs_from_halves = |heads: usize| {
        let rows = tensor.dim(0)?;
        let columns = tensor.elem_count() / rows.max(1);
        tensor.reshape((heads, 2, rows / heads / 2, columns))?.transpose(1, 2)?.contiguous()?.reshape(tensor.shape())
    };
    match config.family {
        Family::Llama if name.contains(".q_proj.") => pairs_from_halves(config.heads),
        Family::Llama if name.contains(".k_proj.") => pairs_from_halves(config.kv_heads),
        Family::Gpt2 if is_conv1d(name) => tensor.t()?.contiguous(),
        _ => Ok(tensor.clone()),
    }
}

/// gpt2's linear weights, `[in, out]` in transformers and `[out, in]` in GGUF.
fn is_conv1d(name: &str) -> bool {
    name.ends_with(".weight") && (name.contains(".attn.") || name.contains(".mlp."))
}
