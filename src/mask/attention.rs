//! Who may see whom.

use std::ops::Range;

use crate::sequence::Documents;

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

/// Which keys the queries of a sequence see: those that the mask shows, of their own document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visibility {
    pub mask: AttentionMask,
    pub documents: Documents,
}

impl From<AttentionMask> for Visibility {
    fn from(mask: AttentionMask) -> Self {
        Self { mask, ..Self::default() }
    }
}

impl From<Documents> for Visibility {
    fn from(documents: Documents) -> Self {
        Self { documents, ..Self::default() }
    }
}

impl Visibility {
    /// The keys that the query at position `query` may see among `keys` keys. A query always sees itself.
    pub fn visible(&self, query: usize, keys: usize) -> Range<usize> {
        let (seen, own) = (self.mask.visible(query, keys), self.documents.around(query, keys));
        seen.start.max(own.start)..seen.end.min(own.end)
    }
}
