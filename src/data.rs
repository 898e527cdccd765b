//! The records of a data set, one after the other, however long the files: JSON, JSONL, both packed with gzip, xz or zstd
//! too, Parquet, Arrow.
//!
//! A file is never read whole: what is in memory is the record at hand, which is refused where it is longer than
//! [`LONGEST`]. Parsing a record is left to whoever takes it, so that several threads can.

mod arrow;
mod at;
pub mod columns;
mod compressed;
mod elements;
mod expand;
mod layout;
mod lines;
mod not_json;
mod opened;
mod rows;
mod series;
pub mod shard;

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
pub use compressed::{Compression, Damage};
use compressed::{Input, unpacked};
pub use expand::expand;
use layout::Layout;
pub use opened::{DataSet, Opened};
pub use series::Series;

/// Bytes of the longest record that is read.
pub const LONGEST: usize = 64 << 20;

/// Why a data set cannot be read at all.
#[derive(Debug, Error)]
pub enum DataError {
    #[error("reading {}: {reason}", file.display())]
    Read { file: PathBuf, reason: io::Error },
    #[error("{}: {damage} {}; download or write it again", file.display(), behind(*records))]
    Damaged { file: PathBuf, damage: Damage, records: usize },
    #[error("no file matches {}", pattern.display())]
    NoMatch { pattern: PathBuf },
    #[error("{} is no pattern of files: {reason}", pattern.display())]
    Pattern { pattern: PathBuf, reason: String },
    #[error("{} is empty; give JSONL with one record a line, a JSON list of records, or Parquet", file.display())]
    Empty { file: PathBuf },
    #[error("{} is {disguise}", file.display())]
    Other { file: PathBuf, disguise: Disguise },
    #[error("{} is not Parquet that can be read: {reason}", file.display())]
    Parquet { file: PathBuf, reason: String },
    #[error("{} is not Arrow that can be read: {reason}", file.display())]
    Arrow { file: PathBuf, reason: String },
}

/// How far a file could be read.
fn behind(records: usize) -> String {
    match records.checked_sub(1) {
        None => "before its first record ends".into(),
        Some(last) => format!("behind record {last} (from 0)"),
    }
}

impl DataError {
    /// What came up behind `records` records of a file.
    fn of(error: io::Error, file: &Path, records: usize) -> Self {
        let damage = error.get_ref().and_then(|inner| inner.downcast_ref::<Damage>()).cloned();
        match damage {
            Some(damage) => Self::Damaged { file: file.to_owned(), damage, records },
            None => Self::Read { file: file.to_owned(), reason: error },
        }
    }

    /// The same with records counted from the file before, which ended at `before`.
    fn behind(self, before: usize) -> Self {
        match self {
            Self::Damaged { file, damage, records } => Self::Damaged { file, damage, records: before + records },
            other => other,
        }
    }
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
    /// The number of its file in a [`Series`], from 0.
    pub file: usize,
    /// The line where it begins, or its row, from 1.
    pub place: usize,
    pub unit: Unit,
    /// Where it begins in what the file holds, in bytes; of no meaning in Parquet.
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
    fn json(index: usize, place: usize, offset: u64, bytes: Vec<u8>) -> Self {
        let body = match bytes.len() > LONGEST {
            true => {
                let limit = LONGEST >> 20;
                Body::Broken(format!("is longer than {limit} MB, the most that is read as one record; split it"))
            }
            false => Body::Json(bytes),
        };
        Self { index, file: 0, place, unit: Unit::Line, offset, body }
    }

    fn row(index: usize, value: Value) -> Self {
        Self { index, file: 0, place: index + 1, unit: Unit::Row, offset: 0, body: Body::Value(value) }
    }

    /// About how many bytes it takes.
    pub fn size(&self) -> usize {
        match &self.body {
            Body::Json(bytes) => bytes.len(),
            Body::Value(value) => size(value),
            Body::Broken(_) => 0,
        }
    }

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

fn size(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::String(string) => string.len(),
            Value::Array(values) => values.iter().map(size).sum(),
            Value::Object(fields) => fields.iter().map(|(key, value)| key.len() + size(value)).sum(),
            _ => 0,
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
    /// Records that were read.
    read: usize,
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
            return Ok(Self { records: Box::new(rows), file: path.to_owned(), progress, read: 0 });
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
        Ok(Self { records: Box::new(rows), file, progress: Progress::default(), read: 0 })
    }

    /// The JSON records that `input` gives; `path` is its name in errors.
    fn of(input: Input, path: &Path, length: u64) -> Result<Self, DataError> {
        let file = path.to_owned();
        let progress = Progress { total: length, ..Progress::default() };
        let read = |reason| DataError::of(reason, path, 0);
        let (beginning, rest) = seen(Counted { input, done: progress.done.clone() }).map_err(read)?;
        if let Some(disguise) = disguise::of(&beginning) {
            return Err(DataError::Other { file, disguise });
        }
        if beginning.starts_with(rows::MAGIC) {
            let reason = "it is packed, or comes through a pipe; give the file itself".into();
            return Err(DataError::Parquet { file, reason });
        }
        let mut input = BufReader::with_capacity(layout::SEEN, io::Cursor::new(beginning).chain(rest));
        let records: Box<dyn Iterator<Item = io::Result<Raw>> + Send> = match layout::of(&mut input).map_err(read)? {
            Layout::Empty => return Err(DataError::Empty { file }),
            Layout::Lines(start) => Box::new(lines::Lines::new(input, start)),
            Layout::Elements(start) => Box::new(elements::Elements::new(input, start)),
            Layout::Whole(start) => Box::new(lines::whole(input, start)),
        };
        Ok(Self { records, file, progress, read: 0 })
    }

    /// How much was read, now and later.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }
}

impl Iterator for Records {
    type Item = Result<Raw, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        let record = self.records.next()?;
        self.read += usize::from(record.is_ok());
        Some(record.map_err(|reason| DataError::of(reason, &self.file, self.read)))
    }
}

/// The beginning of what `input` holds, unpacked, and the rest: a pipe gives little at a time, and the layout is seen from
/// more than that. What is damaged shows when the rest is read, behind the records before it.
///
/// # Errors
/// If nothing can be read.
fn seen(input: impl Read + Send + 'static) -> io::Result<(Vec<u8>, Input)> {
    let (mut beginning, mut input) = (Vec::new(), unpacked(input)?);
    match input.by_ref().take(layout::SEEN as u64).read_to_end(&mut beginning) {
        Err(error) if beginning.is_empty() => Err(error),
        Err(error) => Ok((beginning, Box::new(Failed(Some(error))))),
        Ok(_) => Ok((beginning, input)),
    }
}

/// All that a file holds, unpacked if gzip or zstd packed it; `-` is standard input.
///
/// # Errors
/// If it cannot be read, or what is packed is damaged.
pub fn read_whole(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut input = match path.as_os_str() == "-" {
        true => unpacked(io::stdin())?,
        false => unpacked(File::open(path)?)?,
    };
    input.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Gives an error where there was one.
struct Failed(Option<io::Error>);

impl Read for Failed {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
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
