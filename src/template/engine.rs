//! A chat template in minijinja, set up to behave as transformers' jinja2 does.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, UndefinedBehavior, Value};
use thiserror::Error as ThisError;

use super::{date, generation_tag, prompt, python};
use crate::sample::Message;

/// Name of the one template of an environment.
const NAME: &str = "chat template";
/// Steps (and 64-byte pieces of text) that one render may cost before it counts as endless: minutes of chat, a second of
/// time.
const FUEL: u64 = 5_000_000;
/// Context variable with the two characters that bracket generated text; absent in a plain render.
const MARKS: &str = "lossglass_marks";
/// Context variable with the time of the render, so that every render of one chat names the same day.
const NOW: &str = "lossglass_now";

/// Why a chat template does not parse or a chat does not render.
#[derive(Clone, Debug, ThisError, PartialEq, Eq)]
pub enum TemplateError {
    #[error("the chat template does not parse: line {line}: {message}; give another with --template FILE or chatml")]
    Syntax { line: usize, message: String },
    #[error("the chat template refuses this chat: {message}")]
    Refused { message: String },
    #[error("the chat template fails at line {line}: {message}")]
    Render { line: usize, message: String },
    #[error("the chat template does not end: stopped at line {line} after {FUEL} steps; give another with --template")]
    Endless { line: usize },
}

/// A parsed template and the names it can use.
pub(super) struct Engine {
    environment: Environment<'static>,
    /// Whether the source has `{% generation %}` tags.
    pub generation: bool,
    /// What `add_generation_prompt` adds to every chat, where it is the same for all.
    pub prompt: Option<String>,
}

/// The two characters that bracket what a generation block prints.
pub(super) type GenerationMarks = (char, char);

impl Engine {
    /// `specials` are names such as `bos_token` with their text.
    pub(super) fn new(source: &str, specials: &[(&'static str, String)]) -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(|error| syntax_error(&error))?);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_undefined_behavior(UndefinedBehavior::Lenient);
        environment.set_unknown_method_callback(python::methods);
        environment.set_fuel(Some(FUEL));
        environment.add_filter("tojson", python::tojson);
        environment.add_test("sequence", python::is_sequence);
        environment.add_test("iterable", python::is_iterable);
        environment.add_filter(generation_tag::FILTER, bracket);
        environment.add_function("raise_exception", |message: String| -> Result<Value, Error> {
            Err(Error::new(ErrorKind::InvalidOperation, message).with_source(Refusal))
        });
        environment.add_function("strftime_now", |state: &State, format: &str| {
            let now = state.lookup(NOW).and_then(|now| i64::try_from(now).ok());
            date::strftime(now.unwrap_or_else(date::now), format)
        });
        for (name, text) in specials {
            environment.add_global(*name, text.as_str());
        }
        // jinja2 reads all line ends as \n.
        let source = source.replace("\r\n", "\n").replace('\r', "\n");
        let prompt = prompt::fixed(&source).and_then(|source| {
            let context = minijinja::context! { add_generation_prompt => true };
            environment.render_str(source, context).ok()
        });
        let rewritten = generation_tag::rewrite(&source);
        let generation = rewritten.is_some();
        environment.add_template_owned(NAME, rewritten.unwrap_or(source)).map_err(|error| syntax_error(&error))?;
        Ok(Self { environment, generation, prompt })
    }

    /// The messages as a template sees them. Reasoning has a second name, `thinking`, for gpt-oss' template, as in
    /// transformers.
    pub(super) fn messages(messages: &[Message]) -> Value {
        messages.iter().map(seen).collect()
    }

    /// The tools as a template sees them: none at all rather than an empty list.
    pub(super) fn tools(tools: &[serde_json::Value]) -> Value {
        if tools.is_empty() { Value::from(()) } else { Value::from(Serde(tools.to_vec())) }
    }

    /// Renders `messages` and `tools`; with `marks`, generation blocks are bracketed by them.
    pub(super) fn render(
        &self,
        messages: &Value,
        tools: &Value,
        add_generation_prompt: bool,
        now: i64,
        marks: Option<GenerationMarks>,
    ) -> Result<String, TemplateError> {
        let marks = marks.map(|(open, close)| Value::from(vec![open.to_string(), close.to_string()]));
        let context = minijinja::context! {
            messages => messages,
            tools => tools,
            documents => (),
            add_generation_prompt => add_generation_prompt,
            lossglass_now => now,
            lossglass_marks => marks.unwrap_or(Value::UNDEFINED),
        };
        let template = self.environment.get_template(NAME).map_err(|error| syntax_error(&error))?;
        template.render(context).map_err(|error| render_error(&error))
    }
}

/// One message as a template sees it; what it does not have is not there. Serialising it would take most of a render.
fn seen(message: &Message) -> Value {
    let text = |name: &'static str, text: &Option<String>| Some((name, Value::from(text.as_deref()?)));
    let calls = &message.tool_calls;
    let fields = [
        text("thinking", &message.reasoning_content),
        Some(("role", Value::from(message.role.as_str()))),
        Some(("content", Value::from(message.content.as_str()))),
        text("reasoning_content", &message.reasoning_content),
        (!calls.is_empty()).then(|| ("tool_calls", Value::from(Serde(calls)))),
        text("name", &message.name),
        text("tool_call_id", &message.tool_call_id),
        message.train.map(|train| ("train", Value::from(train))),
        message.weight.map(|weight| ("weight", Value::from(weight))),
    ];
    Value::from_pairs(fields.into_iter().flatten())
}

/// The filter of a generation block.
fn bracket(state: &State, text: String) -> Result<String, Error> {
    let Some(marks) = state.lookup(MARKS).filter(|marks| !marks.is_undefined()) else {
        return Ok(text);
    };
    let (open, close) = (marks.get_item_by_index(0)?, marks.get_item_by_index(1)?);
    Ok(format!("{open}{text}{close}"))
}

/// Tells a template's own `raise_exception` from an error in it.
#[derive(Debug, ThisError)]
#[error("raised by the template")]
struct Refusal;

fn syntax_error(error: &Error) -> TemplateError {
    TemplateError::Syntax { line: error.line().unwrap_or(1), message: one_line(error) }
}

fn render_error(error: &Error) -> TemplateError {
    let line = error.line().unwrap_or(1);
    if std::error::Error::source(error).is_some_and(|source| source.is::<Refusal>()) {
        TemplateError::Refused { message: error.detail().unwrap_or_default().to_string() }
    } else if error.kind() == ErrorKind::OutOfFuel {
        TemplateError::Endless { line }
    } else {
        TemplateError::Render { line, message: one_line(error) }
    }
}

fn one_line(error: &Error) -> String {
    let text = match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
