//! Files -> config, f32 weights under transformers' names, vocabulary.
//!
//! ```text
//! directory   config.json + *.safetensors + tokenizer.json ─┐
//! .gguf file  metadata + quantised tensors ─────────────────┼─▶ check ─▶ Loaded
//! embedded    a .gguf inside the program ───────────────────┘
//! ```
//!
//! A directory with an adapter in PEFT's layout is its base model with that adapter.
//!
//! Files are memory-mapped and converted one tensor at a time, so that loading needs little more memory than the f32
//! weights themselves.

mod adapter;
mod check;
mod directory;
mod embedded;
pub(super) mod gguf;
mod mapped;
mod names;
mod safetensors;

use std::io;
use std::path::{Path, PathBuf};

use super::config::{Config, ConfigError};
use super::decoder::{Adapter, Weights};
use super::hub::{Arrived, Hub, HubError};
use super::layout::Slot;
use super::memory::{self, MemoryError, size_text};
use super::source::Source;
use crate::cancel::Cancel;
use crate::disguise::Disguise;
use crate::sequence::{Vocabulary, VocabularyError};
use candle_core::{Device, Tensor};
use mapped::Mapped;
pub(super) use safetensors::shard_paths;

/// What a model's files hold.
pub struct Loaded {
    pub config: Config,
    /// Exactly the tensors that a decoder of this config uses, each with the shape it needs, f32, finite.
    pub weights: Weights,
    pub vocabulary: Vocabulary,
    /// Beside the projections of these names.
    pub adapters: Vec<(String, Adapter)>,
    /// Where the weights are from; with adapters, their base model's.
    pub source: Source,
    /// How the user knows the model.
    pub name: String,
    /// Where the weights are not what the config says, and what was done, a sentence each.
    pub notes: Vec<String>,
    /// Tensors of the files that the decoder does without, in words.
    pub left_out: Option<String>,
}

impl Loaded {
    /// What is known before any weight is read.
    fn described(config: Config, vocabulary: Vocabulary, source: Source, name: String) -> Self {
        let (weights, adapters) = (Weights::new(), Vec::new());
        Self { config, weights, vocabulary, adapters, source, name, notes: Vec::new(), left_out: None }
    }
}

/// Why a model cannot be loaded. `file` is the path the user can look at.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("loading was stopped")]
    Cancelled,
    #[error("cannot read {}: {reason}", file.display())]
    Read { file: PathBuf, reason: io::Error },
    #[error("{name} is not downloaded yet: run `{get}`")]
    NotDownloaded { name: String, get: String },
    #[error(transparent)]
    Hub(#[from] HubError),
    #[error(transparent)]
    Memory(#[from] MemoryError),
    #[error("the base model of the adapter in {} cannot be opened: {reason}", directory.display())]
    Base { directory: PathBuf, reason: String },
    #[error("{} is not a model directory: it has no {missing}", directory.display())]
    Incomplete { directory: PathBuf, missing: &'static str },
    #[error("{}: the weights are Python pickles, which this version does not read; save the model as safetensors", file.display())]
    Pickle { file: PathBuf },
    #[error("{}: {reason}", file.display())]
    Config { file: PathBuf, reason: ConfigError },
    #[error("{}: {reason}", file.display())]
    Vocabulary { file: PathBuf, reason: VocabularyError },
    #[error("{} is damaged or not what its name says: {reason}", file.display())]
    Damaged { file: PathBuf, reason: String },
    #[error("{} is {disguise}", file.display())]
    Disguised { file: PathBuf, disguise: Disguise },
    #[error("{}: {reason}", file.display())]
    Unsupported { file: PathBuf, reason: String },
    #[error("{} asks for {shard}, which is not there: download it into the same directory", index.display())]
    MissingShard { index: PathBuf, shard: String },
    #[error("{}: tensor `{tensor}` {problem}", file.display())]
    Tensor { file: PathBuf, tensor: String, problem: String },
    #[error(
        "{}: the tokenizer has ids up to {largest}, but the model embeds only {vocab_size} tokens: the two do not belong together",
        file.display()
    )]
    TokenBeyondEmbedding { file: PathBuf, largest: usize, vocab_size: usize },
    #[error("not enough memory or a failing device for tensor `{tensor}`: {reason}")]
    Device { tensor: String, reason: candle_core::Error },
}

/// How far opening a model is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Opening {
    /// Its files arrive from the Hub.
    Downloading(Arrived),
    /// The share of its tensors that was read, 0 to 1.
    Reading(f32),
}

impl Opening {
    /// The same in words, for the model of that name.
    pub fn text(self, name: &str) -> String {
        match self {
            Self::Downloading(Arrived { done, total }) => {
                let percent = done as f64 * 100.0 / total.max(1) as f64;
                format!("downloading {name} {percent:.0} % of {}", size_text(total))
            }
            Self::Reading(share) => format!("loading {name} {:.0} %", share.clamp(0.0, 1.0) * 100.0),
        }
    }
}

