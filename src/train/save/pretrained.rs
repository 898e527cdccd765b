//! A model directory as transformers saves it.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::SaveError;
use super::folder::Folder;
use super::tensors::{Entry, Task};
use crate::decoder::config::{Config, is_wrapper};
use crate::model::Model;
use crate::sequence::Vocabulary;

/// What belongs to a model beside its weights and its config; taken over as it is.
const COMPANIONS: [&str; 7] = [
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
];

/// Writes config, tokenizer and weights. A model that came as a directory keeps its own files.
pub(super) fn write(
    folder: &mut Folder,
    model: &Model,
    weights: &[Entry],
    task: &mut Task<'_>,
) -> Result<(), SaveError> {
    match model.source.directory() {
        Some(directory) => copy(folder, &directory, model)?,
        None => describe(folder, model)?,
    }
    // Several templates are in tokenizer_config.json, where a file of its own would hide the others.
    if let (Some(template), None) = (&model.vocabulary.chat_template, templates(&model.vocabulary)) {
        folder.add("chat_template.jinja", template.as_bytes())?;
    }
    folder.add_tensors("model.safetensors", weights, task)
}

fn copy(folder: &mut Folder, directory: &Path, model: &Model) -> Result<(), SaveError> {
    let of_decoder = &model.config;
    let file = directory.join("config.json");
    let text = std::fs::read(&file).map_err(|reason| SaveError::Read { file: file.clone(), reason })?;
    let mut config: Map<String, Value> =
        serde_json::from_slice(&text).map_err(|error| SaveError::Damaged { file, reason: error.to_string() })?;
    if is_wrapper(&text) {
        // What is saved is the text part alone.
        config.retain(|key, _| key.ends_with("_token_id"));
        config.extend(of_decoder.to_json());
    }
    // A head that the config tied and the weights did not.
    if Config::from_json(&text).is_ok_and(|own| own.tie_embeddings != of_decoder.tie_embeddings) {
        config.insert("tie_word_embeddings".into(), of_decoder.tie_embeddings.into());
    }
    config.insert("dtype".into(), "float32".into());
    if let Some(older) = config.get_mut("torch_dtype") {
        *older = "float32".into();
    }
    folder.add_json("config.json", &config)?;
    for name in COMPANIONS {
        let file = directory.join(name);
        let bytes = match std::fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(reason) => return Err(SaveError::Read { file, reason }),
        };
        match templates(&model.vocabulary).filter(|_| name == "tokenizer_config.json") {
            // They may have been files beside it.
            Some(templates) => {
                let config = serde_json::from_slice::<Value>(&bytes);
                let mut config = config.map_err(|error| SaveError::Damaged { file, reason: error.to_string() })?;
                config["chat_template"] = templates;
                folder.add_json(name, &config)?;
            }
            None => folder.add(name, &bytes)?,
        }
    }
    Ok(())
}

/// Files for a model that came without them.
fn describe(folder: &mut Folder, model: &Model) -> Result<(), SaveError> {
    let vocabulary = &model.vocabulary;
    let ids = [("bos", vocabulary.bos), ("eos", vocabulary.eos), ("pad", vocabulary.pad)];
    let ids = ids.map(|(role, id)| (format!("{role}_token_id"), json!(id)));
    let mut config = model.config.to_json();
    config.insert("dtype".into(), "float32".into());
    config.insert("torch_dtype".into(), "float32".into());
    config.extend(ids.clone());
    folder.add_json("config.json", &config)?;
    let mut generation = Map::from_iter([("_from_model_config".to_owned(), json!(true))]);
    generation.extend(ids);
    folder.add_json("generation_config.json", &generation)?;
    let tokenizer = vocabulary.tokenizer.to_string(true).map_err(|error| SaveError::Write {
        file: "tokenizer.json".into(),
        reason: std::io::Error::other(error.to_string()),
    })?;
    folder.add("tokenizer.json", tokenizer.as_bytes())?;
    folder.add_json("tokenizer_config.json", &tokenizer_config(vocabulary, model.config.context))
}

/// Several chat templates as `tokenizer_config.json` lists them; `None` where a file of its own is enough.
fn templates(vocabulary: &Vocabulary) -> Option<Value> {
    let all: Vec<Value> =
        vocabulary.templates().map(|(name, template)| json!({"name": name, "template": template})).collect();
    (all.len() > 1).then_some(Value::Array(all))
}

fn tokenizer_config(vocabulary: &Vocabulary, context: usize) -> Value {
    let mut config = json!({
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": context,
        "clean_up_tokenization_spaces": false,
        "bos_token": vocabulary.bos_text(),
        "eos_token": vocabulary.eos_text(),
        "pad_token": vocabulary.pad_text(),
    });
    if let Some(templates) = templates(vocabulary) {
        config["chat_template"] = templates;
    }
    config
}
