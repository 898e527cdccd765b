//! A data set beside what a trainer prepared of it: are the tokens the same, and which mask of ours scores what it scores?
//!
//! ```text
//! prepared ─▶ index    of each document two hashes: of its ids, and of what is scored of it
//! data     ─▶ match    each record by the hash of its ids; which masks have the hash of that document?
//! the rest ─▶ differ   read again, record and document: the first other token, or what is scored otherwise
//! ```
//!
//! Nothing but hashes and places is kept of what agrees, so that a file of any size is compared.

mod differ;
mod index;

use std::path::Path;

use anyhow::{Context, Result};

pub use differ::{Difference, Other, Span};
pub use index::Document;

use super::Terms;
use crate::cancel::Cancel;
use crate::data::{Place, Raw, Records, Unit, record_at};
use crate::dataset;
use crate::mask::{Basis, Mode, Policy, profile};
use crate::model::Reader;
use crate::sample::{Form, Sample};
use index::{Index, hash_of_ids, hash_of_weights};

/// Differences that are told in full; those behind them are counted.
const TOLD: usize = 200;

/// What the comparison came to.
#[derive(Debug)]
pub struct Outcome {
    /// Every record of the data set, in order.
    pub records: Vec<Compared>,
    /// Rows of the prepared file.
    pub rows: usize,
    /// What those rows hold: as many, but for packed ones.
    pub documents: Vec<Document>,
    /// Documents that are no record's.
    pub left_over: Vec<usize>,
    /// Every mask that was tried, the one that the user chose first, with how many of the records it explains.
    pub masks: Vec<(Policy, usize)>,
    /// The mask that records are compared under: the one that the user chose, or the one that explains most.
    pub under: usize,
    /// The first differences, by record.
    pub differences: Vec<(usize, Difference)>,
    /// The user stopped it.
    pub is_stopped: bool,
}

/// A record of the data set and what became of it.
#[derive(Debug)]
pub struct Compared {
    pub at: Place,
    pub unit: Unit,
    /// The document that it became, where there is one.
    pub document: Option<usize>,
    /// Their ids are the same.
    pub has_same_ids: bool,
    /// Why it cannot be read or masked here.
    pub problem: Option<String>,
    /// The masks that score what the trainer scores, one bit each.
    explained: u64,
}

impl Compared {
    /// Whether mask number `mask` scores what the trainer scores of it.
    pub fn is_explained(&self, mask: usize) -> bool {
        self.explained & 1 << mask != 0
    }
}

impl Outcome {
    /// Records with the ids of their document.
    pub fn same_ids(&self) -> usize {
        self.records.iter().filter(|record| record.has_same_ids).count()
    }

    /// Of these, those of which the trainer scores what the mask does.
    pub fn same_masks(&self) -> usize {
        self.masks.get(self.under).map_or(0, |(_, explained)| *explained)
    }

    /// Records that became no document.
    pub fn missing(&self) -> usize {
        self.records.iter().filter(|record| record.document.is_none() && record.problem.is_none()).count()
    }

    /// The masks that explain the whole file: every record is there, with its ids, and scored so.
    pub fn explaining(&self) -> Vec<&Policy> {
        let all = self.same_ids();
        let explains = self.masks.iter().filter(|(_, explained)| *explained == all && all > 0);
        let mut explaining: Vec<&Policy> = explains.map(|(policy, _)| policy).collect();
        // What the records' forms say is one of those by name, unless the forms differ.
        if explaining.len() > 1 {
            explaining.retain(|policy| policy.basis != Basis::Automatic);
        }
        explaining
    }

    /// Whether the trainer has every record, each with these ids and this mask, and nothing else.
    pub fn is_equal(&self) -> bool {
        let all = self.records.len();
        !self.is_stopped && self.left_over.is_empty() && self.same_ids() == all && self.same_masks() == all
    }
}

