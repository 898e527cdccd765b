//! Reads a data set: several chats or texts from JSON or JSONL.

use serde_json::Value;

use super::chat::Records;
use super::{Sample, SampleError};

/// Reads every record of a data set.
///
/// A text is JSONL with one record a line, a JSON list of records, or one JSON record; a record is
/// `{"messages": [...]}`, a bare list of messages, or `{"text": "..."}`.
///
/// # Errors
/// One sentence on the first record that cannot be read: its line, its number, what is wrong and what to do.
pub fn read_samples(text: &str) -> Result<Vec<Sample>, SampleError> {
    let mut records = Records::of(text)?;
    (0..records.len())
        .map(|record| {
            let (line, value) = records.take(record).map_err(|error| of_record(error, record))?;
            sample(value).map_err(|problem| SampleError::Record { line, record, problem })
        })
        .collect()
}

/// What a record says, or what is wrong with it.
pub(super) fn sample(record: Value) -> Result<Sample, String> {
    super::read_record(record, None).map(|record| record.sample)
}

/// A line that is no JSON is a bad record like any other.
fn of_record(error: SampleError, record: usize) -> SampleError {
    match error {
        SampleError::NotJson { line, column, problem } => {
            let problem = format!("is not JSON at column {column}: {problem}; mend it, or leave it out");
            SampleError::Record { line, record, problem }
        }
        other => other,
    }
}
