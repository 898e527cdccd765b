//! The records of a data set, one after the other, however long the file: JSON, JSONL, Parquet, Arrow; JSON also packed
//! with xz.
//!
//! A file is never read whole (but for one JSON object laid out over several lines, which is one record): what is in
//! memory is the record at hand. Parsing a record is left to whoever takes it, so that several threads can.

mod arrow;
mod at;
mod elements;
mod layout;
mod lines;
mod not_json;
mod opened;
mod packed;
mod rows;

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;
use thiserror::Error;

use crate::disguise::{self, Disguise};
use crate::sample::{Form, Record, read_record};
pub use at::{Place, record_at};
use layout::Layout;
pub use opened::{DataSet, Opened};

/// Why a data set cannot be read at all.
#[derive(Debug, Error)]
pub enum DataError {
    #[error("reading {}: {reason}", file.display())]
    Read { file: PathBuf, reason: io::Error },
    #[error("{} is empty; give JSONL with one record a line, a JSON list of records, or Parquet", file.display())]
    Empty { file: PathBuf },
    #[error("{} is {disguise}", file.display())]
    Other { file: PathBuf, disguise: Disguise },
    #[error("{} is not Parquet that can be read: {reason}", file.display())]
    Parquet { file: PathBuf, reason: String },
    #[error("{} is not Arrow that can be read: {reason}", file.display())]
    Arrow { file: PathBuf, reason: String },
}

/// What places in a file are counted in, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Line,
    Row,
}

/// A record as it stands in the file.
#[derive(Debug)]
pub struct Raw {
    /// Its number, from 0.
    pub index: usize,
    /// The line where it begins, or its row, from 1.
    pub place: usize,
    pub unit: Unit,
    /// Where it begins in the file, in bytes; of no meaning in Parquet.
    pub offset: u64,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Json(Vec<u8>),
    Value(Value),
    /// It cannot be taken out of the file.
    Broken(String),
}

/// A record that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{} {place} (record {index}) {problem}", unit.name())]
pub struct BadRecord {
    pub index: usize,
    pub place: usize,
    pub unit: Unit,
    /// What is wrong and what to do.
    pub problem: String,
}

impl Unit {
    /// Its name in sentences.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Line => "line",
            Unit::Row => "row",
        }
    }
}

impl Raw {
    /// Where it stands, to be found again.
    pub fn at(&self) -> Place {
        Place { index: self.index, place: self.place, offset: self.offset }
    }

    /// What the record says, in the form of `hint` or in the one that its fields say.
    ///
    /// # Errors
    /// If it is not JSON or in no form that is known: where, what and what to do.
    pub fn read(self, hint: Option<Form>) -> Result<Record, BadRecord> {
        let Raw { index, place, unit, .. } = self;
        read_record(self.value()?, hint).map_err(|problem| BadRecord { index, place, unit, problem })
    }

    fn value(self) -> Result<Value, BadRecord> {
        let Raw { index, place, unit, body, .. } = self;
        let bad = |problem| BadRecord { index, place, unit, problem };
        match body {
            Body::Value(value) => Ok(value),
            Body::Broken(problem) => Err(bad(problem)),
            Body::Json(bytes) => serde_json::from_slice(bytes.trim_ascii_end())
                .map_err(|error| bad(not_json::problem(&bytes, &error, place))),
        }
    }

    /// The text in field `name`: a string, or the strings of a list, a line each.
    ///
    /// # Errors
    /// If it is not JSON, or the field is no text: where, what and what to do.
    pub fn text(self, name: &str) -> Result<String, BadRecord> {
        let Raw { index, place, unit, .. } = self;
        let fields = self.value()?;
        let lines = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Array(list) => Some(list.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?.join("\n")),
            _ => None,
        };
        let text = fields.get(name).and_then(lines);
        text.ok_or_else(|| BadRecord {
            index,
            place,
            unit,
            problem: format!("has no text, and no list of texts, in `{name}`"),
        })
    }

    /// What the record says, which stays to be read again; `None` where it cannot be read.
    pub fn peek(&self, hint: Option<Form>) -> Option<Record> {
        let value = match &self.body {
            Body::Value(value) => value.clone(),
            Body::Json(bytes) => serde_json::from_slice(bytes).ok()?,
            Body::Broken(_) => return None,
        };
        read_record(value, hint).ok()
    }

    /// Whether one of its texts has `text` in it, which is in lower case; upper and lower case are the same.
    pub fn has(&self, text: &str) -> bool {
        match &self.body {
            Body::Value(value) => has(value, text),
            Body::Json(bytes) => serde_json::from_slice(bytes).is_ok_and(|value| has(&value, text)),
            Body::Broken(_) => false,
        }
    }
}

/// Whether any text in `value` has `text`, which is in lower case.
fn has(value: &Value, text: &str) -> bool {
    match value {
        Value::String(string) => string.to_lowercase().contains(text),
        Value::Array(values) => values.iter().any(|value| has(value, text)),
        Value::Object(fields) => fields.values().any(|value| has(value, text)),
        _ => false,
    }
}

