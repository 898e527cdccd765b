//! A chat template with the variables that transformers gives it.

use std::sync::OnceLock;

use thiserror::Error as ThisError;

use super::field::{Fields, plain};
use super::prompt;
use crate::jinja::{Error, ErrorKind, Output, Template, Value};
use crate::sample::{Chat, Message};

/// Steps that a render may take besides those that its messages may.
const STEPS: u64 = 20_000_000;
/// Steps for each pair of messages: some templates look at all messages from each of them.
const STEPS_A_PAIR: u64 = 64;

/// Why a chat template does not parse or a chat does not render.
#[derive(Clone, Debug, ThisError, PartialEq, Eq)]
pub enum TemplateError {
    #[error("the chat template does not parse: line {line}: {message}; give another with --template FILE or chatml")]
    Syntax { line: usize, message: String },
    #[error("the chat template refuses this chat: {message}")]
    Refused { message: String },
    #[error("the chat template fails at line {line}: {message}")]
    Render { line: usize, message: String },
    #[error("the chat template does not end: {message} at line {line}; give another with --template")]
    Endless { line: usize, message: String },
}

impl From<Error> for TemplateError {
    fn from(Error { kind, line, message }: Error) -> Self {
        let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
        match kind {
            ErrorKind::Syntax => TemplateError::Syntax { line, message },
            ErrorKind::Raised => TemplateError::Refused { message },
            ErrorKind::Runtime => TemplateError::Render { line, message },
            ErrorKind::Endless => TemplateError::Endless { line, message },
        }
    }
}

/// A parsed template and the names it can use.
pub(super) struct Engine {
    template: Template,
    specials: Vec<(&'static str, String)>,
    /// Whether the source has `{% generation %}` tags.
    pub generation: bool,
    /// What `add_generation_prompt` adds to every chat, where it is the same for all.
    pub prompt: Option<String>,
    /// What it adds to a user's message, once that was asked.
    usual: OnceLock<Option<String>>,
}

impl Engine {
    /// `specials` are names such as `bos_token` with their text.
    pub(super) fn new(source: &str, specials: &[(&'static str, String)]) -> Result<Self, TemplateError> {
        let template = Template::new(source)?;
        let source = source.replace("\r\n", "\n").replace('\r', "\n");
        let prompt = prompt::fixed(&source).and_then(|source| {
            let context = vec![("add_generation_prompt", Value::Bool(true))];
            Some(Template::new(source).ok()?.render(context, 0, STEPS).ok()?.text)
        });
        Ok(Self {
            generation: template.has_generation(),
            template,
            specials: specials.to_vec(),
            prompt,
            usual: OnceLock::new(),
        })
    }

    /// What `add_generation_prompt` adds to a user's message: the start of an answer, where a chat ends otherwise.
    pub(super) fn usual_prompt(&self) -> Option<&str> {
        let ask = || {
            let message = Message { role: "user".into(), content: "a".into(), ..Message::default() };
            let chat = Chat { messages: vec![message], ..Chat::default() };
            let messages = Fields::new(&[]).messages(&chat);
            let render = |prompt| Some(self.render(&chat, &messages, prompt, 0).ok()?.text);
            render(true)?.strip_prefix(&render(false)?).map(str::to_string)
        };
        self.usual.get_or_init(ask).as_deref()
    }

    /// Renders `messages` with the tools and the variables of `chat`.
    pub(super) fn render(
        &self,
        chat: &Chat,
        messages: &Value,
        add_generation_prompt: bool,
        now: i64,
    ) -> Result<Output, TemplateError> {
        let mut context: Vec<(&str, Value)> =
            self.specials.iter().map(|(name, text)| (*name, text.as_str().into())).collect();
        // What the data says reaches the template: an empty list of tools is not none at all.
        let tools = if chat.tools.is_empty() { Value::None } else { tools(&chat.tools) };
        context.extend([("tools", tools), ("documents", Value::None)]);
        context.extend(chat.variables.iter().map(|(name, value)| (name.as_str(), plain(value))));
        context.extend([("messages", messages.clone()), ("add_generation_prompt", Value::Bool(add_generation_prompt))]);
        let count = chat.messages.len() as u64;
        Ok(self.template.render(context, now, STEPS + STEPS_A_PAIR * count * count)?)
    }
}

fn tools(tools: &[serde_json::Value]) -> Value {
    Value::list(tools.iter().map(plain).collect())
}
