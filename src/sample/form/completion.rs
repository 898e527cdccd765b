//! Prompt and completion: two texts, or two lists of messages as TRL has them.

use serde_json::{Map, Value};

use super::{text, tools, untrained};
use crate::sample::chat::{chat, kind};
use crate::sample::{Chat, Sample};

/// Two texts become one, split where the completion starts; two lists of messages one chat, in which the data says
/// that the prompt's turns are not trained.
pub(super) fn sample(mut fields: Map<String, Value>) -> Result<(Sample, Option<usize>), String> {
    let answer = if fields.contains_key("completion") { "completion" } else { "response" };
    if !matches!(fields.get("prompt"), Some(Value::Array(_))) {
        let mut whole = text(&mut fields, "prompt")?;
        let split = whole.chars().count();
        whole.push_str(&text(&mut fields, answer)?);
        return Ok((Sample::Text(whole), Some(split)));
    }
    let tools = tools(&mut fields)?;
    let mut part = |key: &str| match fields.remove(key) {
        Some(list @ Value::Array(_)) => chat(list).map(|chat| chat.messages),
        Some(other) => Err(format!("has {} as `{key}` beside a list of messages; make it a list too", kind(&other))),
        None => Err(format!("has no `{key}`; add a list of messages")),
    };
    let mut messages = part("prompt")?;
    untrained(&mut messages);
    messages.extend(part(answer)?);
    Ok((Sample::Chat(Chat { messages, tools, ..Chat::default() }), None))
}
