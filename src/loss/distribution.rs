//! One logits row as a distribution, at any temperature.

use super::Candidate;

/// The next-token distribution of one position, from its raw logits.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    logits: Vec<f32>,
    max: f32,
    /// log Σ exp(z), at temperature 1: what is asked for in every frame.
    log_z: f64,
}

impl Distribution {
    /// A distribution over as many tokens as there are logits.
    pub fn new(logits: Vec<f32>) -> Self {
        let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut distribution = Self { logits, max, log_z: 0.0 };
        distribution.log_z = distribution.sum_exp(1.0);
        distribution
    }

    /// What log p of every token is normalised by.
    fn log_normaliser(&self, temperature: f64) -> f64 {
        if temperature == 1.0 { self.log_z } else { self.sum_exp(temperature) }
    }

    /// log Σ exp(z/T), with the maximum taken out.
    fn sum_exp(&self, temperature: f64) -> f64 {
        let max = f64::from(self.max) / temperature;
        let sum: f64 = self.logits.iter().map(|&z| (f64::from(z) / temperature - max).exp()).sum();
        max + sum.ln()
    }

    /// −log p of `id` in nats; `None` for an id outside the vocabulary.
    pub fn nll(&self, id: u32, temperature: f64) -> Option<f64> {
        let z = f64::from(*self.logits.get(id as usize)?);
        Some(self.log_normaliser(temperature) - z / temperature)
    }

    /// 1 = the most likely token.
    pub fn rank(&self, id: u32) -> Option<u32> {
        let z = *self.logits.get(id as usize)?;
        Some(1 + self.logits.iter().filter(|&&other| other > z).count() as u32)
    }

    /// Exact entropy in nats: log Z − Σ p·z.
    pub fn entropy(&self, temperature: f64) -> f64 {
        let log_z = self.log_normaliser(temperature);
        let term = |&z: &f32| {
            let log_p = f64::from(z) / temperature - log_z;
            log_p.exp() * log_p
        };
        -self.logits.iter().map(term).sum::<f64>()
    }

    /// The `k` most likely tokens, best first; of equal ones the smaller id first.
    pub fn top(&self, k: usize, temperature: f64) -> Vec<Candidate> {
        let log_z = self.log_normaliser(temperature);
        let mut ids: Vec<u32> = (0..self.logits.len() as u32).collect();
        let order = |a: &u32, b: &u32| self.logits[*b as usize].total_cmp(&self.logits[*a as usize]).then(a.cmp(b));
        if k < ids.len() {
            ids.select_nth_unstable_by(k, order);
            ids.truncate(k);
        }
        ids.sort_unstable_by(order);
        let p = |id: u32| (f64::from(self.logits[id as usize]) / temperature - log_z).exp();
        ids.into_iter().map(|id| Candidate { id, p: p(id) }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temperature_one_is_the_softmax() {
        // torch.log_softmax(torch.tensor([1., 2., 3., 0.]), -1) -> [-2.4402, -1.4402, -0.4402, -3.4402]
        let d = Distribution::new(vec![1.0, 2.0, 3.0, 0.0]);
        assert!((d.nll(2, 1.0).unwrap() - 0.440_189_7).abs() < 1e-6);
        assert!((d.nll(3, 1.0).unwrap() - 3.440_189_7).abs() < 1e-6);
        assert_eq!((d.rank(2), d.rank(3), d.rank(4)), (Some(1), Some(4), None));
        // torch.distributions.Categorical(logits=torch.tensor([1., 2., 3., 0.])).entropy() -> 0.9475
        assert!((d.entropy(1.0) - 0.947_536_4).abs() < 1e-6);
    }

    #[test]
    fn top_is_sorted_complete_and_stable() {
        let d = Distribution::new(vec![1.0, 2.0, 2.0, 0.0]);
        let ids = |k| d.top(k, 1.0).iter().map(|c| c.id).collect::<Vec<_>>();
        assert_eq!(ids(2), [1, 2]);
        assert_eq!(ids(9), [1, 2, 0, 3]);
        assert!((d.top(9, 0.5).iter().map(|c| c.p).sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_high_temperature_flattens_and_a_low_one_sharpens() {
        let d = Distribution::new(vec![1.0, 2.0, 3.0]);
        assert!(d.entropy(10.0) > d.entropy(1.0));
        assert!(d.top(1, 0.1)[0].p > 0.999);
    }
}
