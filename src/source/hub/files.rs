//! Which files of a repository make up a model.

use std::path::Path;

use super::{Address, HubError};
use crate::checkpoint::index;

/// Without these there is no model.
const REQUIRED: [&str; 2] = ["config.json", "tokenizer.json"];
/// Taken where the repository has them.
const OPTIONAL: [&str; 4] =
    ["generation_config.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja"];
/// Where a model has more than one chat template.
const TEMPLATES: &str = "additional_chat_templates/";
const WEIGHTS: &str = "model.safetensors";
pub(super) const INDEX: &str = "model.safetensors.index.json";

/// Which part of a model is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parts {
    All,
    /// What reads samples as it does: all but the weights. A GGUF file has both.
    Reader,
}

/// The files to fetch of those that the repository has; the shards that an index names come on top.
///
/// # Errors
/// If there is no model among them, with what is there instead.
pub(super) fn wanted(address: &Address, has: &[String], parts: Parts) -> Result<Vec<String>, HubError> {
    let is_there = |file: &str| has.iter().any(|one| one == file);
    let missing = |file: &str| HubError::NoFile { address: Box::new(address.clone()), file: file.to_owned() };
    if let Some(file) = &address.file {
        return if is_there(file) { Ok(vec![file.clone()]) } else { Err(missing(file)) };
    }
    if !is_there(REQUIRED[0]) {
        let is_gguf = |file: &&String| file.ends_with(".gguf");
        let files: Vec<String> =
            has.iter().filter(is_gguf).take(12).map(|file| super::error::from_server(file)).collect();
        return Err(match files.is_empty() {
            true => missing(REQUIRED[0]),
            false => HubError::OnlyGguf { repository: address.repository.clone(), files },
        });
    }
    let weights = || {
        [WEIGHTS, INDEX].into_iter().find(|file| is_there(file)).ok_or_else(|| {
            match ["pytorch_model.bin", "pytorch_model.bin.index.json"].into_iter().find(|file| is_there(file)) {
                Some(found) => HubError::NoSafetensors { address: Box::new(address.clone()), found: found.to_owned() },
                None => missing(WEIGHTS),
            }
        })
    };
    let weights = if parts == Parts::All { Some(weights()?) } else { None };
    if let Some(lacking) = REQUIRED.into_iter().find(|file| !is_there(file)) {
        return Err(missing(lacking));
    }
    let small = REQUIRED.into_iter().chain(OPTIONAL.into_iter().filter(|file| is_there(file)));
    let is_template = |file: &&str| {
        let name = file.strip_prefix(TEMPLATES).and_then(|name| name.strip_suffix(".jinja"));
        name.is_some_and(|name| !name.is_empty() && !name.contains(['/', '\\']))
    };
    let templates = has.iter().map(String::as_str).filter(is_template);
    Ok(small.chain(templates).chain(weights).map(str::to_owned).collect())
}

/// The names of the shards that the index in a snapshot names.
pub(super) fn shards(snapshot: &Path) -> Result<Vec<String>, String> {
    let paths = index::shards(snapshot, &snapshot.join(INDEX)).map_err(|error| error.to_string())?;
    Ok(paths.iter().filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect())
}

/// The first file that a snapshot lacks for the model to load.
pub(super) fn lacking(address: &Address, snapshot: &Path, parts: Parts) -> Option<String> {
    let is_missing = |file: &&str| !snapshot.join(file).is_file();
    if let Some(file) = &address.file {
        return Some(file.as_str()).filter(is_missing).map(str::to_owned);
    }
    if let Some(file) = REQUIRED.iter().copied().find(is_missing) {
        return Some(file.to_owned());
    }
    if parts == Parts::Reader || snapshot.join(WEIGHTS).is_file() {
        return None;
    }
    if !snapshot.join(INDEX).is_file() {
        return Some(WEIGHTS.to_owned());
    }
    // An index that cannot be read is what loading will complain of.
    shards(snapshot).unwrap_or_default().into_iter().find(|file| is_missing(&file.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, has: &[&str]) -> Result<Vec<String>, String> {
        let has: Vec<String> = has.iter().map(|&file| file.to_owned()).collect();
        wanted(&Address::parse(text).expect("an address"), &has, Parts::All).map_err(|error| error.to_string())
    }

    #[test]
    fn what_a_model_is_made_of() {
        let has =
            ["README.md", "config.json", "chat_template.jinja", "pytorch_model.bin", "tokenizer.json", WEIGHTS, INDEX];
        let files = of("o/n", &has).expect("a model");
        assert_eq!(files, ["config.json", "tokenizer.json", "chat_template.jinja", WEIGHTS]);
        let named = ["tool_use", "rag", "../up", "a/b", ""].map(|name| format!("{TEMPLATES}{name}.jinja"));
        let has: Vec<&str> = has.into_iter().chain(named.iter().map(String::as_str)).collect();
        let files = of("o/n", &has).expect("a model");
        assert_eq!(files[3..], [named[0].clone(), named[1].clone(), WEIGHTS.to_owned()]);
        assert_eq!(of("o/n/x.gguf", &["x.gguf", "config.json"]), Ok(vec!["x.gguf".to_owned()]));
    }

    #[test]
    fn what_is_there_instead_is_named() {
        let gguf = of("o/n", &["a.gguf", "b.gguf"]).expect_err("no directory");
        assert_eq!(gguf, "o/n holds GGUF files and no model directory: name one of them, such as o/n/a.gguf, b.gguf");
        let pickle = of("o/n@v1", &["config.json", "pytorch_model.bin", "tokenizer.json"]).expect_err("a pickle");
        assert!(pickle.starts_with("o/n@v1 has its weights as pytorch_model.bin and not as safetensors"), "{pickle}");
        assert_eq!(of("o/n", &["config.json", WEIGHTS]), Err("o/n at revision main has no tokenizer.json".into()));
        assert_eq!(of("o/n/y.gguf", &["x.gguf"]), Err("o/n at revision main has no y.gguf".into()));
    }
}
