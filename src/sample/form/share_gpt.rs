//! ShareGPT's conversations, with the roles of LLaMA-Factory and Axolotl.

use serde_json::{Map, Value, json};

use super::{optional_text, tools};
use crate::sample::Chat;
use crate::sample::chat::{chat as messages_of, kind};

/// `from` and `value` become role and content; a `function_call` a tool call of the assistant's, an `observation` what
/// the tool answered. Other fields of a message, such as `weight` or `train`, are kept.
pub(super) fn chat(mut fields: Map<String, Value>) -> Result<Chat, String> {
    let key = if fields.contains_key("conversations") { "conversations" } else { "conversation" };
    let turns = match fields.remove(key) {
        Some(Value::Array(turns)) => turns,
        Some(other) => {
            return Err(format!("has {} as `{key}`; make it a list of {{\"from\", \"value\"}}", kind(&other)));
        }
        None => return Err("has no `conversations`; give a list of {\"from\", \"value\"}".into()),
    };
    let mut messages = Vec::with_capacity(turns.len() + 1);
    if let Some(system) = optional_text(&mut fields, "system")? {
        messages.push(json!({"role": "system", "content": system}));
    }
    for (number, turn) in (1..).zip(turns) {
        messages.push(message(turn, number)?);
    }
    let tools = tools(&mut fields)?;
    Ok(Chat { tools, ..messages_of(Value::Array(messages))? })
}

fn message(turn: Value, number: usize) -> Result<Value, String> {
    let Value::Object(mut fields) = turn else {
        return Err(format!("has {} as message {number}; make it {{\"from\": ..., \"value\": ...}}", kind(&turn)));
    };
    let Some(from) = fields.remove("from") else {
        return Ok(Value::Object(fields)); // already a message, or one that lacks its role
    };
    let value = fields.remove("value").unwrap_or(Value::Null);
    if from == "function_call" || from == "function" && value.is_object() {
        fields.insert("role".into(), "assistant".into());
        fields.insert("content".into(), "".into());
        fields.insert("tool_calls".into(), calls(&value, number)?);
        return Ok(Value::Object(fields));
    }
    if let (Value::Null, false) = (&value, fields.contains_key("content")) {
        return Err(format!("has no value in message {number}; add \"value\": \"...\""));
    }
    fields.insert("role".into(), from.as_str().map_or(from.clone(), |name| role(name).into()));
    if !value.is_null() {
        fields.insert("content".into(), value);
    }
    Ok(Value::Object(fields))
}

/// The role that a speaker is.
fn role(from: &str) -> &str {
    match from {
        "human" | "user" | "prompter" => "user",
        "gpt" | "assistant" | "bot" | "chatgpt" | "bing" | "bard" => "assistant",
        "observation" | "tool" | "function_response" => "tool",
        other => other,
    }
}

/// `{"name", "arguments"}`, one or a list, as JSON or as its text.
fn calls(value: &Value, number: usize) -> Result<Value, String> {
    let parsed = match value {
        Value::String(text) => serde_json::from_str(text).map_err(|error| {
            format!(
                "has a function call in message {number} that is not JSON: {error}; make it {{\"name\", \"arguments\"}}"
            )
        })?,
        other => other.clone(),
    };
    let list = match parsed {
        Value::Array(list) => list,
        one => vec![one],
    };
    if list.iter().any(|call| !call["name"].is_string()) {
        return Err(format!(
            "has a function call without a name in message {number}; make it {{\"name\", \"arguments\"}}"
        ));
    }
    Ok(list.into_iter().map(|call| json!({"type": "function", "function": call})).collect())
}
