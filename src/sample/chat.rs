//! Reads a chat in the OpenAI messages form.

use serde_json::{Map, Value};

use super::span::{self, Weighted};
use super::{Chat, Message, is_tool};

/// What a record in the form of messages says, or what is wrong with it.
pub(super) fn chat(record: Value) -> Result<Chat, String> {
    let (messages, tools, variables) = match record {
        Value::Array(messages) => (messages, Vec::new(), Map::new()),
        Value::Object(mut record) => {
            let variables = variables(&mut record)?;
            let tools = super::form::tools(&mut record)?;
            match record.remove("messages") {
                Some(Value::Array(messages)) => (messages, tools, variables),
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
    Ok(Chat { messages, tools, variables: Box::new(variables) })
}

/// What a record gives to the template besides messages and tools.
fn variables(record: &mut Map<String, Value>) -> Result<Map<String, Value>, String> {
    let mut variables = match record.remove("chat_template_kwargs") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(variables)) => variables,
        Some(other) => return Err(format!("has {} as `chat_template_kwargs`; make it an object", kind(&other))),
    };
    // Those that the program itself gives.
    for name in ["messages", "add_generation_prompt"] {
        variables.remove(name);
    }
    for name in ["documents", "tools"] {
        let is_empty = record.get(name).and_then(Value::as_array).is_some_and(Vec::is_empty);
        if name == "documents" || is_empty {
            variables.extend(record.remove(name).filter(|value| !value.is_null()).map(|value| (name.into(), value)));
        }
    }
    Ok(variables)
}

fn message(value: Value, number: usize) -> Result<Message, String> {
    let place = format!("message {number}");
    let Value::Object(mut fields) = value else {
        return Err(format!("has {} as {place}; make it {{\"role\": ..., \"content\": ...}}", kind(&value)));
    };
    let given = fields.clone();
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
        Some(content) => text_of(content, &role, &place)?,
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
        given,
    })
}

/// The text of a `content` in any of its forms, and the weights that its parts have.
fn text_of(content: Value, role: &str, place: &str) -> Result<(String, Vec<Weighted>), String> {
    match content {
        Value::String(text) => Ok((text, Vec::new())),
        Value::Null => Ok(Default::default()),
        // A tool may answer with any value.
        other if is_tool(role) && content_text(&other).is_none() => Ok((other.to_string(), Vec::new())),
        Value::Array(parts) => {
            let (mut text, mut spans) = (String::new(), Vec::new());
            for part in parts {
                let weight = span::of_part(&part).map_err(|problem| format!("{problem} of {place}"))?;
                let start = text.len();
                text.push_str(&checked_part_text(part, place)?);
                spans.extend(weight.map(|weight| (start..text.len(), weight)));
            }
            Ok((text, spans))
        }
        other => Err(wrong("content", place, &other, "a string")),
    }
}

/// The text of a content part: a text, or an object that has one.
pub(crate) fn part_text(part: &Value) -> Option<&str> {
    match part {
        Value::String(text) => Some(text),
        Value::Object(fields) => fields.get("text")?.as_str(),
        _ => None,
    }
}

/// The text of a content: all of its parts, of an object its JSON.
pub(crate) fn content_text(content: &Value) -> Option<String> {
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Null => Some(String::new()),
        Value::Array(parts) => parts.iter().map(part_text).collect(),
        _ => None,
    }
}

fn checked_part_text(part: Value, place: &str) -> Result<String, String> {
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
