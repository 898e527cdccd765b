//! From logits to a token: temperature, cuts, and the draw.
//!
//! Every cut keeps a stretch of the most likely tokens, so all of them together are one number: how many are kept.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::sampling::Sampling;
use super::step::{Choice, Cut, Moment, Step};
use crate::loss::{Candidate, Target};
use crate::score::row;

/// How many tokens are ranked at first: the best few nearly always have what is drawn among them.
const FIRST_RANKED: usize = 64;

/// Chooses step `number` of a continuation (from 0) from the logits `[vocab]` that the model gives it, or takes `forced`
/// in its place. `shown` most likely tokens are told of; `stops` end the text. `None` where the logits are not finite.
///
/// # Panics
/// If `forced` is not one of the logits.
pub fn choose(
    logits: &[f32],
    sampling: &Sampling,
    number: usize,
    forced: Option<u32>,
    shown: usize,
    stops: &[u32],
) -> Option<Step> {
    if logits.is_empty() || !logits.iter().all(|logit| logit.is_finite()) {
        return None;
    }
    let mut tempered = Tempered::new(logits, sampling, shown);
    let cuts = Cuts::of(&mut tempered, sampling);
    let kept_weight = tempered.weight_of(cuts.kept());
    let choice = tempered.draw(cuts.kept(), kept_weight * uniform(sampling.seed, number));
    let id = forced.unwrap_or(choice);
    let said = row(logits, Some(id), 0);
    let Target { nll, rank, .. } = said.target?;
    let last = tempered.ranked.id(cuts.kept() - 1);
    let is_kept = (logits[id as usize], last) >= (logits[last as usize], id);
    let drawn_with = if is_kept { tempered.weight(id) / kept_weight } else { 0.0 };
    let top = tempered.ranked.best.iter().take(shown).enumerate().map(|(place, &Candidate { id, p })| {
        let (weight, cut) = (tempered.weight(id), cuts.of_place(place));
        let drawn_with = if cut.is_none() { weight / kept_weight } else { 0.0 };
        Choice { id, p, tempered: weight / tempered.total, drawn_with, cut }
    });
    let moment = Moment { entropy: said.entropy, top: top.collect(), kept: cuts.kept(), choice };
    Some(Step { id, p: (-nll).exp(), nll, rank, drawn_with, is_stop: stops.contains(&id), moment })
}

/// Random number `number` of a seed, in 0…1, 1 excluded: 53 bits, which f64 holds exactly. ChaCha8's numbers are fixed
/// by its definition, whatever the version or the machine.
fn uniform(seed: u64, number: usize) -> f64 {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_word_pos(2 * number as u128); // a number of 64 bits takes two words
    (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Logits under a temperature, as weights relative to the most likely token's: e^((x − max) / T), which stay finite at
/// any temperature.
struct Tempered<'a> {
    logits: &'a [f32],
    temperature: f64,
    best: u32,
    ranked: Ranked<'a>,
    /// Σ of all weights.
    total: f64,
}

impl<'a> Tempered<'a> {
    fn new(logits: &'a [f32], sampling: &Sampling, shown: usize) -> Self {
        let few = if sampling.is_greedy() { 1 } else { sampling.top_k.unwrap_or(FIRST_RANKED) };
        let mut ranked = Ranked { logits, best: row(logits, None, few.max(shown)).top, all: Vec::new() };
        let best = ranked.id(0);
        let mut tempered = Self { logits, temperature: sampling.temperature, best, ranked, total: 1.0 };
        if !sampling.is_greedy() {
            tempered.total = (0..logits.len() as u32).map(|id| tempered.weight(id)).sum();
        }
        tempered
    }

    fn weight(&self, id: u32) -> f64 {
        if self.temperature == 0.0 {
            return if id == self.best { 1.0 } else { 0.0 };
        }
        let below = f64::from(self.logits[id as usize]) - f64::from(self.logits[self.best as usize]);
        (below / self.temperature).exp()
    }

    /// Σ of the weights of the `count` most likely tokens.
    fn weight_of(&mut self, count: usize) -> f64 {
        if count == self.logits.len() {
            return self.total;
        }
        (0..count).map(|place| self.weight_at(place)).sum()
    }

    fn weight_at(&mut self, place: usize) -> f64 {
        let id = self.ranked.id(place);
        self.weight(id)
    }

    /// The one of the `count` most likely tokens at which the sum of the weights passes `left`.
    fn draw(&mut self, count: usize, mut left: f64) -> u32 {
        let passes = |place: &usize| {
            left -= self.weight_at(*place);
            left < 0.0
        };
        // Rounding may leave a rest behind the last one.
        let place = (0..count).find(passes).unwrap_or(count - 1);
        self.ranked.id(place)
    }
}

/// Tokens by likelihood, best first, of equal ones the lower id first: the best few, and all once more are asked for.
struct Ranked<'a> {
    logits: &'a [f32],
    best: Vec<Candidate>,
    all: Vec<u32>,
}

