//! Findings: what is worth a second look in a sequence and its mask before anything is trained on it.

mod chat;
mod code;
mod completion;
mod model;
mod scoring;
mod thinking;
mod weights;

use strum::IntoStaticStr;

pub use code::Code;
pub use completion::cut_at_prompt;

use super::LossMask;
use crate::sequence::{Sequence, Vocabulary};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; it may be meant.
    Minor,
    /// Training on this does not do what it is for.
    Major,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub code: Code,
    pub severity: Severity,
    /// The record of a data set, from 0; the caller's to fill in.
    pub record: Option<usize>,
    /// The token it is about, or the first of them.
    pub token: Option<usize>,
    /// What is so, in one sentence.
    pub message: String,
}

/// What the model and its tokenizer say that a finding depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    pub bos: Option<u32>,
    pub eos: Option<u32>,
    pub pad: Option<u32>,
    /// The most tokens that the model takes.
    pub context: usize,
}

impl Facts {
    /// Those of a vocabulary and a context.
    pub fn new(vocabulary: &Vocabulary, context: usize) -> Self {
        Self { bos: vocabulary.bos, eos: vocabulary.eos, pad: vocabulary.pad, context }
    }
}

/// Everything that is found in one sequence, the major findings first.
pub fn findings(sequence: &Sequence, mask: &LossMask, facts: &Facts) -> Vec<Finding> {
    let mut found = match &sequence.pack {
        Some(pack) => {
            mask.documents().zip(&pack.documents).enumerate().fold(Vec::new(), |mut found, (i, (mask, own))| {
                let own_findings = findings(&own.sequence, mask, facts).into_iter();
                found.extend(own_findings.map(|finding| finding.in_document(i + 1, own.tokens.start)));
                found
            })
        }
        None => one(sequence, mask, facts),
    };
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}

fn one(sequence: &Sequence, mask: &LossMask, facts: &Facts) -> Vec<Finding> {
    let mut found = scoring::findings(sequence, mask);
    found.extend(completion::findings(sequence, mask));
    found.extend(thinking::unpaired(sequence, mask));
    found.extend(weights::ignored(sequence, mask));
    found.extend(chat::findings(sequence));
    found.extend(model::findings(sequence, facts));
    found
}

impl Finding {
    fn new(code: Code, token: Option<usize>, message: impl Into<String>) -> Self {
        Self { code, severity: code.severity(), record: None, token, message: message.into() }
    }

    /// A record that says what another one of its data set says.
    pub fn of_two(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, None, message)
    }

    /// A record that cannot be read or rendered, for the reason given.
    pub fn unreadable(problem: impl Into<String>) -> Self {
        Self::new(Code::Unreadable, None, problem)
    }

    /// The same in record `record` of a data set.
    pub fn in_record(self, record: usize) -> Self {
        Self { record: Some(record), ..self }
    }

    /// The same of a packed document, which starts at token `start`; its number counts from 1.
    fn in_document(self, number: usize, start: usize) -> Self {
        let message = format!("document {number}: {}", self.message);
        Self { token: self.token.map(|token| start + token), message, ..self }
    }

    /// What to do about it.
    pub fn fix(&self) -> &'static str {
        self.code.fix()
    }
}

impl Severity {
    /// The severity's name in JSON and on screen.
    pub fn name(self) -> &'static str {
        self.into()
    }
}
