//! What scored and unscored targets cost on average.

use super::Scores;
use crate::mask::LossMask;

/// Mean −log p in nats over the targets that a mask scores and over those that it does not; `None` where there is no
/// such target, or one of them has no score yet.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Means {
    pub scored: Option<f64>,
    pub unscored: Option<f64>,
}

impl Means {
    /// The means of `scores` under `mask`; weights do not count, only whether a target has one.
    pub fn new(mask: &LossMask, scores: &Scores) -> Self {
        Self::of(mask, |t| scores.nll(t))
    }

    /// The same where `nll` says what each token costs.
    pub fn of(mask: &LossMask, nll: impl Fn(usize) -> Option<f64>) -> Self {
        let (mut sums, mut counts) = ([0.0; 2], [0_usize; 2]);
        for (t, &weight) in mask.weights().iter().enumerate().skip(1) {
            let side = usize::from(weight != 0.0);
            // A missing score makes its side's sum, and with it the mean, not a number.
            sums[side] += nll(t).unwrap_or(f64::NAN);
            counts[side] += 1;
        }
        let mean = |side: usize| Some(sums[side] / counts[side] as f64).filter(|mean| !mean.is_nan());
        Self { scored: mean(1), unscored: mean(0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::{Row, Target};
    use crate::mask::{MaskOptions, Mode, Split};
    use crate::sequence::{Sequence, Token};
    use crate::template::Part;

    fn scores(nlls: &[f64]) -> Scores {
        let row = |&nll: &f64| Row { entropy: 0.0, top: Vec::new(), target: Some(Target { id: 0, nll, rank: 1 }) };
        Scores::new(nlls.iter().map(row).collect())
    }

    fn mask(first_scored: usize) -> LossMask {
        let token = Token {
            id: 0,
            bytes: b"a"[..].into(),
            span: 0..1,
            turn: None,
            role: None,
            part: Part::Plain,
            overlaps: Vec::new(),
            special: false,
            injected: false,
            generation: false,
        };
        let sequence = Sequence { tokens: vec![token; 5], ..Sequence::default() };
        let split = Some(Split { token: first_scored, ..Split::default() });
        LossMask::new(&sequence, Mode::Completion, MaskOptions { split, ..MaskOptions::default() }).unwrap()
    }

    #[test]
    fn each_side_has_its_mean() {
        let means = Means::new(&mask(3), &scores(&[4.0, 2.0, 1.0, 0.5]));
        assert_eq!(means, Means { scored: Some(0.75), unscored: Some(3.0) });
    }

    #[test]
    fn what_is_not_there_has_no_mean() {
        let short = Means::new(&mask(3), &scores(&[4.0, 2.0, 1.0]));
        assert_eq!(short, Means { scored: None, unscored: Some(3.0) });
        let all = Means::new(&mask(1), &scores(&[4.0, 2.0, 1.0, 1.0]));
        assert_eq!(all, Means { scored: Some(2.0), unscored: None });
    }
}
