//! GGUF files: llama.cpp's names and layouts turned back into transformers'.

mod config;
mod file;
mod metadata;
mod problem;
pub(in crate::checkpoint) mod rope;
pub(in crate::checkpoint) mod tensors;
pub(in crate::checkpoint) mod tokenizer;

use std::path::Path;

use super::check;
use super::error::LoadError;
use super::loaded::Loaded;
use super::mapped::Mapped;
use super::task::Task;
use crate::decoder::Config;
use crate::decoder::layout::{self, Slot};
use crate::disguise;
pub(in crate::checkpoint) use config::architecture;
use file::Container;
use metadata::Metadata;

/// Reads the model in the file at `path`, which is called `name`.
///
/// # Errors
/// If the file is missing, damaged or of an unsupported kind.
pub fn open(path: &Path, name: String, task: &mut Task<'_>) -> Result<Loaded, LoadError> {
    let file = Mapped::open(path)?;
    load(&file, path, name, task, &|part| file.release(part))
}

/// Reads the model in `bytes`; `path` is for messages, `release` hears which bytes are no longer needed.
///
/// # Errors
/// If the bytes are damaged or of an unsupported kind.
pub fn load(
    bytes: &[u8],
    path: &Path,
    name: String,
    task: &mut Task<'_>,
    release: &dyn Fn(&[u8]),
) -> Result<Loaded, LoadError> {
    let container = container(bytes, path)?;
    let config = read_config(&container, path)?;
    let vocabulary = tokenizer::vocabulary(Metadata(&container)).map_err(|problem| problem.of(path))?;
    check::ids(path, &vocabulary, &config)?;
    let mut expected = Vec::new();
    for slot in layout::slots(&config) {
        let stored = tensors::name(&slot);
        if container.tensor(&stored).is_none() {
            return Err(tensor_error(path, &stored, "is missing".to_owned()));
        }
        expected.push(slot);
    }
    let left_out = refuse_strangers(path, &container, &config, &expected)?;
    let mut loaded = Loaded::described(config, vocabulary, name);
    loaded.left_out = left_out;
    let config = &loaded.config;
    loaded.weights = task.collect(expected, |slot| {
        let stored = tensors::name(slot);
        let tensor = container.tensor(&stored).ok_or_else(|| "is missing".to_owned());
        let tensor = tensor.and_then(|tensor| {
            let values = container.dequantise(tensor)?;
            release(container.raw(tensor)?);
            Ok(values)
        });
        let tensor = tensor.map_err(|problem| tensor_error(path, &stored, problem))?;
        let tensor = tensors::restore(config, slot, tensor)
            .map_err(|error| tensor_error(path, &stored, format!("cannot be rearranged: {error}")))?;
        Ok((path, tensor))
    })?;
    Ok(loaded)
}

/// The config of the model in `bytes`.
pub(in crate::checkpoint) fn config_of(bytes: &[u8], path: &Path) -> Result<Config, LoadError> {
    read_config(&container(bytes, path)?, path)
}

fn container<'a>(bytes: &'a [u8], path: &Path) -> Result<Container<'a>, LoadError> {
    Container::read(bytes).map_err(|problem| match disguise::of(bytes) {
        Some(disguise) => LoadError::Disguised { file: path.to_owned(), disguise },
        None => problem.of(path),
    })
}

fn read_config(container: &Container<'_>, path: &Path) -> Result<Config, LoadError> {
    let factors = container.tensor("rope_freqs.weight").map(|stored| container.dequantise(stored)).transpose();
    let factors = factors.map_err(|problem| tensor_error(path, "rope_freqs.weight", problem))?;
    config::config(Metadata(container), factors.as_ref())
        .map_err(|reason| LoadError::Config { file: path.to_owned(), reason })
}

fn tensor_error(path: &Path, tensor: &str, problem: String) -> LoadError {
    LoadError::Tensor { file: path.to_owned(), tensor: tensor.to_owned(), problem }
}

/// Refuses tensors that the decoder has no place for; says so of a head that is a copy of the embeddings. (The factors of
/// `rope_freqs` are no weights: they are in the config.)
fn refuse_strangers(
    path: &Path,
    container: &Container<'_>,
    config: &Config,
    expected: &[Slot],
) -> Result<Option<String>, LoadError> {
    let known: std::collections::HashSet<String> = expected.iter().map(tensors::name).collect();
    let is_copy = |name: &str| config.tie_embeddings && name == "output.weight";
    let ignored = |name: &str| name == "rope_freqs.weight" || is_copy(name);
    let mut strangers: Vec<&str> =
        container.tensor_names().filter(|name| !known.contains(*name) && !ignored(name)).collect();
    strangers.sort_unstable();
    match strangers.first() {
        None => Ok(container
            .tensor_names()
            .any(is_copy)
            .then(|| "left out of the weights: a copy of the embeddings as the head (output.weight)".to_owned())),
        Some(stranger) => Err(tensor_error(path, stranger, check::stranger(config))),
    }
}
