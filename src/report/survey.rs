//! What `mask` prints of a data set.

mod json;
mod sarif;
mod shards;
mod shown;
mod table;

use std::io;

pub use json::Json;
pub use sarif::Sarif;
pub use shards::Shards;
pub use shown::shown;
pub use table::{Table, records};

use crate::data::shard::Shard;
use crate::survey::{Entry, Totals};

/// What is printed beside the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The data set's files; [`Entry::file`] counts them.
    pub files: Vec<String>,
    pub model: String,
    /// The mask with its options; "by form" where the records' forms decide.
    pub mask: String,
    /// The share of the records that is looked at, if it is not all.
    pub part: Option<Part>,
}

/// A shard, and what its report must have in common with those of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub shard: Shard,
    /// A hash of how records are read and masked, and of how large the data is.
    pub terms: u64,
}

impl About {
    /// The one file, or how many there are.
    pub fn title(&self) -> String {
        match &self.files[..] {
            [file] => file.clone(),
            files => format!("{} files", files.len()),
        }
    }

    /// The file of a record, where there are several.
    fn file(&self, entry: usize) -> Option<&str> {
        self.files.get(entry).filter(|_| self.files.len() > 1).map(String::as_str)
    }
}

/// A form of output. Records come one after the other and are not kept.
pub trait Output {
    /// One record.
    ///
    /// # Errors
    /// If writing fails.
    fn record(&mut self, entry: &Entry) -> io::Result<()>;

    /// Where a shown record is written: among a person's output, beside a machine's.
    fn beside(&mut self) -> Box<dyn io::Write + '_> {
        Box::new(io::stderr())
    }

    /// What all of them come to; `is_whole` is false where the user stopped it.
    ///
    /// # Errors
    /// If writing fails.
    fn end(&mut self, totals: &Totals, is_whole: bool) -> io::Result<()>;
}
