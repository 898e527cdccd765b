//! Attention weights of a window of rows.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use thiserror::Error;

/// One head of a layer, or all of them as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pick {
    /// Counted from 0.
    Head(usize),
    /// The mean over heads: its rows sum to 1.
    Mean,
    /// The maximum over heads: its rows sum to 1 or more.
    Max,
}

/// What is none of the heads.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is no head; give its number, counted from 0, mean or max")]
pub struct UnknownPick(String);

impl fmt::Display for Pick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head(head) => write!(f, "{head}"),
            Self::Mean => f.write_str("mean"),
            Self::Max => f.write_str("max"),
        }
    }
}

impl FromStr for Pick {
    type Err = UnknownPick;

    fn from_str(text: &str) -> Result<Self, UnknownPick> {
        match text {
            "mean" => Ok(Self::Mean),
            "max" => Ok(Self::Max),
            _ => text.parse().map(Self::Head).map_err(|_| UnknownPick(text.into())),
        }
    }
}

/// Post-softmax weights of some queries of a sequence: a row for each, a column for each token. A head's row sums to 1
/// and is exactly 0 where nothing is seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    rows: Range<usize>,
    tokens: usize,
    /// `[rows, tokens]`.
    values: Vec<f32>,
}

impl Weights {
    /// Zeros for the queries `rows` of a sequence of `tokens` tokens.
    pub fn zeros(rows: Range<usize>, tokens: usize) -> Self {
        let values = vec![0.0; rows.len() * tokens];
        Self { rows, tokens, values }
    }

    /// The queries that they are of.
    pub fn rows(&self) -> Range<usize> {
        self.rows.clone()
    }

    /// How many columns there are.
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// What the query at position `query` weighs each token with; `None` outside the window.
    pub fn row(&self, query: usize) -> Option<&[f32]> {
        let row = query.checked_sub(self.rows.start).filter(|_| query < self.rows.end)?;
        Some(&self.values[row * self.tokens..][..self.tokens])
    }

    /// Changes a row, which must be one of the window's, by another one that may have fewer columns.
    pub(super) fn fold(&mut self, query: usize, other: &[f32], f: impl Fn(f32, f32) -> f32) {
        let row = &mut self.values[(query - self.rows.start) * self.tokens..][..self.tokens];
        row.iter_mut().zip(other).for_each(|(value, other)| *value = f(*value, *other));
    }
}

/// Weights of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerWeights {
    /// Counted from 0.
    pub layer: usize,
    /// Those of each head; of one [`Pick`] alone where it was asked for.
    pub heads: Vec<Weights>,
}

impl LayerWeights {
    /// One head, or all of them as one; `None` for a head that is not there.
    pub fn pick(&self, pick: Pick) -> Option<Weights> {
        let share = 1.0 / self.heads.len() as f32;
        match pick {
            Pick::Head(head) => self.heads.get(head).cloned(),
            Pick::Mean => self.fold(|sum, weight| sum + weight * share),
            Pick::Max => self.fold(f32::max),
        }
    }

    fn fold(&self, f: impl Fn(f32, f32) -> f32) -> Option<Weights> {
        let first = self.heads.first()?;
        let mut all = Weights::zeros(first.rows(), first.tokens());
        for head in &self.heads {
            all.values.iter_mut().zip(&head.values).for_each(|(value, weight)| *value = f(*value, *weight));
        }
        Some(all)
    }
}
