//! A sample as it is kept in a file of the program's own: with all that it was read with, so that it is the same again.

use std::ops::Range;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::{Chat, Message, Prepared, Sample};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kept {
    Text(String),
    Chat(KeptChat),
    Prepared(Box<Prepared>),
}

#[derive(Serialize, Deserialize)]
struct KeptChat {
    messages: Vec<KeptMessage>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Value>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    variables: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
struct KeptMessage {
    #[serde(flatten)]
    message: Message,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    spans: Vec<(Range<usize>, f64)>,
    /// The message as the data had it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    given: Map<String, Value>,
}

impl From<Message> for KeptMessage {
    fn from(mut message: Message) -> Self {
        let (spans, given) = (std::mem::take(&mut message.spans), std::mem::take(&mut message.given));
        Self { message, spans, given }
    }
}

impl From<KeptMessage> for Message {
    fn from(KeptMessage { message, spans, given }: KeptMessage) -> Self {
        Self { spans, given, ..message }
    }
}

impl Serialize for Sample {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kept = match self.clone() {
            Self::Text(text) => Kept::Text(text),
            Self::Prepared(prepared) => Kept::Prepared(prepared),
            Self::Chat(Chat { messages, tools, variables }) => {
                let messages = messages.into_iter().map(Into::into).collect();
                Kept::Chat(KeptChat { messages, tools, variables: *variables })
            }
        };
        kept.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Sample {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Kept::deserialize(deserializer)? {
            Kept::Text(text) => Self::Text(text),
            Kept::Prepared(prepared) => Self::Prepared(prepared),
            Kept::Chat(KeptChat { messages, tools, variables }) => {
                let messages = messages.into_iter().map(Into::into).collect();
                Self::Chat(Chat { messages, tools, variables: Box::new(variables) })
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sample::read_record;

    #[test]
    fn a_sample_is_the_same_again() {
        let rich = json!({
            "messages": [
                {"content": [{"type": "text", "text": "Hi"}, {"type": "text", "text": "you", "weight": 0.5}], "role": "user"},
                {"role": "assistant", "content": null, "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": {}}}]},
                {"role": "tool", "content": "1", "tool_call_id": "a", "more": {"b": 1, "a": 2}},
                {"role": "assistant", "content": "So.", "reasoning_content": "hm", "weight": 0.1, "train": true},
            ],
            "tools": [],
            "chat_template_kwargs": {"z": 1, "a": [true]},
        });
        let prepared = json!({"input_ids": [1, 2, 3], "labels": [-100, 2, 3], "seq_lengths": [1, 2]});
        let text = json!({"text": "caf\u{e9}\u{0}\n</script>"});
        for record in [rich, prepared, text] {
            let sample = read_record(record, None).expect("a sample").sample;
            let kept = serde_json::to_string(&sample).expect("kept");
            assert_eq!(serde_json::from_str::<Sample>(&kept).expect("read"), sample, "{kept}");
        }
    }
}
