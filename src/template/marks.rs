//! Where the stretches of fields went.

use std::ops::Range;

/// Where a stretch of a field went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Bytes of the rendered text.
    pub out: Range<usize>,
    pub field: usize,
    /// Bytes of the field's text.
    pub source: Range<usize>,
}
