//! Which sequence of which source comes next: a pure function of how many came before, the weights and the seed.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Sequences of several sources, so that each source has its share at every step to within one sequence, and every pass
/// over a source has an order of its own.
#[derive(Debug)]
pub struct Mix {
    /// Shares, which sum to 1.
    shares: Vec<f64>,
    /// Sequences of each source.
    counts: Vec<usize>,
    taken: Vec<usize>,
    /// The pass each source is in, and its order.
    orders: Vec<(usize, Vec<u32>)>,
    seed: u64,
}

impl Mix {
    /// Of sources with so many sequences, weighed so.
    pub fn new(weights: &[f64], counts: &[usize], seed: u64) -> Self {
        let sum: f64 = weights.iter().sum();
        Self {
            shares: weights.iter().map(|weight| weight / sum).collect(),
            counts: counts.to_vec(),
            taken: vec![0; counts.len()],
            orders: vec![(usize::MAX, Vec::new()); counts.len()],
            seed,
        }
    }

    /// Passes over `count` sequences without looking at them.
    pub fn pass_over(&mut self, count: usize) {
        (0..count).for_each(|_| {
            self.choose();
        });
    }

    /// The next source that is furthest behind its share, of equal ones the first.
    fn choose(&mut self) -> usize {
        let total = self.taken.iter().sum::<usize>() as f64 + 1.0;
        let behind = |source: usize| self.shares[source] * total - self.taken[source] as f64;
        let next = (0..self.shares.len()).reduce(|best, next| if behind(next) > behind(best) { next } else { best });
        let source = next.unwrap_or(0);
        self.taken[source] += 1;
        source
    }

    /// How many sequences were taken of each source.
    pub fn taken(&self) -> &[usize] {
        &self.taken
    }
}

impl Iterator for Mix {
    type Item = (usize, usize);

    /// Source and sequence.
    fn next(&mut self) -> Option<Self::Item> {
        if self.counts.is_empty() || self.counts.contains(&0) {
            return None;
        }
        let source = self.choose();
        let (at, count) = (self.taken[source] - 1, self.counts[source]);
        let pass = at / count;
        if self.orders[source].0 != pass {
            let mut order: Vec<u32> = (0..u32::try_from(count).unwrap_or(u32::MAX)).collect();
            let mut random = ChaCha8Rng::seed_from_u64(self.seed);
            random.set_stream(((source as u64) << 32) | pass as u64);
            order.shuffle(&mut random);
            self.orders[source] = (pass, order);
        }
        Some((source, self.orders[source].1[at % count] as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_has_its_share_all_along_and_every_sequence_its_turn() {
        let (weights, counts) = ([3.0, 1.0, 0.5], [7, 5, 3]);
        let mut mix = Mix::new(&weights, &counts, 1);
        let mut seen: Vec<Vec<usize>> = counts.iter().map(|&count| vec![0; count]).collect();
        for taken in 1..=900 {
            let (source, sequence) = mix.next().expect("there is always more");
            seen[source][sequence] += 1;
            for (source, weight) in weights.iter().enumerate() {
                let share = taken as f64 * weight / 4.5;
                assert!((mix.taken()[source] as f64 - share).abs() <= 1.0, "source {source} after {taken}");
            }
        }
        for of_source in seen {
            let (least, most) = (of_source.iter().min(), of_source.iter().max());
            assert!(most.zip(least).is_some_and(|(most, least)| most - least <= 1), "{of_source:?}");
        }
    }

    #[test]
    fn going_on_is_as_if_it_had_never_stopped() {
        let mut whole = Mix::new(&[0.7, 0.3], &[10, 4], 9);
        let all: Vec<_> = whole.by_ref().take(100).collect();
        for stop in [0, 1, 37, 99] {
            let mut resumed = Mix::new(&[0.7, 0.3], &[10, 4], 9);
            resumed.pass_over(stop);
            assert_eq!(resumed.take(100 - stop).collect::<Vec<_>>(), all[stop..]);
        }
        assert_ne!(Mix::new(&[0.7, 0.3], &[10, 4], 8).take(100).collect::<Vec<_>>(), all);
    }
}
