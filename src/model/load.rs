//! From a source to what its files hold: downloaded where they are not here, an adapter put on its base model.

use std::io;
use std::path::{Path, PathBuf};

use candle_core::Device;

use crate::cancel::Cancel;
use crate::checkpoint::adapter::{Peft, is_adapter};
use crate::checkpoint::{LoadError, Loaded, Task, Wants, directory, gguf};
use crate::decoder::Config;
use crate::sequence::Vocabulary;
use crate::source::hub::{Address, Hub, HubError};
use crate::source::{Embedded, Opening, Sizes, Source, catalogue, run};

use super::{early, random};

/// Why a model cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{name} is not downloaded yet: run `{get}`")]
    NotDownloaded { name: String, get: String },
    #[error(transparent)]
    Hub(#[from] HubError),
    #[error("the base model of the adapter in {} cannot be opened: {reason}", directory.display())]
    Base { directory: PathBuf, reason: String },
    #[error(transparent)]
    Files(#[from] LoadError),
    #[error("no random weights can be drawn: {0}")]
    Random(candle_core::Error),
}

/// A model that was opened.
pub struct OpenedModel {
    /// Where the weights are from; with adapters, their base model's.
    pub source: Source,
    pub loaded: Loaded,
}

/// Loads a model onto `device`, downloading it first where it is on the Hub and not in the cache. `cancel` is polled
/// between tensors and while files arrive.
///
/// # Errors
/// If it does not arrive, or a file is missing, damaged or of an unsupported kind.
pub fn load(
    source: &Source,
    device: &Device,
    cancel: &Cancel,
    on_progress: &mut dyn FnMut(Opening),
) -> Result<OpenedModel, OpenError> {
    Opener { device, cancel, on_progress, wants: Wants::Weights, vocabulary: None }.open(source)
}

/// The same of a checkpoint of a run, which has `vocabulary` if its directory holds no tokenizer.
///
/// # Errors
/// As [`load`].
pub fn load_checkpoint(
    source: &Source,
    vocabulary: &Vocabulary,
    device: &Device,
    cancel: &Cancel,
    on_progress: &mut dyn FnMut(Opening),
) -> Result<OpenedModel, OpenError> {
    Opener { device, cancel, on_progress, wants: Wants::Weights, vocabulary: Some(vocabulary) }.open(source)
}

/// Brings the files of a model on the Hub to this machine, if they are not here.
///
/// # Errors
/// If they do not arrive.
pub fn fetch(source: &Source, cancel: &Cancel, on_progress: &mut dyn FnMut(Opening)) -> Result<(), OpenError> {
    match source {
        Source::Hub(address) => {
            Opener { device: &Device::Cpu, cancel, on_progress, wants: Wants::Weights, vocabulary: None }
                .fetch(address)?;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// What a model's files say beside the weights, which are neither read nor downloaded.
///
/// # Errors
/// As [`load`].
pub fn without_weights(source: &Source) -> Result<Loaded, OpenError> {
    quietly(source, Wants::Tokenizer)
}

/// The model beside which a directory's adapters stand; `None` where it holds no adapter.
///
/// # Errors
/// If the adapter's config is damaged or names none.
pub fn base_of(source: &Source) -> Result<Option<Source>, OpenError> {
    match source {
        Source::Directory(path) if is_adapter(path) => base(path, &Peft::open(path)?).map(Some),
        _ => Ok(None),
    }
}

/// What a model is, without its weights. Never downloads anything.
///
/// # Errors
/// As [`load`]; and if the model is on the Hub and not in the cache.
pub fn describe(source: &Source) -> Result<Loaded, OpenError> {
    let place = match source {
        Source::Hub(address) => Source::downloaded(address, Hub::from_env()?.stored(address)?),
        other => other.clone(),
    };
    quietly(&place, Wants::Description)
}

fn quietly(source: &Source, wants: Wants) -> Result<Loaded, OpenError> {
    let (device, cancel) = (&Device::Cpu, &Cancel::default());
    Ok(Opener { device, cancel, on_progress: &mut |_| {}, wants, vocabulary: None }.open(source)?.loaded)
}

/// What opening takes besides the source.
struct Opener<'a> {
    device: &'a Device,
    cancel: &'a Cancel,
    on_progress: &'a mut dyn FnMut(Opening),
    wants: Wants,
    vocabulary: Option<&'a Vocabulary>,
}

impl Opener<'_> {
    fn open(&mut self, source: &Source) -> Result<OpenedModel, OpenError> {
        let name = source.name();
        match source {
            Source::Directory(path) if is_adapter(path) => {
                let adapter = Peft::open(path)?;
                let source = base(path, &adapter)?;
                let mut loaded = self.whole(&source, name)?;
                self.read(|task| adapter.put_on(&mut loaded, task))?;
                Ok(OpenedModel { source, loaded })
            }
            Source::Directory(path) if let Some(last) = run::last(path) => {
                let source = Source::Directory(last);
                let loaded = self.whole(&source, name)?;
                Ok(OpenedModel { source, loaded })
            }
            other => Ok(OpenedModel { source: other.clone(), loaded: self.whole(other, name)? }),
        }
    }

    /// Opens a model that is no adapter.
    fn whole(&mut self, source: &Source, name: String) -> Result<Loaded, OpenError> {
        match source {
            Source::Directory(path) => self.read(|task| directory::load(path, name, task)),
            Source::Gguf(path) => {
                self.read(|task| gguf::open(path, name, task)).map_err(|error| not_downloaded(path, error))
            }
            Source::Hub(address) => {
                let path = self.fetch(address)?;
                self.whole(&Source::downloaded(address, path), name)
            }
            Source::Embedded(model) => {
                let mut loaded =
                    self.read(|task| gguf::load(model.bytes(), Path::new(model.name()), name, task, &|_| {}))?;
                if model.is_random() {
                    resize(&mut loaded.config, model.sizes());
                    if self.wants == Wants::Weights {
                        loaded.weights = random::drawn(&loaded.config, 0, self.device).map_err(OpenError::Random)?;
                    }
                }
                Ok(loaded)
            }
            Source::Early(early) => {
                let wants = if self.wants == Wants::Weights { Wants::Tokenizer } else { self.wants };
                let mut beside = Opener {
                    device: self.device,
                    cancel: self.cancel,
                    on_progress: self.on_progress,
                    wants,
                    vocabulary: None,
                };
                let mut loaded = beside.whole(&Source::Embedded(Embedded::TinyBase), name)?;
                if self.wants == Wants::Weights {
                    loaded.weights = early::weights(*early, &loaded.config, self.device)?;
                }
                Ok(loaded)
            }
        }
    }

    /// Where the files are, once they are all here.
    fn fetch(&mut self, address: &Address) -> Result<PathBuf, HubError> {
        let on_arrival = &mut |arrived| (self.on_progress)(Opening::Downloading(arrived));
        let hub = Hub::from_env()?;
        match self.wants {
            Wants::Weights => hub.open(address, self.cancel, on_arrival),
            Wants::Description | Wants::Tokenizer => hub.open_reader(address, self.cancel, on_arrival),
        }
    }

    fn read<T>(&mut self, read: impl FnOnce(&mut Task<'_>) -> Result<T, LoadError>) -> Result<T, OpenError> {
        let on_progress = &mut |share| (self.on_progress)(Opening::Reading(share));
        let Self { device, cancel, wants, vocabulary, .. } = *self;
        Ok(read(&mut Task { device, cancel, on_progress, wants, vocabulary })?)
    }
}

/// Gives a config the sizes of a smaller model.
fn resize(config: &mut Config, sizes: Option<Sizes>) {
    if let Some(Sizes { layers, hidden, intermediate, heads, kv_heads }) = sizes {
        let head_dim = hidden / heads;
        (config.layers, config.hidden_size, config.intermediate_size) = (layers, hidden, intermediate);
        (config.heads, config.kv_heads, config.head_dim) = (heads, kv_heads, head_dim);
        config.query_scalar = head_dim as f64;
    }
}

/// Where the base model of the adapter in `directory` is: a name, a path, or a path from that directory.
fn base(directory: &Path, adapter: &Peft) -> Result<Source, OpenError> {
    let missing = |reason: String| OpenError::Base { directory: directory.to_owned(), reason };
    let Some(name) = adapter.base() else {
        return Err(missing("adapter_config.json has no base_model_name_or_path".into()));
    };
    let beside = directory.join(name);
    let source = match Source::parse(name) {
        Ok(Source::Hub(_)) | Err(_) if beside.is_dir() => Source::Directory(beside),
        Ok(source) => source,
        Err(error) => return Err(missing(error.to_string())),
    };
    match &source {
        Source::Directory(path) if is_adapter(path) => Err(missing(format!("{} is an adapter itself", path.display()))),
        _ => Ok(source),
    }
}

/// A file that the catalogue knows and that is gone can be fetched again.
fn not_downloaded(path: &Path, error: OpenError) -> OpenError {
    match (&error, catalogue::at(path)) {
        (OpenError::Files(LoadError::Read { reason, .. }), Some(entry)) if reason.kind() == io::ErrorKind::NotFound => {
            OpenError::NotDownloaded { name: entry.name.clone(), get: entry.get() }
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoder::layout;

    #[test]
    fn a_description_needs_no_weights() {
        for model in Embedded::EVERY {
            let Loaded { config, vocabulary, .. } = describe(&Source::Embedded(model)).expect("embedded");
            let count: usize = layout::slots(&config).map(|slot| slot.shape.iter().product::<usize>()).sum();
            assert_eq!(count as u64, model.parameters());
            assert!(vocabulary.chat_template.is_some());
        }
    }
}
