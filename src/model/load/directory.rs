//! A model directory as transformers saves it.

use std::fs;
use std::io;
use std::path::Path;

use super::names::{Head, Names};
use super::safetensors::{Checkpoint, Shards};
use super::{LoadError, Loaded, Task, Wants};
use crate::disguise;
use crate::model::Source;
use crate::model::config::{Config, is_wrapper};
use crate::model::layout::{self, Slot};
use crate::sequence::{Vocabulary, VocabularyError};

pub(super) fn load(directory: &Path, name: String, task: &mut Task<'_>) -> Result<Loaded, LoadError> {
    let config_file = directory.join("config.json");
    let config_json = required(directory, "config.json")?;
    let config = Config::from_json(&config_json).map_err(|reason| LoadError::Config { file: config_file, reason })?;
    let vocabulary = vocabulary(directory, &config_json)?;
    super::check_ids(&directory.join("tokenizer.json"), &vocabulary, &config)?;
    let source = Source::Directory(directory.to_owned());
    let described = Loaded::described(config, vocabulary, source, name);
    match task.wants {
        Wants::Tokenizer => Ok(described),
        // The weights may be elsewhere; what they would change is said where they are here.
        Wants::Description => Ok(match Shards::open(directory) {
            Ok(shards) => with_headers(described, &shards, &config_json)?.0,
            Err(_) => described,
        }),
        Wants::Weights => {
            let shards = Shards::open(directory)?;
            let (mut loaded, checkpoint, names) = with_headers(described, &shards, &config_json)?;
            let config = &loaded.config;
            let expected = expected(directory, &checkpoint, &names, config)?;
            loaded.left_out = names.refuse_strangers(&checkpoint, config, &expected)?;
            loaded.weights = task.collect(expected, |slot| {
                let stored = names.of_slot(slot, config);
                checkpoint.read(&stored).unwrap_or_else(|| Err(missing(directory, &slot.name)))
            })?;
            if names.is_wrapped {
                // Its eyes are left out, and whoever looks at the model's name is told.
                loaded.name.push_str(" (text part)");
            }
            Ok(loaded)
        }
    }
}

/// What the weights' headers add: how they spell the names, and whether the head is one of its own.
fn with_headers<'a>(
    mut loaded: Loaded,
    shards: &'a Shards,
    config_json: &[u8],
) -> Result<(Loaded, Checkpoint<'a>, Names), LoadError> {
    let checkpoint = shards.headers()?;
    let names = Names::of(&checkpoint, &loaded.config, is_wrapper(config_json));
    if loaded.config.tie_embeddings && names.tied_head(&checkpoint, &loaded.config)? == Head::Own {
        loaded.config.tie_embeddings = false;
        loaded.notes.push(format!(
            "config.json ties the head to the embeddings, but the weights have a head of their own with other values, \
             {}.weight: it is used, as in transformers 5, and a save says so",
            layout::names(loaded.config.family).head
        ));
    }
    Ok((loaded, checkpoint, names))
}

/// The tensors of the decoder, all of which the checkpoint has.
fn expected(
    directory: &Path,
    checkpoint: &Checkpoint<'_>,
    names: &Names,
    config: &Config,
) -> Result<Vec<Slot>, LoadError> {
    let found = |slot: Slot| match checkpoint.has(&names.of_slot(&slot, config)) {
        true => Ok(slot),
        false => Err(missing(directory, &slot.name)),
    };
    layout::slots(config).map(found).collect()
}

fn missing(directory: &Path, tensor: &str) -> LoadError {
    LoadError::Tensor {
        file: directory.to_owned(),
        tensor: tensor.to_owned(),
        problem: "is missing: config.json asks for it, the weights do not have it".to_owned(),
    }
}

fn vocabulary(directory: &Path, config_json: &[u8]) -> Result<Vocabulary, LoadError> {
    let tokenizer = required(directory, "tokenizer.json")?;
    let config = optional(directory, "tokenizer_config.json")?;
    let map = optional(directory, "special_tokens_map.json")?;
    let generation = optional(directory, "generation_config.json")?;
    let template = optional_text(directory, "chat_template.jinja")?;
    let tool_template = optional_text(directory, "additional_chat_templates/tool_use.jinja")?;
    let build = || -> Result<Vocabulary, VocabularyError> {
        let mut vocabulary =
            Vocabulary::from_files(&tokenizer, config.as_deref(), template)?.with_tool_template(tool_template);
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

fn optional_text(directory: &Path, name: &str) -> Result<Option<String>, LoadError> {
    let damaged = |_| LoadError::Damaged { file: directory.join(name), reason: "it is not UTF-8 text".to_owned() };
    optional(directory, name)?.map(|bytes| String::from_utf8(bytes).map_err(damaged)).transpose()
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

/// Reads a file of text.
pub(super) fn read(file: &Path) -> Result<Vec<u8>, LoadError> {
    let bytes = fs::read(file).map_err(|reason| LoadError::Read { file: file.to_owned(), reason })?;
    match disguise::of(&bytes) {
        Some(disguise) => Err(LoadError::Disguised { file: file.to_owned(), disguise }),
        None => Ok(bytes),
    }
}