/// Loads a model onto `device`, downloading it first where it is on the Hub and not in the cache. `cancel` is polled
/// between tensors and while files arrive.
pub fn load(
    source: &Source,
    device: &Device,
    cancel: &Cancel,
    on_progress: &mut dyn FnMut(Opening),
) -> Result<Loaded, LoadError> {
    run(source, &mut Task { device, cancel, on_progress, wants: Wants::Weights })
}

/// What a model's files say beside the weights: none are there, and none are downloaded.
pub fn without_weights(source: &Source) -> Result<Loaded, LoadError> {
    quietly(source, Wants::Tokenizer)
}

fn quietly(source: &Source, wants: Wants) -> Result<Loaded, LoadError> {
    let (device, cancel) = (&Device::Cpu, &Cancel::default());
    run(source, &mut Task { device, cancel, on_progress: &mut |_| {}, wants })
}

fn run(source: &Source, task: &mut Task<'_>) -> Result<Loaded, LoadError> {
    let name = source.name();
    match source {
        Source::Directory(path) if adapter::is_adapter(path) => adapter::load(path, name, task),
        other => load_weights(other, name, task),
    }
}

/// What a model is, without its weights. Never downloads anything.
///
/// # Errors
/// As [`load`]; and if the model is on the Hub and not in the cache.
pub fn describe(source: &Source) -> Result<Loaded, LoadError> {
    let place = match source {
        Source::Hub(address) => Hub::from_env()?.stored(address)?,
        other => other.clone(),
    };
    quietly(&place, Wants::Description)
}

/// Loads a model that is no adapter.
fn load_weights(source: &Source, name: String, task: &mut Task<'_>) -> Result<Loaded, LoadError> {
    match source {
        Source::Directory(path) => directory::load(path, name, task),
        Source::Gguf(path) => {
            let file = Mapped::open(path)?;
            gguf::load(&file, source, path, name, task, &|part| file.release(part))
        }
        Source::Hub(address) => {
            let mut on_arrival = |arrived| (task.on_progress)(Opening::Downloading(arrived));
            let hub = Hub::from_env()?;
            let found = match task.wants {
                Wants::Weights => hub.open(address, task.cancel, &mut on_arrival)?,
                Wants::Description | Wants::Tokenizer => hub.open_reader(address, task.cancel, &mut on_arrival)?,
            };
            Ok(Loaded { source: source.clone(), ..load_weights(&found, name, task)? })
        }
        Source::Embedded(model) => {
            gguf::load(embedded::bytes(*model), source, Path::new(model.name()), name, task, &|_| {})
        }
    }
}

/// What every loader needs besides its file.
struct Task<'a> {
    device: &'a Device,
    cancel: &'a Cancel,
    on_progress: &'a mut dyn FnMut(Opening),
    wants: Wants,
}

/// What a model is opened for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wants {
    Weights,
    /// Config and vocabulary, and what the weights' headers say where they are here.
    Description,
    Tokenizer,
}

impl Task<'_> {
    /// Collects the tensors, one at a time, each with the file it was read from; checks shapes and that all
    /// values are finite, and moves them to the device.
    fn collect<'f>(
        &mut self,
        slots: Vec<Slot>,
        mut read: impl FnMut(&Slot) -> Result<(&'f Path, Tensor), LoadError>,
    ) -> Result<Weights, LoadError> {
        if self.wants != Wants::Weights {
            return Ok(Weights::new());
        }
        if matches!(self.device, Device::Cpu) {
            let size = |shape: &[usize]| shape.iter().fold(1u64, |size, &side| size.saturating_mul(side as u64));
            memory::check(slots.iter().fold(0u64, |sum, slot| sum.saturating_add(size(&slot.shape))))?;
        }
        let count = slots.len().max(1);
        let mut weights = Weights::with_capacity(count);
        for (done, slot) in slots.into_iter().enumerate() {
            if self.cancel.is_cancelled() {
                return Err(LoadError::Cancelled);
            }
            let (file, tensor) = read(&slot)?;
            let Slot { name, shape, .. } = slot;
            check::tensor(file, &name, &tensor, &shape)?;
            let tensor =
                tensor.to_device(self.device).map_err(|reason| LoadError::Device { tensor: name.clone(), reason })?;
            weights.insert(name, tensor);
            (self.on_progress)(Opening::Reading((done + 1) as f32 / count as f32));
        }
        Ok(weights)
    }
}

/// Ids without an embedding would read outside the model.
fn check_ids(file: &Path, vocabulary: &Vocabulary, config: &Config) -> Result<(), LoadError> {
    if vocabulary.size() > config.vocab_size {
        return Err(LoadError::TokenBeyondEmbedding {
            file: file.to_owned(),
            largest: vocabulary.size() - 1,
            vocab_size: config.vocab_size,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::layout;
    use crate::model::source::Embedded;

    #[test]
    fn a_description_needs_no_weights() {
        for model in [Embedded::TinyBase, Embedded::TinyChat] {
            let Loaded { config, vocabulary, .. } = describe(&Source::Embedded(model)).expect("embedded");
            let count: usize = layout::slots(&config).map(|slot| slot.shape.iter().product::<usize>()).sum();
            assert_eq!(count as u64, model.parameters());
            assert!(vocabulary.chat_template.is_some());
        }
    }
}
