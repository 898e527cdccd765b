//! A recording of what the screen showed, as an asciicast of version 2: <https://docs.asciinema.org/manual/asciicast/v2/>.
//!
//! ```text
//! {"version": 2, "width": 80, "height": 24, …}     the header, then an event a line
//! [0.248848, "o", "…"]                              seconds since the start, output
//! [5.120000, "r", "100x30"]                         another size
//! ```
//! What is recorded is what was drawn, a frame an event: the keys that were pressed are not in it, nor how the terminal
//! was taken and given back, so that a player ends on the last frame.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Stdout, Write};
use std::path::Path;
use std::rc::Rc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use ratatui::crossterm::terminal;
use serde_json::json;

/// A recording under way.
#[derive(Debug)]
pub struct Recording {
    file: File,
    start: Instant,
    size: (u16, u16),
    /// Seconds of the event before: none comes earlier.
    last: f64,
    /// What was drawn since the last event.
    drawn: Vec<u8>,
    /// Why it ended early; the screen goes on without it.
    problem: Option<io::Error>,
}

impl Recording {
    /// Begins a recording of this terminal in a new file.
    ///
    /// # Errors
    /// If the file is there already or cannot be written, or if there is no terminal.
    pub fn create(path: &Path) -> io::Result<Self> {
        Self::of_size(terminal::size()?, path)
    }

    fn of_size(size: (u16, u16), path: &Path) -> io::Result<Self> {
        let file = File::create_new(path)?;
        let start = Instant::now();
        let mut recording = Self { file, start, size, last: 0.0, drawn: Vec::new(), problem: None };
        let timestamp = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let kind = std::env::var("TERM").unwrap_or_default();
        let header = json!({
            "version": 2, "width": size.0, "height": size.1, "timestamp": timestamp, "title": "lossglass",
            "env": {"TERM": kind},
        });
        writeln!(recording.file, "{header}")?;
        Ok(recording)
    }

    /// Why it ended before the sitting did, if it did.
    pub fn problem(&self) -> Option<&io::Error> {
        self.problem.as_ref()
    }

    fn take(&mut self, bytes: &[u8]) {
        if self.problem.is_none() {
            self.drawn.extend_from_slice(bytes);
        }
    }

    /// What was drawn since the last one is an event, on a terminal of `size`.
    fn end_frame(&mut self, size: (u16, u16)) {
        if self.drawn.is_empty() || self.problem.is_some() {
            return;
        }
        let time = (self.start.elapsed().as_micros() as f64 / 1e6).max(self.last);
        self.last = time;
        let mut lines = String::new();
        if size != self.size {
            self.size = size;
            lines.push_str(&format!("{}\n", json!([time, "r", format!("{}x{}", size.0, size.1)])));
        }
        // A frame ends between two characters, never in one.
        lines.push_str(&format!("{}\n", json!([time, "o", String::from_utf8_lossy(&self.drawn)])));
        self.drawn.clear();
        self.problem = self.file.write_all(lines.as_bytes()).err();
    }
}

/// The terminal, with somebody who writes along.
#[derive(Debug)]
pub struct Recorded {
    terminal: Stdout,
    recording: Option<Rc<RefCell<Recording>>>,
}

impl Recorded {
    /// Standard output, with a recording if one is wanted.
    pub fn new(recording: Option<Rc<RefCell<Recording>>>) -> Self {
        Self { terminal: io::stdout(), recording }
    }
}

impl Write for Recorded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.terminal.write(bytes)?;
        if let Some(recording) = &self.recording {
            recording.borrow_mut().take(&bytes[..written]);
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.terminal.flush()?;
        if let Some(recording) = &self.recording {
            let mut recording = recording.borrow_mut();
            let size = terminal::size().unwrap_or(recording.size);
            recording.end_frame(size);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn an_event_a_frame_and_times_that_go_one_way() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("sitting.cast");
        let mut recording = Recording::of_size((80, 24), &path).expect("created");
        recording.end_frame((80, 24));
        recording.take("one ␣".as_bytes());
        recording.end_frame((80, 24));
        recording.take(b"\x1b[2J\"two\"");
        recording.end_frame((100, 30));
        assert!(recording.problem().is_none());
        let text = std::fs::read_to_string(&path).expect("read");
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(
            (&lines[0]["version"], &lines[0]["width"], &lines[0]["height"]),
            (&2.into(), &80.into(), &24.into())
        );
        let events: Vec<(&str, &str)> = lines[1..]
            .iter()
            .map(|line| (line[1].as_str().expect("a code"), line[2].as_str().expect("data")))
            .collect();
        assert_eq!(events, [("o", "one ␣"), ("r", "100x30"), ("o", "\x1b[2J\"two\"")]);
        assert!(lines[1..].is_sorted_by_key(|line| line[0].as_f64().map(f64::to_bits)));
        let error = Recording::of_size((80, 24), &path).expect_err("it is there");
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    }
}
