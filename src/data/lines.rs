//! One record a line; and a file that is one record.

use std::io::{self, BufRead, Read};

use super::layout::Start;
use super::{Body, Raw, Unit};

/// Records of JSONL; blank lines are none.
pub(super) struct Lines<R> {
    input: R,
    offset: u64,
    line: usize,
    index: usize,
}

impl<R: BufRead> Lines<R> {
    pub fn new(input: R, start: Start) -> Self {
        Self { input, offset: start.offset, line: start.line, index: 0 }
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = io::Result<Raw>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let mut bytes = Vec::new();
            match self.input.read_until(b'\n', &mut bytes) {
                Err(error) => return Some(Err(error)),
                Ok(0) => return None,
                Ok(_) => {}
            }
            let (offset, place) = (self.offset, self.line);
            self.offset += bytes.len() as u64;
            self.line += 1;
            if !bytes.trim_ascii().is_empty() {
                let index = self.index;
                self.index += 1;
                return Some(Ok(Raw { index, place, unit: Unit::Line, offset, body: Body::Json(bytes) }));
            }
        }
    }
}

/// All that there is, as one record.
pub(super) fn whole(mut input: impl Read + Send, start: Start) -> impl Iterator<Item = io::Result<Raw>> + Send {
    let read = move || {
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes)?;
        Ok(Raw { index: 0, place: start.line, unit: Unit::Line, offset: start.offset, body: Body::Json(bytes) })
    };
    std::iter::once_with(read)
}
