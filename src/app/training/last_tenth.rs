//! Which tokens the last tenth of the loss came from: what is learned fast is learned first, and the rest has names.

use super::Frame;
use crate::mask::LossMask;

/// Share of the whole fall that counts as the most of it.
const MOST: f64 = 0.9;
/// Nats of Σ w·nll below which nothing fell.
const LEAST: f64 = 1e-3;

/// The end of a run's fall, token by token.
#[derive(Clone, Debug, PartialEq)]
pub struct LastTenth {
    /// From the last state at which nine tenths of the fall were not done yet, to the last.
    pub steps: (usize, usize),
    /// The part of the whole fall that it is, 0…1; at least a tenth.
    pub part: f64,
    /// Tokens and the share of it that each brought, the greatest first; below 0 where one rose. They sum to 1.
    pub tokens: Vec<(usize, f64)>,
}

impl LastTenth {
    /// Of what a run's states cost under `mask`; `None` where nothing fell, or a scored token has no score.
    pub fn new(frames: &[&Frame], mask: &LossMask) -> Option<Self> {
        let scored: Vec<usize> = (1..mask.weights().len()).filter(|&t| mask.is_scored(t)).collect();
        let cost = |frame: &Frame, t: usize| Some(mask.weight(t) * frame.scores.nll(t)?);
        let sum = |frame: &Frame| scored.iter().map(|&t| cost(frame, t)).sum::<Option<f64>>();
        let sums: Vec<f64> = frames.iter().map(|frame| sum(frame)).collect::<Option<_>>()?;
        let (first, last) = (*sums.first()?, *sums.last()?);
        let fall = first - last;
        if fall.is_nan() || fall <= LEAST {
            return None;
        }
        let from = sums.iter().rposition(|sum| first - sum < MOST * fall)?;
        let (start, end) = (frames.get(from)?, frames.last()?);
        let rest = sums[from] - last;
        let share = |&t: &usize| Some((t, (cost(start, t)? - cost(end, t)?) / rest));
        let mut tokens: Vec<(usize, f64)> = scored.iter().map(share).collect::<Option<_>>()?;
        tokens.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        Some(Self { steps: (start.step, end.step), part: rest / fall, tokens })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::loss::{Row, Scores, Target};
    use crate::mask::{MaskOptions, Mode};
    use crate::sequence::{Sequence, Token};
    use crate::template::Part;

    fn frame(step: usize, nlls: &[f64]) -> Frame {
        let row = |&nll: &f64| Row { entropy: 0.0, top: Vec::new(), target: Some(Target { id: 0, nll, rank: 1 }) };
        Frame { step, scores: Arc::new(Scores::new(nlls.iter().map(row).collect())), twin: None }
    }

    fn mask(tokens: usize) -> LossMask {
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
        let sequence = Sequence { tokens: vec![token; tokens], ..Sequence::default() };
        LossMask::new(&sequence, Mode::All, MaskOptions::default()).unwrap()
    }

    #[test]
    fn it_begins_where_nine_tenths_were_not_done_and_names_the_tokens_of_the_rest() {
        let frames = [frame(0, &[8.0, 2.0]), frame(4, &[0.2, 1.8]), frame(8, &[0.1, 0.5]), frame(9, &[0.0, 0.0])];
        let last = LastTenth::new(&frames.each_ref(), &mask(3)).unwrap();
        assert_eq!(last.steps, (4, 9));
        assert!((last.part - 0.2).abs() < 1e-12, "{last:?}");
        assert_eq!(last.tokens.iter().map(|(t, _)| *t).collect::<Vec<_>>(), [2, 1]);
        assert!((last.tokens[0].1 - 0.9).abs() < 1e-12 && (last.tokens[1].1 - 0.1).abs() < 1e-12);
    }

    #[test]
    fn shares_sum_to_one_also_where_a_token_rose() {
        let frames = [frame(0, &[4.0, 0.0]), frame(1, &[1.0, 0.1]), frame(2, &[0.0, 0.3])];
        let last = LastTenth::new(&frames.each_ref(), &mask(3)).unwrap();
        assert!((last.tokens.iter().map(|(_, share)| share).sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(last.tokens[1].1 < 0.0);
    }

    #[test]
    fn what_did_not_fall_has_none() {
        for end in [&[1.0, 2.0][..], &[1.0, 1.0], &[f64::NAN, 0.0], &[0.5]] {
            assert_eq!(LastTenth::new(&[&frame(0, &[1.0, 1.0]), &frame(1, end)], &mask(3)), None, "{end:?}");
        }
        assert_eq!(LastTenth::new(&[], &mask(3)), None);
    }
}
