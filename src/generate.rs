//! Free-running generation: the model reads its own choices, not the true text.

use candle_core::Tensor;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use crate::cancel::Cancel;
use crate::decoder::{Decoder, DecoderError, KvCache};
use crate::loss::{Candidate, Distribution};
use crate::mask::AttentionMask;
use crate::score::on_worker;

/// How the next token is chosen: the temperature first, then the cuts in the order of the fields, as in transformers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// What logits are divided by; 0 = greedy: the most likely token, of equal ones the lower id.
    pub temperature: f64,
    /// Only the `k` most likely tokens.
    pub top_k: Option<usize>,
    /// Only the most likely tokens that together have at least this probability, 0…1.
    pub top_p: Option<f64>,
    /// The same seed draws the same random numbers on every machine.
    pub seed: u64,
    /// How many tokens are added at most.
    pub max_tokens: usize,
}

/// What a model added to a prompt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Continuation {
    pub ids: Vec<u32>,
    /// It ended with a stop token, which is the last id; else it reached the context's end or the most tokens asked for.
    pub stopped: bool,
}

/// Why nothing can be generated.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    #[error(transparent)]
    Decoder(#[from] DecoderError),
    #[error("temperature {0} is not a finite number from 0 on")]
    Temperature(f64),
    #[error("top-k 0 leaves no token to choose: give at least 1")]
    TopK,
    #[error("top-p {0} is not above 0 and at most 1")]
    TopP(f64),
    #[error("the model's logits after token {position} are not finite: its weights are damaged")]
    NotFinite { position: usize },
}

impl From<candle_core::Error> for GenerateError {
    fn from(error: candle_core::Error) -> Self {
        Self::Decoder(error.into())
    }
}

/// Continues `prompt` until one of `stops`, `sampling.max_tokens`, or the end of the context. `on_token` hears each id
/// as it is chosen. `None` after `cancel`, which is noticed between two layers.
///
/// # Errors
/// Sampling that chooses nothing, an empty prompt, an id outside the vocabulary, or a prompt longer than the context.
pub fn generate(
    decoder: &Decoder,
    prompt: &[u32],
    stops: &[u32],
    sampling: &Sampling,
    cancel: &Cancel,
    on_token: &mut dyn FnMut(u32),
) -> Result<Option<Continuation>, GenerateError> {
    decoder.check(prompt, 0)?;
    let mut sampler = Sampler::new(sampling)?;
    let room = decoder.config().context - prompt.len();
    let mut cache = KvCache::new();
    let mut ids: Vec<u32> = Vec::new();
    while ids.len() < sampling.max_tokens.min(room) {
        let new = ids.last().map_or(prompt, std::slice::from_ref);
        let logits = match on_worker(|| next_logits(decoder, new, &mut cache, cancel)) {
            Err(GenerateError::Decoder(DecoderError::Cancelled)) => return Ok(None),
            logits => logits?,
        };
        let position = prompt.len() + ids.len() - 1;
        let id = sampler.choose(logits).ok_or(GenerateError::NotFinite { position })?;
        ids.push(id);
        on_token(id);
        if stops.contains(&id) {
            return Ok(Some(Continuation { ids, stopped: true }));
        }
    }
    Ok(Some(Continuation { ids, stopped: false }))
}

/// Logits after the last of `new`, which continue what `cache` keeps.
fn next_logits(
    decoder: &Decoder,
    new: &[u32],
    cache: &mut KvCache,
    cancel: &Cancel,
) -> Result<Vec<f32>, GenerateError> {
    let hidden = decoder.run(new, Some(cache), AttentionMask::Causal, cancel)?;
    let last: Tensor = hidden.narrow(0, new.len() - 1, 1)?.contiguous()?;
    Ok(decoder.head(&last)?.detach().flatten_all()?.to_vec1()?)
}

/// Chooses tokens, one after another.
struct Sampler<'a> {
    sampling: &'a Sampling,
    /// ChaCha8: its numbers are fixed by its definition, whatever the version or the machine.
    random: ChaCha8Rng,
}

impl<'a> Sampler<'a> {
    fn new(sampling: &'a Sampling) -> Result<Self, GenerateError> {
        let Sampling { temperature, top_k, top_p, seed, .. } = *sampling;
        if !temperature.is_finite() || temperature < 0.0 {
            return Err(GenerateError::Temperature(temperature));
        }
        if top_k == Some(0) {
            return Err(GenerateError::TopK);
        }
        if let Some(p) = top_p.filter(|&p| !(p > 0.0 && p <= 1.0)) {
            return Err(GenerateError::TopP(p));
        }
        Ok(Self { sampling, random: ChaCha8Rng::seed_from_u64(seed) })
    }

