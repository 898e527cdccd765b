//! The rows of the view Score: what every mode and every profile scores of the sequence, and the mask that counts.

use super::App;
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

/// What the lower part of the view Score shows, beside the token under the cursor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ScorePanel {
    /// The loss as arithmetic.
    #[default]
    Ledger,
    /// `input_ids` and `labels` as a trainer sees them.
    Labels,
    /// Which tokens the next step pushes up and down.
    Gradient,
    Findings,
    /// What each document of a pack costs by itself, and after what stands before it.
    Packing,
}

impl ScorePanel {
    /// The panels of every sequence, in the order of their tabs.
    pub const EVERY: [Self; 4] = [Self::Ledger, Self::Labels, Self::Gradient, Self::Findings];
    /// Those of a pack.
    pub const PACKED: [Self; 5] = [Self::Ledger, Self::Labels, Self::Gradient, Self::Findings, Self::Packing];

    /// The tab's title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Ledger => "Loss",
            Self::Labels => "Labels",
            Self::Gradient => "Gradient",
            Self::Findings => "Findings",
            Self::Packing => "Packing",
        }
    }
}

impl App {
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
            Sample::Text(_) => Kind::Text,
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
    pub(super) fn mask_under(&self, policy: Policy) -> Result<LossMask, MaskError> {
        policy.painted(self.sequence(), self.form, None, self.painting.paint.clone())
    }

    /// Every row anew from what is there; no forward pass.
    pub(super) fn rescore(&mut self) {
        let rows = rows(self.sequence(), self.basis()).into_iter().map(|basis| {
            let mask = self.policy.on(basis).mask(self.sequence(), self.form, None);
            self.scoring_of(basis, mask)
        });
        self.scorings = rows.collect();
        self.repaint();
    }

    /// What every mask costs anew, after other scores came; the masks themselves do not depend on these.
    pub(super) fn reprice(&mut self) {
        let (sequence, scores) = (&self.analysis.sequence, &self.analysis.scores);
        for row in self.scorings.iter_mut().chain(&mut self.current) {
            row.ledger = row.mask.as_ref().ok().and_then(|mask| Ledger::new(sequence, mask, scores));
        }
        self.compare();
    }

    /// The mask that counts anew, and what depends on it; the rows stay.
    pub(super) fn repaint(&mut self) {
        let current = self.scoring_of(self.basis(), self.mask_under(self.policy));
        self.findings = match (&current.mask, &self.model) {
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
