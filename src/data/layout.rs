//! How records stand in a JSON file, seen from its beginning.

use std::io::{self, BufRead};

use serde_json::Value;

/// How far into a file the look goes.
pub(super) const SEEN: usize = 1 << 18;

/// How records stand in a file; where the first one begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    Empty,
    /// One a line.
    Lines(Start),
    /// The elements of one list.
    Elements(Start),
    /// One JSON value is all there is.
    Whole(Start),
}

/// The first character that counts: its place in the file, and its line from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Start {
    pub offset: u64,
    pub line: usize,
}

/// Skips a byte order mark and blank space, and says what follows. Looks at what `input` has in its buffer.
pub(super) fn of(input: &mut impl BufRead) -> io::Result<Layout> {
    let mut start = Start { offset: 0, line: 1 };
    if input.fill_buf()?.starts_with("\u{feff}".as_bytes()) {
        input.consume(3);
        start.offset = 3;
    }
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(Layout::Empty);
        }
        let blank = buffer.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        start.line += buffer[..blank].iter().filter(|&&byte| byte == b'\n').count();
        start.offset += blank as u64;
        let is_all = blank == buffer.len();
        input.consume(blank);
        if !is_all {
            break;
        }
    }
    Ok(judge(input.fill_buf()?, start))
}

/// What `seen`, the beginning of the records, says.
fn judge(seen: &[u8], start: Start) -> Layout {
    let is_json = |line: &[u8]| serde_json::from_slice::<Value>(line).is_ok();
    let mut lines = seen.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let first = lines.next().unwrap_or_default();
    let second = lines.next();
    match (seen.first(), second) {
        // A list of records has elements that are no messages; a list of messages is one record.
        (Some(b'['), None) if !first_is_message(seen) => Layout::Elements(start),
        (Some(b'['), Some(_)) if !is_json(first) && !first_is_message(seen) => Layout::Elements(start),
        (Some(b'['), Some(_)) if !is_json(first) => Layout::Whole(start),
        // Laid out over several lines: neither of the first two says anything by itself.
        (Some(b'{'), Some(second)) if !is_json(first) && !is_json(second) && !is_record_start(second) => {
            Layout::Whole(start)
        }
        _ => Layout::Lines(start),
    }
}

/// A line that was meant to be a record of its own.
fn is_record_start(line: &[u8]) -> bool {
    line.starts_with(b"{") || line.starts_with(b"[")
}

/// Whether the first element of a list is a message, and not a record.
fn first_is_message(seen: &[u8]) -> bool {
    let inside = &seen[1..];
    let mut values = serde_json::Deserializer::from_slice(inside).into_iter::<Value>();
    match values.next() {
        Some(Ok(value)) => value.get("role").is_some() || value.get("from").is_some(),
        // Too long to be seen whole, or broken: what its first fields are called.
        _ => {
            let inside = String::from_utf8_lossy(&inside[..inside.len().min(4096)]).into_owned();
            let place = |key: &str| inside.find(key).unwrap_or(usize::MAX);
            place("\"role\"").min(place("\"from\"")) < place("\"messages\"").min(place("\"conversations\""))
                && inside.trim_start().starts_with('{')
        }
    }
}
