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
    /// Key k is visible to query q where k ≤ q and q − k is less than this: a sliding window.
    Sliding(usize),
    /// Every key is visible to every query: what a causal model must never be trained with.
    None,
}

impl AttentionMask {
    /// The keys that the query at position `query` may see among `keys` keys.
    pub fn visible(self, query: usize, keys: usize) -> Range<usize> {
        match self {
            Self::Causal => 0..(query + 1).min(keys),
            Self::Sliding(window) => {
                let end = (query + 1).min(keys);
                (query + 1).saturating_sub(window).min(end)..end
            }
            Self::None => 0..keys,
        }
    }

    /// The mask of a layer that looks back over no more than `window` tokens; what is not causal has no past to cut.
    pub fn within(self, window: Option<usize>) -> Self {
        match (self, window) {
            (Self::Causal, Some(window)) => Self::Sliding(window),
            (Self::Sliding(own), Some(window)) => Self::Sliding(own.min(window)),
            (mask, _) => mask,
        }
    }

    /// The mask's name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Causal => "causal",
            Self::Sliding(_) => "sliding window",
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
    /// That of a layer that looks back over no more than `window` tokens.
    pub fn within(&self, window: Option<usize>) -> Self {
        Self { mask: self.mask.within(window), documents: self.documents.clone() }
    }

    /// The keys that the query at position `query` may see among `keys` keys. A query always sees itself.
    pub fn visible(&self, query: usize, keys: usize) -> Range<usize> {
        let (seen, own) = (self.mask.visible(query, keys), self.documents.around(query, keys));
        seen.start.max(own.start)..seen.end.min(own.end)
    }
}
