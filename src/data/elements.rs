//! The elements of one JSON list, each cut out by its brackets.

use std::io::{self, BufRead};

use super::layout::Start;
use super::{Body, LONGEST, Raw};

/// Records of a list that begins at `[`.
pub(super) struct Elements<R> {
    input: R,
    offset: u64,
    line: usize,
    index: usize,
    /// The opening bracket was read.
    is_open: bool,
    is_over: bool,
}

/// Where in an element the scan is.
#[derive(Default)]
struct Scan {
    depth: usize,
    in_string: bool,
    is_escaped: bool,
}

impl Scan {
    /// Whether the element ends before this byte.
    fn ends_before(&mut self, byte: u8) -> bool {
        if self.in_string {
            self.in_string = self.is_escaped || byte != b'"';
            self.is_escaped = !self.is_escaped && byte == b'\\';
            return false;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' if self.depth > 0 => self.depth -= 1,
            b',' | b']' if self.depth == 0 => return true,
            _ => {}
        }
        false
    }
}

impl<R: BufRead> Elements<R> {
    pub fn new(input: R, start: Start) -> Self {
        Self { input, offset: start.offset, line: start.line, index: 0, is_open: false, is_over: false }
    }

    /// The records from the one on that begins at `start`.
    pub fn from_element(input: R, start: Start) -> Self {
        Self { is_open: true, ..Self::new(input, start) }
    }

    /// Takes bytes while `takes` says so, into `into` where there is one; false at the end of the file.
    fn take_while(&mut self, mut into: Option<&mut Vec<u8>>, mut takes: impl FnMut(u8) -> bool) -> io::Result<bool> {
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                return Ok(false);
            }
            let taken = buffer.iter().position(|&byte| !takes(byte));
            let bytes = &buffer[..taken.unwrap_or(buffer.len())];
            self.line += bytes.iter().filter(|&&byte| byte == b'\n').count();
            self.offset += bytes.len() as u64;
            if let Some(into) = into.as_mut().filter(|into| into.len() <= LONGEST) {
                into.extend_from_slice(bytes);
            }
            let count = bytes.len();
            self.input.consume(count);
            if taken.is_some() {
                return Ok(true);
            }
        }
    }

    /// One byte, if there is one.
    fn take(&mut self) -> io::Result<Option<u8>> {
        let byte = self.input.fill_buf()?.first().copied();
        if byte.is_some() {
            self.input.consume(1);
            self.offset += 1;
        }
        Ok(byte)
    }

    fn element(&mut self) -> io::Result<Option<Raw>> {
        if !std::mem::replace(&mut self.is_open, true) {
            self.take()?;
        }
        self.take_while(None, |byte| byte.is_ascii_whitespace())?;
        let (offset, place, index) = (self.offset, self.line, self.index);
        let mut bytes = Vec::new();
        let mut scan = Scan::default();
        let is_closed = self.take_while(Some(&mut bytes), |byte| !scan.ends_before(byte))?;
        let end = self.take()?;
        let is_last = end != Some(b',');
        self.is_over = is_last;
        if bytes.is_empty() && is_last && is_closed {
            return Ok(None); // an empty list, or a comma behind the last element
        }
        self.index += 1;
        let mut raw = Raw::json(index, place, offset, bytes);
        if !is_closed {
            raw.body =
                Body::Broken("begins in a list that does not end: the file is cut off, or a bracket is missing".into());
        }
        Ok(Some(raw))
    }
}

impl<R: BufRead> Iterator for Elements<R> {
    type Item = io::Result<Raw>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        self.element().transpose().inspect(|record| self.is_over |= record.is_err())
    }
}
