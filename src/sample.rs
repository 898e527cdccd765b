//! What the user gave: a text or a chat.

mod built_in;
mod chat;
mod form;
mod kept;
mod prepared;
mod probes;
mod span;

use std::ops::Range;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use built_in::{BUILT_IN, BuiltIn};
pub(crate) use chat::{content_text, part_text};
pub use form::{Form, Record, UnknownForm, read_record};
pub use prepared::Prepared;
pub use probes::probes;

/// Whether messages of this role are the assistant's; `model` is what Gemma's data calls it.
pub fn is_assistant(role: &str) -> bool {
    matches!(role, "assistant" | "model")
}

/// Whether a message of this role is what a tool answered.
pub fn is_tool(role: &str) -> bool {
    matches!(role, "tool" | "ipython" | "function" | "tool_response")
}

/// One example to score or to train on.
#[derive(Clone, Debug, PartialEq)]
pub enum Sample {
    /// Raw text, tokenised as it is.
    Text(String),
    /// A conversation, rendered by the model's chat template.
    Chat(Chat),
    /// Token ids and labels, as a trainer prepared them.
    Prepared(Box<Prepared>),
}

/// A conversation in the OpenAI messages form.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Chat {
    pub messages: Vec<Message>,
    /// Tool definitions, handed to the template as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Value>,
    /// Further variables of the template, as the data has them: those of `chat_template_kwargs`, `documents`, and
    /// `tools` where they are an empty list.
    #[serde(skip)]
    pub variables: Box<Map<String, Value>>,
}

impl Chat {
    /// Whether the data speaks of tools at all, be it of none.
    pub fn has_tools(&self) -> bool {
        !self.tools.is_empty() || self.variables.contains_key("tools")
    }

    /// Takes each content in parts as one text.
    pub fn join_parts(&mut self) {
        for message in &mut self.messages {
            if message.in_parts() {
                message.given.insert("content".into(), Value::String(message.content.clone()));
            }
        }
    }
}

/// One message of a [`Chat`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub role: String,
    /// The text of the message; a JSON `null` (usual beside tool calls) reads as empty.
    pub content: String,
    /// Reasoning kept apart from the content, as Qwen3 and DeepSeek data have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_content: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
    /// Axolotl's per-message flag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train: Option<bool>,
    /// OpenAI's per-message weight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
    /// Weights of bytes of the content, in order, none overlapping; templates do not see them.
    #[serde(skip)]
    pub spans: Vec<(Range<usize>, f64)>,
    /// The message as the data has it: the order of its keys, keys of any name, a content that is a list of parts, an
    /// object, null or not there. Where a field above says something else, that counts.
    #[serde(skip)]
    pub given: Map<String, Value>,
}

impl Message {
    /// The keys and values of the message as transformers hands them to a template: in the order of the data, without
    /// those that are null.
    pub fn as_seen(&self) -> Vec<(&str, Value)> {
        let text = |text: &Option<String>| text.clone().map(Value::String);
        let given = self.given.get("content");
        let content = match given {
            Some(given) if content_text(given).unwrap_or_else(|| given.to_string()) == self.content => {
                Some(given.clone())
            }
            None if self.content.is_empty() && !self.given.is_empty() => None,
            _ => Some(Value::String(self.content.clone())),
        };
        let calls = match self.given.get("tool_calls") {
            Some(Value::Array(calls)) if calls.is_empty() && self.tool_calls.is_empty() => {
                Some(Value::Array(Vec::new()))
            }
            _ => (!self.tool_calls.is_empty()).then(|| Value::Array(self.tool_calls.clone())),
        };
        let mut known = vec![
            ("role", Some(Value::String(self.role.clone()))),
            ("content", content),
            ("reasoning_content", text(&self.reasoning_content)),
            ("tool_calls", calls),
            ("name", text(&self.name)),
            ("tool_call_id", text(&self.tool_call_id)),
            ("train", self.train.map(Value::Bool)),
            ("weight", self.weight.map(Value::from)),
        ];
        let mut seen = Vec::new();
        for (key, value) in &self.given {
            match known.iter().position(|(name, _)| name == key) {
                Some(at) => seen.extend(known.remove(at).1.map(|value| (key.as_str(), value))),
                None => seen.push((key.as_str(), value.clone())),
            }
        }
        seen.extend(known.into_iter().filter_map(|(name, value)| Some((name, value?))));
        seen.retain(|(_, value)| !value.is_null());
        seen
    }

    /// Whether its content is a list of parts, each with a text.
    pub fn in_parts(&self) -> bool {
        self.given.get("content").is_some_and(|content| content.is_array() && content_text(content).is_some())
    }

    /// The weight that the data gives the message: `train: false` is 0, `train: true` 1 unless a weight says how much.
    pub fn own_weight(&self) -> Option<f64> {
        match (self.train, self.weight) {
            (Some(false), _) => Some(0.0),
            (train, weight) => weight.or(train.map(|_| 1.0)),
        }
    }
}
