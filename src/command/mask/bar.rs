//! Progress on a terminal's standard error.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::data::Progress;

/// Characters of the bar.
const WIDTH: usize = 24;

/// A line that is drawn over itself; nothing where standard error is no terminal.
pub struct Bar {
    is_shown: bool,
    start: Instant,
    drawn: Option<Instant>,
    progress: Progress,
}

impl Bar {
    pub fn new(progress: Progress) -> Self {
        Self { is_shown: std::io::stderr().is_terminal(), start: Instant::now(), drawn: None, progress }
    }

    /// So many records are done.
    pub fn record(&mut self, done: usize) {
        let is_due = self.drawn.map_or(self.start, |drawn| drawn).elapsed() > Duration::from_millis(100);
        if !self.is_shown || !is_due {
            return;
        }
        let rate = done as f64 / self.start.elapsed().as_secs_f64();
        let (bar, left) = match self.progress.share().filter(|&share| share > 0.0) {
            None => (String::new(), String::new()),
            Some(share) => {
                let full = ((share * WIDTH as f32) as usize).min(WIDTH);
                let seconds = self.start.elapsed().as_secs_f32() * (1.0 - share) / share;
                (format!("[{}{}] ", "#".repeat(full), "-".repeat(WIDTH - full)), format!(" · {seconds:.0} s left"))
            }
        };
        eprint!("\r\x1b[K{bar}{done} records · {rate:.0}/s{left} · ctrl-c stops");
        let _ = std::io::stderr().flush();
        self.drawn = Some(Instant::now());
    }

    /// Makes room for other output.
    pub fn clear(&mut self) {
        if self.is_shown && self.drawn.take().is_some() {
            eprint!("\r\x1b[K");
        }
    }
}
