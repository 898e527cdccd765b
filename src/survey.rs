//! A whole data set under one mask: every record rendered, tokenised, masked and looked over, on all cores.

pub mod against;
mod pipeline;
mod repeats;
mod summary;
mod totals;

pub use pipeline::run;
pub use repeats::Repeats;
pub use summary::Summary;
pub use totals::{Found, Spread, Totals};

use crate::data::{Raw, Unit};
use crate::dataset::{self, Masked};
use crate::mask::Policy;
use crate::mask::finding::{Code, Facts, Finding, cut_at_prompt, findings};
use crate::model::Reader;
use crate::sample::{Form, Sample};
use crate::sequence::EncodeOptions;

/// How records are read and masked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Terms {
    /// The form of every record; without it each record's fields say it.
    pub hint: Option<Form>,
    pub encoding: EncodeOptions,
    pub policy: Policy,
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

impl Judged {
    /// "line 3".
    pub fn place(&self) -> String {
        format!("{} {}", self.unit.name(), self.place)
    }
}

/// Reads, renders, tokenises and masks one record. What goes wrong is a finding of it.
pub fn judge(model: &Reader, terms: &Terms, raw: Raw) -> Judged {
    let (index, place, unit) = (raw.index, raw.place, raw.unit);
    let judged = |is_read, masked, findings: Vec<Finding>| {
        let findings = findings.into_iter().map(|finding| finding.in_record(index)).collect();
        Judged { index, place, unit, masked, findings, is_read }
    };
    let record = match raw.read(terms.hint) {
        Ok(record) => record,
        Err(bad) => return judged(false, None, vec![Finding::unreadable(bad.problem)]),
    };
    let split = terms.policy.split.or(record.split);
    match dataset::mask(model, terms.encoding, &terms.policy, record) {
        Err(problem) => judged(true, None, vec![Finding::unreadable(problem.to_string())]),
        Ok(masked) => {
            let facts = Facts::new(&model.vocabulary, model.context);
            let mut found = findings(&masked.sequence, &masked.mask, &facts);
            for finding in found.iter_mut().filter(|finding| finding.code == Code::StraddlerAtBorder) {
                let cut =
                    prompt_tokens(model, terms, &masked, split).map(|tokens| cut_at_prompt(&masked.sequence, tokens));
                finding.message.extend(cut.map(|cut| format!("; {cut}")));
            }
            judged(true, Some(masked), found)
        }
    }
}

/// How many tokens the prompt of raw text, `split` characters, has by itself, where a token reaches across its end.
fn prompt_tokens(model: &Reader, terms: &Terms, masked: &Masked, split: Option<usize>) -> Option<usize> {
    let Sample::Text(text) = &masked.sample else { return None };
    let chars = split.filter(|_| masked.mask.split().is_some_and(|split| split.straddles))?;
    let end = text.char_indices().nth(chars).map_or(text.len(), |(end, _)| end);
    let encoding = EncodeOptions { append_eos: false, ..terms.encoding };
    Some(model.encode(&Sample::Text(text[..end].into()), encoding).ok()?.len())
}
