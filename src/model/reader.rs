//! What reads samples as a model does, without its weights.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};

use crate::sample::Sample;
use crate::sequence::{EncodeOptions, Sequence, Vocabulary};
use crate::template::{ChatTemplate, TemplateError};

/// The tokenizer, the templates and the context of a model; cheap to clone, and of use on any thread.
#[derive(Clone)]
pub struct Reader {
    /// The model's name, for messages.
    pub name: String,
    pub vocabulary: Arc<Vocabulary>,
    /// The most tokens that the model takes.
    pub context: usize,
    pub(super) templates: Arc<Templates>,
}

/// Chat templates; one that does not parse fails only where it is needed.
pub(super) struct Templates {
    pub own: Option<Result<ChatTemplate, TemplateError>>,
    /// For chats with tools, of models that have two.
    pub with_tools: Option<Result<ChatTemplate, TemplateError>>,
}

impl Reader {
    /// The sample as the model reads it: a chat through its template, no longer than its context.
    ///
    /// # Errors
    /// If the model has no chat template, the template fails, or the tokenizer does.
    pub fn encode(&self, sample: &Sample, options: impl Into<EncodeOptions>) -> Result<Sequence> {
        let options = options.into();
        let mut sequence = match sample {
            Sample::Text(text) => Sequence::from_text(&self.vocabulary, text, options)?,
            Sample::Chat(chat) => {
                let with_tools = self.templates.with_tools.as_ref().filter(|_| !chat.tools.is_empty());
                let template = with_tools.or(self.templates.own.as_ref()).with_context(|| {
                    format!(
                        "model {} has no chat template; give one with --template FILE or --template chatml",
                        self.name
                    )
                })?;
                let template = template.as_ref().map_err(|error| anyhow!("{error}"))?;
                let rendered = template.render(chat, false).context("the chat template failed")?;
                Sequence::from_chat(&self.vocabulary, &rendered, chat, options)?
            }
        };
        sequence.truncate(self.context);
        Ok(sequence)
    }
}
