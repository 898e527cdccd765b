//! Reads chats in the OpenAI messages form from JSON and JSONL.

use serde_json::{Map, Value};
use thiserror::Error;

use super::span::{self, Weighted};
use super::{Chat, Form, Message, Sample};

/// Why a text is not the chat that was asked for. Lines and messages count from 1, records from 0 as `--index` does.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SampleError {
    #[error("nothing to read: the text is empty; give {{\"messages\": [...]}} or a list of messages")]
    Empty,
    #[error(
        "not JSON at line {line} column {column}: {problem}; give {{\"messages\": [...]}}, or one such record a line"
    )]
    NotJson { line: usize, column: usize, problem: String },
    #[error("record {index} does not exist: there {} (counting from 0); choose a smaller index", count(*.total))]
    NoSuchRecord { index: usize, total: usize },
    #[error("line {line} (record {record}) {problem}")]
    Record { line: usize, record: usize, problem: String },
}

fn count(records: usize) -> String {
    match records {
        1 => "is 1 record".into(),
        n => format!("are {n} records"),
    }
}

/// Reads record `index` (from 0) and says how many records there are in all.
///
/// A text is one JSON record, a JSON list of records, or JSONL with one record a line; a record is
/// `{"messages": [...], "tools": [...]}` or a bare list of messages. `content: null` reads as empty text; content in
/// list form (`[{"type": "text", "text": "..."}]`) reads as its texts joined.
///
/// # Errors
/// One sentence that names the line, the record, the message, what is wrong and what to do. Only the record asked for is
/// read, so that one bad line does not hide the others.
pub fn read_chat(text: &str, index: usize) -> Result<(Chat, usize), SampleError> {
    let mut records = Records::of(text)?;
    let total = records.len();
    let (line, value) = records.take(index)?;
    let read = chat_in_any_form(value).map_err(|problem| SampleError::Record { line, record: index, problem })?;
    Ok((read, total))
}

/// The records of a text before they are understood.
pub(super) enum Records<'a> {
    /// Of one JSON text that begins at this line, counted from 1.
    Values(usize, Vec<Value>),
    /// One a line; each is parsed when it is taken.
    Lines(Vec<(usize, &'a str)>),
}

impl<'a> Records<'a> {
    /// The records of `text`, which may begin with a byte order mark.
    pub fn of(text: &'a str) -> Result<Self, SampleError> {
        let text = text.trim_start_matches('\u{feff}');
        let lines: Vec<(usize, &str)> = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()).collect();
        let Some(&(first, _)) = lines.first() else {
            return Err(SampleError::Empty);
        };
        match serde_json::from_str::<Value>(text) {
            Ok(Value::Array(records)) if is_list_of_records(&records) => Ok(Self::Values(first, records)),
            Ok(value) => Ok(Self::Values(first, vec![value])),
            Err(_) if is_one_record_a_line(&lines) => Ok(Self::Lines(lines)),
            Err(error) => Err(not_json(&error, 1)),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Values(_, values) => values.len(),
            Self::Lines(lines) => lines.len(),
        }
    }

    /// Record `index` with the line where it starts; it is gone from here afterwards.
    pub fn take(&mut self, index: usize) -> Result<(usize, Value), SampleError> {
        let total = self.len();
        let missing = SampleError::NoSuchRecord { index, total };
        match self {
            Self::Values(line, values) => {
                let value = values.get_mut(index).ok_or(missing)?;
                Ok((*line, value.take()))
            }
            Self::Lines(lines) => {
                let &(line, source) = lines.get(index).ok_or(missing)?;
                serde_json::from_str(source).map(|value| (line, value)).map_err(|error| not_json(&error, line))
            }
        }
    }
}

/// A JSON text laid out over several lines neither starts nor ends with a line that is JSON by itself.
fn is_one_record_a_line(lines: &[(usize, &str)]) -> bool {
    let whole =
        |line: Option<&(usize, &str)>| line.is_some_and(|(_, line)| serde_json::from_str::<Value>(line).is_ok());
    lines.len() > 1 && (whole(lines.first()) || whole(lines.last()))
}

fn is_list_of_records(list: &[Value]) -> bool {
    let is_record = |value: &Value| Form::of(value).is_some();
    list.first().is_some_and(is_record)
}

fn not_json(error: &serde_json::Error, first_line: usize) -> SampleError {
    let text = error.to_string();
    let problem = text.split(" at line ").next().unwrap_or(&text).to_string();
    SampleError::NotJson { line: first_line + error.line().saturating_sub(1), column: error.column(), problem }
}

/// The chat that a record of any form is; messages are what is missing where it is none.
fn chat_in_any_form(record: Value) -> Result<Chat, String> {
    match Form::of(&record) {
        Some(form @ (Form::ShareGpt | Form::Alpaca | Form::PromptCompletion)) => match form.read(record)?.sample {
            Sample::Chat(chat) => Ok(chat),
            Sample::Text(_) => {
                Err("is a prompt and its completion, both raw text, and no chat; give it to --file as text".into())
            }
        },
        _ => chat(record),
    }
}

