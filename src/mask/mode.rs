//! Masking modes: which tokens count.

use std::str::FromStr;

use thiserror::Error;

use super::MaskOptions;
use crate::sequence::{Kind, Origin, Sequence, Token};
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

    pub(super) fn check(self, sequence: &Sequence, options: &MaskOptions) -> Result<(), MaskError> {
        match (self, sequence.kind) {
            (Mode::Assistant, Kind::Text) => Err(MaskError::NeedsChat),
            (Mode::Completion, Kind::Text) if options.split.is_none() => Err(MaskError::NeedsSplit),
            _ => Ok(()),
        }
    }

    /// Whether the mode counts token `t`, the first token included. A straddler counts if any part it overlaps does
    /// (transformers' rule).
    pub(super) fn scores(self, sequence: &Sequence, t: usize, token: &Token, options: &MaskOptions) -> bool {
        match self {
            Mode::All => true,
            Mode::Completion if sequence.kind == Kind::Text => options.split.is_some_and(|split| t >= split),
            Mode::Completion => token.origins().any(|origin| is_completion(sequence, &origin)),
            Mode::Assistant => token.origins().any(|origin| is_assistant_output(&origin)),
        }
    }
}

/// What an assistant turn says itself: not its header, nor what the template supplies, nor the newline after the stop.
fn is_assistant_output(origin: &Origin) -> bool {
    origin.turn.is_some()
        && origin.role.as_deref() == Some("assistant")
        && matches!(origin.part, Part::Content | Part::Reasoning | Part::ToolCall | Part::Stop)
}

/// From the last assistant message's content to the end of the text; its header still belongs to the prompt.
fn is_completion(sequence: &Sequence, origin: &Origin) -> bool {
    let Some(last) = sequence.roles.iter().rposition(|role| role == "assistant") else {
        return false;
    };
    match origin.turn {
        Some(turn) if turn == last => !matches!(origin.part, Part::Bos | Part::Header | Part::GenerationPrefill),
        Some(turn) => turn > last,
        None => false,
    }
}

impl FromStr for Mode {
    type Err = MaskError;

    fn from_str(name: &str) -> Result<Self, MaskError> {
        Mode::EVERY.into_iter().find(|mode| mode.name() == name).ok_or_else(|| MaskError::Unknown(name.into()))
    }
}
