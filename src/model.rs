//! A pretrained decoder-only language model: where it comes from, what its files say, and its weights.

pub mod cache;
pub mod catalogue;
pub mod config;
pub mod decoder;
pub mod device;
pub mod known;
pub mod layout;
pub mod load;
pub mod ops;
pub mod pack;
pub mod pypi;
mod reader;
pub mod source;

use std::sync::Arc;

use anyhow::{Context, Result};
use candle_core::Device;

pub use config::Config;
pub use decoder::Decoder;
pub use device::DeviceKind;
pub use known::{Known, known};
pub use reader::Reader;
pub use source::Source;

use crate::cancel::Cancel;
use crate::sample::Sample;
use crate::sequence::{Prefix, Sequence, Vocabulary};
use crate::template::{ChatTemplate, TemplateError};
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
    templates: Arc<Templates>,
}

impl Model {
    /// Reads a model. `on_progress` gets 0…1.
    ///
    /// # Errors
    /// If a file is missing, damaged or of an unsupported kind; the message names it and what to do.
    pub fn load(source: &Source, device: &Device, cancel: &Cancel, on_progress: &mut dyn FnMut(f32)) -> Result<Self> {
        let name = source.name();
        let loaded = load::load(source, device, cancel, on_progress)?;
        let of_model = || format!("model {name}");
        let mut decoder = Decoder::new(&loaded.config, loaded.weights).with_context(of_model)?;
        decoder.attach(loaded.adapters).with_context(of_model)?;
        let vocabulary = Arc::new(loaded.vocabulary);
        let config = loaded.config;
        let device = device.clone();
        let (source, name) = (loaded.source, loaded.name);
        let parsed = |source: &Option<String>| source.as_ref().map(|source| parse(&vocabulary, source));
        let templates =
            Templates { own: parsed(&vocabulary.chat_template), with_tools: parsed(&vocabulary.tool_template) };
        Ok(Self { name, source, config, decoder, vocabulary, device, templates: Arc::new(templates) })
    }

    /// Another chat template takes the place of the model's own.
    ///
    /// # Errors
    /// If it does not parse.
    pub fn use_template(&mut self, source: &str) -> std::result::Result<(), TemplateError> {
        self.templates = Arc::new(Templates { own: Some(Ok(parse(&self.vocabulary, source)?)), with_tools: None });
        let vocabulary = Arc::make_mut(&mut self.vocabulary);
        (vocabulary.chat_template, vocabulary.tool_template) = (Some(source.to_owned()), None);
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
    pub fn encode(&self, sample: &Sample, prefix: Prefix) -> Result<Sequence> {
        self.reader().encode(sample, prefix)
    }
}

fn parse(vocabulary: &Vocabulary, source: &str) -> std::result::Result<ChatTemplate, TemplateError> {
    let (bos, eos, pad) = (vocabulary.bos_text(), vocabulary.eos_text(), vocabulary.pad_text());
    ChatTemplate::new(source, bos.as_deref(), eos.as_deref(), pad.as_deref())
}
