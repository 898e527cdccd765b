//! A model directory as transformers saves it.

use std::fs;
use std::io;
use std::path::Path;

use super::safetensors::{Checkpoint, Shards};
use super::{LoadError, Loaded, Task, layout};
use crate::model::Source;
use crate::model::config::{Config, Family};
use crate::sequence::{Vocabulary, VocabularyError};

pub(super) fn load(directory: &Path, name: String, task: &mut Task<'_>) -> Result<Loaded, LoadError> {
    let config_file = directory.join("config.json");
    let config_json = required(directory, "config.json")?;
    let config = Config::from_json(&config_json).map_err(|reason| LoadError::Config { file: config_file, reason })?;
    let vocabulary = vocabulary(directory, &config_json)?;
    super::check_ids(&directory.join("tokenizer.json"), &vocabulary, &config)?;
    let shards = Shards::open(directory)?;
    let checkpoint = shards.headers()?;
    let names = Names::of(&checkpoint, &config);
    let mut expected = Vec::new();
    for (name, shape) in layout::tensors(&config) {
        if !checkpoint.has(names.stored(&name)) {
            return Err(missing(directory, &name));
        }
        expected.push((name, shape));
    }
    names.refuse_strangers(&checkpoint, &config, &expected)?;
    let weights = task.collect(expected, |name| {
        checkpoint.read(names.stored(name)).unwrap_or_else(|| Err(missing(directory, name)))
    })?;
    let source = Source::Directory(directory.to_owned());
    Ok(Loaded { config, weights, vocabulary, adapters: Vec::new(), source, name })
}

fn missing(directory: &Path, tensor: &str) -> LoadError {
    LoadError::Tensor {
        file: directory.to_owned(),
        tensor: tensor.to_owned(),
        problem: "is missing: config.json asks for it, the weights do not have it".to_owned(),
    }
}

/// How the checkpoint spells transformers' names: a model saved without its head has no `model.` or `transformer.`.
struct Names {
    prefix: &'static str,
    bare: bool,
}

impl Names {
    fn of(checkpoint: &Checkpoint<'_>, config: &Config) -> Self {
        let prefix = match config.family {
            Family::Llama => "model.",
            Family::Gpt2 => "transformer.",
        };
        Self { prefix, bare: !checkpoint.names().any(|name| name.starts_with(prefix)) }
    }

    fn stored<'a>(&self, name: &'a str) -> &'a str {
        if self.bare { name.strip_prefix(self.prefix).unwrap_or(name) } else { name }
    }

    /// A tensor that the decoder would leave out means that the config does not describe these weights. Buffers that
    /// older transformers saved, and the copy of a tied output projection, carry nothing of their own.
    fn refuse_strangers(
        &self,
        checkpoint: &Checkpoint<'_>,
        config: &Config,
        expected: &[(String, Vec<usize>)],
    ) -> Result<(), LoadError> {
        let known: std::collections::HashSet<&str> = expected.iter().map(|(name, _)| self.stored(name)).collect();
        let buffer = |name: &str| {
            name.ends_with(".rotary_emb.inv_freq")
                || name.ends_with(".attn.bias")
                || name.ends_with(".attn.masked_bias")
                || (config.tie_embeddings && name == "lm_head.weight")
        };
        let mut strangers: Vec<&str> =
            checkpoint.names().filter(|name| !known.contains(name) && !buffer(name)).collect();
        strangers.sort_unstable();
        match strangers.first() {
            None => Ok(()),
            Some(stranger) => Err(LoadError::Tensor {
                file: checkpoint.file_of(stranger).unwrap_or(Path::new("")).to_owned(),
                tensor: (*stranger).to_owned(),
                problem: layout::stranger(config),
            }),
        }
    }
}

fn vocabulary(directory: &Path, config_json: &[u8]) -> Result<Vocabulary, LoadError> {
    let tokenizer = required(directory, "tokenizer.json")?;
    let config = optional(directory, "tokenizer_config.json")?;
    let map = optional(directory, "special_tokens_map.json")?;
    let generation = optional(directory, "generation_config.json")?;
    let template_file = directory.join("chat_template.jinja");
    let template = match optional(directory, "chat_template.jinja")? {
        Some(bytes) => Some(
            String::from_utf8(bytes)
                .map_err(|_| LoadError::Damaged { file: template_file, reason: "it is not UTF-8 text".to_owned() })?,
        ),
        None => None,
    };
    let build = || -> Result<Vocabulary, VocabularyError> {
        let mut vocabulary = Vocabulary::from_files(&tokenizer, config.as_deref(), template)?;
        if let Some(map) = &map {
            vocabulary = vocabulary.with_special_tokens_map(map)?;
        }
        if let Some(generation) = &generation {
            vocabulary = vocabulary.with_generation_config(generation)?;
        }
        vocabulary.with_config_ids(config_json)
    };
    build().map_err(|reason| LoadError::Vocabulary { file: directory.to_owned(), reason })
}

fn required(directory: &Path, name: &'static str) -> Result<Vec<u8>, LoadError> {
    optional(directory, name)?.ok_or_else(|| LoadError::Incomplete { directory: directory.to_owned(), missing: name })
}

pub(super) fn optional(directory: &Path, name: &str) -> Result<Option<Vec<u8>>, LoadError> {
    match read(&directory.join(name)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(LoadError::Read { reason, .. }) if reason.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn read(file: &Path) -> Result<Vec<u8>, LoadError> {
    fs::read(file).map_err(|reason| LoadError::Read { file: file.to_owned(), reason })
}
