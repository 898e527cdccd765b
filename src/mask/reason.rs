//! Why a token has its weight, in words.

use std::fmt;

use super::rule::{Decision, Why};
use super::{LossMask, Mode, Stop, Straddlers};
use crate::sample::is_assistant;
use crate::sequence::{Kind, Sequence, Token};
use crate::template::{Part, RenderFacts};

/// The reason for one token's weight; `Display` puts it in words.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// Nothing predicts the first token.
    First,
    /// Nor the first token of a packed document; its number, from 1.
    FirstOf(usize),
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
        if let Some((number, _)) = sequence.document(t).filter(|_| sequence.documents().starts_at(t)) {
            return Self::FirstOf(number + 1);
        }
        match mask.in_document(sequence, t) {
            Some((own, document, at)) => Self::of(own, document, at, mask.weight(t)),
            None => Self::of(mask, sequence, t, mask.weight(t)),
        }
    }

    /// Why token `t` has `weight`, which something predicts.
    fn of(mask: &LossMask, sequence: &Sequence, t: usize, weight: f64) -> Self {
        let why = match (sequence.tokens.get(t), mask.decide(sequence, t)) {
            (Some(token), Some(decision)) => match sequence.kind {
                Kind::Text => raw_text(mask, t, decision),
                Kind::Chat => chat(mask.mode, decision, token, &sequence.facts),
            },
            _ => "the token that would come next".into(),
        };
        if weight == 0.0 { Self::Unscored(why) } else { Self::Scored { weight, why } }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => f.write_str("first token: nothing predicts it"),
            Self::FirstOf(number) => write!(f, "first token of document {number}: nothing predicts it"),
            Self::Scored { weight: 1.0, why } => write!(f, "scored: {why}"),
            Self::Scored { weight, why } => write!(f, "scored with weight {weight}: {why}"),
            Self::Unscored(why) => write!(f, "unscored: {why}"),
        }
    }
}

fn raw_text(mask: &LossMask, t: usize, decision: Decision) -> String {
    let why = match (mask.mode, mask.options.split) {
        (Mode::Completion, Some(split)) if split.straddles && split.token == t => {
            let side = if mask.choices().straddlers == Straddlers::Any { "completion" } else { "prompt" };
            format!("{side}; straddles the place where the prompt ends")
        }
        (Mode::Completion, Some(split)) if t >= split.token => format!("completion, from token {} on", split.token),
        (Mode::Completion, Some(split)) => format!("prompt, before token {}", split.token),
        (Mode::Nothing, _) => "mode nothing counts no target".into(),
        (Mode::AsPrepared, _) if decision.weight == 0.0 => "its label leaves it out".into(),
        (Mode::AsPrepared, _) => "its label is its own id".into(),
        (mode, _) => format!("mode {mode} counts every target"),
    };
    match decision.why {
        Why::Painted => format!("{why}; painted"),
        Why::PromptWeight => format!("{why}; prompt weight {}", decision.weight),
        _ => why,
    }
}

fn chat(mode: Mode, decision: Decision, token: &Token, facts: &RenderFacts) -> String {
    let straddles = !token.overlaps.is_empty();
    let mut why = origin(token, facts);
    if let Some(cause) = cause(mode, decision, token) {
        why.push_str(&format!("; {cause}"));
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

/// What the weight is owed to, where the token's origin does not say it.
fn cause(mode: Mode, Decision { weight, why }: Decision, token: &Token) -> Option<String> {
    let is_scored = weight != 0.0;
    let counts = if is_scored { "counts" } else { "leaves out" };
    Some(match why {
        // "scored with weight 0.5: the assistant's reasoning" says it already.
        Why::Weight(_) if is_scored && weight != 1.0 && token.overlaps.is_empty() => return None,
        Why::Weight(part) => format!("weight {weight} set for {}", part.name()),
        Why::Switch(part, on) => format!("{} is {}", part.name(), if on { "on" } else { "off" }),
        Why::Stop(Stop::Eos) if !is_scored => "its stop is not the tokenizer's eos".into(),
        Why::Stop(Stop::Last) if is_scored => "the last stop".into(),
        Why::Stop(Stop::Last) => "only the last stop counts".into(),
        Why::Stop(stop) => format!("stop is {}", stop.name()),
        Why::Header(header) => format!("header is {}", header.name()),
        Why::PromptWeight => format!("prompt weight {weight}"),
        Why::Message => "weight that the data gives its message".into(),
        Why::Span => "weight that the data gives this span".into(),
        Why::Prepared => "label of the prepared record".into(),
        Why::Painted => "painted".into(),
        Why::Mode => match mode {
            Mode::Assistant => return None,
            Mode::All if is_scored => "mode all counts every target".into(),
            Mode::Completion if is_scored => "after the prompt".into(),
            Mode::Completion => "part of the prompt".into(),
            Mode::GenerationTags if is_scored => "inside the template's generation tags".into(),
            Mode::GenerationTags => "outside the template's generation tags".into(),
            mode => format!("mode {mode} {counts} it"),
        },
    })
}

/// Where the token's first character comes from.
fn origin(token: &Token, facts: &RenderFacts) -> String {
    let role = token.role.as_deref().unwrap_or("template");
    let is_supplied = facts.prompted.iter().any(|range| range.contains(&token.span.start));
    match token.part {
        Part::Header if is_assistant(role) && is_supplied => {
            "assistant header, supplied by the generation prompt".into()
        }
        Part::Header => format!("{role} header, written by the template"),
        Part::Content => format!("the {role}'s content"),
        Part::Reasoning => format!("the {role}'s reasoning"),
        Part::ToolCall => format!("the {role}'s tool call"),
        Part::ToolResult => "a tool's answer".into(),
        Part::Stop => format!("the stop that ends the {role}'s turn"),
        Part::AfterStop => format!("what follows the {role}'s stop"),
        Part::GenerationPrefill if is_supplied => "supplied by the generation prompt".into(),
        Part::GenerationPrefill => "empty reasoning, inserted by the template".into(),
        Part::DefaultSystem if facts.tools.iter().any(|range| range.contains(&token.span.start)) => {
            "the record's tools, inserted by the template".into()
        }
        Part::DefaultSystem => "default system text, inserted by the template".into(),
        Part::Bos => "beginning of sequence".into(),
        Part::Pad => "padding".into(),
        Part::Plain => "text of no message".into(),
    }
}
