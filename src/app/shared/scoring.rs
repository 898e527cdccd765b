//! What every mode and every profile scores of the sequence, and the mask that counts.

use super::Shared;
use crate::app::next;
use crate::loss::Ledger;
use crate::mask::{Basis, LossMask, MaskError, Mode, Policy, finding, profile};
use crate::sample::Sample;
use crate::sequence::{Kind, Sequence};

/// One row of the comparison, or the mask that counts.
#[derive(Clone, Debug)]
pub struct Scoring {
    pub basis: Basis,
    pub mask: Result<LossMask, MaskError>,
    /// `None` while scores are missing or where the mode does not apply.
    pub ledger: Option<Ledger>,
    /// How many targets it scores.
    pub scored: usize,
    /// What it does otherwise than the mask that counts.
    pub difference: Difference,
}

/// How many tokens one mask treats otherwise than another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Scored by the first alone.
    pub more: usize,
    /// Scored by the other alone.
    pub fewer: usize,
    /// Scored by both, with another weight.
    pub reweighted: usize,
}

impl Difference {
    fn between(mask: &LossMask, other: &LossMask) -> Self {
        let mut difference = Self::default();
        for (&weight, &other) in mask.weights().iter().zip(other.weights()) {
            match (weight != 0.0, other != 0.0) {
                (true, false) => difference.more += 1,
                (false, true) => difference.fewer += 1,
                _ => difference.reweighted += usize::from(weight != other),
            }
        }
        difference
    }
}

impl Shared {
    /// What decides which targets count: a mode or a profile, also where the sample's form chose it.
    pub fn basis(&self) -> Basis {
        match self.policy.basis {
            Basis::Automatic => Basis::Mode(self.mode()),
            chosen => chosen,
        }
    }

    /// The current mode, or that of the current profile.
    pub fn mode(&self) -> Mode {
        let kind = match self.sample {
            Sample::Text(_) | Sample::Prepared(_) => Kind::Text,
            Sample::Chat(_) => Kind::Chat,
        };
        self.policy.mode(self.form, kind, None)
    }

    /// The mask that counts for the tokens on screen, with its ledger: the current policy's, with the paint over it.
    pub fn scoring(&self) -> Option<&Scoring> {
        self.current.as_ref()
    }

    /// The current mask, if its mode applies.
    pub fn mask(&self) -> Option<&LossMask> {
        self.scoring()?.mask.as_ref().ok()
    }

    /// The current loss, if everything scored is computed.
    pub fn ledger(&self) -> Option<&Ledger> {
        self.scoring()?.ledger.as_ref()
    }

    /// The mask of `policy` on the sequence on screen, under the paint.
    pub(in crate::app) fn mask_under(&self, policy: Policy) -> Result<LossMask, MaskError> {
        policy.painted(self.sequence(), self.form, None, self.painting.paint.clone())
    }

    /// Every row anew from what is there; no forward pass.
    pub(in crate::app) fn rescore(&mut self) {
        let rows = rows(self.sequence(), self.basis()).into_iter().map(|basis| {
            let mask = self.policy.on(basis).mask(self.sequence(), self.form, None);
            self.scoring_of(basis, mask)
        });
        self.scorings = rows.collect();
        self.repaint();
    }

    /// What every mask costs anew, after other scores came; the masks themselves do not depend on these.
    pub(in crate::app) fn reprice(&mut self) {
        let (sequence, scores) = (&self.analysis.sequence, &self.analysis.scores);
        for row in self.scorings.iter_mut().chain(&mut self.current) {
            row.ledger = row.mask.as_ref().ok().and_then(|mask| Ledger::new(sequence, mask, scores));
        }
        self.compare();
    }

    /// The mask that counts anew, and what depends on it; the rows stay.
    pub(in crate::app) fn repaint(&mut self) {
        let current = self.scoring_of(self.basis(), self.mask_under(self.policy));
        self.findings = match (&current.mask, &self.analysis.model) {
            (Ok(mask), Some(model)) if !self.is_empty() => finding::findings(self.sequence(), mask, &model.facts),
            _ => Vec::new(),
        };
        for row in &mut self.scorings {
            row.difference = match (&row.mask, &current.mask) {
                (Ok(mask), Ok(current)) => Difference::between(mask, current),
                _ => Difference::default(),
            };
        }
        self.current = Some(current);
        self.compare();
    }

    /// The mode or profile decides from now on, if it applies.
    pub(in crate::app) fn choose_basis(&mut self, basis: Basis) {
        match self.scorings.iter().find(|scoring| scoring.basis == basis).map(|scoring| &scoring.mask) {
            Some(Err(error)) => self.complain(error.to_string()),
            _ => {
                self.policy.basis = basis;
                self.repaint();
            }
        }
    }

    /// The next mode or profile that applies to this sequence.
    pub(in crate::app) fn step_basis(&mut self, by: isize) {
        let applies = |scoring: &&Scoring| scoring.mask.is_ok();
        let bases: Vec<Basis> = self.scorings.iter().filter(applies).map(|scoring| scoring.basis).collect();
        match bases[..] {
            [] => {}
            [only] => self.say(format!("only mask {} applies here; s starts a completion in raw text", only.name())),
            _ => self.choose_basis(next(&bases, self.basis(), by)),
        }
    }

    /// This policy decides from now on.
    pub(in crate::app) fn choose_policy(&mut self, policy: Policy) {
        self.policy = policy;
        self.rescore();
    }

    fn scoring_of(&self, basis: Basis, mask: Result<LossMask, MaskError>) -> Scoring {
        let ledger = mask.as_ref().ok().and_then(|mask| Ledger::new(self.sequence(), mask, &self.analysis.scores));
        let scored = mask.as_ref().map_or(0, LossMask::scored);
        Scoring { basis, mask, ledger, scored, difference: Difference::default() }
    }
}

/// The rows of the comparison: the modes for that kind of sequence, the current one if it is none of them, and for a
/// chat what trainers score.
fn rows(sequence: &Sequence, current: Basis) -> Vec<Basis> {
    let mut rows: Vec<Basis> = Mode::for_kind(sequence.kind).iter().copied().map(Basis::Mode).collect();
    if matches!(current, Basis::Mode(_)) && !rows.contains(&current) {
        rows.push(current);
    }
    if sequence.kind == Kind::Chat {
        rows.extend(profile::every().iter().map(Basis::Profile));
    }
    rows
}
