//! Rows of a Parquet file, as data sets are shipped.

use std::fs::File;
use std::io;
use std::sync::atomic::Ordering;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::reader::RowIter;
use serde_json::Value;

use super::{Progress, Raw, beginning};
use crate::guard::quietly;

/// The first four bytes of a Parquet file.
pub(super) const MAGIC: &[u8; 4] = b"PAR1";

/// Whether the file begins as Parquet does; what is read next is its beginning again.
pub(super) fn is_parquet(file: &File) -> io::Result<bool> {
    Ok(beginning(file)?.is_some_and(|magic| magic == *MAGIC))
}

/// The library panics on some of what it cannot read.
const DAMAGED: &str = "it is damaged; write or download it again";

/// What the library reads, or what is wrong.
pub(super) fn guarded<T>(read: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    quietly(read).unwrap_or_else(|| Err(DAMAGED.to_owned()))
}

/// Records of the rows, one page of each column in memory.
pub(super) struct Rows {
    /// `None` behind an error.
    rows: Option<RowIter<'static>>,
    progress: Progress,
    index: usize,
}

impl Rows {
    /// Reads what the file says of itself.
    pub fn open(file: File) -> Result<(Self, Progress), String> {
        let open = || {
            let reader = SerializedFileReader::new(file).map_err(|error| error.to_string())?;
            let count = reader.metadata().file_metadata().num_rows();
            Ok((reader.into_iter(), count))
        };
        let (rows, count) = guarded(open)?;
        let progress = Progress { total: u64::try_from(count).unwrap_or(0), ..Progress::default() };
        Ok((Self { rows: Some(rows), progress: progress.clone(), index: 0 }, progress))
    }

    /// The next row as JSON.
    fn value(&mut self) -> Option<Result<Value, String>> {
        let rows = self.rows.as_mut()?;
        let next = || {
            let row = rows.next().transpose().map_err(|error| error.to_string())?;
            Ok(row.map(|row| row.to_json_value()))
        };
        guarded(next).transpose()
    }
}

impl Iterator for Rows {
    type Item = io::Result<Raw>;

    fn next(&mut self) -> Option<Self::Item> {
        let value = match self.value()? {
            Ok(value) => value,
            Err(problem) => {
                self.rows = None;
                return Some(Err(io::Error::other(format!("row {}: {problem}", self.index + 1))));
            }
        };
        let index = self.index;
        self.index += 1;
        self.progress.done.fetch_add(1, Ordering::Relaxed);
        Some(Ok(Raw::row(index, value)))
    }
}
