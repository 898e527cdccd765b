//! A model directory as transformers saves it.

use std::path::Path;
use std::{fs, io};

use super::check;
use super::error::LoadError;
use super::loaded::Loaded;
use super::names::Names;
use super::safetensors::{Checkpoint, Shards};
use super::task::{Task, Wants};
use super::text::{optional, optional_text, required};
use crate::decoder::config::{Config, is_wrapper};
use crate::decoder::layout::{self, Slot};
use crate::sequence::{Vocabulary, VocabularyError};

/// The file with the vocabulary.
const TOKENIZER: &str = "tokenizer.json";

/// Reads the model in `directory`, which is called `name`.
///
/// # Errors
/// If a file is missing, damaged or of an unsupported kind.
pub fn load(directory: &Path, name: String, task: &mut Task<'_>) -> Result<Loaded, LoadError> {
    let config_file = directory.join("config.json");
    let config_json = required(directory, "config.json")?;
    let config = Config::from_json(&config_json).map_err(|reason| LoadError::Config { file: config_file, reason })?;
    let vocabulary = match task.vocabulary {
        Some(other) if !directory.join(TOKENIZER).exists() => other.clone(),
        _ => vocabulary(directory, &config_json)?,
    };
    check::ids(&directory.join(TOKENIZER), &vocabulary, &config)?;
    let described = Loaded::described(config, vocabulary, name);
    match task.wants {
        Wants::Tokenizer => Ok(described),
        // The weights may be elsewhere; what they would change is said where they are here.
        Wants::Description => Ok(match Shards::open(directory) {
            Ok(shards) => {
                let (mut loaded, checkpoint, names) = with_headers(described, &shards, &config_json)?;
                let expected = expected(directory, &checkpoint, &names, &loaded.config)?;
                loaded.left_out = names.refuse_strangers(&checkpoint, &loaded.config, &expected)?;
                loaded
            }
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
    if loaded.config.tie_embeddings && names.has_own_head(&checkpoint, &loaded.config)? {
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
    let tokenizer = required(directory, TOKENIZER)?;
    let config = optional(directory, "tokenizer_config.json")?;
    let map = optional(directory, "special_tokens_map.json")?;
    let generation = optional(directory, "generation_config.json")?;
    let template = optional_text(directory, "chat_template.jinja")?;
    let templates = additional_templates(directory)?;
    let build = || -> Result<Vocabulary, VocabularyError> {
        let mut vocabulary = Vocabulary::from_files(&tokenizer, config.as_deref(), template)?.with_templates(templates);
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

/// The templates of `additional_chat_templates`, by name, as transformers saves them.
fn additional_templates(directory: &Path) -> Result<Vec<(String, String)>, LoadError> {
    let folder = directory.join("additional_chat_templates");
    let mut names: Vec<String> = match fs::read_dir(&folder) {
        Ok(entries) => entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect(),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Vec::new(),
        Err(reason) => return Err(LoadError::Read { file: folder, reason }),
    };
    names.sort_unstable();
    let named = names.iter().filter_map(|file| Some((file.strip_suffix(".jinja")?.to_owned(), file)));
    let read = named.map(|(name, file)| Ok(optional_text(&folder, file)?.map(|text| (name, text))));
    read.filter_map(Result::transpose).collect()
}
