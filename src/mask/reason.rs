//! Why a token has its weight, in words.

use std::fmt;

use super::mode::Decision;
use super::{LossMask, Mode};
use crate::sample::is_assistant;
use crate::sequence::{Kind, Sequence, Token};
use crate::template::Part;

/// The reason for one token's weight; `Display` puts it in words.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// Nothing predicts the first token.
    First,
    Scored {
        weight: f64,
        why: String,
    },
    Unscored(String),
}

impl Reason {
    pub(super) fn new(mask: &LossMask, sequence: &Sequence, t: usize) -> Self {
        if t == 0 {
            return Self::First;
        }
        let weight = mask.weight(t);
        let why = match (sequence.kind, sequence.tokens.get(t)) {
            (_, None) => "the token that would come next".into(),
            (Kind::Text, Some(_)) => plain_text(mask, t),
            (Kind::Chat, Some(token)) => chat(mask.mode, mask.rule.decide(mask.parts(), t, token), token),
        };
        if weight == 0.0 { Self::Unscored(why) } else { Self::Scored { weight, why } }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => f.write_str("first token: nothing predicts it"),
            Self::Scored { weight: 1.0, why } => write!(f, "scored: {why}"),
            Self::Scored { weight, why } => write!(f, "scored with weight {weight}: {why}"),
            Self::Unscored(why) => write!(f, "unscored: {why}"),
        }
    }
}

fn plain_text(mask: &LossMask, t: usize) -> String {
    match (mask.mode, mask.options.split) {
        (Mode::Completion, Some(split)) if split.straddles && split.token == t => {
            "completion; straddles the place where the prompt ends".into()
        }
        (Mode::Completion, Some(split)) if mask.is_scored(t) => format!("completion, from token {} on", split.token),
        (Mode::Completion, Some(split)) => format!("prompt, before token {}", split.token),
        (mode, _) => format!("mode {} counts every target", mode.name()),
    }
}

fn chat(mode: Mode, Decision { weight, set_for }: Decision, token: &Token) -> String {
    let mut why = origin(token);
    let straddles = !token.overlaps.is_empty();
    let is_scored = weight != 0.0;
    match set_for {
        // "scored with weight 0.5: the assistant's reasoning" says it already.
        Some(_) if is_scored && weight != 1.0 && !straddles => {}
        Some(part) => why.push_str(&format!("; weight {weight} set for {}", part.name())),
        None if mode == Mode::All => why.push_str("; mode all counts every target"),
        None if mode == Mode::Completion => {
            why.push_str(if is_scored { "; after the prompt" } else { "; part of the prompt" });
        }
        None => {}
    }
    if straddles {
        let parts: Vec<&str> = token.overlaps.iter().map(|origin| origin.part.name()).collect();
        why.push_str(&format!("; straddles {} and {}", token.part.name(), parts.join(", ")));
    }
    if token.injected {
        why.push_str("; special token typed as text");
    }
    why
}

/// Where the token's first character comes from.
fn origin(token: &Token) -> String {
    let role = token.role.as_deref().unwrap_or("template");
    match token.part {
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
    }
}
