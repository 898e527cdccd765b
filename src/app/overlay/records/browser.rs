//! The records of the data set that is open: what is known of each, and which of them are listed.

use std::collections::HashMap;

use crate::app::InputLine;
use crate::data::DataSet;
use crate::mask::Roles;
use crate::mask::finding::Code;
use crate::source::Source;
use crate::survey::{self, Summary};

/// How far the survey of the data set is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Reading {
    /// The share of the file that was read, where that is known.
    Going(Option<f32>),
    #[default]
    Done,
    Stopped,
    Failed(String),
}

/// Which records are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    #[default]
    All,
    Finding(Code),
    /// Of more tokens than that.
    Longer(u32),
    /// With a message of that one of [`Roles::NAMES`].
    Role(usize),
    Unreadable,
}

impl Filter {
    /// Whether it lists `record`.
    pub fn lists(self, record: &Summary) -> bool {
        match self {
            Filter::All => true,
            Filter::Finding(code) => record.has(code),
            Filter::Longer(tokens) => record.tokens > tokens,
            Filter::Role(place) => record.has_role(place),
            Filter::Unreadable => !record.is_readable(),
        }
    }

    /// What it lists, in words.
    pub fn name(self) -> String {
        match self {
            Filter::All => "all records".into(),
            Filter::Finding(code) => format!("with finding {}", code.name()),
            Filter::Longer(tokens) => format!("longer than {tokens} tokens"),
            Filter::Role(place) => format!("with a message of role {}", Roles::NAMES[place]),
            Filter::Unreadable => "unreadable".into(),
        }
    }
}

/// What is typed below the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// The number of a record to go to.
    Jump,
    /// A text to look for.
    Search,
}

/// What all records come to, as far as they were read.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sums {
    pub tokens: u64,
    pub targets: u64,
    pub scored: u64,
    pub unreadable: usize,
    /// Records with a finding.
    pub found: usize,
}

/// The list of records.
#[derive(Debug, Default)]
pub struct Browser {
    pub set: Option<DataSet>,
    /// Of the survey whose answers count.
    pub(in crate::app) number: u64,
    /// The mask under which the records were looked over.
    pub terms: survey::Terms,
    /// The model that the user had chosen then.
    pub(in crate::app) source: Option<Source>,
    /// The model that reads them.
    pub model: String,
    pub records: Vec<Summary>,
    pub sums: Sums,
    pub reading: Reading,
    pub filter: Filter,
    /// Only records with this text are listed.
    pub search: String,
    /// Those that have it anywhere, in order; `None` until the whole file was searched.
    found: Option<Vec<u32>>,
    /// The numbers of those listed, in order.
    listed: Vec<u32>,
    /// The one that is chosen, by its place in the list.
    pub selected: usize,
    pub asked: Option<(Prompt, InputLine)>,
    /// The record that was opened last, and whether it is on screen as it is in the file.
    pub opened: Option<usize>,
    pub(in crate::app) is_intact: bool,
    /// The record that is being read to be opened.
    pub(in crate::app) wanted: Option<usize>,
    losses: HashMap<usize, f64>,
}

impl Browser {
    /// Another survey begins, with an empty list.
    pub(in crate::app) fn begin(&mut self, terms: survey::Terms, source: Option<Source>) -> u64 {
        self.number += 1;
        (self.terms, self.source) = (terms, source);
        self.records.clear();
        self.sums = Sums::default();
        self.reading = Reading::Going(None);
        self.losses.clear();
        self.listed.clear();
        self.number
    }

    /// The next records of the survey.
    pub(in crate::app) fn add(&mut self, records: Vec<Summary>) {
        for record in records {
            self.sums.tokens += u64::from(record.tokens);
            self.sums.targets += u64::from(record.targets);
            self.sums.scored += u64::from(record.scored);
            self.sums.unreadable += usize::from(!record.is_readable());
            self.sums.found += usize::from(record.worst.is_some());
            let number = self.records.len() as u32;
            if self.lists(&self.search.to_lowercase(), number, &record) {
                self.listed.push(number);
            }
            self.records.push(record);
        }
    }

    /// Lists what filter and search say, and stays on the chosen record if that is among it.
    pub(in crate::app) fn list(&mut self, filter: Filter, search: String) {
        if search != self.search {
            self.found = None;
        }
        (self.filter, self.search) = (filter, search);
        self.relist();
    }

    /// The whole file was searched for the text.
    pub(in crate::app) fn find(&mut self, numbers: Vec<u32>) {
        self.found = Some(numbers);
        self.relist();
    }

    /// Whether the file is still to be searched for the text.
    pub fn is_searching(&self) -> bool {
        !self.search.is_empty() && self.found.is_none()
    }

    fn relist(&mut self) {
        let chosen = self.chosen();
        let text = self.search.to_lowercase();
        let listed = (0_u32..).zip(&self.records).filter(|(number, record)| self.lists(&text, *number, record));
        self.listed = listed.map(|(number, _)| number).collect();
        self.choose(chosen.unwrap_or(0));
    }

    /// `text` is what is searched for, in lower case.
    fn lists(&self, text: &str, number: u32, record: &Summary) -> bool {
        let is_found = || self.found.as_ref().is_some_and(|found| found.binary_search(&number).is_ok());
        let has_text = || text.is_empty() || record.title.to_lowercase().contains(text) || is_found();
        self.filter.lists(record) && has_text()
    }

    /// What is on screen is no record of the set any more, or not as it stands there.
    pub(in crate::app) fn leave_record(&mut self) {
        self.is_intact = false;
    }

    /// How many are listed.
    pub fn len(&self) -> usize {
        self.listed.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// At most `count` of those listed from the `first` on, with their numbers.
    pub fn page(&self, first: usize, count: usize) -> impl Iterator<Item = (usize, &Summary)> {
        let end = (first + count).min(self.listed.len());
        let numbers = self.listed.get(first..end).unwrap_or_default();
        numbers.iter().map(|&number| (number as usize, &self.records[number as usize]))
    }

    /// The number of the record that is chosen.
    pub fn chosen(&self) -> Option<usize> {
        self.listed.get(self.selected).map(|&number| number as usize)
    }

    /// Chooses record `number`, or the next one listed.
    pub(in crate::app) fn choose(&mut self, number: usize) {
        let at = self.listed.partition_point(|&listed| (listed as usize) < number);
        self.selected = at.min(self.listed.len().saturating_sub(1));
    }

    /// The choice goes `by` places down.
    pub(in crate::app) fn step(&mut self, by: isize) {
        self.selected = self.selected.saturating_add_signed(by).min(self.listed.len().saturating_sub(1));
    }

    /// The readable record listed next to the one opened last, back or on.
    pub(in crate::app) fn beside(&self, by: isize) -> Option<usize> {
        let opened = self.opened?;
        let readable = |&&number: &&u32| self.records[number as usize].is_readable();
        let found = if by < 0 {
            self.listed.iter().rev().filter(readable).find(|&&number| (number as usize) < opened)
        } else {
            self.listed.iter().filter(readable).find(|&&number| number as usize > opened)
        };
        found.map(|&number| number as usize)
    }

    /// The loss of a record that was scored under this mask.
    pub fn loss(&self, number: usize) -> Option<f64> {
        self.losses.get(&number).copied()
    }

    pub(in crate::app) fn set_loss(&mut self, number: usize, loss: f64) {
        self.losses.insert(number, loss);
    }

    /// How many records `filter` lists.
    pub(in crate::app) fn count(&self, filter: Filter) -> usize {
        self.records.iter().filter(|record| filter.lists(record)).count()
    }
}
