//! A model that is loaded: its weights, its config, and how it reads samples.

mod early;
mod info;
pub mod load;
mod random;
mod reader;

use std::sync::Arc;

use anyhow::{Context, Result};
use candle_core::Device;

pub use info::ModelInfo;
pub use reader::{Overrides, Reader, TemplateChoice};

use crate::cancel::Cancel;
use crate::checkpoint::LoadError;
use crate::decoder::{Config, Decoder, layout};
use crate::memory;
use crate::sample::Sample;
use crate::sequence::{EncodeOptions, Sequence, Vocabulary};
use crate::source::{Embedded, Opening, Source};
use load::{OpenError, OpenedModel};
use reader::Templates;

/// A loaded model.
pub struct Model {
    /// How the user knows it: `tiny-chat`, `smollm2`, the directory's or file's name.
    pub name: String,
    /// Where its weights are from; those beside which the adapters stand, if it has adapters.
    pub source: Source,
    pub config: Config,
    pub decoder: Decoder,
    pub vocabulary: Arc<Vocabulary>,
    /// Where its tensors are.
    pub device: Device,
    /// Where its weights are not what its config says, a sentence each.
    pub notes: Vec<String>,
    /// Tensors of its files that it does without, in words.
    pub left_out: Option<String>,
    templates: Arc<Templates>,
}

impl Model {
    /// Reads a model, downloading it first where it is on the Hub and not in the cache.
    ///
    /// # Errors
    /// If a file is missing, damaged or of an unsupported kind; the message names it and what to do.
    pub fn load(
        source: &Source,
        device: &Device,
        cancel: &Cancel,
        on_progress: &mut dyn FnMut(Opening),
    ) -> Result<Self> {
        Self::of(source, device, load::load(source, device, cancel, on_progress))
    }

    /// Reads a checkpoint of a run, which has `vocabulary` if its directory holds no tokenizer.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_checkpoint(
        source: &Source,
        vocabulary: &Vocabulary,
        device: &Device,
        cancel: &Cancel,
        on_progress: &mut dyn FnMut(Opening),
    ) -> Result<Self> {
        Self::of(source, device, load::load_checkpoint(source, vocabulary, device, cancel, on_progress))
    }

    fn of(source: &Source, device: &Device, opened: Result<OpenedModel, OpenError>) -> Result<Self> {
        let name = source.name();
        let of_memory = |error| match error {
            OpenError::Files(LoadError::Memory(_)) => anyhow::Error::from(error).context(format!("model {name}")),
            other => other.into(),
        };
        let OpenedModel { source, loaded } = opened.map_err(of_memory)?;
        let of_model = || format!("model {name}");
        let mut decoder = Decoder::new(&loaded.config, loaded.weights).with_context(of_model)?;
        decoder.attach(loaded.adapters).with_context(of_model)?;
        let vocabulary = Arc::new(loaded.vocabulary);
        let config = loaded.config;
        let device = device.clone();
        let (name, notes, left_out) = (loaded.name, loaded.notes, loaded.left_out);
        let templates = Arc::new(Templates::of(&vocabulary));
        Ok(Self { name, source, config, decoder, vocabulary, device, notes, left_out, templates })
    }

    /// A model that has learned nothing: random weights of these sizes, always the same of one seed. It has no files.
    ///
    /// # Errors
    /// If the config makes no decoder, or there is no memory for the weights.
    pub fn fresh(name: &str, config: Config, vocabulary: Vocabulary, seed: u64, device: &Device) -> Result<Self> {
        memory::check(parameters(&config))?;
        let decoder = Decoder::new(&config, random::drawn(&config, seed, device)?)?;
        let (vocabulary, device) = (Arc::new(vocabulary), device.clone());
        let templates = Arc::new(Templates::of(&vocabulary));
        let (name, source) = (name.to_owned(), Source::Embedded(Embedded::Random));
        Ok(Self { name, source, config, decoder, vocabulary, device, notes: Vec::new(), left_out: None, templates })
    }

    /// Takes what the user gave in the place of the model's own.
    ///
    /// # Errors
    /// If the template does not parse, or the tokenizer does not have a token.
    pub fn override_with(&mut self, overrides: &Overrides) -> Result<()> {
        let mut reader = self.reader();
        reader.override_with(overrides)?;
        (self.vocabulary, self.templates) = (reader.vocabulary, reader.templates);
        Ok(())
    }

    /// The ids with which this model ends a generation, in order.
    pub fn stop_ids(&self) -> Vec<u32> {
        self.vocabulary.stop_ids()
    }

    /// What reads samples as this model does, on any thread.
    pub fn reader(&self) -> Reader {
        Reader {
            name: self.name.clone(),
            vocabulary: self.vocabulary.clone(),
            context: self.config.context,
            templates: self.templates.clone(),
        }
    }

    /// The sample as this model reads it: a chat through its template, no longer than its context.
    ///
    /// # Errors
    /// If the model has no chat template, the template fails, or the tokenizer does.
    pub fn encode(&self, sample: &Sample, options: impl Into<EncodeOptions>) -> Result<Sequence> {
        self.reader().encode(sample, options)
    }

    /// The sample as a prompt for this model: a chat ends with its template's generation prompt.
    ///
    /// # Errors
    /// As [`encode`](Self::encode), or a chat in which nobody speaks before the assistant.
    pub fn prompt(&self, sample: &Sample, options: impl Into<EncodeOptions>) -> Result<Sequence> {
        self.reader().prompt(sample, options)
    }
}

/// How many weights a decoder of this config has.
fn parameters(config: &Config) -> u64 {
    layout::slots(config).map(|slot| slot.shape.iter().product::<usize>() as u64).sum()
}
