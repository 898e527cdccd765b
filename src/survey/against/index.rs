//! What is kept of a prepared file: of each document, where it stands and two hashes.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::path::Path;

use anyhow::Result;

use crate::cancel::Cancel;
use crate::data::{Place, Raw, Records, Unit};
use crate::sample::{Form, Sample};

/// A document of a prepared file: a row, or a part of a packed one.
#[derive(Clone, Debug)]
pub struct Document {
    /// Where its row stands.
    pub at: Place,
    pub unit: Unit,
    /// Its tokens in the row.
    pub tokens: Range<usize>,
    ids: u64,
    weights: u64,
}

pub(super) struct Index {
    pub documents: Vec<Document>,
    pub rows: usize,
    by_ids: HashMap<u64, Vec<u32>>,
}

impl Index {
    /// Reads the whole file once.
    ///
    /// # Errors
    /// If it cannot be read, or a row has no ids and labels: where, and what is wrong.
    pub fn read(prepared: &Path, cancel: &Cancel) -> Result<Self> {
        let mut index = Self { documents: Vec::new(), rows: 0, by_ids: HashMap::new() };
        super::super::run(Records::open(prepared)?, cancel, documents, |row: Result<Vec<Document>>| {
            index.rows += 1;
            for document in row? {
                let number = u32::try_from(index.documents.len())?;
                index.by_ids.entry(document.ids).or_default().push(number);
                index.documents.push(document);
            }
            Ok::<(), anyhow::Error>(())
        })?;
        Ok(index)
    }

    /// Whether a document has these ids and these weights.
    pub fn has(&self, ids: u64, weights: u64) -> bool {
        let own = self.by_ids.get(&ids).into_iter().flatten();
        own.into_iter().any(|&number| self.documents.get(number as usize).is_some_and(|one| one.weights == weights))
    }

    /// Hands out each document once.
    pub fn takers(&self) -> Takers {
        let mut by_ids = self.by_ids.clone();
        by_ids.values_mut().for_each(|numbers| numbers.reverse());
        Takers { by_ids, taken: vec![false; self.documents.len()] }
    }
}

pub(super) struct Takers {
    /// The last is the next to be taken.
    by_ids: HashMap<u64, Vec<u32>>,
    taken: Vec<bool>,
}

impl Takers {
    /// The next document with these ids.
    pub fn take(&mut self, ids: u64) -> Option<usize> {
        let number = self.by_ids.get_mut(&ids)?.pop()? as usize;
        *self.taken.get_mut(number)? = true;
        Some(number)
    }

    /// Those that nobody took.
    pub fn left(&self) -> Vec<usize> {
        (0..self.taken.len()).filter(|&number| !self.taken[number]).collect()
    }
}

fn documents(raw: Raw) -> Result<Vec<Document>> {
    let (at, unit) = (raw.at(), raw.unit);
    let record = raw.read(Some(Form::Prepared))?;
    let Sample::Prepared(row) = record.sample else { return Ok(Vec::new()) };
    let of = |tokens: Range<usize>| Document {
        ids: hash_of_ids(row.ids[tokens.clone()].iter().copied()),
        weights: hash_of_weights(&row.weights[tokens.clone()]),
        at,
        unit,
        tokens,
    };
    Ok(row.documents().map(of).collect())
}

pub(super) fn hash_of_ids(ids: impl Iterator<Item = u32>) -> u64 {
    let mut hasher = DefaultHasher::new();
    ids.for_each(|id| hasher.write_u32(id));
    hasher.finish()
}

/// Of the weights of all targets: the first token is none, whatever a trainer says of it.
pub(super) fn hash_of_weights(weights: &[f64]) -> u64 {
    let mut hasher = DefaultHasher::new();
    weights.iter().skip(1).for_each(|weight| weight.to_bits().hash(&mut hasher));
    hasher.finish()
}
