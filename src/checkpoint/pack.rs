//! Writes a model directory as one GGUF file, the way the embedded models are made.
//!
//! The file follows llama.cpp's conventions (names, q/k rows in pairs, gpt2's linear weights transposed), so other
//! programs read it too.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Tensor};
use serde::Deserialize;
use serde_json::Value as Json;

use super::error::LoadError;
use super::gguf::tokenizer::PRE_TOKENIZERS;
use super::loaded::Loaded;
use super::task::{Task, Wants};
use super::{adapter, gguf};
use crate::cancel::Cancel;
use crate::decoder::config::{Config, Rope, RopeScaling};
use crate::decoder::layout;

/// How matrices are stored. Vectors, and matrices whose rows do not divide into blocks of 32, stay f32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    F32,
    /// 8 bits and a shared f16 scale per 32 values.
    Q8_0,
}

/// What the file says about itself (`general.*`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Card {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    /// SPDX expression.
    #[serde(default)]
    pub license: Option<String>,
    /// What the model was trained on, one line each, licence included.
    #[serde(default)]
    pub datasets: Vec<String>,
}

/// Why a model cannot be packed.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("{} holds an adapter: only a whole model can be packed", .0.display())]
    Adapter(PathBuf),
    #[error("a {0} model cannot be packed: GGUF is written for llama, qwen2, qwen3, gemma3 and gpt2")]
    Family(&'static str),
    #[error("{}: {reason}", directory.display())]
    Tokenizer { directory: PathBuf, reason: String },
    #[error("cannot write {}: {reason}", file.display())]
    Write { file: PathBuf, reason: String },
}

/// Packs the model in `directory` into `output`.
pub fn pack(directory: &Path, output: &Path, precision: Precision, card: &Card) -> Result<(), PackError> {
    if adapter::is_adapter(directory) {
        return Err(PackError::Adapter(directory.to_owned()));
    }
    let loaded = read(directory)?;
    let architecture =
        gguf::architecture(loaded.config.family).ok_or(PackError::Family(loaded.config.family.name()))?;
    let unwritten = |reason: String| PackError::Write { file: output.to_owned(), reason };
    let mut metadata = general(&loaded, architecture, precision, card);
    metadata.extend(tokenizer(directory, &loaded)?);
    let tensors = tensors(&loaded, precision).map_err(|error| unwritten(error.to_string()))?;
    let metadata: Vec<(&str, &Value)> = metadata.iter().map(|(key, value)| (key.as_str(), value)).collect();
    let tensors: Vec<(&str, &QTensor)> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    let mut writer = BufWriter::new(File::create(output).map_err(|error| unwritten(error.to_string()))?);
    gguf_file::write(&mut writer, &metadata, &tensors).map_err(|error| unwritten(error.to_string()))?;
    writer.flush().map_err(|error| unwritten(error.to_string()))?;
    let written = std::fs::read(output).map_err(|error| unwritten(error.to_string()))?;
    // What GGUF has no words for would be another model.
    match gguf::config_of(&written, output)? == loaded.config {
        true => Ok(()),
        false => Err(unwritten("GGUF cannot say all that this model's config.json says".to_owned())),
    }
}

fn read(directory: &Path) -> Result<Loaded, LoadError> {
    let name = directory.file_name().map_or_else(|| directory.display().to_string(), |n| n.to_string_lossy().into());
    let (device, cancel) = (&Device::Cpu, &Cancel::default());
    super::directory::load(
        directory,
        name,
        &mut Task { device, cancel, on_progress: &mut |_| {}, wants: Wants::Weights, vocabulary: None },
    )
}

type Metadata = Vec<(String, Value)>;

fn text(value: impl Into<String>) -> Value {
    Value::String(value.into())
}

fn size(value: usize) -> Value {
    Value::U32(u32::try_from(value).unwrap_or(u32::MAX)) // Config::validate keeps sizes below 2^30
}

