//! Rows of Arrow files: a folder that Hugging Face `datasets` wrote (`state.json` beside `data-*.arrow`), as Axolotl's
//! prepared data and TRL's mapped data sets are, or one file of it.
//!
//! The files are of the IPC stream format; one of the IPC file format is read too.

mod value;

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::ArrowError;
use serde_json::{Map, Value};

use super::rows::guarded;
use super::{Raw, beginning};

/// How a stream begins: a message's length follows.
const STREAM: [u8; 4] = [0xff; 4];
const FILE: [u8; 4] = *b"ARRO";

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

/// Whether the file begins as Arrow does; what is read next is its beginning again.
pub(super) fn is_arrow(file: &File) -> io::Result<bool> {
    Ok(beginning(file)?.is_some_and(|magic| magic == STREAM || magic == FILE))
}

/// The Arrow files of a folder, in order: those that its `state.json` names, or else all.
///
/// # Errors
/// If it has none; what it has, and what to give instead.
pub(super) fn files_of(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let other = |text: &str| io::Error::other(text.to_owned());
    if let Ok(state) = std::fs::read(folder.join("state.json")) {
        let state: Value =
            serde_json::from_slice(&state).map_err(|error| other(&format!("its state.json: {error}")))?;
        let Some(named) = state["_data_files"].as_array() else {
            return Err(other("its state.json names no data files: it is damaged, or not of Hugging Face datasets"));
        };
        let named = named.iter();
        return Ok(named.filter_map(|file| Some(folder.join(file["filename"].as_str()?))).collect());
    }
    if let Ok(splits) = std::fs::read(folder.join("dataset_dict.json")) {
        let splits: Value = serde_json::from_slice(&splits).unwrap_or_default();
        let names: Vec<&str> = splits["splits"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        return Err(other(&format!("it is a folder of splits; give one of them: {}", names.join(", "))));
    }
    let entries = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut files: Vec<PathBuf> = entries.collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "arrow"));
    files.sort();
    if files.is_empty() {
        return Err(other(
            "it is a directory without Arrow files; give files, such as 'DIR/*.jsonl', or a folder that `datasets` wrote",
        ));
    }
    Ok(files)
}

fn batches(path: &Path) -> Result<Batches, String> {
    let problem = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let mut file = File::open(path).map_err(|error| problem(&error))?;
    let mut magic = Vec::with_capacity(FILE.len());
    (&file).take(FILE.len() as u64).read_to_end(&mut magic).map_err(|error| problem(&error))?;
    file.seek(SeekFrom::Start(0)).map_err(|error| problem(&error))?;
    let batches = guarded(|| -> Result<Batches, String> {
        if magic == FILE {
            return Ok(Box::new(FileReader::try_new(file, None).map_err(|error| error.to_string())?));
        }
        Ok(Box::new(StreamReader::try_new(BufReader::new(file), None).map_err(|error| error.to_string())?))
    });
    batches.map_err(|reason| problem(&reason))
}

/// Records of the rows of some files, one batch in memory.
pub(super) struct Rows {
    files: std::vec::IntoIter<PathBuf>,
    batches: Batches,
    batch: Option<RecordBatch>,
    row: usize,
    index: usize,
}

impl Rows {
    /// Reads what the first file says of itself.
    pub fn open(files: Vec<PathBuf>) -> Result<Self, String> {
        let mut files = files.into_iter();
        let batches = match files.next() {
            Some(first) => batches(&first)?,
            None => Box::new(std::iter::empty()),
        };
        Ok(Self { files, batches, batch: None, row: 0, index: 0 })
    }

    /// The batch that has the next row, and that row in it.
    fn next_row(&mut self) -> Result<Option<(&RecordBatch, usize)>, String> {
        while self.batch.as_ref().is_none_or(|batch| self.row >= batch.num_rows()) {
            let read = guarded(|| self.batches.next().transpose().map_err(|error| error.to_string()))?;
            match (read, self.files.as_slice()) {
                (Some(batch), _) => (self.batch, self.row) = (Some(batch), 0),
                (None, []) => return Ok(None),
                (None, [..]) => {
                    let Some(next) = self.files.next() else { return Ok(None) };
                    self.batches = batches(&next)?;
                }
            }
        }
        let row = self.row;
        self.row += 1;
        Ok(self.batch.as_ref().map(|batch| (batch, row)))
    }

    /// Passes over `count` rows, whole batches at a time.
    fn skip_rows(&mut self, count: usize) -> Result<(), String> {
        let mut left = count;
        while left > 0 && self.next_row()?.is_some() {
            left -= 1;
            let here = self.batch.as_ref().map_or(0, |batch| batch.num_rows() - self.row).min(left);
            (self.row, left) = (self.row + here, left - here);
        }
        self.index += count;
        Ok(())
    }

    fn value(&mut self) -> Option<Result<Value, String>> {
        let next = self.next_row().transpose()?;
        Some(next.and_then(|(batch, row)| {
            let schema = batch.schema();
            let columns = schema.fields().iter().zip(batch.columns());
            let fields = columns.map(|(field, column)| Ok((field.name().clone(), value::of(column.as_ref(), row)?)));
            Ok(Value::Object(fields.collect::<Result<Map<_, _>, String>>()?))
        }))
    }
}

impl Iterator for Rows {
    type Item = io::Result<Raw>;

    fn next(&mut self) -> Option<Self::Item> {
        let value = match self.value()? {
            Ok(value) => value,
            Err(problem) => {
                (self.batch, self.batches, self.files) = (None, Box::new(std::iter::empty()), Vec::new().into_iter());
                return Some(Err(io::Error::other(format!("row {}: {problem}", self.index + 1))));
            }
        };
        let index = self.index;
        self.index += 1;
        Some(Ok(Raw::row(index, value)))
    }
}

/// Row `index` alone.
pub(super) fn row_at(files: Vec<PathBuf>, index: usize) -> Result<Option<Raw>, String> {
    let mut rows = Rows::open(files)?;
    rows.skip_rows(index)?;
    rows.next().transpose().map_err(|error| error.to_string())
}
