//! A pretrained decoder-only language model: where it comes from, what its files say, and its weights.

pub mod cache;
pub mod catalogue;
pub mod config;
pub mod decoder;
pub mod device;
pub mod known;
pub mod load;
pub mod ops;
pub mod pack;
pub mod pypi;
pub mod source;

use anyhow::{Context, Result, anyhow};
use candle_core::Device;

pub use config::Config;
pub use decoder::Decoder;
pub use device::DeviceKind;
pub use known::{Known, known};
pub use source::Source;

use crate::cancel::Cancel;
use crate::sample::Sample;
use crate::sequence::{Prefix, Sequence, Vocabulary};
use crate::template::{ChatTemplate, TemplateError};

/// A loaded model.
pub struct Model {
    /// How the user knows it: `tiny-chat`, `smollm2`, the directory's or file's name.
    pub name: String,
    /// Where its weights are from; those beside which the adapters stand, if it has adapters.
    pub source: Source,
    pub config: Config,
    pub decoder: Decoder,
    pub vocabulary: Vocabulary,
    /// Where its tensors are.
    pub device: Device,
    /// The chat template; one that does not parse fails only where it is needed.
    template: Option<Result<ChatTemplate, TemplateError>>,
    /// The template for chats with tools, of models that have two.
    tool_template: Option<Result<ChatTemplate, TemplateError>>,
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
        let vocabulary = loaded.vocabulary;
        let config = loaded.config;
        let device = device.clone();
        let source = loaded.source;
        let mut model = Self { name, source, config, decoder, vocabulary, device, template: None, tool_template: None };
        let parsed = |source: &Option<String>| source.as_ref().map(|source| model.parse(source));
        let (template, tool_template) =
            (parsed(&model.vocabulary.chat_template), parsed(&model.vocabulary.tool_template));
        (model.template, model.tool_template) = (template, tool_template);
        Ok(model)
    }

    /// Another chat template takes the place of the model's own.
    ///
    /// # Errors
    /// If it does not parse.
    pub fn use_template(&mut self, source: &str) -> std::result::Result<(), TemplateError> {
        (self.template, self.tool_template) = (Some(Ok(self.parse(source)?)), None);
        (self.vocabulary.chat_template, self.vocabulary.tool_template) = (Some(source.to_owned()), None);
        Ok(())
    }

    fn parse(&self, source: &str) -> std::result::Result<ChatTemplate, TemplateError> {
        let vocabulary = &self.vocabulary;
        let (bos, eos, pad) = (vocabulary.bos_text(), vocabulary.eos_text(), vocabulary.pad_text());
        ChatTemplate::new(source, bos.as_deref(), eos.as_deref(), pad.as_deref())
    }

    /// The ids with which this model ends a generation, in order.
    pub fn stop_ids(&self) -> Vec<u32> {
        self.vocabulary.stop_ids()
    }

    /// The sample as this model reads it: a chat through its template, no longer than its context.
    ///
    /// # Errors
    /// If the model has no chat template, the template fails, or the tokenizer does.
    pub fn encode(&self, sample: &Sample, prefix: Prefix) -> Result<Sequence> {
        let mut sequence = match sample {
            Sample::Text(text) => Sequence::from_text(&self.vocabulary, text, prefix)?,
            Sample::Chat(chat) => {
                let with_tools = self.tool_template.as_ref().filter(|_| !chat.tools.is_empty());
                let template = with_tools.or(self.template.as_ref()).with_context(|| {
                    format!(
                        "model {} has no chat template; give one with --template FILE or --template chatml",
                        self.name
                    )
                })?;
                let template = template.as_ref().map_err(|error| anyhow!("{error}"))?;
                let rendered = template.render(chat, false).context("the chat template failed")?;
                Sequence::from_chat(&self.vocabulary, &rendered, chat)?
            }
        };
        sequence.truncate(self.config.context);
        Ok(sequence)
    }
}
