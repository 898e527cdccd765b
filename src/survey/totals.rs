//! What all records together come to.

use std::collections::BTreeMap;

use super::Judged;
use crate::data::Unit;
use crate::dataset::Masked;
use crate::mask::finding::{Code, Finding, Severity};
use crate::sample::Form;

/// Sums over records; 12 bytes for each of them.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    pub records: usize,
    /// Records that cannot be read, rendered or masked.
    pub unreadable: usize,
    /// Records that are JSON in a form that is known.
    pub read: usize,
    pub forms: BTreeMap<Form, usize>,
    pub tokens: usize,
    pub targets: usize,
    pub scored: usize,
    /// Σ w.
    pub weight: f64,
    /// Records in which nothing is scored.
    pub unscored: usize,
    /// Records longer than the context.
    pub over_context: usize,
    /// Scored tokens that the context cut off.
    pub lost: usize,
    /// By code, in the codes' order.
    pub found: Vec<Found>,
    lengths: Vec<u32>,
    shares: Vec<f64>,
}

/// One kind of finding over all records.
#[derive(Clone, Debug)]
pub struct Found {
    pub code: Code,
    pub severity: Severity,
    pub count: usize,
    /// Records that have it.
    pub records: usize,
    /// The first one, with its line or row.
    pub first: (Finding, Unit, usize),
    last: usize,
}

/// Least, median and greatest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub min: f64,
    pub median: f64,
    pub max: f64,
}

impl Spread {
    /// Of some values; `None` of none. Of an even number of values the median is the lower of the two in the middle.
    fn of<T: Copy + PartialOrd + Into<f64>>(values: &[T]) -> Option<Self> {
        let mut values = values.to_vec();
        values.sort_unstable_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
        let (min, max) = (*values.first()?, *values.last()?);
        let median = values[(values.len() - 1) / 2];
        Some(Self { min: min.into(), median: median.into(), max: max.into() })
    }
}

impl Totals {
    /// Takes one more record in.
    pub fn add(&mut self, judged: &Judged) {
        self.records += 1;
        self.read += usize::from(judged.is_read);
        match &judged.masked {
            None => self.unreadable += 1,
            Some(masked) => self.add_masked(masked),
        }
        for finding in &judged.findings {
            self.add_finding(judged, finding);
        }
    }

    fn add_masked(&mut self, masked: &Masked) {
        let Masked { form, sequence, mask, .. } = masked;
        let scored = mask.scored();
        *self.forms.entry(*form).or_default() += 1;
        self.tokens += sequence.len();
        self.targets += sequence.target_count();
        self.scored += scored;
        self.weight += mask.weights().iter().sum::<f64>();
        self.unscored += usize::from(scored == 0);
        self.over_context += usize::from(sequence.uncut_len().is_some());
        self.lost += mask.lost;
        self.lengths.push(u32::try_from(sequence.len()).unwrap_or(u32::MAX));
        self.shares.extend(masked.share());
    }

    fn add_finding(&mut self, judged: &Judged, finding: &Finding) {
        if let Some(found) = self.found.iter_mut().find(|found| found.code == finding.code) {
            found.count += 1;
            found.records += usize::from(found.last != judged.index);
            found.last = judged.index;
            found.severity = found.severity.max(finding.severity);
            return;
        }
        self.found.push(Found {
            code: finding.code,
            severity: finding.severity,
            count: 1,
            records: 1,
            first: (finding.clone(), judged.unit, judged.place),
            last: judged.index,
        });
        let order = |code: Code| Code::EVERY.iter().position(|&other| other == code);
        self.found.sort_by_key(|found| order(found.code));
    }

    /// Tokens of a record.
    pub fn lengths(&self) -> Option<Spread> {
        Spread::of(&self.lengths)
    }

    /// Scored share of a record's targets, 0 to 1.
    pub fn shares(&self) -> Option<Spread> {
        Spread::of(&self.shares)
    }

    /// The worst that was found.
    pub fn worst(&self) -> Option<Severity> {
        self.found.iter().map(|found| found.severity).max()
    }

    /// How many findings of that severity there are, by the worst of each code.
    pub fn count(&self, severity: Severity) -> usize {
        self.found.iter().filter(|found| found.severity == severity).map(|found| found.count).sum()
    }
}
