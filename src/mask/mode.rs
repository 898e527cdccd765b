//! Masking modes: which tokens count.

use std::str::FromStr;

use thiserror::Error;

use super::MaskOptions;
use crate::sample::is_assistant;
use crate::sequence::{Kind, Sequence, Token};
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
            (Mode::Completion, Kind::Chat, _) => Ok(Rule::From(completion_start(sequence))),
        }
    }
}

/// Which tokens a mode counts, the first one of the sequence included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// All from this token on.
    From(usize),
    /// What the assistant's turns say themselves.
    AssistantOutput,
}

impl Rule {
    /// A straddler counts if any part that it overlaps does (transformers' rule).
    pub fn counts(self, t: usize, token: &Token) -> bool {
        match self {
            Rule::From(start) => t >= start,
            Rule::AssistantOutput => token.origins().any(is_assistant_output),
        }
    }
}

/// Not the header, nor what the template supplies, nor the newline after the stop.
fn is_assistant_output((turn, role, part): (Option<usize>, Option<&str>, Part)) -> bool {
    turn.is_some()
        && role.is_some_and(is_assistant)
        && matches!(part, Part::Content | Part::Reasoning | Part::ToolCall | Part::Stop)
}

/// The first token of the last assistant message behind its header, which still belongs to the prompt; beyond the end
/// where no assistant speaks.
fn completion_start(sequence: &Sequence) -> usize {
    let Some(last) = sequence.roles.iter().rposition(|role| is_assistant(role)) else {
        return usize::MAX;
    };
    let completes = |(turn, _, part): (Option<usize>, Option<&str>, Part)| {
        turn == Some(last) && !matches!(part, Part::Bos | Part::Header | Part::GenerationPrefill)
    };
    sequence.tokens.iter().position(|token| token.origins().any(completes)).unwrap_or(usize::MAX)
}

impl FromStr for Mode {
    type Err = MaskError;

    fn from_str(name: &str) -> Result<Self, MaskError> {
        Mode::EVERY.into_iter().find(|mode| mode.name() == name).ok_or_else(|| MaskError::Unknown(name.into()))
    }
}
