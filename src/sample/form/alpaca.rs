//! Instruction, input, output: as Stanford Alpaca's data has them, with LLaMA-Factory's `system` and `history`.

use serde_json::{Map, Value};

use super::{optional_text, text};
use crate::sample::{Chat, Message};

/// The user's message is the instruction, and the input below it behind a blank line or a line break, as LLaMA-Factory
/// joins them (`"\n"`); the assistant's is the output.
pub(super) fn chat(mut fields: Map<String, Value>) -> Result<Chat, String> {
    let mut messages = Vec::new();
    let mut say = |role: &str, content: String| {
        messages.push(Message { role: role.into(), content, ..Message::default() });
    };
    if let Some(system) = optional_text(&mut fields, "system")? {
        say("system", system);
    }
    match fields.remove("history") {
        None | Some(Value::Null) => {}
        Some(Value::Array(pairs)) => {
            for pair in pairs {
                let Ok([asked, answered]) = serde_json::from_value::<[String; 2]>(pair) else {
                    return Err(
                        "has a `history` that is not pairs of texts; make it [[\"asked\", \"answered\"]]".into()
                    );
                };
                say("user", asked);
                say("assistant", answered);
            }
        }
        Some(_) => return Err("has a `history` that is no list; make it [[\"asked\", \"answered\"]]".into()),
    }
    let mut asked = text(&mut fields, "instruction")?;
    if let Some(input) = optional_text(&mut fields, "input")? {
        if !asked.is_empty() {
            asked.push('\n');
        }
        asked.push_str(&input);
    }
    say("user", asked);
    let answer = if fields.contains_key("output") { "output" } else { "response" };
    say("assistant", text(&mut fields, answer)?);
    Ok(Chat { messages, ..Chat::default() })
}