    /// A token; `None` where the logits are no distribution.
    fn choose(&mut self, logits: Vec<f32>) -> Option<u32> {
        let Sampling { temperature, top_k, top_p, .. } = *self.sampling;
        let most = if temperature == 0.0 { 1 } else { top_k.unwrap_or(usize::MAX) };
        let candidates = Distribution::new(logits).top(most, 1.0);
        let best = candidates.first().filter(|best| best.p.is_finite())?;
        if temperature == 0.0 {
            return Some(best.id);
        }
        // Relative to the best one p^(1/T) stays finite at any temperature.
        let weight = |candidate: &Candidate| (candidate.p / best.p).powf(temperature.recip());
        let mut weights: Vec<f64> = candidates.iter().map(weight).collect();
        if let Some(p) = top_p {
            let (enough, mut sum) = (p * weights.iter().sum::<f64>(), 0.0);
            weights.retain(|w| {
                let before = sum;
                sum += w;
                before < enough
            });
        }
        let mut left = self.uniform() * weights.iter().sum::<f64>();
        let drawn = weights.iter().position(|&w| {
            left -= w;
            left < 0.0
        });
        Some(candidates[drawn.unwrap_or(weights.len() - 1)].id)
    }

    /// A number in 0…1, 1 excluded: the upper 53 bits, which f64 holds exactly.
    fn uniform(&mut self) -> f64 {
        (self.random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: Sampling = Sampling { temperature: 1.0, top_k: None, top_p: None, seed: 0, max_tokens: 0 };

    /// How often each token is chosen among 4, of 4000 draws; p = 0.1, 0.2, 0.3, 0.4.
    fn shares(sampling: Sampling) -> [f64; 4] {
        let logits: Vec<f32> = [0.1_f32, 0.2, 0.3, 0.4].map(f32::ln).to_vec();
        let mut sampler = Sampler::new(&sampling).expect("good sampling");
        let mut shares = [0.0; 4];
        for _ in 0..4000 {
            shares[sampler.choose(logits.clone()).expect("a token") as usize] += 1.0 / 4000.0;
        }
        shares
    }

    fn assert_near(shares: [f64; 4], expected: [f64; 4]) {
        for (share, expected) in shares.into_iter().zip(expected) {
            // Four standard deviations of 4000 draws are at most 0.032; what is cut off never comes.
            assert!((share - expected).abs() < if expected == 0.0 { 1e-9 } else { 0.032 }, "{share} for {expected}");
        }
    }

    #[test]
    fn tokens_come_as_often_as_they_are_likely() {
        assert_near(shares(FREE), [0.1, 0.2, 0.3, 0.4]);
        assert_near(shares(Sampling { top_k: Some(2), ..FREE }), [0.0, 0.0, 3.0 / 7.0, 4.0 / 7.0]);
        assert_near(shares(Sampling { top_k: Some(9), top_p: Some(1.0), ..FREE }), [0.1, 0.2, 0.3, 0.4]);
        // 0.4 is not enough for 0.45, 0.4 + 0.3 is.
        assert_near(shares(Sampling { top_p: Some(0.45), ..FREE }), [0.0, 0.0, 3.0 / 7.0, 4.0 / 7.0]);
        // Of the two that top-k leaves, 4/7 are enough for 0.5.
        assert_near(shares(Sampling { top_k: Some(2), top_p: Some(0.5), ..FREE }), [0.0, 0.0, 0.0, 1.0]);
        // p² / Σ p² at temperature ½.
        let squares = [1.0, 4.0, 9.0, 16.0].map(|square| square / 30.0);
        assert_near(shares(Sampling { temperature: 0.5, ..FREE }), squares);
        for temperature in [0.0, 1e-310, 1e-3] {
            assert_near(shares(Sampling { temperature, ..FREE }), [0.0, 0.0, 0.0, 1.0]);
        }
        assert_near(shares(Sampling { temperature: f64::MAX, ..FREE }), [0.25; 4]);
    }

    #[test]
    fn greedy_takes_the_lower_of_two_equal_ids() {
        let greedy = Sampling { temperature: 0.0, ..FREE };
        let choose = |logits: &[f32]| Sampler::new(&greedy).expect("good sampling").choose(logits.to_vec());
        assert_eq!(choose(&[0.0, 2.0, 1.0, 2.0]), Some(1));
        assert_eq!(choose(&[0.0, f32::NAN]), None);
        assert_eq!(choose(&[0.0, f32::INFINITY]), None);
    }

    #[test]
    fn a_seed_s_draws_never_change() {
        let sampling = Sampling { seed: 42, ..FREE };
        let mut sampler = Sampler::new(&sampling).expect("good sampling");
        let logits = vec![0.0; 1000];
        let drawn: Vec<u32> = (0..6).filter_map(|_| sampler.choose(logits.clone())).collect();
        // Recorded once: another stream would change every continuation that a seed stands for.
        assert_eq!(drawn, [681, 950, 427, 627, 288, 149]);
    }

    #[test]
    fn sampling_that_chooses_nothing_is_refused() {
        let refused = |sampling| Sampler::new(&sampling).err().expect("bad sampling").to_string();
        assert_eq!(refused(Sampling { temperature: -1.0, ..FREE }), "temperature -1 is not a finite number from 0 on");
        assert_eq!(
            refused(Sampling { temperature: f64::NAN, ..FREE }),
            "temperature NaN is not a finite number from 0 on"
        );
        assert_eq!(refused(Sampling { top_k: Some(0), ..FREE }), "top-k 0 leaves no token to choose: give at least 1");
        for top_p in [0.0, 1.5, f64::NAN] {
            let problem = refused(Sampling { top_p: Some(top_p), ..FREE });
            assert_eq!(problem, format!("top-p {top_p} is not above 0 and at most 1"));
        }
    }
}
