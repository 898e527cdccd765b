//! What all records together come to.

use std::collections::BTreeMap;

use super::histogram::{Histogram, Spread};
use super::{Entry, Figures};
use crate::data::Unit;
use crate::mask::finding::{Code, Finding, Severity};
use crate::sample::Form;

/// Sums over records; as large of a thousand as of a billion.
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
    lengths: Histogram,
    shares: Histogram,
}

/// One kind of finding over all records.
#[derive(Clone, Debug)]
pub struct Found {
    pub code: Code,
    pub severity: Severity,
    pub count: usize,
    /// Records that have it.
    pub records: usize,
    /// The first one, with the number of its file and its line or row.
    pub first: (Finding, usize, Unit, usize),
    last: usize,
}

impl Totals {
    /// Takes one more record in. Records come in order: the first of a finding is told, and weights are summed one by one.
    pub fn add(&mut self, entry: &Entry) {
        self.records += 1;
        self.read += usize::from(entry.is_read);
        match &entry.figures {
            None => self.unreadable += 1,
            Some(figures) => self.add_figures(figures),
        }
        for finding in &entry.findings {
            self.add_finding(entry, finding);
        }
    }

    fn add_figures(&mut self, figures: &Figures) {
        *self.forms.entry(figures.form).or_default() += 1;
        self.tokens += figures.tokens;
        self.targets += figures.targets;
        self.scored += figures.scored;
        self.weight += figures.weight;
        self.unscored += usize::from(figures.scored == 0);
        self.over_context += usize::from(figures.over_context);
        self.lost += figures.lost;
        self.lengths.add(figures.tokens as f64);
        figures.share().into_iter().for_each(|share| self.shares.add(share));
    }

    fn add_finding(&mut self, entry: &Entry, finding: &Finding) {
        if let Some(found) = self.found.iter_mut().find(|found| found.code == finding.code) {
            found.count += 1;
            found.records += usize::from(found.last != entry.index);
            found.last = entry.index;
            found.severity = found.severity.max(finding.severity);
            return;
        }
        self.found.push(Found {
            code: finding.code,
            severity: finding.severity,
            count: 1,
            records: 1,
            first: (finding.clone(), entry.file, entry.unit, entry.place),
            last: entry.index,
        });
        let order = |code: Code| Code::EVERY.iter().position(|&other| other == code);
        self.found.sort_by_key(|found| order(found.code));
    }

    /// Tokens of a record.
    pub fn lengths(&self) -> Option<Spread> {
        self.lengths.spread()
    }

    /// Scored share of a record's targets, 0 to 1.
    pub fn shares(&self) -> Option<Spread> {
        self.shares.spread()
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