/// Compares the data set `data`, read and masked under `terms`, with what a trainer `prepared`.
///
/// # Errors
/// If one of the files cannot be read, or a row of the prepared one is none.
pub fn compare(reader: &Reader, terms: &Terms, data: &Path, prepared: &Path, cancel: &Cancel) -> Result<Outcome> {
    // What a trainer's context is nobody knows.
    let mut reader = reader.clone();
    reader.context = usize::MAX;
    let index = Index::read(prepared, cancel).with_context(|| prepared.display().to_string())?;
    let masks = masks(terms.policy);
    let mut records: Vec<Compared> = Vec::new();
    let mut taken = index.takers();
    let work = |raw: Raw| look(&reader, terms, &masks, &index, raw);
    super::run(Records::open(data)?, cancel, work, |(mut record, ids): (Compared, Option<u64>)| {
        record.document = ids.and_then(|ids| taken.take(ids));
        record.has_same_ids = record.document.is_some();
        records.push(record);
        Ok::<(), anyhow::Error>(())
    })?;
    let left_over = pair(&mut records, taken.left());
    let count = |mask: usize| records.iter().filter(|one| one.has_same_ids && one.is_explained(mask)).count();
    let masks: Vec<(Policy, usize)> = masks.into_iter().enumerate().map(|(i, policy)| (policy, count(i))).collect();
    let most = masks.iter().enumerate().rev().max_by_key(|(_, (_, explained))| *explained).map_or(0, |(i, _)| i);
    let under = if terms.policy == Policy::default() { most } else { 0 };
    let mut outcome = Outcome {
        records,
        rows: index.rows,
        documents: index.documents,
        left_over,
        masks,
        under,
        differences: Vec::new(),
        is_stopped: cancel.is_cancelled(),
    };
    outcome.differences = differences(&reader, terms, data, prepared, &outcome)?;
    Ok(outcome)
}

/// The mask that the user chose, and all others by name; last what the records' forms say, where they differ.
fn masks(policy: Policy) -> Vec<Policy> {
    let named = Mode::EVERY.into_iter().map(Basis::Mode).chain(profile::every().iter().map(Basis::Profile));
    let others = named.map(|basis| Policy { basis, split: policy.split, ..Policy::default() });
    let mut masks: Vec<Policy> = others.filter(|other| *other != policy).collect();
    let place = if policy == Policy::default() { masks.len() } else { 0 };
    masks.insert(place, policy);
    masks.truncate(64); // a bit each
    masks
}

/// A record, the hash of its ids, and which masks have the hash of a document with these ids.
fn look(reader: &Reader, terms: &Terms, masks: &[Policy], index: &Index, raw: Raw) -> (Compared, Option<u64>) {
    let (at, unit) = (raw.at(), raw.unit);
    let of = |problem| Compared { at, unit, document: None, has_same_ids: false, problem, explained: 0 };
    let encoded = raw.read(terms.hint).map_err(|bad| bad.problem).and_then(|record| {
        let sequence = reader.encode(&record.sample, terms.encoding).map_err(|error| format!("{error:#}"))?;
        Ok((sequence, record.form, record.split))
    });
    let (sequence, form, split) = match encoded {
        Ok(encoded) => encoded,
        Err(problem) => return (of(Some(problem)), None),
    };
    let ids = hash_of_ids(sequence.tokens.iter().map(|token| token.id));
    let mut explained = 0;
    for (number, policy) in masks.iter().enumerate() {
        let mask = policy.mask(&sequence, form, split).ok();
        let is_it = mask.is_some_and(|mask| index.has(ids, hash_of_weights(mask.weights())));
        explained |= u64::from(is_it) << number;
    }
    (Compared { explained, ..of(None) }, Some(ids))
}

/// Gives records without a document those that are left, in order: where there are as many documents as records by their
/// place, else where as many are left of both. Returns the documents that stay over.
fn pair(records: &mut [Compared], left: Vec<usize>) -> Vec<usize> {
    let documents = left.len() + records.iter().filter(|record| record.document.is_some()).count();
    let by_place = documents == records.len();
    let mut open: Vec<&mut Compared> = records.iter_mut().filter(|record| record.document.is_none()).collect();
    if by_place || open.len() == left.len() {
        open.iter_mut().zip(&left).for_each(|(record, document)| record.document = Some(*document));
        return Vec::new();
    }
    left
}

/// What differs of the first records that do.
fn differences(
    reader: &Reader,
    terms: &Terms,
    data: &Path,
    prepared: &Path,
    outcome: &Outcome,
) -> Result<Vec<(usize, Difference)>> {
    let policy = outcome.masks.get(outcome.under).map_or(terms.policy, |(policy, _)| *policy);
    let differs = |record: &Compared| !record.has_same_ids || !record.is_explained(outcome.under);
    let others = outcome.records.iter().enumerate().filter(|(_, record)| differs(record) && record.problem.is_none());
    let mut found = Vec::new();
    for (number, record) in others.take(TOLD) {
        let Some(document) = record.document.and_then(|document| outcome.documents.get(document)) else { continue };
        let ours = record_at(data, record.at)?.read(terms.hint)?;
        let ours = dataset::mask(reader, terms.encoding, &policy, ours);
        let row = record_at(prepared, document.at)?.read(Some(Form::Prepared))?;
        let Sample::Prepared(row) = row.sample else { continue };
        let row = row.document(document.tokens.clone());
        let ours = ours.with_context(|| format!("record {number}"))?;
        found.push((number, Difference::of(&ours, &row, &reader.vocabulary)));
    }
    Ok(found)
}