fn general(loaded: &Loaded, architecture: &str, precision: Precision, card: &Card) -> Metadata {
    let config = &loaded.config;
    let mut metadata = vec![
        ("general.architecture".to_owned(), text(architecture)),
        ("general.name".to_owned(), text(card.name.clone().unwrap_or_else(|| loaded.name.clone()))),
        ("general.alignment".to_owned(), Value::U32(32)),
        ("general.quantization_version".to_owned(), Value::U32(2)),
        // llama.cpp's file types: 0 all f32, 7 mostly q8_0.
        ("general.file_type".to_owned(), Value::U32(if precision == Precision::Q8_0 { 7 } else { 0 })),
    ];
    for (key, value) in [("description", &card.description), ("license", &card.license)] {
        metadata.extend(value.iter().map(|value| (format!("general.{key}"), text(value))));
    }
    if !card.datasets.is_empty() {
        metadata.push(("general.datasets".to_owned(), Value::Array(card.datasets.iter().map(text).collect())));
    }
    metadata.extend(numbers(config).into_iter().map(|(key, value)| (format!("{architecture}.{key}"), value)));
    metadata
}

fn numbers(config: &Config) -> Vec<(&'static str, Value)> {
    let mut keys = vec![
        ("block_count", size(config.layers)),
        ("context_length", size(config.context)),
        ("embedding_length", size(config.hidden_size)),
        ("feed_forward_length", size(config.intermediate_size)),
        ("attention.head_count", size(config.heads)),
        ("vocab_size", size(config.vocab_size)),
    ];
    let epsilon = Value::F32(config.norm_eps as f32);
    match &config.rope {
        None => keys.push(("attention.layer_norm_epsilon", epsilon)),
        Some(Rope { theta, scaling, .. }) => {
            keys.extend([
                ("attention.layer_norm_rms_epsilon", epsilon),
                ("attention.head_count_kv", size(config.kv_heads)),
                ("attention.key_length", size(config.head_dim)),
                ("attention.value_length", size(config.head_dim)),
                ("rope.dimension_count", size(config.head_dim)),
                ("rope.freq_base", Value::F32(*theta as f32)),
            ]);
            if let Some(RopeScaling::Linear { factor }) = scaling {
                let factor = Value::F32(*factor as f32);
                keys.extend([("rope.scaling.type", text("linear")), ("rope.scaling.factor", factor)]);
            }
        }
    }
    keys.extend(config.window_rope.iter().map(|rope| ("rope.freq_base_swa", Value::F32(rope.theta as f32))));
    if let Some(window) = &config.window {
        // A number where every so-many-th layer has none, which every version of llama.cpp knows.
        let pattern = match window.layers.split_last() {
            Some((false, others)) if !others.contains(&false) => size(window.layers.len()),
            _ => Value::Array((0..config.layers).map(|i| Value::Bool(window.of_layer(i).is_some())).collect()),
        };
        keys.push(("attention.sliding_window", size(window.tokens)));
        keys.push(("attention.sliding_window_pattern", pattern));
    }
    keys
}

