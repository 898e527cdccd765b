//! Weights set by hand.

use std::collections::BTreeMap;
use std::ops::Range;

use super::LossMask;
use crate::sequence::{Sequence, Token};
use crate::template::Part;

/// Weights of single tokens, set by hand, that hold whatever mode and options are: the layer that lies over them.
///
/// A plain value: whoever keeps earlier ones can undo.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Paint(BTreeMap<usize, f64>);

/// The tokens that one stroke of the brush takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stroke {
    Tokens(Range<usize>),
    /// All that a message's turn has, the template's text around it included.
    Message(usize),
    /// One part of a message's turn.
    Part(usize, Part),
}

impl Stroke {
    /// The tokens it takes of `sequence`: never the first one, which nothing predicts.
    pub fn tokens(&self, sequence: &Sequence) -> Vec<usize> {
        let takes = |t: usize| {
            let mut origins = sequence.tokens[t].origins();
            match self {
                Self::Tokens(range) => range.contains(&t),
                Self::Message(turn) => origins.any(|origin| origin.0 == Some(*turn)),
                Self::Part(turn, part) => origins.any(|origin| origin.0 == Some(*turn) && origin.2 == *part),
            }
        };
        sequence.targets().map(|(t, _)| t).filter(|&t| takes(t)).collect()
    }
}

impl FromIterator<(usize, f64)> for Paint {
    /// A weight that is negative or not finite paints nothing, nor does one on the first token, which nothing predicts.
    fn from_iter<I: IntoIterator<Item = (usize, f64)>>(painted: I) -> Self {
        let is_fit = |&(t, weight): &(usize, f64)| t > 0 && weight.is_finite() && weight >= 0.0;
        Self(painted.into_iter().filter(is_fit).map(|(t, weight)| (t, weight + 0.0)).collect())
    }
}

impl Paint {
    /// The weight painted on token `t`.
    pub fn get(&self, t: usize) -> Option<f64> {
        self.0.get(&t).copied()
    }

    /// The paint on these tokens, counted from the first of them.
    pub(super) fn within(&self, tokens: Range<usize>) -> Self {
        Self(self.0.range(tokens.clone()).map(|(&t, &weight)| (t - tokens.start, weight)).collect())
    }

    /// The painted tokens with their weights, in order.
    pub fn iter(&self) -> impl Iterator<Item = (usize, f64)> {
        self.0.iter().map(|(&t, &weight)| (t, weight))
    }

    /// How many tokens are painted.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Paints a weight; a negative one or one that is not finite paints nothing.
    pub fn set(&mut self, sequence: &Sequence, stroke: &Stroke, weight: f64) {
        if weight.is_finite() && weight >= 0.0 {
            self.0.extend(stroke.tokens(sequence).into_iter().map(|t| (t, weight + 0.0))); // −0 becomes 0
        }
    }

    /// Paints 0 where all that the stroke takes is scored under `mask`, else 1 on what is not scored.
    pub fn toggle(&mut self, sequence: &Sequence, stroke: &Stroke, mask: &LossMask) {
        let tokens = stroke.tokens(sequence);
        let unscored: Vec<usize> = tokens.iter().copied().filter(|&t| !mask.is_scored(t)).collect();
        match unscored.is_empty() {
            true => self.0.extend(tokens.into_iter().map(|t| (t, 0.0))),
            false => self.0.extend(unscored.into_iter().map(|t| (t, 1.0))),
        }
    }

    /// Takes the paint off: mode and options decide again.
    pub fn clear(&mut self, sequence: &Sequence, stroke: &Stroke) {
        for t in stroke.tokens(sequence) {
            self.0.remove(&t);
        }
    }

    /// The paint on the tokens that `after` still has: those before and those behind what was edited.
    pub fn carried(&self, before: &Sequence, after: &Sequence) -> Self {
        let same = |a: &Token, b: &Token| a.id == b.id;
        let (old, new) = (&before.tokens, &after.tokens);
        let shared = old.len().min(new.len());
        let head = old.iter().zip(new).take_while(|(a, b)| same(a, b)).count();
        let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| same(a, b)).count().min(shared - head);
        let place = |t: usize| match t {
            t if t < head => Some(t),
            t if t < old.len() && t >= old.len() - tail => Some(t + new.len() - old.len()),
            _ => None,
        };
        Self(self.iter().filter_map(|(t, weight)| Some((place(t).filter(|&t| t > 0)?, weight))).collect())
    }
}
