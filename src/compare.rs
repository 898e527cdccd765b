//! Two models on one text: which of them expected it more, stretch by stretch.
//!
//! Tokenizers cut a text in different places, so tokens of two models cannot be set side by side. What can is a stretch
//! of text at both ends of which both have a border: −log p of a stretch is the sum over its tokens (the chain rule), and
//! both sums speak of the same bytes. The fair total is bits per byte over all stretches that count.

mod align;

use std::f64::consts::LN_2;
use std::ops::Range;

use crate::loss::Scores;
use crate::mask::LossMask;
use crate::sequence::{Sequence, visible_text};

/// One model's view of the text.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    pub sequence: &'a Sequence,
    pub mask: &'a LossMask,
    pub scores: &'a Scores,
}

/// A stretch of text that both models cut out at the same places.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// Bytes of the first model's text.
    pub span: Range<usize>,
    /// Its tokens in each model's sequence.
    pub tokens: [Range<usize>; 2],
    /// Σ −log p of those tokens in nats; `None` where one has no prediction or no score yet.
    pub nll: [Option<f64>; 2],
    /// Both models' masks score every token of it, and none is special: it counts in the totals.
    pub counts: bool,
}

impl Stretch {
    /// By how many nats the second model expected the stretch less than the first; negative where it expected it more.
    pub fn difference(&self) -> Option<f64> {
        Some(self.nll[1]? - self.nll[0]?)
    }
}

/// Two models on one text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// In the order of the text, none overlapping.
    pub stretches: Vec<Stretch>,
    /// Bytes of the stretches that count.
    pub bytes: usize,
    /// Σ −log p over them, in nats, for each model.
    pub nll: [f64; 2],
    /// Why parts of the text are in no stretch, in words.
    pub notes: Vec<String>,
}

impl Comparison {
    /// Compares two models. Raw text is compared as a whole; a chat too where both templates give the same text, and
    /// otherwise its messages' contents are.
    ///
    /// # Errors
    /// If the two have no text in common: one is raw text and the other a chat, or the texts differ.
    pub fn new(first: Side<'_>, second: Side<'_>) -> Result<Self, NothingInCommon> {
        let aligned = align::align(first.sequence, second.sequence)?;
        let mut comparison = Self { notes: aligned.notes, ..Self::default() };
        for (span, tokens) in aligned.stretches {
            let nll = [sum(first, &tokens[0]), sum(second, &tokens[1])];
            let counts =
                nll.iter().all(Option::is_some) && is_scored(first, &tokens[0]) && is_scored(second, &tokens[1]);
            if counts {
                comparison.bytes += span.len();
                for (total, nll) in comparison.nll.iter_mut().zip(nll) {
                    *total += nll.unwrap_or(0.0);
                }
            }
            comparison.stretches.push(Stretch { span, tokens, nll, counts });
        }
        Ok(comparison)
    }

    /// Bits per byte of each model over the same bytes; `None` where no stretch counts.
    pub fn bits_per_byte(&self) -> Option<[f64; 2]> {
        (self.bytes > 0).then(|| self.nll.map(|nll| nll / (LN_2 * self.bytes as f64)))
    }

    /// The stretch that token `t` of the first model belongs to.
    pub fn at(&self, t: usize) -> Option<&Stretch> {
        let near = self.stretches.partition_point(|stretch| stretch.tokens[0].end <= t);
        self.stretches.get(near).filter(|stretch| stretch.tokens[0].contains(&t))
    }
}

/// Why two models cannot be compared on what they read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NothingInCommon {
    #[error("the two models read different texts: one begins {first:?}, the other {second:?}")]
    Texts { first: String, second: String },
    #[error("there is no text to compare")]
    Empty,
    #[error("one model reads a chat and the other raw text")]
    Kinds,
}

impl NothingInCommon {
    fn texts(first: &str, second: &str) -> Self {
        let beginning = |text: &str| visible_text(&text.chars().take(40).collect::<String>());
        Self::Texts { first: beginning(first), second: beginning(second) }
    }
}

fn sum(side: Side<'_>, tokens: &Range<usize>) -> Option<f64> {
    tokens.clone().map(|t| side.scores.nll(t)).sum()
}

fn is_scored(side: Side<'_>, tokens: &Range<usize>) -> bool {
    tokens.clone().all(|t| side.mask.is_scored(t) && !side.sequence.tokens[t].special)
}
