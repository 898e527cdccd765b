//! Masking modes: which tokens count.

use std::fmt;
use std::str::FromStr;

use strum::IntoStaticStr;
use thiserror::Error;

use super::Roles;
use crate::sequence::Kind;

/// Which targets a loss counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Mode {
    /// Every target, as in pretraining.
    All,
    /// Everything after the prompt.
    Completion,
    /// In every assistant turn: content, reasoning, tool calls and stop.
    Assistant,
    /// The same of the last assistant message alone, if no user speaks after it.
    LastMessage,
    /// The same of all assistant messages after the last user message: a whole tool loop.
    LastTurn,
    /// What the template's `{% generation %}` tags enclose.
    GenerationTags,
    /// What messages of these roles say, and their stop.
    Roles(Roles),
    /// What all messages say, and their stop.
    Messages,
    /// Only the reasoning of assistant turns.
    Reasoning,
    /// What [`Mode::Assistant`] counts, without the reasoning.
    Answer,
    /// What the data says of each message (`train`, `weight`) and of spans of it; [`Mode::Assistant`] where it says
    /// nothing.
    Custom,
    /// No target at all, as with a mask of zeros.
    Nothing,
    /// What a trainer that prepared the record scores: its labels.
    AsPrepared,
}

/// Why a mask cannot be made.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum MaskError {
    #[error("unknown mask {given:?}; the masks are: {names}, and roles=ROLE,…", names = Mode::EVERY.map(Mode::name).join(", "))]
    Unknown { given: String },
    #[error("unknown role {role:?} in roles=…; the roles are: {known}")]
    Role { role: String, known: String },
    #[error("mask `{0}` needs a chat, and this is raw text; give --chat, or use `all` or `completion`")]
    NeedsChat(Mode),
    #[error("mask `completion` on raw text needs the place where the prompt ends: --split CHARACTERS, or s on screen")]
    NeedsSplit,
    #[error(
        "mask `generation-tags` needs a chat template with {{% generation %}} tags around what the assistant writes, and \
         this one has none; give one with --template FILE or chatml, or use `assistant`, which needs no tags"
    )]
    NeedsTags,
    #[error("mask `as-prepared` needs a record of token ids with labels or masks, as a trainer prepared it")]
    NeedsPrepared,
    #[error("message {message} has the weight {weight}, which is not a finite number from 0 on; correct the data")]
    Weight { message: usize, weight: f64 },
}

impl Mode {
    /// Every mode that needs nothing said beside its name, in the order of the comparison.
    pub const EVERY: [Mode; 10] = [
        Mode::All,
        Mode::Completion,
        Mode::Assistant,
        Mode::LastMessage,
        Mode::LastTurn,
        Mode::GenerationTags,
        Mode::Messages,
        Mode::Reasoning,
        Mode::Answer,
        Mode::Custom,
    ];

    /// Modes that are not worth a row of every comparison.
    const OTHERS: [Mode; 2] = [Mode::Nothing, Mode::AsPrepared];

    /// The modes worth comparing on a sample of that kind; `assistant` is among those of raw text to say what it needs.
    pub fn for_kind(kind: Kind) -> &'static [Mode] {
        match kind {
            Kind::Text => &Self::EVERY[..3],
            Kind::Chat => &Self::EVERY,
        }
    }

    /// The mode used where the user names none.
    pub fn default_for(kind: Kind) -> Self {
        match kind {
            Kind::Text => Mode::All,
            Kind::Chat => Mode::Assistant,
        }
    }

    /// The mode's name on screen; on the command line and in JSON, `Display` adds which roles.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// What it scores, in a few words.
    pub fn describe(self) -> &'static str {
        match self {
            Mode::All => "every target (pretraining)",
            Mode::Completion => "everything after the prompt",
            Mode::Assistant => "assistant content, reasoning, tool calls, stop",
            Mode::LastMessage => "the last assistant message",
            Mode::LastTurn => "assistant messages after the last user message",
            Mode::GenerationTags => "what the template's generation tags enclose",
            Mode::Roles(_) => "content and stop of these roles' turns",
            Mode::Messages => "content and stop of all messages",
            Mode::Reasoning => "the assistant's reasoning alone",
            Mode::Answer => "assistant without the reasoning",
            Mode::Custom => "as the data says of each message",
            Mode::Nothing => "no target",
            Mode::AsPrepared => "what the labels of a prepared record score",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mode::Roles(roles) => write!(f, "roles={roles}"),
            mode => f.pad(mode.name()),
        }
    }
}

impl FromStr for Mode {
    type Err = MaskError;

    fn from_str(text: &str) -> Result<Self, MaskError> {
        if let Some(roles) = text.strip_prefix("roles=") {
            return Ok(Mode::Roles(roles.parse()?));
        }
        Mode::EVERY
            .into_iter()
            .chain(Mode::OTHERS)
            .find(|mode| mode.name() == text)
            .ok_or_else(|| MaskError::Unknown { given: text.into() })
    }
}
