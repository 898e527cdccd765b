//! Rows of a Parquet file, as data sets are shipped.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::atomic::Ordering;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::reader::RowIter;

use super::{Body, Progress, Raw, Unit};

/// The first four bytes of a Parquet file.
const MAGIC: &[u8; 4] = b"PAR1";

/// Whether the file begins as Parquet does; what is read next is its beginning again.
pub(super) fn is_parquet(mut file: &File) -> io::Result<bool> {
    let mut magic = Vec::with_capacity(MAGIC.len());
    // What cannot be sought, a pipe, is no Parquet: its end could not be read first.
    if file.stream_position().is_err() {
        return Ok(false);
    }
    file.take(MAGIC.len() as u64).read_to_end(&mut magic)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(magic == MAGIC)
}

/// Records of the rows, one page of each column in memory.
pub(super) struct Rows {
    rows: RowIter<'static>,
    progress: Progress,
    index: usize,
}

impl Rows {
    /// Reads what the file says of itself.
    pub fn open(file: File) -> Result<(Self, Progress), String> {
        let reader = SerializedFileReader::new(file).map_err(|error| error.to_string())?;
        let rows = reader.metadata().file_metadata().num_rows();
        let progress = Progress { total: u64::try_from(rows).unwrap_or(0), ..Progress::default() };
        Ok((Self { rows: reader.into_iter(), progress: progress.clone(), index: 0 }, progress))
    }
}

impl Iterator for Rows {
    type Item = io::Result<Raw>;

    fn next(&mut self) -> Option<Self::Item> {
        let body = match self.rows.next()? {
            Ok(row) => Body::Value(row.to_json_value()),
            Err(error) => return Some(Err(io::Error::other(error.to_string()))),
        };
        let index = self.index;
        self.index += 1;
        self.progress.done.fetch_add(1, Ordering::Relaxed);
        Some(Ok(Raw { index, place: index + 1, unit: Unit::Row, offset: 0, body }))
    }
}
