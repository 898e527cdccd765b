//! Chats in the forms that trainers read, and one of them read again.

use serde_json::{Map, Value, json};
use thiserror::Error;

use super::ExportError;
use crate::sample::{Chat, Message};

/// What LLaMA-Factory v1 scores at all (`weight > 1e-6` in its rendering).
const LEAST: f64 = 1e-6;

/// Why a record is not in LLaMA-Factory's form.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FormError {
    #[error("the record has no `messages`; give one that --export llama-factory wrote")]
    NoMessages,
    #[error("message {message} {problem}; give a record that --export llama-factory wrote")]
    Message { message: usize, problem: &'static str },
    #[error("the record's `tools` are no JSON list in a string; give a record that --export llama-factory wrote")]
    Tools,
}

/// OpenAI's form. Its messages have no field for reasoning, and its weights are 0 or 1.
pub(super) fn openai(chat: &Chat, weights: &[Option<f64>]) -> Result<Value, ExportError> {
    let mut messages = Vec::with_capacity(chat.messages.len());
    for (i, (message, &weight)) in chat.messages.iter().zip(weights).enumerate() {
        let problem = |problem: String| Err(ExportError::Message { message: i + 1, problem });
        if !matches!(message.role.as_str(), "system" | "developer" | "user" | "assistant" | "tool") {
            return problem(format!("has the role {:?}, which OpenAI does not know", message.role));
        }
        if message.reasoning_content.is_some() {
            return problem("has its reasoning apart, for which OpenAI's form has no field".into());
        }
        let mut fields = bare(message);
        match weight {
            None => {}
            Some(0.0) => drop(fields.insert("weight".into(), 0.into())),
            Some(1.0) => drop(fields.insert("weight".into(), 1.into())),
            Some(weight) => return problem(format!("has the weight {weight}, and OpenAI takes 0 or 1")),
        }
        messages.push(Value::Object(fields));
    }
    let mut record = Map::from_iter([("messages".to_string(), Value::Array(messages))]);
    if !chat.tools.is_empty() {
        record.insert("tools".into(), Value::Array(chat.tools.clone()));
    }
    Ok(Value::Object(record))
}

/// A message without the weights that the data had given it: the mask's take their place.
fn bare(message: &Message) -> Map<String, Value> {
    let bare = Message { train: None, weight: None, ..message.clone() };
    match serde_json::to_value(bare) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

/// LLaMA-Factory v1's form. Of a tool call it keeps the name and the arguments, and of a tool's answer the text: ids are
/// dropped there, whatever the form.
pub(super) fn llama_factory(chat: &Chat, weights: &[Option<f64>]) -> Result<Value, ExportError> {
    let mut messages = Vec::with_capacity(chat.messages.len());
    for (i, (message, &weight)) in chat.messages.iter().zip(weights).enumerate() {
        let weight = weight.unwrap_or(0.0);
        let content = content(message, weight).map_err(|problem| ExportError::Message { message: i + 1, problem })?;
        messages.push(json!({"role": message.role, "content": content, "loss_weight": weight}));
    }
    let mut record = Map::from_iter([("messages".to_string(), Value::Array(messages))]);
    if !chat.tools.is_empty() {
        record.insert("tools".into(), Value::String(Value::Array(chat.tools.clone()).to_string()));
    }
    Ok(Value::Object(record))
}

/// How many ids and names around tool calls [`llama_factory`] drops of a message.
pub(super) fn dropped_by_llama_factory(message: &Message) -> usize {
    let has_id = |call: &&Value| call.get("id").is_some_and(|id| !id.is_null());
    let names = [&message.name, &message.tool_call_id].into_iter().flatten().count();
    message.tool_calls.iter().filter(has_id).count() + names
}

/// The typed values of a message, or why LLaMA-Factory cannot have it.
fn content(message: &Message, weight: f64) -> Result<Vec<Value>, String> {
    if !matches!(message.role.as_str(), "system" | "user" | "assistant" | "tool") {
        return Err(format!("has the role {:?}, which LLaMA-Factory does not know", message.role));
    }
    if weight > 0.0 && weight <= LEAST {
        return Err(format!("has the weight {weight}, which LLaMA-Factory takes for 0"));
    }
    let value = |kind: &str, value: String| json!({"type": kind, "value": value});
    let mut content = Vec::new();
    match message.reasoning_content.as_deref() {
        Some("") => return Err("has an empty reasoning, which LLaMA-Factory drops".into()),
        Some(reasoning) => content.push(value("reasoning", reasoning.into())),
        None => {}
    }
    content.push(value("text", message.content.clone()));
    for call in &message.tool_calls {
        let call = call.get("function").unwrap_or(call);
        match (call.get("name"), call.get("arguments")) {
            (Some(name), Some(arguments)) => {
                content.push(value("tool_call", json!({"name": name, "arguments": arguments}).to_string()));
            }
            _ => return Err("has a tool call without a name and arguments, which LLaMA-Factory refuses".into()),
        }
    }
    Ok(content)
}

/// The chat that LLaMA-Factory makes of a record of [`Trainer::LlamaFactory`](super::Trainer::LlamaFactory), the
/// `loss_weight` of each assistant message as its weight.
///
/// # Errors
/// If it is not such a record.
pub fn chat_of_llama_factory(record: &Value) -> Result<Chat, FormError> {
    let messages = record.get("messages").and_then(Value::as_array).ok_or(FormError::NoMessages)?;
    let read =
        |(i, value): (usize, &Value)| message(value).map_err(|problem| FormError::Message { message: i + 1, problem });
    let tools = match record.get("tools") {
        None => Vec::new(),
        Some(tools) => {
            let tools = tools.as_str().and_then(|tools| serde_json::from_str(tools).ok());
            tools.ok_or(FormError::Tools)?
        }
    };
    Ok(Chat { messages: messages.iter().enumerate().map(read).collect::<Result<_, _>>()?, tools, ..Chat::default() })
}

fn message(value: &Value) -> Result<Message, &'static str> {
    let role = value.get("role").and_then(Value::as_str).ok_or("has no role")?;
    let mut message = Message { role: role.into(), ..Message::default() };
    message.weight = value.get("loss_weight").and_then(Value::as_f64);
    let content = value.get("content").and_then(Value::as_array).ok_or("has no list `content`")?;
    for part in content {
        let text = part.get("value").and_then(Value::as_str).ok_or("has a content part without `value`")?;
        match part.get("type").and_then(Value::as_str) {
            Some("text") => message.content.push_str(text),
            Some("reasoning") => message.reasoning_content.get_or_insert_default().push_str(text),
            Some("tool_call") => {
                let call: Value = serde_json::from_str(text).map_err(|_| "has a tool call that is not JSON")?;
                message.tool_calls.push(json!({"type": "function", "function": call}));
            }
            _ => return Err("has a content part of an unknown type"),
        }
    }
    Ok(message)
}
