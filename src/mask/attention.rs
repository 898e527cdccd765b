//! Who may see whom.

mod choice;
mod forbidden;

use std::fmt;
use std::ops::Range;

pub use choice::{AttentionChoice, UnknownAttention};
pub use forbidden::{Cut, CutError, Forbidden, Scope};

use crate::sequence::Documents;

/// An attention mask. Under every mask the visible keys of one query lie side by side, so a mask is a range for each
/// query and nothing of size tokens × tokens is ever built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AttentionMask {
    /// Key k is visible to query q where k ≤ q; in layers that have a window, within it. What causal models run under.
    #[default]
    Causal,
    /// Key k is visible to query q where k ≤ q and q − k is less than this: a sliding window.
    Sliding(usize),
    /// Key k is visible to query q where k ≤ q or k is less than this: a prefix whose tokens see each other (Raffel et
    /// al. 2020).
    Prefix(usize),
    /// Every key is visible to every query: what a causal model must never be trained with.
    None,
}

impl AttentionMask {
    /// The keys that the query at position `query` may see among `keys` keys.
    pub fn visible(self, query: usize, keys: usize) -> Range<usize> {
        let end = (query + 1).min(keys);
        match self {
            Self::Causal => 0..end,
            Self::Sliding(window) => (query + 1).saturating_sub(window).min(end)..end,
            Self::Prefix(prefix) => 0..end.max(prefix.min(keys)),
            Self::None => 0..keys,
        }
    }

    /// The mask of a layer that looks back over no more than `window` tokens by itself. A mask that was chosen in the
    /// model's place holds in every layer.
    pub fn within(self, window: Option<usize>) -> Self {
        match (self, window) {
            (Self::Causal, Some(window)) => Self::Sliding(window),
            (mask, _) => mask,
        }
    }

    /// How many of the first tokens see each other, later ones too: they can only be run together.
    pub fn ahead(self) -> usize {
        match self {
            Self::Causal | Self::Sliding(_) => 0,
            Self::Prefix(prefix) => prefix,
            Self::None => usize::MAX,
        }
    }

    /// The mask's name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Causal => "causal",
            Self::Sliding(_) => "sliding window",
            Self::Prefix(_) => "prefix-LM",
            Self::None => "none",
        }
    }
}

/// As on the command line and in JSON: `causal`, `window=N`, `prefix=N`, `none`; [`AttentionChoice`] reads them.
impl fmt::Display for AttentionMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Causal => f.write_str("causal"),
            Self::Sliding(window) => write!(f, "window={window}"),
            Self::Prefix(prefix) => write!(f, "prefix={prefix}"),
            Self::None => f.write_str("none"),
        }
    }
}

/// Which keys the queries of a sequence see: those that the mask shows, of their own document, but what is forbidden.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visibility {
    pub mask: AttentionMask,
    pub documents: Documents,
    pub forbidden: Forbidden,
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
    /// That of a layer, which looks back over no more than `window` tokens by itself.
    pub fn of_layer(&self, layer: usize, window: Option<usize>) -> Self {
        Self {
            mask: self.mask.within(window),
            documents: self.documents.clone(),
            forbidden: self.forbidden.of_layer(layer),
        }
    }

    /// The keys that the query at position `query` may see among `keys` keys, but for what is forbidden. A query always
    /// sees itself.
    pub fn visible(&self, query: usize, keys: usize) -> Range<usize> {
        let (seen, own) = (self.mask.visible(query, keys), self.documents.around(query, keys));
        seen.start.max(own.start)..seen.end.min(own.end)
    }

    /// Whether `query` sees `key` in `head`; to be asked of [that of a layer](Self::of_layer).
    pub fn sees(&self, query: usize, key: usize, head: usize) -> bool {
        self.visible(query, usize::MAX).contains(&key) && !self.forbidden.keys(query, head).any(|hidden| hidden == key)
    }

    /// How many of the first `tokens` tokens have the same state here and there, when those are the same and no others
    /// are seen ahead.
    pub fn common(&self, other: &Self, tokens: usize) -> usize {
        if self.mask != other.mask {
            return 0;
        }
        let documents = self.documents.common(&other.documents, tokens);
        documents.min(self.forbidden.common(&other.forbidden, self.mask.ahead()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_seen_by_all_and_the_rest_is_causal() {
        let mask = AttentionMask::Prefix(3);
        assert_eq!([0, 2, 3, 5].map(|query| mask.visible(query, 6)), [0..3, 0..3, 0..4, 0..6]);
        assert_eq!(mask.visible(0, 2), 0..2, "a text shorter than the prefix");
        assert_eq!(AttentionMask::Prefix(1).visible(4, 9), AttentionMask::Causal.visible(4, 9));
    }

    #[test]
    fn a_chosen_mask_takes_the_place_of_a_layer_s_window() {
        assert_eq!(AttentionMask::Causal.within(Some(4)), AttentionMask::Sliding(4));
        for mask in [AttentionMask::Sliding(9), AttentionMask::Prefix(2), AttentionMask::None] {
            assert_eq!(mask.within(Some(4)), mask);
        }
    }

    #[test]
    fn a_query_sees_what_the_mask_and_the_documents_show_but_what_is_forbidden() {
        let forbidden = [Cut::edge(5, 3, Scope::default()), Cut::token(4, Scope::default())].into_iter().collect();
        let visibility = Visibility { documents: Documents::new([2]), forbidden, ..Visibility::default() };
        let seen = |query| (0..7).filter(|&key| visibility.sees(query, key, 0)).collect::<Vec<_>>();
        assert_eq!((seen(1), seen(4), seen(5), seen(6)), (vec![0, 1], vec![2, 3, 4], vec![2, 5], vec![2, 3, 5, 6]));
    }
}