impl Ranked<'_> {
    fn id(&mut self, place: usize) -> u32 {
        if let Some(candidate) = self.best.get(place) {
            return candidate.id;
        }
        if self.all.is_empty() {
            let mut keys: Vec<u64> = (0..).zip(self.logits).map(|(id, &logit)| key(logit, id)).collect();
            keys.sort_unstable();
            self.all = keys.into_iter().map(|key| key as u32).collect();
        }
        self.all[place]
    }
}

/// Sorts greater logits first, and equal ones by id: a vocabulary of such numbers is sorted several times faster than
/// one of ids whose logits are looked up.
fn key(logit: f32, id: u32) -> u64 {
    let bits = (logit + 0.0).to_bits(); // of the two zeros one
    let ascending = if bits >> 31 == 1 { !bits } else { bits | 1 << 31 };
    u64::from(!ascending) << 32 | u64::from(id)
}

/// How many of the most likely tokens each cut leaves, each by itself.
struct Cuts([(Cut, usize); 4]);

impl Cuts {
    fn of(tempered: &mut Tempered, sampling: &Sampling) -> Self {
        let all = tempered.logits.len();
        let greedy = if sampling.is_greedy() { 1 } else { all };
        let top_k = sampling.top_k.map_or(all, |k| k.min(all));
        let top_p = match sampling.top_p.filter(|&p| p < 1.0 && !sampling.is_greedy()) {
            None => all,
            Some(share) => {
                let mut missing = share * tempered.weight_of(top_k);
                let reaches = |place: &usize| {
                    missing -= tempered.weight_at(*place);
                    missing <= 0.0
                };
                (0..top_k).find(reaches).map_or(top_k, |place| place + 1)
            }
        };
        let min_p = match sampling.min_p.filter(|&p| p > 0.0 && !sampling.is_greedy()) {
            None => all,
            Some(share) => (0..all as u32).filter(|&id| tempered.weight(id) >= share).count(),
        };
        Self([(Cut::Greedy, greedy), (Cut::TopK, top_k), (Cut::TopP, top_p), (Cut::MinP, min_p)])
    }

    fn kept(&self) -> usize {
        self.0.iter().map(|&(_, kept)| kept).min().unwrap_or(1)
    }

