//! On which tokens a prediction leans.

use crate::mask::Scope;

/// By how much one target costs more without each of the tokens that its prediction sees.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaning {
    /// The target.
    pub position: usize,
    /// Where the tokens were forbidden.
    pub scope: Scope,
    /// −log p of the target with all of them, in nats.
    pub nll: f64,
    /// In the order of the text. The token that the position itself reads is none of them: a token always sees itself.
    pub tokens: Vec<Lean>,
}

/// What one token does for the target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lean {
    pub position: usize,
    /// −log p of the target without the token minus that with it, in nats: above 0 the token helps, below 0 it hinders.
    pub delta_nll: f64,
}

impl Leaning {
    /// The tokens, those that help the most first.
    pub fn ranked(&self) -> Vec<Lean> {
        let mut ranked = self.tokens.clone();
        ranked.sort_by(|a, b| b.delta_nll.total_cmp(&a.delta_nll));
        ranked
    }
}
