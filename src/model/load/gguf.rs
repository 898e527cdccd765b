//! GGUF files: llama.cpp's names and layouts turned back into transformers'.

mod config;
mod file;
pub(in crate::model) mod rope;
pub(in crate::model) mod tensors;
pub(in crate::model) mod tokenizer;

use std::path::Path;

use super::{LoadError, Loaded, Task, check};
use crate::disguise;
use crate::model::Source;
use crate::model::config::{Config, ConfigError};
use crate::model::layout::{self, Slot};
pub(in crate::model) use config::architecture;
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
    let container = open(bytes, path)?;
    let config = read_config(&container, path)?;
    let vocabulary = tokenizer::vocabulary(Metadata(&container)).map_err(|problem| problem.of(path))?;
    super::check_ids(path, &vocabulary, &config)?;
    let mut expected = Vec::new();
    for slot in layout::slots(&config) {
        let stored = tensors::name(&slot);
        if container.tensor(&stored).is_none() {
            return Err(tensor_error(path, &stored, "is missing".to_owned()));
        }
        expected.push(slot);
    }
    let left_out = refuse_strangers(path, &container, &config, &expected)?;
    let mut loaded = Loaded::described(config, vocabulary, source.clone(), name);
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
pub(in crate::model) fn config_of(bytes: &[u8], path: &Path) -> Result<Config, LoadError> {
    read_config(&open(bytes, path)?, path)
}

fn open<'a>(bytes: &'a [u8], path: &Path) -> Result<Container<'a>, LoadError> {
    Container::read(bytes).map_err(|problem| match disguise::of(bytes) {
        Some(disguise) => LoadError::Disguised { file: path.to_owned(), disguise },
        None => problem.of(path),
    })
}

/// Why a file gives no model, as the end of a sentence that begins with the file's name. Words alone mean damage.
enum Problem {
    Damaged(String),
    /// The file is whole, and this version does not read what it holds.
    Unsupported(String),
}

impl Problem {
    /// The same of the file at `path`.
    fn of(self, path: &Path) -> LoadError {
        let file = path.to_owned();
        match self {
            Self::Damaged(reason) => LoadError::Damaged { file, reason },
            Self::Unsupported(reason) => LoadError::Unsupported { file, reason },
        }
    }
}

impl From<String> for Problem {
    fn from(reason: String) -> Self {
        Self::Damaged(reason)
    }
}

impl From<&str> for Problem {
    fn from(reason: &str) -> Self {
        Self::Damaged(reason.to_owned())
    }
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

    fn numbers(self, key: &str) -> Option<Vec<f64>> {
        let Value::List(values) = self.0.value(key)? else { return None };
        let number = |value: &Value<'_>| match value {
            Value::Float(number) => Some(*number),
            Value::Integer(integer) => Some(*integer as f64),
            _ => None,
        };
        values.iter().map(number).collect()
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

    fn float(self, key: &'static str) -> Result<Option<f64>, ConfigError> {
        match self.0.value(&self.of_architecture(key)) {
            None => Ok(None),
            Some(Value::Float(number)) => Ok(Some(*number)),
            Some(Value::Integer(number)) => Ok(Some(*number as f64)),
            Some(_) => Err(ConfigError::Type { key, wanted: "a number" }),
        }
    }

    fn required(self, key: &'static str) -> Result<usize, ConfigError> {
        match self.size(key)? {
            None => Err(ConfigError::Missing(key)),
            Some(0) => Err(ConfigError::Contradiction(format!("`{key}` is 0"))),
            Some(size) => Ok(size),
        }
    }
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
