//! The rows of the view Score: what every mode and every profile scores of the sequence, and the mask that counts.

use super::App;
use crate::loss::Ledger;
use crate::mask::profile::{self, Profile};
use crate::mask::{LossMask, MaskError, MaskOptions, Mode, PartWeights, finding};
use crate::sample::Sample;
use crate::sequence::{Kind, Sequence};

/// What decides which targets count, under the paint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// A mode, with the options that were chosen.
    Mode(Mode),
    /// What a trainer scores, whatever was chosen.
    Profile(&'static Profile),
}

impl From<Mode> for Rule {
    fn from(mode: Mode) -> Self {
        Self::Mode(mode)
    }
}

impl Rule {
    /// The mode that it is, or that the profile is made of.
    pub fn mode(self) -> Mode {
        match self {
            Self::Mode(mode) => mode,
            Self::Profile(profile) => profile.mode,
        }
    }

    /// The name at its row.
    pub fn name(self) -> String {
        match self {
            Self::Mode(mode) => mode.to_string(),
            Self::Profile(profile) => profile.name.clone(),
        }
    }

    /// What a mask that follows it is called: `assistant, stop=0, 2 painted`, `as trl-qwen3`.
    pub fn mask_name(self, mask: &LossMask) -> String {
        match self {
            Self::Mode(_) => mask.name(),
            Self::Profile(profile) if mask.paint().is_empty() => format!("as {}", profile.name),
            Self::Profile(profile) => format!("as {}, {} painted", profile.name, mask.paint().len()),
        }
    }
}

/// One row of the comparison, or the mask that counts.
#[derive(Clone, Debug)]
pub struct Scoring {
    pub rule: Rule,
    pub mask: Result<LossMask, MaskError>,
    /// `None` while scores are missing or where the rule does not apply.
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
    /// What decides which targets count.
    pub fn rule(&self) -> Rule {
        let kind = match self.sample {
            Sample::Text(_) => Kind::Text,
            Sample::Chat(_) => Kind::Chat,
        };
        self.chosen_rule.unwrap_or(Mode::default_for(kind).into())
    }

    /// The current mode, or that of the current profile.
    pub fn mode(&self) -> Mode {
        self.rule().mode()
    }

    /// The mask that counts for the tokens on screen, with its ledger: the current rule's, with the paint over it.
    pub fn scoring(&self) -> Option<&Scoring> {
        self.current.as_ref()
    }

    /// The current mask, if the rule applies.
    pub fn mask(&self) -> Option<&LossMask> {
        self.scoring()?.mask.as_ref().ok()
    }

    /// The current loss, if everything scored is computed.
    pub fn ledger(&self) -> Option<&Ledger> {
        self.scoring()?.ledger.as_ref()
    }

    /// The painted mask of `rule` on the sequence on screen, with these weights for parts under a mode.
    pub(super) fn mask_under(&self, rule: Rule, parts: PartWeights) -> Result<LossMask, MaskError> {
        let options = self.options_on(self.sequence(), rule, parts);
        LossMask::painted(self.sequence(), rule.mode(), options, self.painting.paint.clone())
    }

    /// The options of `rule` on any sequence of the sample.
    pub(super) fn options_on(&self, sequence: &Sequence, rule: Rule, parts: PartWeights) -> MaskOptions {
        match rule {
            Rule::Mode(_) => MaskOptions::new(sequence, self.split, parts).with(sequence, self.choices),
            Rule::Profile(profile) => profile.options(sequence),
        }
    }

    /// Every row anew from what is there; no forward pass.
    pub(super) fn rescore(&mut self) {
        let rows = rules(self.sequence(), self.rule()).into_iter().map(|rule| {
            let options = self.options_on(self.sequence(), rule, self.part_weights);
            self.scoring_of(rule, LossMask::new(self.sequence(), rule.mode(), options))
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
        let rule = self.rule();
        let current = self.scoring_of(rule, self.mask_under(rule, self.part_weights));
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

    fn scoring_of(&self, rule: Rule, mask: Result<LossMask, MaskError>) -> Scoring {
        let ledger = mask.as_ref().ok().and_then(|mask| Ledger::new(self.sequence(), mask, &self.analysis.scores));
        let scored = mask.as_ref().map_or(0, LossMask::scored);
        Scoring { rule, mask, ledger, scored, difference: Difference::default() }
    }
}

/// The rows of the comparison: the modes for that kind of sequence, the current one if it is none of them, and for a
/// chat what trainers score.
fn rules(sequence: &Sequence, current: Rule) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Mode::for_kind(sequence.kind).iter().copied().map(Rule::Mode).collect();
    if matches!(current, Rule::Mode(_)) && !rules.contains(&current) {
        rules.push(current);
    }
    if sequence.kind == Kind::Chat {
        rules.extend(profile::every().iter().map(Rule::Profile));
    }
    rules
}
