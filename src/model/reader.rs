//! How a model reads samples: its tokenizer, its templates and its context, without its weights.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};

use super::load;
use crate::cancel::Cancel;
use crate::checkpoint::Loaded;
use crate::sample::{Chat, Message, Prepared, Sample, is_assistant};
use crate::sequence::{EncodeOptions, PackOptions, Packer, Sequence, Vocabulary};
use crate::source::Source;
use crate::template::{ChatTemplate, TemplateError};

/// The tokenizer, the templates and the context of a model; cheap to clone, and usable on any thread.
#[derive(Clone)]
pub struct Reader {
    /// The model's name, for messages.
    pub name: String,
    pub vocabulary: Arc<Vocabulary>,
    /// The most tokens that the model takes.
    pub context: usize,
    pub(super) templates: Arc<Templates>,
}

/// What the user gave in the place of what a model's files say.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    pub template: Option<TemplateChoice>,
    /// Tokens that a trainer which knows ids alone takes for an end of a turn.
    pub eot_tokens: Vec<String>,
}

/// Which chat template takes the place of the one that the model would use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateChoice {
    /// This one, by its source.
    Source(String),
    /// That one of the model's own.
    Named(String),
}

/// Chat templates; one that does not parse fails only where it is needed.
pub(super) struct Templates {
    pub own: Option<Result<ChatTemplate, TemplateError>>,
    /// For chats with tools, of models that have two.
    pub with_tools: Option<Result<ChatTemplate, TemplateError>>,
}

impl Templates {
    /// Those of the vocabulary's files.
    pub fn of(vocabulary: &Vocabulary) -> Self {
        let parsed = |source: &Option<String>| source.as_ref().map(|source| vocabulary.parse_template(source));
        Self { own: parsed(&vocabulary.chat_template), with_tools: parsed(&vocabulary.tool_template) }
    }

    /// Those of a vocabulary whose own the template takes the place of.
    ///
    /// # Errors
    /// If it does not parse.
    pub fn replaced(vocabulary: &mut Vocabulary, source: &str) -> std::result::Result<Self, TemplateError> {
        let own = vocabulary.parse_template(source)?;
        (vocabulary.chat_template, vocabulary.tool_template) = (Some(source.to_owned()), None);
        Ok(Self { own: Some(Ok(own)), with_tools: None })
    }
}

impl Vocabulary {
    /// Parses a chat template with the texts of the special tokens that it may name.
    ///
    /// # Errors
    /// If it does not parse.
    pub fn parse_template(&self, source: &str) -> std::result::Result<ChatTemplate, TemplateError> {
        let (bos, eos, pad) = (self.bos_text(), self.eos_text(), self.pad_text());
        let known = |text: &Option<String>, slot: usize| text.clone().filter(|_| !self.of_config[slot]);
        let (bos, known_eos, pad) = (known(&bos, 0), known(&eos, 1), known(&pad, 2));
        let template = ChatTemplate::new(source, bos.as_deref(), known_eos.as_deref(), pad.as_deref())?;
        Ok(template.stopped_by(eos.as_deref()))
    }
}

impl Reader {
    /// Reads a model's tokenizer, templates and context, and none of its weights.
    ///
    /// # Errors
    /// If a file is missing, damaged or of an unsupported kind; the message names it and what to do.
    pub fn load(source: &Source) -> Result<Self> {
        let Loaded { name, vocabulary, config, .. } = load::without_weights(source)?;
        let templates = Arc::new(Templates::of(&vocabulary));
        Ok(Self { name, vocabulary: Arc::new(vocabulary), context: config.context, templates })
    }

    /// Takes what the user gave in the place of the model's own.
    ///
    /// # Errors
    /// If the template does not parse, or the tokenizer does not have a token.
    pub fn override_with(&mut self, overrides: &Overrides) -> Result<()> {
        let vocabulary = Arc::make_mut(&mut self.vocabulary);
        if !overrides.eot_tokens.is_empty() {
            vocabulary.name_eot_tokens(&overrides.eot_tokens)?;
        }
        let source = match &overrides.template {
            None => return Ok(()),
            Some(TemplateChoice::Source(source)) => source.clone(),
            Some(TemplateChoice::Named(name)) => {
                let own = vocabulary.templates().find(|(own, _)| own == name).map(|(_, source)| source.to_owned());
                let names: Vec<&str> = vocabulary.templates().map(|(name, _)| name).collect();
                let has = if names.is_empty() { "none".into() } else { names.join(", ") };
                let unknown = || format!("no file is called {name}, and no template of {}; it has {has}", self.name);
                own.with_context(unknown)?
            }
        };
        self.templates = Arc::new(Templates::replaced(vocabulary, &source)?);
        Ok(())
    }

    /// The chat template that is used for chats without tools; `None` where the model has none.
    pub fn template(&self) -> Option<Result<ChatTemplate>> {
        let own = self.templates.own.as_ref()?;
        Some(own.clone().map_err(anyhow::Error::from))
    }

