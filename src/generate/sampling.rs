//! How the next token is to be chosen.

use serde::{Deserialize, Serialize};

/// How the next token is chosen: the temperature first, then the cuts in the order of the fields. That is the order of
/// transformers 5.24 (`GenerationMixin._get_logits_processor`), and each cut leaves at least one token.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// What logits are divided by; 0 = greedy: the most likely token, of equal ones the lower id.
    pub temperature: f64,
    /// Only the `k` most likely tokens, of equal ones those with lower ids.
    pub top_k: Option<usize>,
    /// Only the most likely tokens that together have at least this share of what top-k left, above 0, at most 1.
    pub top_p: Option<f64>,
    /// Only tokens that are at least this many times as likely as the most likely one, 0…1.
    pub min_p: Option<f64>,
    /// The same seed draws the same random numbers on every machine: number i decides over step i, whatever was forced
    /// or taken back before it.
    pub seed: u64,
    /// How many tokens are added at most.
    pub max_tokens: usize,
}

impl Default for Sampling {
    /// The model's own distribution, uncut, and as many tokens as the context has room for.
    fn default() -> Self {
        Self { temperature: 1.0, top_k: None, top_p: None, min_p: None, seed: 0, max_tokens: usize::MAX }
    }
}

/// Sampling that makes no distribution.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum SamplingError {
    #[error("temperature {0} is not a finite number from 0 on")]
    Temperature(f64),
    #[error("top-k 0 leaves no token to choose: give at least 1")]
    TopK,
    #[error("top-p {0} is not above 0 and at most 1")]
    TopP(f64),
    #[error("min-p {0} is not from 0 to 1")]
    MinP(f64),
}

impl Sampling {
    /// Whether something can be chosen this way.
    ///
    /// # Errors
    /// With the value that is out of its bounds.
    pub fn check(&self) -> Result<(), SamplingError> {
        let Self { temperature, top_k, top_p, min_p, .. } = *self;
        if !temperature.is_finite() || temperature < 0.0 {
            return Err(SamplingError::Temperature(temperature));
        }
        if top_k == Some(0) {
            return Err(SamplingError::TopK);
        }
        if let Some(p) = top_p.filter(|&p| !(p > 0.0 && p <= 1.0)) {
            return Err(SamplingError::TopP(p));
        }
        if let Some(p) = min_p.filter(|p| !(0.0..=1.0).contains(p)) {
            return Err(SamplingError::MinP(p));
        }
        Ok(())
    }

    /// Whether nothing is drawn: the most likely token is taken.
    pub fn is_greedy(&self) -> bool {
        self.temperature == 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sampling_that_chooses_nothing_is_refused() {
        let free = Sampling::default();
        let refused = |sampling: Sampling| sampling.check().expect_err("bad sampling").to_string();
        for temperature in [-1.0, f64::NAN, f64::INFINITY] {
            let problem = refused(Sampling { temperature, ..free });
            assert_eq!(problem, format!("temperature {temperature} is not a finite number from 0 on"));
        }
        assert_eq!(refused(Sampling { top_k: Some(0), ..free }), "top-k 0 leaves no token to choose: give at least 1");
        for p in [0.0, 1.5, f64::NAN] {
            assert_eq!(refused(Sampling { top_p: Some(p), ..free }), format!("top-p {p} is not above 0 and at most 1"));
        }
        for p in [-0.1, 1.5, f64::NAN] {
            assert_eq!(refused(Sampling { min_p: Some(p), ..free }), format!("min-p {p} is not from 0 to 1"));
        }
        let edges = Sampling { temperature: 0.0, top_k: Some(1), top_p: Some(1.0), min_p: Some(0.0), ..free };
        assert_eq!(edges.check(), Ok(()));
        assert_eq!(Sampling { min_p: Some(1.0), ..free }.check(), Ok(()));
    }
}