/// The records of one file, in order.
pub struct Records {
    records: Box<dyn Iterator<Item = io::Result<Raw>> + Send>,
    file: PathBuf,
    progress: Progress,
}

/// How much of a file was read, for whoever watches.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    done: Arc<AtomicU64>,
    /// Bytes of the file or rows of the table; 0 where nobody knows.
    total: u64,
}

impl Progress {
    /// The share that was read, 0 to 1; `None` where the end is not known.
    pub fn share(&self) -> Option<f32> {
        (self.total > 0).then(|| (self.done.load(Ordering::Relaxed) as f32 / self.total as f32).min(1.0))
    }
}

impl Records {
    /// Opens a file, `-` being standard input, or a folder of Arrow files; what is in it decides how it is read, not its
    /// name.
    ///
    /// # Errors
    /// If it cannot be opened, has nothing in it, or is Parquet or Arrow that is damaged.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let read = |reason| DataError::Read { file: path.to_owned(), reason };
        if path.as_os_str() == "-" {
            return Self::of(Box::new(io::stdin()), path, 0);
        }
        let file = File::open(path).map_err(read)?;
        let metadata = file.metadata().map_err(read)?;
        if metadata.is_dir() {
            return Self::of_arrow(arrow::files_of(path).map_err(read)?, path);
        }
        if arrow::is_arrow(&file).map_err(read)? {
            return Self::of_arrow(vec![path.to_owned()], path);
        }
        if rows::is_parquet(&file).map_err(read)? {
            let parquet = |reason| DataError::Parquet { file: path.to_owned(), reason };
            let (rows, progress) = rows::Rows::open(file).map_err(parquet)?;
            return Ok(Self { records: Box::new(rows), file: path.to_owned(), progress });
        }
        Self::of(Box::new(file), path, metadata.len())
    }

    /// The JSON records of a file that is part of the program; `name` is its name in errors.
    ///
    /// # Errors
    /// If there is nothing in it.
    pub fn embedded(bytes: &'static [u8], name: &str) -> Result<Self, DataError> {
        Self::of(Box::new(bytes), Path::new(name), bytes.len() as u64)
    }

    fn of_arrow(files: Vec<PathBuf>, path: &Path) -> Result<Self, DataError> {
        let file = path.to_owned();
        let arrow = |reason| DataError::Arrow { file: file.clone(), reason };
        let rows = arrow::Rows::open(files).map_err(arrow)?;
        Ok(Self { records: Box::new(rows), file, progress: Progress::default() })
    }

    /// The JSON records that `input` gives; `path` is its name in errors.
    fn of(input: Box<dyn Read + Send>, path: &Path, length: u64) -> Result<Self, DataError> {
        let file = path.to_owned();
        let progress = Progress { total: length, ..Progress::default() };
        let mut counted = Counted { input, done: progress.done.clone() };
        let read = |reason| DataError::Read { file: path.to_owned(), reason };
        // A pipe gives little at a time, and the layout is seen from more than that.
        let mut beginning = Vec::new();
        counted.by_ref().take(layout::SEEN as u64).read_to_end(&mut beginning).map_err(read)?;
        let mut counted: Box<dyn Read + Send> = Box::new(counted);
        if packed::is_packed(&beginning) {
            counted = packed::unpacked(io::Cursor::new(std::mem::take(&mut beginning)).chain(counted));
            counted.by_ref().take(layout::SEEN as u64).read_to_end(&mut beginning).map_err(read)?;
        }
        if let Some(disguise) = disguise::of(&beginning) {
            return Err(DataError::Other { file, disguise });
        }
        let mut input = BufReader::with_capacity(layout::SEEN, io::Cursor::new(beginning).chain(counted));
        let records: Box<dyn Iterator<Item = io::Result<Raw>> + Send> = match layout::of(&mut input).map_err(read)? {
            Layout::Empty => return Err(DataError::Empty { file }),
            Layout::Lines(start) => Box::new(lines::Lines::new(input, start)),
            Layout::Elements(start) => Box::new(elements::Elements::new(input, start)),
            Layout::Whole(start) => Box::new(lines::whole(input, start)),
        };
        Ok(Self { records, file, progress })
    }

    /// How much was read, now and later.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }
}

impl Iterator for Records {
    type Item = Result<Raw, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = |reason| DataError::Read { file: self.file.clone(), reason };
        self.records.next().map(|record| record.map_err(read))
    }
}

/// Counts what is read.
struct Counted<R> {
    input: R,
    done: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.done.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
/// The first four bytes of a file, which is read from its beginning again; `None` of a shorter one and of what cannot be
/// sought, as a pipe: neither Parquet nor Arrow could be read from it.
fn beginning(mut file: &File) -> io::Result<Option<[u8; 4]>> {
    let mut magic = Vec::with_capacity(4);
    if file.stream_position().is_err() {
        return Ok(None);
    }
    file.take(4).read_to_end(&mut magic)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(magic.try_into().ok())
}