/// `tokenizer.ggml.*` from `tokenizer.json`: only byte-level BPE with a pre-tokenizer that GGUF has a name for.
fn tokenizer(directory: &Path, loaded: &Loaded) -> Result<Metadata, PackError> {
    let wrong = |reason: &str| PackError::Tokenizer { directory: directory.to_owned(), reason: reason.to_owned() };
    let bytes = std::fs::read(directory.join("tokenizer.json")).map_err(|error| wrong(&error.to_string()))?;
    let json: Json = serde_json::from_slice(&bytes).map_err(|error| wrong(&error.to_string()))?;
    let pre = PRE_TOKENIZERS.iter().find(|pre| (pre.json)() == json["pre_tokenizer"]);
    let pre = pre.ok_or_else(|| wrong("its pre-tokenizer has no name in GGUF that this version knows"))?;
    let vocabulary = &loaded.vocabulary;
    let ids = 0..u32::try_from(vocabulary.size()).map_err(|_| wrong("it has too many tokens"))?;
    let added = vocabulary.tokenizer.get_added_tokens_decoder();
    let mut tokens = Vec::new();
    let mut kinds = Vec::new();
    for id in ids {
        // Ids that are no token: llama.cpp's kind 5, unused.
        let token = vocabulary.tokenizer.id_to_token(id);
        let kind = match (&token, added.get(&id)) {
            (None, _) => 5,
            (_, Some(added)) if added.special => 3,
            (_, Some(_)) => 4,
            (_, None) => 1,
        };
        tokens.push(text(token.unwrap_or_else(|| format!("[PAD{id}]"))));
        kinds.push(Value::I32(kind));
    }
    let merges = json["model"]["merges"].as_array().ok_or_else(|| wrong("its tokenizer is not BPE"))?;
    let merges = merges.iter().filter_map(|merge| match merge.as_array() {
        Some(pair) => Some(format!("{} {}", pair.first()?.as_str()?, pair.get(1)?.as_str()?)),
        None => merge.as_str().map(str::to_owned),
    });
    let mut metadata = vec![
        ("tokenizer.ggml.model".to_owned(), text("gpt2")),
        ("tokenizer.ggml.pre".to_owned(), text(pre.names[0])),
        ("tokenizer.ggml.tokens".to_owned(), Value::Array(tokens)),
        ("tokenizer.ggml.token_type".to_owned(), Value::Array(kinds)),
        ("tokenizer.ggml.merges".to_owned(), Value::Array(merges.map(text).collect())),
        ("tokenizer.ggml.add_bos_token".to_owned(), Value::Bool(adds_bos(loaded))),
    ];
    for (role, id) in [("bos", vocabulary.bos), ("eos", vocabulary.eos), ("padding", vocabulary.pad)] {
        metadata.extend(id.map(|id| (format!("tokenizer.ggml.{role}_token_id"), Value::U32(id))));
    }
    for (key, template) in
        [("chat_template", &vocabulary.chat_template), ("chat_template.tool_use", &vocabulary.tool_template)]
    {
        metadata.extend(template.iter().map(|template| (format!("tokenizer.{key}"), text(template))));
    }
    Ok(metadata)
}

/// Whether the tokenizer itself begins a raw text with its bos.
fn adds_bos(loaded: &Loaded) -> bool {
    let first =
        loaded.vocabulary.tokenizer.encode("a", true).ok().and_then(|encoding| encoding.get_ids().first().copied());
    first.is_some() && first == loaded.vocabulary.bos
}

fn tensors(loaded: &Loaded, precision: Precision) -> candle_core::Result<Vec<(String, QTensor)>> {
    let config = &loaded.config;
    let mut packed = Vec::with_capacity(loaded.weights.len() + 1);
    for slot in layout::slots(config) {
        let Some(tensor) = loaded.weights.get(&slot.name) else { continue };
        let tensor = gguf::tensors::stored(config, &slot, tensor)?;
        let blocks = tensor.rank() == 2 && tensor.dim(1)?.is_multiple_of(GgmlDType::Q8_0.block_size());
        let dtype = if blocks && precision == Precision::Q8_0 { GgmlDType::Q8_0 } else { GgmlDType::F32 };
        packed.push((gguf::tensors::name(&slot), QTensor::quantize(&tensor, dtype)?));
    }
    if let Some(factors) = gguf::rope::factors(config) {
        let factors = Tensor::new(factors, &Device::Cpu)?.to_dtype(DType::F32)?;
        packed.push(("rope_freqs.weight".to_owned(), QTensor::quantize(&factors, GgmlDType::F32)?));
    }
    packed.sort_by(|(a, _), (b, _)| a.cmp(b)); // the same bytes each time
    Ok(packed)
}