    /// The sample as the model reads it: a chat through its template, no longer than its context.
    ///
    /// # Errors
    /// If the model has no chat template, the template fails, or the tokenizer does.
    pub fn encode(&self, sample: &Sample, options: impl Into<EncodeOptions>) -> Result<Sequence> {
        let mut sequence = self.whole(sample, options.into(), false)?;
        sequence.truncate(self.context);
        Ok(sequence)
    }

    /// The sample as a prompt that the model is to continue, whole, however long it is: a chat ends with the generation
    /// prompt of its template, and what the assistant says last is left out, to be written anew.
    ///
    /// # Errors
    /// As [`encode`](Self::encode), or a chat in which nobody speaks before the assistant.
    pub fn prompt(&self, sample: &Sample, options: impl Into<EncodeOptions>) -> Result<Sequence> {
        // What is to be continued has no end yet.
        let options = EncodeOptions { append_eos: false, ..options.into() };
        let Sample::Chat(chat) = sample else { return self.whole(sample, options, true) };
        let answer = chat.messages.iter().rev().take_while(|message| is_assistant(&message.role)).count();
        if answer == 0 {
            return self.whole(sample, options, true);
        }
        let mut asked = chat.clone();
        asked.messages.truncate(chat.messages.len() - answer);
        if asked.messages.is_empty() {
            bail!("nobody speaks before the assistant: there is nothing to answer")
        }
        let mut sequence = self.whole(&Sample::Chat(asked), options, true)?;
        sequence.notes.push("what the assistant says last is left out: it is written anew".into());
        Ok(sequence)
    }

    /// The sample's tokens, however many; of a chat with the generation prompt behind them if that is asked for.
    fn whole(&self, sample: &Sample, options: EncodeOptions, add_generation_prompt: bool) -> Result<Sequence> {
        match sample {
            Sample::Text(text) => Ok(Sequence::from_text(&self.vocabulary, text, options)?),
            Sample::Prepared(row) => self.prepared(row),
            Sample::Chat(chat) => {
                let with_tools = self.templates.with_tools.as_ref().filter(|_| chat.has_tools());
                let template = with_tools.or(self.templates.own.as_ref()).with_context(|| {
                    format!(
                        "model {} has no chat template; give one with --template FILE or --template chatml",
                        self.name
                    )
                })?;
                let template = template.as_ref().map_err(|error| anyhow!("{error}"))?;
                let chat = if options.join_parts { &joined(chat) } else { chat };
                let rendered = template.render(chat, add_generation_prompt).with_context(|| failed(chat))?;
                Ok(Sequence::from_chat(&self.vocabulary, rendered, chat, options)?)
            }
        }
    }

    /// The tokens of a row that a trainer prepared. A packed one is cut before its documents are taken apart.
    fn prepared(&self, row: &Prepared) -> Result<Sequence> {
        let is_cut = row.starts.len() > 1 && row.ids.len() > self.context;
        if !is_cut {
            return Ok(Sequence::from_prepared(&self.vocabulary, row)?);
        }
        let mut sequence = Sequence::from_prepared(&self.vocabulary, &row.first(self.context))?;
        let (tokens, context) = (row.ids.len(), self.context);
        sequence
            .notes
            .push(format!("the packed row has {tokens} tokens, and the model takes {context}: the rest is cut off"));
        Ok(sequence)
    }

    /// The pack that record `index` goes into, when all are packed in order: samples, and of raw text the characters of
    /// its prompt. `None` after `cancel`.
    ///
    /// # Errors
    /// If there is no such record, one up to the end of its pack cannot be encoded, or packs are longer than the context.
    pub fn pack<'a>(
        &self,
        records: impl IntoIterator<Item = (&'a Sample, Option<usize>)>,
        index: usize,
        encoding: EncodeOptions,
        options: PackOptions,
        cancel: &Cancel,
    ) -> Result<Option<Sequence>> {
        self.check_pack(options)?;
        let mut packer = Packer::new(options);
        let mut count = 0;
        for (i, (sample, split)) in records.into_iter().enumerate() {
            if cancel.is_cancelled() {
                return Ok(None);
            }
            let document = self.encode(sample, encoding).with_context(|| format!("record {i}"))?;
            if let Some(full) = packer.add(document, split).filter(|_| i > index) {
                return Ok(Some(full));
            }
            count = i + 1;
        }
        packer.finish().filter(|_| index < count).with_context(|| format!("record {index} does not exist")).map(Some)
    }

    /// # Errors
    /// If packs are longer than the context.
    pub fn check_pack(&self, PackOptions { size, .. }: PackOptions) -> Result<()> {
        if size > self.context {
            bail!(
                "packs of {size} tokens are longer than the model's context of {0}; give --pack {0} or less",
                self.context
            )
        }
        Ok(())
    }
}

fn joined(chat: &Chat) -> Chat {
    let mut joined = chat.clone();
    joined.join_parts();
    joined
}

/// What goes before the template's own error.
fn failed(chat: &Chat) -> String {
    match chat.messages.iter().position(Message::in_parts) {
        Some(message) => format!(
            "the chat template failed, maybe since the content of message {} is a list of parts (--join-parts renders it \
             as one text)",
            message + 1
        ),
        None => "the chat template failed".into(),
    }
}
