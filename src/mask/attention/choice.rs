//! What a sequence is run under, as it is asked for.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::{AttentionMask, Forbidden, Visibility};
use crate::sequence::{Packing, Sequence};

/// A mask in place of the model's own, or what the documents of a pack see of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttentionChoice {
    Mask(AttentionMask),
    Packing(Packing),
}

/// A choice that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown attention {0:?}; use causal, none, window=N, prefix=N (N from 1 on), block or naive")]
pub struct UnknownAttention(String);

impl Default for AttentionChoice {
    fn default() -> Self {
        Self::Mask(AttentionMask::Causal)
    }
}

impl AttentionChoice {
    /// Who sees whom in `sequence`.
    pub fn visibility(self, sequence: &Sequence, forbidden: Forbidden) -> Visibility {
        match (self, &sequence.pack) {
            (Self::Packing(packing), Some(pack)) => {
                Visibility { documents: pack.apart_under(packing), forbidden, ..Visibility::default() }
            }
            (Self::Packing(_), None) => Visibility { forbidden, ..Visibility::default() },
            (Self::Mask(mask), _) => Visibility { mask, documents: sequence.documents(), forbidden },
        }
    }

    /// What it is, in a few words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Mask(AttentionMask::Causal) => "each token sees itself and those before it",
            Self::Mask(AttentionMask::Sliding(_)) => "each token sees the latest ones only",
            Self::Mask(AttentionMask::Prefix(_)) => "the tokens of the prefix see each other",
            Self::Mask(AttentionMask::None) => "broken on purpose: each token sees its own answer",
            Self::Packing(Packing::Block) => "each document by itself",
            Self::Packing(Packing::Naive) => "a document sees those before it",
        }
    }
}

impl fmt::Display for AttentionChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mask(mask) => mask.fmt(f),
            Self::Packing(packing) => packing.fmt(f),
        }
    }
}

impl FromStr for AttentionChoice {
    type Err = UnknownAttention;

    fn from_str(text: &str) -> Result<Self, UnknownAttention> {
        let number = |name: &str| text.strip_prefix(name)?.strip_prefix('=')?.parse().ok().filter(|&n: &usize| n > 0);
        let mask = match text {
            "causal" => Some(AttentionMask::Causal),
            "none" => Some(AttentionMask::None),
            _ => number("window").map(AttentionMask::Sliding).or(number("prefix").map(AttentionMask::Prefix)),
        };
        let packing = || text.parse().ok().map(Self::Packing);
        mask.map(Self::Mask).or_else(packing).ok_or_else(|| UnknownAttention(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read_as_they_are_written() {
        for text in ["causal", "none", "window=7", "prefix=1", "block", "naive"] {
            assert_eq!(text.parse::<AttentionChoice>().unwrap().to_string(), text);
        }
        for text in ["", "window", "window=", "window=0", "prefix=-1", "Causal"] {
            let error = text.parse::<AttentionChoice>().unwrap_err().to_string();
            assert!(error.contains("window=N"), "{text}: {error}");
        }
    }
}
