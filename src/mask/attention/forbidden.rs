//! Single edges of attention, taken away by hand.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use thiserror::Error;

/// Which layers and heads, counted from 0; by default all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    pub layer: Option<usize>,
    pub head: Option<usize>,
}

/// A token that must not be seen. A token always sees itself: a cut of its own edge does nothing, so that no row of
/// attention is ever empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cut {
    /// The position that must not see it; `None`: all others.
    pub query: Option<usize>,
    /// The token that is not seen.
    pub key: usize,
    pub scope: Scope,
}

/// What is not a cut or a scope.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CutError {
    #[error("{0:?} is no edge; give POSITION:TOKEN, both counted from 0, or *:TOKEN for every position")]
    Edge(String),
    #[error("{0}:{0} cannot be forbidden: a token always sees itself")]
    Itself(usize),
    #[error("{0:?} is no layer and head; give LAYER or LAYER.HEAD, counted from 0")]
    Scope(String),
}

impl Scope {
    /// Whether it is about `layer`.
    pub fn has_layer(self, layer: usize) -> bool {
        self.layer.is_none_or(|own| own == layer)
    }

    /// It in words.
    pub fn words(self) -> String {
        match (self.layer, self.head) {
            (Some(layer), Some(head)) => format!("in layer {layer}, head {head}"),
            (Some(layer), None) => format!("in layer {layer}"),
            (None, Some(head)) => format!("in head {head} of every layer"),
            (None, None) => "in all layers".into(),
        }
    }

    /// Whether it is about `head`.
    pub fn has_head(self, head: usize) -> bool {
        self.head.is_none_or(|own| own == head)
    }
}

impl Cut {
    /// `key` is not seen by any other token.
    pub fn token(key: usize, scope: Scope) -> Self {
        Self { query: None, key, scope }
    }

    /// `query` does not see `key`.
    pub fn edge(query: usize, key: usize, scope: Scope) -> Self {
        Self { query: Some(query), key, scope }
    }

    /// The first position whose state it can change, where the first `ahead` tokens see each other.
    fn first_changed(self, ahead: usize) -> usize {
        match self.query {
            Some(query) => query,
            None if self.key < ahead => 0,
            None => self.key + 1,
        }
    }
}

/// `LAYER.HEAD`, `LAYER`, or nothing for all.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.layer, self.head) {
            (None, None) => Ok(()),
            (Some(layer), None) => write!(f, "{layer}"),
            (Some(layer), Some(head)) => write!(f, "{layer}.{head}"),
            (None, Some(head)) => write!(f, "*.{head}"),
        }
    }
}

impl FromStr for Scope {
    type Err = CutError;

    fn from_str(text: &str) -> Result<Self, CutError> {
        let number = |text: &str| text.parse().map(Some).map_err(|_| ());
        let scope = || match text.split_once('.') {
            Some(("*", head)) => Ok(Self { layer: None, head: number(head)? }),
            Some((layer, head)) => Ok(Self { layer: number(layer)?, head: number(head)? }),
            None => Ok(Self { layer: number(text)?, head: None }),
        };
        scope().map_err(|()| CutError::Scope(text.into()))
    }
}

/// `POSITION:TOKEN` or `*:TOKEN`, with `@` and the scope behind it where it has one.
impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.query {
            Some(query) => write!(f, "{query}:{}", self.key)?,
            None => write!(f, "*:{}", self.key)?,
        }
        if self.scope == Scope::default() { Ok(()) } else { write!(f, "@{}", self.scope) }
    }
}

impl FromStr for Cut {
    type Err = CutError;

    fn from_str(text: &str) -> Result<Self, CutError> {
        let (edge, scope) = match text.split_once('@') {
            Some((edge, scope)) => (edge, scope.parse()?),
            None => (text, Scope::default()),
        };
        let bad = || CutError::Edge(text.into());
        let (query, key) = edge.split_once(':').ok_or_else(bad)?;
        let key = key.parse().map_err(|_| bad())?;
        let query = if query == "*" { None } else { Some(query.parse().map_err(|_| bad())?) };
        if query == Some(key) { Err(CutError::Itself(key)) } else { Ok(Self { query, key, scope }) }
    }
}

/// A set of cuts, cheap to copy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forbidden {
    /// Sorted, each once: those of all positions first, then position by position.
    cuts: Arc<[Cut]>,
}

impl FromIterator<Cut> for Forbidden {
    fn from_iter<T: IntoIterator<Item = Cut>>(cuts: T) -> Self {
        let mut cuts: Vec<Cut> = cuts.into_iter().collect();
        cuts.sort_unstable();
        cuts.dedup();
        Self { cuts: cuts.into() }
    }
}

impl Forbidden {
    /// The cuts, sorted.
    pub fn cuts(&self) -> &[Cut] {
        &self.cuts
    }

    /// Whether nothing is forbidden.
    pub fn is_empty(&self) -> bool {
        self.cuts.is_empty()
    }

