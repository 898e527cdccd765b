//! One record a line; and a file that is one record.

use std::io::{self, BufRead, Read};

use super::layout::Start;
use super::{LONGEST, Raw};

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
            let (offset, place) = (self.offset, self.line);
            match line(&mut self.input, &mut bytes) {
                Err(error) => return Some(Err(error)),
                Ok(0) => return None,
                Ok(read) => self.offset += read,
            }
            self.line += 1;
            if !bytes.trim_ascii().is_empty() {
                let index = self.index;
                self.index += 1;
                return Some(Ok(Raw::json(index, place, offset, bytes)));
            }
        }
    }
}

/// Reads a line, and passes over what is behind the most that a record may have. Returns the bytes that it has.
fn line(input: &mut impl BufRead, bytes: &mut Vec<u8>) -> io::Result<u64> {
    let mut read = input.by_ref().take(LONGEST as u64 + 1).read_until(b'\n', bytes)? as u64;
    while bytes.len() > LONGEST && bytes.last() != Some(&b'\n') {
        let buffer = input.fill_buf()?;
        let end = buffer.iter().position(|&byte| byte == b'\n');
        let passed = end.map_or(buffer.len(), |end| end + 1);
        input.consume(passed);
        read += passed as u64;
        if end.is_some() || passed == 0 {
            break;
        }
    }
    Ok(read)
}

/// All that there is, as one record.
pub(super) fn whole(mut input: impl Read + Send, start: Start) -> impl Iterator<Item = io::Result<Raw>> + Send {
    let read = move || {
        let mut bytes = Vec::new();
        input.by_ref().take(LONGEST as u64 + 1).read_to_end(&mut bytes)?;
        Ok(Raw::json(0, start.line, start.offset, bytes))
    };
    std::iter::once_with(read)
}
