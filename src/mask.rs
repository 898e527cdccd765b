//! Which targets are scored, with what weight, and why.
//!
//! A mask is a pure function of the sequence and the options: no forward pass, no model. Every weight belongs to the
//! **target** token.

pub mod attention;
mod mode;
mod part_weights;
mod reason;

pub use attention::AttentionMask;
pub use mode::{MaskError, Mode};
pub use part_weights::{PartWeights, PartWeightsError};
pub use reason::Reason;

use crate::sequence::{Kind, Sequence};
use mode::Rule;

/// What a mask needs to know beside the sequence.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MaskOptions {
    /// Raw text under [`Mode::Completion`]: where the completion starts.
    pub split: Option<Split>,
    /// Chats, under any mode: weights that take the place of the mode's.
    pub parts: PartWeights,
}

impl MaskOptions {
    /// What applies to `sequence`: the split behind the first `split` characters to raw text, `parts` to a chat.
    pub fn new(sequence: &Sequence, split: Option<usize>, parts: PartWeights) -> Self {
        match sequence.kind {
            Kind::Text => Self { split: split.map(|chars| Split::at_char(sequence, chars)), ..Self::default() },
            Kind::Chat => Self { parts, ..Self::default() },
        }
    }
}

/// A place in raw text between prompt and completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    /// The first token of the completion; one that lies across the place belongs to it.
    pub token: usize,
    /// That token lies across the place.
    pub straddles: bool,
}

impl Split {
    /// Behind the first `chars` characters of the user's text.
    pub fn at_char(sequence: &Sequence, chars: usize) -> Self {
        let token = sequence.token_at_char(chars);
        Self { token, straddles: token < sequence.len() && sequence.chars_before(token) < chars }
    }
}

/// One weight per token of a sequence. `weights[0]` is always 0: nothing predicts the first token.
#[derive(Clone, Debug, PartialEq)]
pub struct LossMask {
    pub mode: Mode,
    weights: Vec<f64>,
    options: MaskOptions,
    rule: Rule,
    /// The mode would have scored the first token.
    pub unpredicted: bool,
    /// Tokens that the mode would have scored, had the context not cut them off.
    pub lost: usize,
}

impl LossMask {
    /// The weights of `mode` on `sequence`.
    ///
    /// # Errors
    /// If the mode does not apply to this sequence; the message says what to do.
    pub fn new(sequence: &Sequence, mode: Mode, options: MaskOptions) -> Result<Self, MaskError> {
        let rule = mode.rule(sequence, &options)?;
        let all = sequence.tokens.iter().chain(&sequence.beyond).enumerate();
        let mut weights: Vec<f64> = all.map(|(t, token)| rule.decide(&options.parts, t, token).weight).collect();
        let lost = weights.split_off(sequence.len()).into_iter().filter(|&w| w != 0.0).count();
        // A token put before raw text is there to be conditioned on; that it has no prediction is no finding.
        let unpredicted = weights.first().is_some_and(|&w| w != 0.0) && sequence.prefix.is_none();
        if let Some(first) = weights.first_mut() {
            *first = 0.0;
        }
        Ok(Self { mode, weights, options, rule, unpredicted, lost })
    }

    /// The mode, with the part weights if there are any: `assistant, stop=0`.
    pub fn name(&self) -> String {
        match self.parts() {
            parts if parts.is_empty() => self.mode.name().into(),
            parts => format!("{}, {parts}", self.mode.name()),
        }
    }

    /// The weights that took the place of the mode's.
    pub fn parts(&self) -> &PartWeights {
        &self.options.parts
    }

    /// Weight of target `t`; 0 = unscored.
    pub fn weight(&self, t: usize) -> f64 {
        self.weights.get(t).copied().unwrap_or(0.0)
    }

    /// Whether target `t` is scored.
    pub fn is_scored(&self, t: usize) -> bool {
        self.weight(t) != 0.0
    }

    /// All weights, by token.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// How many targets are scored.
    pub fn scored(&self) -> usize {
        self.weights.iter().filter(|&&w| w != 0.0).count()
    }

    /// Why token `t` has its weight.
    pub fn reason(&self, sequence: &Sequence, t: usize) -> Reason {
        Reason::new(self, sequence, t)
    }
}

impl Mode {
    /// The mode used where the user names none.
    pub fn default_for(kind: Kind) -> Self {
        match kind {
            Kind::Text => Mode::All,
            Kind::Chat => Mode::Assistant,
        }
    }
}
