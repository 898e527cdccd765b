//! The forms in which people keep records: found by their fields, read into samples.

mod alpaca;
mod completion;
mod share_gpt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use strum::{Display, EnumString, IntoStaticStr, VariantNames};
use thiserror::Error;

use super::chat::{chat, kind};
use super::{Chat, Prepared, Sample, is_assistant};

/// How a record says what it says.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantNames,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", parse_err_ty = UnknownForm, parse_err_fn = UnknownForm::new)]
pub enum Form {
    /// OpenAI's `{"messages": [{"role", "content"}], "tools"}`, or a bare list of messages.
    Messages,
    /// `{"conversations": [{"from", "value"}], "system", "tools"}`.
    #[serde(rename = "sharegpt")]
    #[strum(serialize = "sharegpt")]
    ShareGpt,
    /// `{"prompt", "completion"}`, both texts or both lists of messages.
    PromptCompletion,
    /// `{"instruction", "input", "output"}`, with `system` and `history` as LLaMA-Factory has them.
    Alpaca,
    /// `{"text"}`.
    Text,
    /// `{"input_ids"}` with `labels`, `assistant_masks` or `completion_mask`, as trainers keep what they prepared.
    Prepared,
}

/// What a record says, and the form it was found in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub form: Form,
    pub sample: Sample,
    /// Raw text of a prompt and a completion: characters of the prompt.
    pub split: Option<usize>,
}

impl Record {
    /// The chat that it is, if it is one.
    pub fn chat(self) -> Option<Chat> {
        match self.sample {
            Sample::Chat(chat) => Some(chat),
            Sample::Text(_) | Sample::Prepared(_) => None,
        }
    }
}

/// What was not read from a data set.
impl From<Sample> for Record {
    fn from(sample: Sample) -> Self {
        Self { form: Form::of_sample(&sample), sample, split: None }
    }
}

/// A form that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown form {given:?}; the forms are: {names}", names = Form::VARIANTS.join(", "))]
pub struct UnknownForm {
    given: String,
}

impl UnknownForm {
    fn new(given: &str) -> Self {
        Self { given: given.into() }
    }
}

impl Form {
    /// That of a sample which was not read from a data set.
    pub fn of_sample(sample: &Sample) -> Self {
        match sample {
            Sample::Text(_) => Self::Text,
            Sample::Chat(_) => Self::Messages,
            Sample::Prepared(_) => Self::Prepared,
        }
    }

    /// Its name on the command line, in JSON and on screen.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The form that a record's fields say it has.
    pub fn of(record: &Value) -> Option<Self> {
        let Value::Object(fields) = record else {
            return record.is_array().then_some(Form::Messages);
        };
        let has = |key: &str| fields.get(key).is_some_and(|value| !value.is_null());
        let found = [
            // Trainers keep the columns that they prepared it from.
            (Form::Prepared, has("input_ids")),
            (Form::Messages, has("messages")),
            (Form::ShareGpt, has("conversations") || has("conversation")),
            (Form::PromptCompletion, has("prompt") && (has("completion") || has("response"))),
            (Form::Alpaca, has("instruction") && (has("output") || has("response"))),
            (Form::Text, has("text")),
        ];
        found.into_iter().find(|(_, is_so)| *is_so).map(|(form, _)| form)
    }

    /// What `record` says in this form.
    ///
    /// # Errors
    /// What is wrong with it and what to do, to go behind "record N".
    pub fn read(self, record: Value) -> Result<Record, String> {
        let (sample, split) = match (self, record) {
            (Form::Messages, record) => (Sample::Chat(chat(record)?), None),
            (Form::ShareGpt, Value::Object(fields)) => (Sample::Chat(share_gpt::chat(fields)?), None),
            (Form::PromptCompletion, Value::Object(fields)) => completion::sample(fields)?,
            (Form::Alpaca, Value::Object(fields)) => (Sample::Chat(alpaca::chat(fields)?), None),
            (Form::Prepared, Value::Object(fields)) => (Sample::Prepared(Box::new(Prepared::read(&fields)?)), None),
            (Form::Text, Value::Object(mut fields)) => (Sample::Text(text(&mut fields, "text")?), None),
            (form, other) => return Err(format!("is {}, not an object; the form {form} has fields", kind(&other))),
        };
        match &sample {
            Sample::Chat(chat) if chat.messages.is_empty() => {
                Err("has no messages to learn from; give it some, or leave it out".into())
            }
            _ => Ok(Record { form: self, sample, split }),
        }
    }
}

/// What a record says, in the form of `hint`, or else in the one that its fields say.
///
/// # Errors
/// What is wrong with it and what to do, to go behind "record N".
pub fn read_record(record: Value, hint: Option<Form>) -> Result<Record, String> {
    match (hint.or_else(|| Form::of(&record)), record) {
        (Some(form), record) => form.read(record),
        (None, Value::Object(fields)) => {
            let names: Vec<&str> = fields.keys().take(8).map(String::as_str).collect();
            let has = if names.is_empty() { "no fields".into() } else { names.join(", ") };
            Err(format!(
                "has {has}: none of the forms messages, conversations, prompt and completion, instruction and output, \
                 text, input_ids; give --format-hint, or rename its fields"
            ))
        }
        (None, other) => {
            Err(format!("is {}, not a chat; give {{\"messages\": [...]}} or a list of messages", kind(&other)))
        }
    }
}

/// A field that must be a text.
fn text(fields: &mut Map<String, Value>, key: &str) -> Result<String, String> {
    match fields.remove(key) {
        Some(Value::String(text)) => Ok(text),
        None => Err(format!("has no `{key}`; add \"{key}\": \"...\"")),
        Some(other) => Err(format!("has {} as `{key}`; make it a string", kind(&other))),
    }
}

/// A field that may be missing, null or empty.
fn optional_text(fields: &mut Map<String, Value>, key: &str) -> Result<Option<String>, String> {
    match fields.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(_) => text(fields, key).map(|text| Some(text).filter(|text| !text.is_empty())),
    }
}

/// Tools as a list, or as the JSON text of one, which Parquet and ShareGPT files have.
pub(super) fn tools(fields: &mut Map<String, Value>) -> Result<Vec<Value>, String> {
    let wrong = |found: &Value| format!("has {} as `tools`; make it a list", kind(found));
    match fields.remove("tools") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(tools)) => Ok(tools),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(Vec::new()),
        Some(Value::String(text)) => match serde_json::from_str(&text) {
            Ok(Value::Array(tools)) => Ok(tools),
            Ok(other) => Err(wrong(&other)),
            Err(error) => Err(format!("has `tools` in a string that is not JSON: {error}; make it a list")),
        },
        Some(other) => Err(wrong(&other)),
    }
}

/// Turns that the completion only answers: the data says that they are not trained.
fn untrained(messages: &mut [super::Message]) {
    for message in messages.iter_mut().filter(|message| is_assistant(&message.role)) {
        message.train = Some(false);
    }
}
