//! One record again, by where it stands, without reading what is before it.

use std::fs::File;
use std::io::{self, BufReader, Seek, SeekFrom};
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};

use super::elements::Elements;
use super::layout::{self, Layout, Start};
use super::lines::{self, Lines};
use super::rows::{guarded, is_parquet};
use super::{Body, DataError, Raw, Records, Unit, arrow, beginning, packed};

/// Where a record stands in its file, as [`Raw`] says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its number, from 0.
    pub index: usize,
    /// Its line or row, from 1.
    pub place: usize,
    /// Where it begins, in bytes; of no meaning in Parquet and Arrow.
    pub offset: u64,
}

/// Reads the record that stood at `place` when the file was read through.
///
/// # Errors
/// If the file cannot be read any more, or has no record there: it has changed.
pub fn record_at(path: &Path, place: Place) -> Result<Raw, DataError> {
    let read = |reason| DataError::Read { file: path.to_owned(), reason };
    let file = File::open(path).map_err(read)?;
    let is_folder = file.metadata().map_err(read)?.is_dir();
    if is_folder || arrow::is_arrow(&file).map_err(read)? {
        let files = if is_folder { arrow::files_of(path).map_err(read)? } else { vec![path.to_owned()] };
        let arrow = |reason| DataError::Arrow { file: path.to_owned(), reason };
        let raw = arrow::row_at(files, place.index).map_err(arrow)?;
        return raw.ok_or_else(|| arrow("it has changed: there is no such row any more; open it anew".into()));
    }
    if is_parquet(&file).map_err(read)? {
        return guarded(|| row_at(file, place)).map_err(|reason| DataError::Parquet { file: path.to_owned(), reason });
    }
    // In a packed file nobody can go to a place: what stands before it is read again.
    let found = match beginning(&file).map_err(read)?.is_some_and(|magic| packed::is_packed(&magic)) {
        true => Records::open(path)?.nth(place.index).transpose()?,
        false => json_at(file, place).map_err(read)?,
    };
    let raw =
        found.ok_or_else(|| read(io::Error::other("it has changed: there is no record any more; open it anew")))?;
    Ok(Raw { index: place.index, ..raw })
}

fn json_at(file: File, place: Place) -> io::Result<Option<Raw>> {
    let mut beginning = BufReader::with_capacity(layout::SEEN, &file);
    let layout = layout::of(&mut beginning)?;
    (&file).seek(SeekFrom::Start(place.offset))?;
    let start = Start { offset: place.offset, line: place.place };
    let input = BufReader::new(file);
    match layout {
        Layout::Empty => Ok(None),
        Layout::Lines(_) => Lines::new(input, start).next().transpose(),
        Layout::Elements(_) => Elements::from_element(input, start).next().transpose(),
        Layout::Whole(_) => lines::whole(input, start).next().transpose(),
    }
}

/// Whole groups of rows before it are passed over.
fn row_at(file: File, place: Place) -> Result<Raw, String> {
    let reader = SerializedFileReader::new(file).map_err(|error| error.to_string())?;
    let mut row = place.index;
    for group in 0..reader.num_row_groups() {
        let rows = usize::try_from(reader.metadata().row_group(group).num_rows()).unwrap_or(0);
        if row < rows {
            let group = reader.get_row_group(group).map_err(|error| error.to_string())?;
            let mut rows = group.get_row_iter(None).map_err(|error| error.to_string())?;
            let found = rows.nth(row).ok_or("a row is missing")?.map_err(|error| error.to_string())?;
            let body = Body::Value(found.to_json_value());
            return Ok(Raw { index: place.index, place: place.place, unit: Unit::Row, offset: 0, body });
        }
        row -= rows;
    }
    Err("it has changed: there is no such row any more; open it anew".into())
}
