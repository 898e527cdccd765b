//! What the user gave: a text or a chat.

mod built_in;
mod chat;
mod form;
mod probes;
mod span;

use std::ops::Range;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use built_in::{BUILT_IN, BuiltIn};
pub use form::{Form, Record, UnknownForm, read_record};
pub use probes::probes;

/// Whether messages of this role are the assistant's; `model` is what Gemma's data calls it.
pub fn is_assistant(role: &str) -> bool {
    matches!(role, "assistant" | "model")
}

/// One example to score or to train on.
#[derive(Clone, Debug, PartialEq)]
pub enum Sample {
    /// Raw text, tokenised as it is.
    Text(String),
    /// A conversation, rendered by the model's chat template.
    Chat(Chat),
}

/// A conversation in the OpenAI messages form.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Chat {
    pub messages: Vec<Message>,
    /// Tool definitions, handed to the template as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Value>,
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
}

impl Message {
    /// The weight that the data gives the message: `train: false` is 0, `train: true` 1 unless a weight says how much.
    pub fn own_weight(&self) -> Option<f64> {
        match (self.train, self.weight) {
            (Some(false), _) => Some(0.0),
            (train, weight) => weight.or(train.map(|_| 1.0)),
        }
    }
}