/// What a record in the form of messages says, or what is wrong with it.
pub(super) fn chat(record: Value) -> Result<Chat, String> {
    let (messages, tools) = match record {
        Value::Array(messages) => (messages, Vec::new()),
        Value::Object(mut record) => {
            let tools = super::form::tools(&mut record)?;
            match record.remove("messages") {
                Some(Value::Array(messages)) => (messages, tools),
                Some(other) => {
                    return Err(format!(
                        "has {} as `messages`; make it a list of {{\"role\", \"content\"}}",
                        kind(&other)
                    ));
                }
                None => {
                    return Err("has no `messages`; give {\"messages\": [{\"role\": ..., \"content\": ...}]}".into());
                }
            }
        }
        other => {
            return Err(format!("is {}, not a chat; give {{\"messages\": [...]}} or a list of messages", kind(&other)));
        }
    };
    let messages = (1..).zip(messages).map(|(number, value)| message(value, number)).collect::<Result<_, _>>()?;
    Ok(Chat { messages, tools })
}

fn message(value: Value, number: usize) -> Result<Message, String> {
    let place = format!("message {number}");
    let Value::Object(mut fields) = value else {
        return Err(format!("has {} as {place}; make it {{\"role\": ..., \"content\": ...}}", kind(&value)));
    };
    let role = match fields.remove("role") {
        Some(Value::String(role)) => role,
        Some(other) => {
            return Err(format!("has {} as the role of {place}; make it a string such as \"user\"", kind(&other)));
        }
        None if fields.contains_key("from") => {
            return Err(format!(
                "has {place} with `from` instead of `role`; rename `from` to `role` and `value` to `content`"
            ));
        }
        None => return Err(format!("has no role in {place}; add \"role\": \"user\" or another role")),
    };
    // The names that transformers takes for the same thing.
    let mut reasoning_content = None;
    for name in ["reasoning", "thinking", "reasoning_content"] {
        reasoning_content = string(&mut fields, name, &place)?.or(reasoning_content);
    }
    let tool_calls = list(&mut fields, "tool_calls", &place)?;
    let (content, mut spans) = match fields.remove("content") {
        Some(content) => text_of(content, &place)?,
        None if !tool_calls.is_empty() || reasoning_content.is_some() => Default::default(),
        None => return Err(format!("has no content in {place}; add \"content\": \"...\"")),
    };
    if let Some(details) = fields.remove("train_detail").filter(|details| !details.is_null()) {
        spans = span::of_details(&details, &content).map_err(|problem| format!("{problem} of {place}"))?;
    }
    Ok(Message {
        role,
        content,
        reasoning_content,
        tool_calls,
        name: string(&mut fields, "name", &place)?,
        tool_call_id: string(&mut fields, "tool_call_id", &place)?,
        train: match fields.remove("train") {
            None | Some(Value::Null) => None,
            Some(Value::Bool(train)) => Some(train),
            Some(other) => return Err(wrong("train", &place, &other, "true or false")),
        },
        weight: match fields.remove("weight") {
            None | Some(Value::Null) => None,
            Some(Value::Number(weight)) => weight.as_f64(),
            Some(other) => return Err(wrong("weight", &place, &other, "a number")),
        },
        spans,
    })
}

/// The text of a `content` in any of its forms, and the weights that its parts have.
fn text_of(content: Value, place: &str) -> Result<(String, Vec<Weighted>), String> {
    match content {
        Value::String(text) => Ok((text, Vec::new())),
        Value::Null => Ok(Default::default()),
        Value::Array(parts) => {
            let (mut text, mut spans) = (String::new(), Vec::new());
            for part in parts {
                let weight = span::of_part(&part).map_err(|problem| format!("{problem} of {place}"))?;
                let start = text.len();
                text.push_str(&part_text(part, place)?);
                spans.extend(weight.map(|weight| (start..text.len(), weight)));
            }
            Ok((text, spans))
        }
        other => Err(wrong("content", place, &other, "a string")),
    }
}

fn part_text(part: Value, place: &str) -> Result<String, String> {
    match part {
        Value::String(text) => Ok(text),
        Value::Object(mut fields) => match (fields.remove("text"), fields.get("type")) {
            (Some(Value::String(text)), _) => Ok(text),
            (_, Some(Value::String(other))) if other != "text" => {
                Err(format!("has a content part of type \"{other}\" in {place}; only text can be shown, so remove it"))
            }
            _ => Err(format!(
                "has a content part without `text` in {place}; make it {{\"type\": \"text\", \"text\": ...}}"
            )),
        },
        other => Err(wrong("a content part", place, &other, "{\"type\": \"text\", \"text\": ...}")),
    }
}

fn string(fields: &mut Map<String, Value>, key: &str, place: &str) -> Result<Option<String>, String> {
    match fields.remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(wrong(key, place, &other, "a string")),
    }
}

fn list(fields: &mut Map<String, Value>, key: &str, place: &str) -> Result<Vec<Value>, String> {
    match fields.remove(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => Ok(items),
        Some(other) => Err(wrong(key, place, &other, "a list")),
    }
}

fn wrong(key: &str, place: &str, found: &Value, wanted: &str) -> String {
    format!("has {} as `{key}` of {place}; make it {wanted}", kind(found))
}

pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