    /// The first cut that takes off the token at `place`, from 0.
    fn of_place(&self, place: usize) -> Option<Cut> {
        self.0.iter().find(|&&(_, kept)| place >= kept).map(|&(cut, _)| cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(logits: &[f32], sampling: &Sampling, number: usize) -> Step {
        choose(logits, sampling, number, None, logits.len(), &[]).expect("finite logits")
    }

    /// p = 0.1, 0.2, 0.3, 0.4.
    fn four() -> Vec<f32> {
        [0.1_f32, 0.2, 0.3, 0.4].map(f32::ln).to_vec()
    }

    #[test]
    fn temperature_and_cuts_are_told_of_every_token() {
        let sampling = Sampling { temperature: 0.5, top_k: Some(3), top_p: Some(0.9), ..Sampling::default() };
        let Moment { top, kept, .. } = step(&four(), &sampling, 0).moment;
        // Squares: 16, 9, 4, 1 of 30; top-k leaves 29, of which 16 + 9 are less than 0.9 and all three are enough.
        assert_eq!(kept, 3);
        let expected = [(3, 16.0 / 30.0, 16.0 / 29.0), (2, 9.0 / 30.0, 9.0 / 29.0), (1, 4.0 / 30.0, 4.0 / 29.0)];
        for (choice, (id, tempered, drawn_with)) in top.iter().zip(expected) {
            assert_eq!((choice.id, choice.cut), (id, None));
            assert!((choice.tempered - tempered).abs() < 1e-6 && (choice.drawn_with - drawn_with).abs() < 1e-6);
            assert!((choice.p - f64::from(id + 1) / 10.0).abs() < 1e-6);
        }
        assert_eq!((top[3].cut, top[3].drawn_with), (Some(Cut::TopK), 0.0));
        // 16/29 and 9/29 are enough for 0.8; ¼ of 16/30 is what token 1 has, and min-p ½ takes off.
        let cut = |sampling| -> Vec<Option<Cut>> {
            step(&four(), &sampling, 0).moment.top.into_iter().map(|choice| choice.cut).collect()
        };
        let narrow = Sampling { top_p: Some(0.8), ..sampling };
        assert_eq!(cut(narrow), [None, None, Some(Cut::TopP), Some(Cut::TopK)]);
        let relative = Sampling { top_p: None, min_p: Some(0.5), ..sampling };
        assert_eq!(cut(relative), [None, None, Some(Cut::MinP), Some(Cut::TopK)]);
        assert_eq!(cut(Sampling { min_p: Some(1.0), ..Sampling::default() })[1], Some(Cut::MinP));
        let greedy = Sampling { temperature: 0.0, ..narrow };
        assert_eq!(cut(greedy), [None, Some(Cut::Greedy), Some(Cut::Greedy), Some(Cut::Greedy)]);
    }

    #[test]
    fn extreme_temperatures_stay_distributions() {
        for temperature in [0.0, 1e-310, 1e-3] {
            let step = step(&four(), &Sampling { temperature, ..Sampling::default() }, 0);
            assert_eq!((step.id, step.drawn_with, step.rank), (3, 1.0, 1), "{temperature}");
        }
        let flat = step(&four(), &Sampling { temperature: f64::MAX, ..Sampling::default() }, 0);
        assert!(flat.moment.top.iter().all(|choice| (choice.drawn_with - 0.25).abs() < 1e-12));
    }

    #[test]
    fn greedy_takes_the_lower_of_two_equal_ids() {
        let greedy = Sampling { temperature: 0.0, ..Sampling::default() };
        assert_eq!(step(&[0.0, 2.0, 1.0, 2.0], &greedy, 0).id, 1);
        for damaged in [f32::NAN, -f32::NAN, f32::INFINITY] {
            assert_eq!(choose(&[0.0, damaged], &greedy, 0, None, 1, &[]), None);
        }
    }

    #[test]
    fn a_forced_token_has_its_own_numbers_beside_the_choice() {
        let sampling = Sampling { top_k: Some(2), ..Sampling::default() };
        let forced = choose(&four(), &sampling, 7, Some(0), 4, &[0]).expect("finite logits");
        let free = step(&four(), &sampling, 7);
        assert_eq!((forced.id, forced.rank, forced.drawn_with, forced.is_stop), (0, 4, 0.0, true));
        assert!((forced.p - 0.1).abs() < 1e-6 && forced.is_forced() && !free.is_forced() && !free.is_stop);
        assert_eq!(forced.moment, free.moment);
        let kept = choose(&four(), &sampling, 7, Some(2), 4, &[]).expect("finite logits");
        assert!((kept.drawn_with - 3.0 / 7.0).abs() < 1e-6);
        // Of equal tokens those with lower ids are kept, each with what it is drawn with.
        let tied = |id| choose(&[1.0; 4], &sampling, 0, Some(id), 0, &[]).expect("finite logits").drawn_with;
        assert_eq!([tied(0), tied(1), tied(2), tied(3)], [0.5, 0.5, 0.0, 0.0]);
    }

    #[test]
    fn all_tokens_are_ranked_as_the_best_few_are() {
        let logits: Vec<f32> = (0..300).map(|i| ((i * 89) % 41) as f32 / 4.0 - 5.0).collect();
        let best = row(&logits, None, 300).top;
        let mut ranked = Ranked { logits: &logits, best: Vec::new(), all: Vec::new() };
        assert!(best.iter().enumerate().all(|(place, candidate)| ranked.id(place) == candidate.id));
        assert_eq!(key(0.0, 3), key(-0.0, 3));
    }

    #[test]
    fn a_seed_s_draws_never_change() {
        let sampling = Sampling { seed: 42, ..Sampling::default() };
        let drawn = [0, 1, 2, 3, 4, 5].map(|number| step(&[0.0; 1000], &sampling, number).id);
        // Recorded once: another stream would change every continuation that a seed stands for.
        assert_eq!(drawn, [681, 950, 427, 627, 288, 149]);
    }
}
