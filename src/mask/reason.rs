//! Why a token has its weight, in words.

use std::fmt;

use super::{MaskOptions, Mode};
use crate::sample::is_assistant;
use crate::sequence::{Kind, Sequence};
use crate::template::Part;

/// The reason for one token's weight; `Display` puts it in words.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// Nothing predicts the first token.
    First,
    Scored(String),
    Unscored(String),
}

impl Reason {
    pub(super) fn new(mode: Mode, options: &MaskOptions, sequence: &Sequence, t: usize, scored: bool) -> Self {
        if t == 0 {
            return Self::First;
        }
        let why = match sequence.kind {
            Kind::Text => plain_text(mode, options, t, scored),
            Kind::Chat => chat(mode, sequence, t, scored),
        };
        if scored { Self::Scored(why) } else { Self::Unscored(why) }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => f.write_str("first token: nothing predicts it"),
            Self::Scored(why) => write!(f, "scored: {why}"),
            Self::Unscored(why) => write!(f, "unscored: {why}"),
        }
    }
}

fn plain_text(mode: Mode, options: &MaskOptions, t: usize, scored: bool) -> String {
    match (mode, options.split) {
        (Mode::Completion, Some(split)) if split.straddles && split.token == t => {
            "completion; straddles the place where the prompt ends".into()
        }
        (Mode::Completion, Some(split)) if scored => format!("completion, from token {} on", split.token),
        (Mode::Completion, Some(split)) => format!("prompt, before token {}", split.token),
        _ => format!("mode {} counts every target", mode.name()),
    }
}

fn chat(mode: Mode, sequence: &Sequence, t: usize, scored: bool) -> String {
    let Some(token) = sequence.tokens.get(t) else { return "the token that would come next".into() };
    let role = token.role.as_deref().unwrap_or("template");
    let mut why = match token.part {
        Part::Header if is_assistant(role) => "assistant header, supplied by the generation prompt".into(),
        Part::Header => format!("{role} header, written by the template"),
        Part::Content => format!("the {role}'s content"),
        Part::Reasoning => format!("the {role}'s reasoning"),
        Part::ToolCall => format!("the {role}'s tool call"),
        Part::ToolResult => "a tool's answer".into(),
        Part::Stop => format!("the stop that ends the {role}'s turn"),
        Part::AfterStop => format!("what follows the {role}'s stop"),
        Part::GenerationPrefill => "supplied by the generation prompt".into(),
        Part::DefaultSystem => "default system text, inserted by the template".into(),
        Part::Bos => "beginning of sequence".into(),
        Part::Pad => "padding".into(),
        Part::Plain => "text of no message".into(),
    };
    if scored && mode == Mode::All {
        why.push_str("; mode all counts every target");
    } else if mode == Mode::Completion {
        why.push_str(if scored { "; after the prompt" } else { "; part of the prompt" });
    }
    if !token.overlaps.is_empty() {
        let parts: Vec<&str> = token.overlaps.iter().map(|origin| origin.part.name()).collect();
        why.push_str(&format!("; straddles {} and {}", token.part.name(), parts.join(", ")));
    }
    if token.injected {
        why.push_str("; special token typed as text");
    }
    why
}
