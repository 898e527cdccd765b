//! `model.safetensors.index.json`: which files the weights are in.

use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use super::error::LoadError;
use super::text;

/// The paths of the shards that `index` names, each once, in order of name.
///
/// # Errors
/// If it cannot be read, is no index, or names a file outside the directory.
pub fn shards(directory: &Path, index: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let damaged = |reason: &str| LoadError::Damaged { file: index.to_owned(), reason: reason.to_owned() };
    let bytes = text::read(index)?;
    let value: Value = serde_json::from_slice(&bytes).map_err(|error| damaged(&error.to_string()))?;
    let map = value["weight_map"].as_object().ok_or_else(|| damaged("it has no `weight_map`"))?;
    let mut names = Vec::new();
    for value in map.values() {
        let name = value.as_str().ok_or_else(|| damaged("`weight_map` holds something that is no file name"))?;
        // A shard lies beside its index; anything else reads files that are not the model's.
        if !matches!(Path::new(name).components().collect::<Vec<_>>()[..], [Component::Normal(_)]) {
            return Err(damaged(&format!("shard `{name}` is outside the directory")));
        }
        names.push(name);
    }
    names.sort_unstable();
    names.dedup();
    Ok(names.into_iter().map(|name| directory.join(name)).collect())
}