    /// With one cut more.
    pub fn with(&self, cut: Cut) -> Self {
        self.cuts.iter().copied().chain([cut]).collect()
    }

    /// With the cut, or without it where it is one of them.
    pub fn toggled(&self, cut: Cut) -> Self {
        match self.cuts.binary_search(&cut) {
            Ok(_) => self.cuts.iter().copied().filter(|own| *own != cut).collect(),
            Err(_) => self.with(cut),
        }
    }

    /// The cuts that hold in `layer`.
    pub fn of_layer(&self, layer: usize) -> Self {
        if self.cuts.iter().all(|cut| cut.scope.has_layer(layer)) {
            return self.clone();
        }
        self.cuts.iter().copied().filter(|cut| cut.scope.has_layer(layer)).collect()
    }

    /// The cuts that hold in `head`, or in any where it is `None`, as cuts of every head.
    pub fn of_head(&self, head: Option<usize>) -> Self {
        let holds = |scope: Scope| head.is_none_or(|head| scope.has_head(head));
        let own = self.cuts.iter().filter(|cut| holds(cut.scope));
        own.map(|cut| Cut { scope: Scope { head: None, ..cut.scope }, ..*cut }).collect()
    }

    /// Whether heads differ.
    pub fn is_by_head(&self) -> bool {
        self.cuts.iter().any(|cut| cut.scope.head.is_some())
    }

    /// The tokens that the query at position `query` must not see in `head`, in a layer that all cuts hold in.
    pub fn keys(&self, query: usize, head: usize) -> impl Iterator<Item = usize> + '_ {
        let to = |bound: Option<usize>| self.cuts.partition_point(|cut| cut.query <= bound);
        let of_all = to(None);
        let own = match query.checked_sub(1) {
            Some(before) => to(Some(before))..to(Some(query)),
            None => of_all..to(Some(0)),
        };
        let cuts = self.cuts[..of_all].iter().chain(&self.cuts[own]);
        cuts.filter(move |cut| cut.scope.has_head(head) && cut.key != query).map(|cut| cut.key)
    }

    /// How many of the first tokens' states are the same here and there, where the first `ahead` tokens see each other.
    pub(super) fn common(&self, other: &Self, ahead: usize) -> usize {
        let only = |a: &Self, b: &Self| {
            let own = a.cuts.iter().filter(|cut| b.cuts.binary_search(cut).is_err());
            own.map(|cut| cut.first_changed(ahead)).min().unwrap_or(usize::MAX)
        };
        only(self, other).min(only(other, self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_are_read_as_they_are_written() {
        for text in ["5:2", "*:3", "5:7", "5:2@1", "*:3@1.0", "0:4@*.2"] {
            assert_eq!(text.parse::<Cut>().unwrap().to_string(), text);
        }
        for (text, wanted) in [
            ("5", "give POSITION:TOKEN"),
            ("5:x", "give POSITION:TOKEN"),
            ("-1:2", "give POSITION:TOKEN"),
            ("4:4", "a token always sees itself"),
            ("5:2@x", "give LAYER or LAYER.HEAD"),
        ] {
            let error = text.parse::<Cut>().unwrap_err().to_string();
            assert!(error.contains(wanted), "{text}: {error}");
        }
    }

    #[test]
    fn keys_are_those_of_all_and_the_query_s_own() {
        let cuts = ["*:2", "5:1", "5:3@0.1", "6:0", "0:4"].map(|text| text.parse().unwrap());
        let forbidden: Forbidden = cuts.into_iter().collect();
        let keys = |query, head| forbidden.keys(query, head).collect::<Vec<_>>();
        assert_eq!(keys(5, 0), [2, 1]);
        assert_eq!(keys(5, 1), [2, 1, 3]);
        assert_eq!((keys(6, 0), keys(0, 0), keys(2, 0)), (vec![2, 0], vec![2, 4], vec![]));
        assert_eq!(forbidden.of_layer(1).cuts().len(), 4);
        assert!(forbidden.is_by_head() && !forbidden.of_layer(1).is_by_head());
        assert_eq!(forbidden.of_head(Some(0)).keys(5, 1).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(forbidden.of_head(None).keys(5, 0).collect::<Vec<_>>(), [2, 1, 3]);
        let cut = Cut::edge(5, 1, Scope::default());
        assert_eq!(forbidden.toggled(cut).toggled(cut), forbidden);
    }

    #[test]
    fn states_before_the_first_cut_stay() {
        let of = |cuts: &[&str]| cuts.iter().map(|text| text.parse().unwrap()).collect::<Forbidden>();
        let (none, some) = (Forbidden::default(), of(&["*:4", "9:2"]));
        assert_eq!(none.common(&some, 0), 5);
        assert_eq!(some.common(&of(&["*:4"]), 0), 9);
        assert_eq!(some.common(&none, 5), 0, "the first five see token 4 ahead of them");
        assert_eq!(some.common(&some, 0), usize::MAX);
    }
}
