//! A whole data set under one mask: every record rendered, tokenised, masked and looked over, on all cores.

mod pipeline;
mod summary;
mod totals;

pub use pipeline::run;
pub use summary::Summary;
pub use totals::{Found, Spread, Totals};

use crate::data::{Raw, Unit};
use crate::mask::finding::{Facts, Finding, findings};
use crate::mask::{Choices, LossMask, MaskOptions, Mode, PartWeights};
use crate::model::Reader;
use crate::sample::{Form, Record, Sample};
use crate::sequence::{EncodeOptions, Kind, Sequence};

/// How records are read and masked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rule {
    /// The form of every record; without it each record's fields say it.
    pub hint: Option<Form>,
    pub encoding: EncodeOptions,
    /// Without one, the form of a record decides.
    pub mode: Option<Mode>,
    /// Raw text: characters of the prompt; those of a prompt–completion record are its own.
    pub split: Option<usize>,
    pub parts: PartWeights,
    pub choices: Choices,
}

/// One record with what is known of it.
#[derive(Debug)]
pub struct Judged {
    /// Its number, from 0.
    pub index: usize,
    /// Its line or row, from 1.
    pub place: usize,
    pub unit: Unit,
    /// Its form, sample, tokens and mask; `None` where it cannot be read, rendered or masked.
    pub masked: Option<Masked>,
    pub findings: Vec<Finding>,
    /// It is a record at all: JSON in a form that is known.
    pub is_read: bool,
}

/// A record's tokens and their weights.
#[derive(Debug)]
pub struct Masked {
    pub form: Form,
    pub sample: Sample,
    pub sequence: Sequence,
    pub mask: LossMask,
}

impl Judged {
    /// "line 3".
    pub fn place(&self) -> String {
        format!("{} {}", self.unit.name(), self.place)
    }
}

impl Masked {
    /// Scored targets as a share of all, 0 to 1; `None` where there is no target.
    pub fn share(&self) -> Option<f64> {
        let targets = self.sequence.target_count();
        (targets > 0).then(|| self.mask.scored() as f64 / targets as f64)
    }
}

/// The mask that a record gets where the user names none: a completion of raw text is scored behind its prompt, and a
/// prompt–completion chat as its data says, since its prompt may have turns of the assistant's.
pub fn default_mode(form: Form, kind: Kind) -> Mode {
    match (form, kind) {
        (Form::PromptCompletion, Kind::Text) => Mode::Completion,
        (Form::PromptCompletion, Kind::Chat) => Mode::Custom,
        (_, kind) => Mode::default_for(kind),
    }
}

/// Reads, renders, tokenises and masks one record. What goes wrong is a finding of it.
pub fn judge(model: &Reader, rule: &Rule, raw: Raw) -> Judged {
    let (index, place, unit) = (raw.index, raw.place, raw.unit);
    let judged = |is_read, masked, findings: Vec<Finding>| {
        let findings = findings.into_iter().map(|finding| finding.in_record(index)).collect();
        Judged { index, place, unit, masked, findings, is_read }
    };
    let record = match raw.read(rule.hint) {
        Ok(record) => record,
        Err(bad) => return judged(false, None, vec![Finding::unreadable(bad.problem)]),
    };
    match mask(model, rule, record) {
        Err(problem) => judged(true, None, vec![Finding::unreadable(problem)]),
        Ok(masked) => {
            let facts = Facts::new(&model.vocabulary, model.context);
            let found = findings(&masked.sequence, &masked.mask, &facts);
            judged(true, Some(masked), found)
        }
    }
}

/// The tokens and weights of one record, or why there are none.
fn mask(model: &Reader, rule: &Rule, record: Record) -> Result<Masked, String> {
    let Record { form, sample, split } = record;
    let sequence = model.encode(&sample, rule.encoding).map_err(|error| format!("cannot be encoded: {error:#}"))?;
    let mode = rule.mode.unwrap_or(default_mode(form, sequence.kind));
    let options = MaskOptions::new(&sequence, split.or(rule.split), rule.parts).with(&sequence, rule.choices);
    let mask = LossMask::new(&sequence, mode, options).map_err(|error| format!("cannot be masked: {error}"))?;
    Ok(Masked { form, sample, sequence, mask })
}
