//! A model directory as transformers saves it.

use std::fs;
use std::io;
use std::path::Path;

use super::safetensors::{Checkpoint, Shards};
use super::{LoadError, Loaded, Task, check};
use crate::disguise;
use crate::model::Source;
use crate::model::config::{Config, is_wrapper};
use crate::model::decoder::Weights;
use crate::model::layout::{self, Slot};
use crate::sequence::{Vocabulary, VocabularyError};

pub(super) fn load(directory: &Path, name: String, task: &mut Task<'_>) -> Result<Loaded, LoadError> {
    let config_file = directory.join("config.json");
    let config_json = required(directory, "config.json")?;
    let config = Config::from_json(&config_json).map_err(|reason| LoadError::Config { file: config_file, reason })?;
    let vocabulary = vocabulary(directory, &config_json)?;
    super::check_ids(&directory.join("tokenizer.json"), &vocabulary, &config)?;
    if !task.reads_weights {
        let source = Source::Directory(directory.to_owned());
        return Ok(Loaded { config, weights: Weights::new(), vocabulary, adapters: Vec::new(), source, name });
    }
    let shards = Shards::open(directory)?;
    let checkpoint = shards.headers()?;
    let names = Names::of(&checkpoint, &config, is_wrapper(&config_json));
    let mut expected = Vec::new();
    for slot in layout::slots(&config) {
        if !checkpoint.has(&names.stored(&slot.name)) {
            return Err(missing(directory, &slot.name));
        }
        expected.push(slot);
    }
    names.refuse_strangers(&checkpoint, &config, &expected)?;
    let weights = task.collect(expected, |slot| {
        checkpoint.read(&names.stored(&slot.name)).unwrap_or_else(|| Err(missing(directory, &slot.name)))
    })?;
    let source = Source::Directory(directory.to_owned());
    // Its eyes are left out, and whoever looks at the model's name is told.
    let name = if names.is_wrapped { format!("{name} (text part)") } else { name };
    Ok(Loaded { config, weights, vocabulary, adapters: Vec::new(), source, name })
}

fn missing(directory: &Path, tensor: &str) -> LoadError {
    LoadError::Tensor {
        file: directory.to_owned(),
        tensor: tensor.to_owned(),
        problem: "is missing: config.json asks for it, the weights do not have it".to_owned(),
    }
}

/// How the checkpoint spells transformers' names.
struct Names {
    /// The decoder's prefix, and what the checkpoint has in its place: a model saved without its head has none, the text
    /// part of a model that sees one more word.
    prefix: &'static str,
    stored: &'static str,
    /// What stands before the head's name.
    head: &'static str,
    /// The checkpoint holds a model that sees, too.
    is_wrapped: bool,
}

impl Names {
    fn of(checkpoint: &Checkpoint<'_>, config: &Config, is_wrapped: bool) -> Self {
        let prefix = layout::names(config.family).prefix;
        let begins = |start: &str| checkpoint.names().any(|name| name.starts_with(start));
        let prefixes: &[&str] =
            if is_wrapped { &["language_model.model.", "model.language_model."] } else { &[prefix] };
        let stored = prefixes.iter().copied().find(|prefix| begins(prefix)).unwrap_or("");
        let head = if is_wrapped && begins("language_model.lm_head.") { "language_model." } else { "" };
        Self { prefix, stored, head, is_wrapped }
    }

    fn stored(&self, name: &str) -> String {
        match name.strip_prefix(self.prefix) {
            Some(rest) => format!("{}{rest}", self.stored),
            None => format!("{}{name}", self.head),
        }
    }

    /// A tensor that the decoder would leave out means that the config does not describe these weights.
    fn refuse_strangers(
        &self,
        checkpoint: &Checkpoint<'_>,
        config: &Config,
        expected: &[Slot],
    ) -> Result<(), LoadError> {
        let known: std::collections::HashSet<String> = expected.iter().map(|slot| self.stored(&slot.name)).collect();
        let is_known = |name: &str| {
            known.contains(name)
                || layout::is_leftover(name.strip_prefix(self.head).unwrap_or(name), config)
                || (self.is_wrapped && sees(name))
        };
        let mut strangers: Vec<&str> = checkpoint.names().filter(|name| !is_known(name)).collect();
        strangers.sort_unstable();
        match strangers.first() {
            None => Ok(()),
            Some(stranger) => Err(LoadError::Tensor {
                file: checkpoint.file_of(stranger).unwrap_or(Path::new("")).to_owned(),
                tensor: (*stranger).to_owned(),
                problem: check::stranger(config),
            }),
        }
    }
}

/// Whether a tensor belongs to the part that looks at pictures.
fn sees(name: &str) -> bool {
    let name = name.strip_prefix("model.").unwrap_or(name);
    name.starts_with("vision_tower.") || name.starts_with("multi_modal_projector.")
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
