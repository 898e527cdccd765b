//! Masking modes: which tokens count.

use std::str::FromStr;

use thiserror::Error;

use super::{MaskOptions, PartWeights};
use crate::sample::is_assistant;
use crate::sequence::{Kind, Sequence, Token, TokenOrigin};
use crate::template::Part;

/// Which targets a loss counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Every target, as in pretraining.
    All,
    /// Everything after the prompt.
    Completion,
    /// In every assistant turn: content, reasoning, tool calls and stop.
    Assistant,
}

/// Why a mask cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MaskError {
    #[error("unknown mask {0:?}; the masks are: all, completion, assistant")]
    Unknown(String),
    #[error("mask `assistant` needs a chat, and this is raw text; give --chat, or use `all` or `completion`")]
    NeedsChat,
    #[error("mask `completion` on raw text needs the place where the prompt ends: --split CHARACTERS, or s on screen")]
    NeedsSplit,
}

impl Mode {
    /// Every mode, in the order of the comparison.
    pub const EVERY: [Mode; 3] = [Mode::All, Mode::Completion, Mode::Assistant];

    /// The mode's name on the command line, in JSON and on screen.
    pub fn name(self) -> &'static str {
        match self {
            Mode::All => "all",
            Mode::Completion => "completion",
            Mode::Assistant => "assistant",
        }
    }

    /// What it scores, in a few words.
    pub fn describe(self) -> &'static str {
        match self {
            Mode::All => "every target (pretraining)",
            Mode::Completion => "everything after the prompt",
            Mode::Assistant => "assistant content, reasoning, tool calls, stop",
        }
    }

    /// Which tokens the mode counts on `sequence`.
    pub(super) fn rule(self, sequence: &Sequence, options: &MaskOptions) -> Result<Rule, MaskError> {
        match (self, sequence.kind, options.split) {
            (Mode::All, ..) => Ok(Rule::From(0)),
            (Mode::Assistant, Kind::Text, _) => Err(MaskError::NeedsChat),
            (Mode::Assistant, Kind::Chat, _) => Ok(Rule::AssistantOutput),
            (Mode::Completion, Kind::Text, None) => Err(MaskError::NeedsSplit),
            (Mode::Completion, Kind::Text, Some(split)) => Ok(Rule::From(split.token)),
            (Mode::Completion, Kind::Chat, _) => Ok(Rule::Completion { start: sequence.completion_start() }),
        }
    }
}

/// Which tokens a mode counts, the first one of the sequence included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// All from this token on.
    From(usize),
    /// A chat's completion, which starts at this token, if anywhere.
    Completion { start: Option<usize> },
    /// What the assistant's turns say themselves.
    AssistantOutput,
}

/// The weight of one token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Decision {
    pub weight: f64,
    /// The part whose own weight this is; `None` where the mode decided.
    pub set_for: Option<Part>,
}

impl Rule {
    /// A straddler has the greatest weight of the parts that it overlaps, so it is scored if any of them is
    /// (transformers' rule).
    pub fn decide(self, parts: &PartWeights, t: usize, token: &Token) -> Decision {
        let decisions = token.origins().map(|origin| match parts.of(origin) {
            Some(weight) => Decision { weight, set_for: Some(origin.2) },
            None => Decision { weight: f64::from(u8::from(self.counts(t, origin))), set_for: None },
        });
        let order = |decision: &Decision| (decision.weight, decision.set_for.is_some());
        let greater = |one, other| if order(&other) > order(&one) { other } else { one };
        decisions.reduce(greater).unwrap_or(Decision { weight: 0.0, set_for: None })
    }

    /// Whether the mode counts what token `t` has of that origin.
    fn counts(self, t: usize, origin: TokenOrigin<'_>) -> bool {
        match self {
            Rule::From(start) => t >= start,
            Rule::Completion { start } => {
                start.is_some_and(|start| t > start || (t == start && !origin.2.precedes_message()))
            }
            Rule::AssistantOutput => is_in_assistant_turn(origin) && is_output_part(origin.2),
        }
    }
}

/// Whether the assistant's turn has it, the template's text around the message included.
pub(super) fn is_in_assistant_turn((turn, role, _): TokenOrigin<'_>) -> bool {
    turn.is_some() && role.is_some_and(is_assistant)
}

/// Not the header, nor what the template supplies, nor the newline after the stop.
fn is_output_part(part: Part) -> bool {
    matches!(part, Part::Content | Part::Reasoning | Part::ToolCall | Part::Stop)
}

impl FromStr for Mode {
    type Err = MaskError;

    fn from_str(name: &str) -> Result<Self, MaskError> {
        Mode::EVERY.into_iter().find(|mode| mode.name() == name).ok_or_else(|| MaskError::Unknown(name.into()))
    }
}
