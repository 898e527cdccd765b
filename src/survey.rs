//! A whole data set under one mask: every record rendered, tokenised, masked and looked over, on all cores.

pub mod against;
mod entry;
mod histogram;
mod pipeline;
mod repeats;
mod summary;
mod totals;

pub use entry::{Entry, Figures};
pub use histogram::Spread;
pub use pipeline::run;
pub use repeats::{Repeats, Says};
pub use summary::Summary;
pub use totals::{Found, Totals};

use crate::data::Raw;
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
    pub entry: Entry,
    /// Its form, sample, tokens and mask; `None` where it cannot be read, rendered or masked.
    pub masked: Option<Masked>,
}

/// Reads, renders, tokenises and masks one record. What goes wrong is a finding of it.
pub fn judge(model: &Reader, terms: &Terms, raw: Raw) -> Judged {
    let entry = Entry::new(&raw);
    let record = match raw.read(terms.hint) {
        Ok(record) => record,
        Err(bad) => return unreadable(entry, bad.problem),
    };
    let entry = Entry { is_read: true, ..entry };
    let split = terms.policy.split.or(record.split);
    let masked = match dataset::mask(model, terms.encoding, &terms.policy, record) {
        Ok(masked) => masked,
        Err(problem) => return unreadable(entry, problem.to_string()),
    };
    let facts = Facts::new(&model.vocabulary, model.context);
    let mut findings = findings(&masked.sequence, &masked.mask, &facts);
    for finding in findings.iter_mut().filter(|finding| finding.code == Code::StraddlerAtBorder) {
        let cut = prompt_tokens(model, terms, &masked, split).map(|tokens| cut_at_prompt(&masked.sequence, tokens));
        finding.message.extend(cut.map(|cut| format!("; {cut}")));
    }
    let findings = findings.into_iter().map(|finding| finding.in_record(entry.index)).collect();
    let (figures, says) = (Some(Figures::of(&masked)), Some(Says::of(&masked)));
    Judged { entry: Entry { figures, findings, says, ..entry }, masked: Some(masked) }
}

fn unreadable(entry: Entry, problem: String) -> Judged {
    let findings = vec![Finding::unreadable(problem).in_record(entry.index)];
    Judged { entry: Entry { findings, ..entry }, masked: None }
}

/// How many tokens the prompt of raw text, `split` characters, has by itself, where a token reaches across its end.
fn prompt_tokens(model: &Reader, terms: &Terms, masked: &Masked, split: Option<usize>) -> Option<usize> {
    let Sample::Text(text) = &masked.sample else { return None };
    let chars = split.filter(|_| masked.mask.split().is_some_and(|split| split.straddles))?;
    let end = text.char_indices().nth(chars).map_or(text.len(), |(end, _)| end);
    let encoding = EncodeOptions { append_eos: false, ..terms.encoding };
    Some(model.encode(&Sample::Text(text[..end].into()), encoding).ok()?.len())
}
