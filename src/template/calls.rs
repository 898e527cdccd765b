//! What is odd about the tool calls of a chat, as the template printed them.

use serde_json::Value;

use super::field::{Field, Kind};
use super::locate::Run;
use crate::sample::Chat;

/// The message of each tool call with arguments that the template encoded once more: they are a JSON text in the data,
/// and the template prints that text as a JSON string, its quotes escaped.
pub(super) fn encoded_twice(chat: &Chat, fields: &[Field], runs: &[Run], text: &str) -> Vec<usize> {
    let is_escaped = |message: usize, arguments: &str| {
        let is_it = |run: &&Run| {
            let field = &fields[run.field];
            field.message == message && field.kind == Kind::ToolCall && field.text == arguments
        };
        runs.iter().filter(is_it).any(|run| text[run.out.clone()] != arguments[run.source.clone()])
    };
    let is_json = |text: &str| matches!(serde_json::from_str(text), Ok(Value::Object(_) | Value::Array(_)));
    let strings = calls(chat).filter_map(|(message, call)| Some((message, call.get("arguments")?.as_str()?)));
    strings.filter(|(message, text)| is_json(text) && is_escaped(*message, text)).map(|(message, _)| message).collect()
}

/// The message of each tool call that has an argument of null which its tool's definition does not ask for: a table such
/// as Arrow's and Parquet's gives every call the arguments of all.
pub(super) fn with_null_arguments(chat: &Chat) -> Vec<usize> {
    let has_null = |call: &Value| {
        let arguments = call.get("arguments").and_then(Value::as_object);
        let name = call.get("name").and_then(Value::as_str).unwrap_or_default();
        arguments
            .is_some_and(|fields| fields.iter().any(|(key, value)| value.is_null() && !takes_null(chat, name, key)))
    };
    calls(chat).filter(|(_, call)| has_null(call)).map(|(message, _)| message).collect()
}

/// Each call with its message: its function, or what stands for one.
fn calls(chat: &Chat) -> impl Iterator<Item = (usize, &Value)> {
    let messages = chat.messages.iter().enumerate();
    messages.flat_map(|(index, message)| {
        message.tool_calls.iter().map(move |call| (index, call.get("function").unwrap_or(call)))
    })
}

/// Whether the definition of tool `name` lets `argument` be null.
fn takes_null(chat: &Chat, name: &str, argument: &str) -> bool {
    let functions = chat.tools.iter().map(|tool| tool.get("function").unwrap_or(tool));
    let mut own = functions.filter(|function| function.get("name").and_then(Value::as_str) == Some(name));
    own.any(|function| says_null(&function["parameters"]["properties"][argument]))
}

/// Whether a JSON schema names the type null.
fn says_null(schema: &Value) -> bool {
    let is_null = |value: &Value| value.as_str() == Some("null");
    let kind = &schema["type"];
    let options = ["anyOf", "oneOf"].into_iter().filter_map(|key| schema[key].as_array()).flatten();
    is_null(kind)
        || kind.as_array().is_some_and(|kinds| kinds.iter().any(is_null))
        || schema["nullable"] == Value::Bool(true)
        || options.into_iter().any(says_null)
}
