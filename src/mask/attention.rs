//! Who may see whom.

use std::ops::Range;

/// An attention mask. Under every mask the visible keys of one query lie side by side, so a mask is a range for each
/// query and nothing of size tokens × tokens is ever built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AttentionMask {
    /// Key k is visible to query q where k ≤ q.
    #[default]
    Causal,
    /// Every key is visible to every query: what a causal model must never be trained with.
    None,
}

impl AttentionMask {
    /// The keys that the query at position `query` may see among `keys` keys.
    pub fn visible(self, query: usize, keys: usize) -> Range<usize> {
        match self {
            Self::Causal => 0..(query + 1).min(keys),
            Self::None => 0..keys,
        }
    }

    /// The mask's name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Causal => "causal",
            Self::None => "none",
        }
    }
}
