//! What `mask` prints of a data set.

mod json;
mod sarif;
mod shown;
mod table;

use std::io;

pub use json::Json;
pub use sarif::Sarif;
pub use shown::shown;
pub use table::{Table, records};

use crate::survey::{Judged, Totals};

/// What is printed beside the records.
#[derive(Clone, Debug)]
pub struct About {
    /// The data set's file.
    pub file: String,
    pub model: String,
    /// The mask with its options; "by form" where the records' forms decide.
    pub mask: String,
}

/// A form of output. Records come one after the other and are not kept.
pub trait Output {
    /// One record.
    ///
    /// # Errors
    /// If writing fails.
    fn record(&mut self, judged: &Judged) -> io::Result<()>;

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
