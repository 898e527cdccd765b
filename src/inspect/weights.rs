//! Attention weights of a window of rows.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::OnceLock;

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

/// Weights of one layer. What is made of them is made once, when it is first asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerWeights {
    /// Counted from 0.
    pub layer: usize,
    heads: Vec<Weights>,
    mean: OnceLock<Option<Weights>>,
    max: OnceLock<Option<Weights>>,
    small: OnceLock<Vec<Small>>,
}

impl LayerWeights {
    /// Of the weights of each head; of one [`Pick`] alone where it was asked for.
    pub fn new(layer: usize, heads: Vec<Weights>) -> Self {
        Self { layer, heads, mean: OnceLock::new(), max: OnceLock::new(), small: OnceLock::new() }
    }

    /// Those of each head, or of the one pick.
    pub fn heads(&self) -> &[Weights] {
        &self.heads
    }

    /// The same, to be filled in.
    pub(super) fn heads_mut(&mut self) -> &mut [Weights] {
        (self.mean, self.max, self.small) = Default::default();
        &mut self.heads
    }

    /// The first head's, or the pick's.
    pub fn into_first(self) -> Option<Weights> {
        self.heads.into_iter().next()
    }

    /// One head, or all of them as one; `None` for a head that is not there.
    pub fn pick(&self, pick: Pick) -> Option<&Weights> {
        let share = 1.0 / self.heads.len() as f32;
        match pick {
            Pick::Head(head) => self.heads.get(head),
            Pick::Mean => self.mean.get_or_init(|| self.fold(|sum, weight| sum + weight * share)).as_ref(),
            Pick::Max => self.max.get_or_init(|| self.fold(f32::max)).as_ref(),
        }
    }

    /// Every head in small.
    pub fn small(&self) -> &[Small] {
        self.small.get_or_init(|| self.heads.iter().map(Small::of).collect())
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

/// A head's weights in small: the largest of each of at most [`Small::MOST`] × [`Small::MOST`] even parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Small {
    /// Rows from the first query on, each of columns from the first token on.
    parts: Vec<Vec<f32>>,
}

impl Small {
    /// Parts down and across at most.
    pub const MOST: usize = 64;

    fn of(weights: &Weights) -> Self {
        let (rows, tokens) = (weights.rows(), weights.tokens());
        let (down, across) = (rows.len().min(Self::MOST), tokens.min(Self::MOST));
        let line = |i: usize| {
            let queries = part(i, down, rows.len());
            let values = queries.map(|query| weights.row(rows.start + query).unwrap_or_default());
            let mut largest = vec![0.0_f32; across];
            for row in values {
                for (j, value) in largest.iter_mut().enumerate() {
                    *value = row[part(j, across, tokens)].iter().copied().fold(*value, f32::max);
                }
            }
            largest
        };
        Self { parts: (0..down).map(line).collect() }
    }

    /// The largest weight of part `i` of `down`, `j` of `across`.
    pub fn largest(&self, (i, down): (usize, usize), (j, across): (usize, usize)) -> f32 {
        let columns = |row: &'_ Vec<f32>| row[part(j, across, row.len())].iter().copied().fold(0.0, f32::max);
        self.parts[part(i, down, self.parts.len())].iter().map(columns).fold(0.0, f32::max)
    }
}

/// Part `i` of `of` even ones of `all`; at least one of them, where there are any.
fn part(i: usize, of: usize, all: usize) -> Range<usize> {
    let start = i * all / of;
    start..((i + 1) * all / of).max(start + 1).min(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Head `h` of a layer: query q gives all its weight to token q − h, or to the first.
    fn head(h: usize, rows: Range<usize>, tokens: usize) -> Weights {
        let mut weights = Weights::zeros(rows.clone(), tokens);
        for query in rows {
            let one: Vec<f32> = (0..=query).map(|key| f32::from(u8::from(key == query.saturating_sub(h)))).collect();
            weights.fold(query, &one, |_, new| new);
        }
        weights
    }

    #[test]
    fn all_heads_as_one_are_made_of_each() {
        let layer = LayerWeights::new(3, (0..4).map(|h| head(h, 90..100, 100)).collect());
        let (mean, max) = (layer.pick(Pick::Mean).unwrap(), layer.pick(Pick::Max).unwrap());
        for query in 90..100 {
            let (mean, max) = (mean.row(query).unwrap(), max.row(query).unwrap());
            assert!((mean.iter().sum::<f32>() - 1.0).abs() < 1e-6 && max.iter().sum::<f32>() == 4.0);
            assert_eq!((mean[query - 2], max[query - 2], mean[query - 5]), (0.25, 1.0, 0.0));
        }
        assert_eq!(layer.pick(Pick::Head(1)), Some(&layer.heads()[1]));
        assert_eq!(layer.pick(Pick::Head(4)), None);
        assert_eq!(LayerWeights::new(0, Vec::new()).pick(Pick::Mean), None);
    }

    #[test]
    fn a_head_in_small_is_the_largest_of_each_part() {
        for (rows, tokens, down, across) in
            [(0..5, 5, 4, 7), (0..64, 64, 6, 14), (7..30, 31, 6, 14), (300..556, 900, 64, 64), (0..1, 1, 6, 14)]
        {
            let layer = LayerWeights::new(0, vec![head(1, rows.clone(), tokens)]);
            let (small, all) = (&layer.small()[0], &layer.heads()[0]);
            for (i, j) in (0..down * across).map(|n| (n / across, n % across)) {
                let queries = part(i, down, rows.len()).map(|query| all.row(rows.start + query).unwrap());
                let values = queries.flat_map(|row| row[part(j, across, tokens)].iter().copied());
                let wanted = values.fold(0.0, f32::max);
                assert_eq!(small.largest((i, down), (j, across)), wanted, "{rows:?} of {tokens}: {i}, {j}");
            }
        }
        let nothing = LayerWeights::new(0, vec![Weights::zeros(0..0, 0)]);
        assert_eq!(nothing.small()[0].largest((0, 6), (0, 14)), 0.0);
    }
}
