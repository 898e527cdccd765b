//! Progress on a terminal's standard error.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::sequence::visible_text;
use crate::source::Opening;
use crate::source::hub::Arrived;

/// Characters of the bar.
const WIDTH: usize = 24;

/// A line that is drawn over itself; nothing where standard error is no terminal.
pub struct Bar {
    is_shown: bool,
    start: Instant,
    drawn: Option<Instant>,
}

impl Bar {
    pub fn new() -> Self {
        Self { is_shown: std::io::stderr().is_terminal(), start: Instant::now(), drawn: None }
    }

    /// After `done` of `steps` steps, the last at this loss.
    pub fn step(&mut self, done: usize, steps: usize, loss: f64) {
        let elapsed = self.start.elapsed();
        let left = elapsed.mul_f64((steps.saturating_sub(done)) as f64 / done.max(1) as f64);
        let share = done as f32 / steps.max(1) as f32;
        self.draw(
            Some(share),
            &format!("step {done}/{steps} · loss {loss:.4} · {} left", duration(left)),
            done == steps,
        );
    }

    /// After `done` records of a data set, at that share of it, where the share is known.
    pub fn records(&mut self, done: usize, share: Option<f32>) {
        let elapsed = self.start.elapsed().as_secs_f64();
        let rate = done as f64 / elapsed;
        let text = |left: &str| format!("{done} records · {rate:.0}/s{left} · ctrl-c stops");
        match share.filter(|&share| share > 0.0) {
            None => self.draw(None, &text(""), false),
            Some(share) => {
                let left = Duration::from_secs_f64(elapsed * f64::from(1.0 - share) / f64::from(share));
                self.draw(Some(share), &text(&format!(" · {} left", duration(left))), false);
            }
        }
    }

    /// So much of something else is done.
    pub fn share(&mut self, what: &str, share: f32) {
        self.draw(Some(share), &format!("{what} {:.0} %", share * 100.0), false);
    }

    /// This is being measured, and no share of it is known.
    pub fn doing(&mut self, what: &str) {
        self.draw(None, &format!("{what} · ctrl-c stops"), true);
    }

    /// So far is the opening of the model of that name.
    pub fn opening(&mut self, name: &str, opening: Opening) {
        let share = match opening {
            Opening::Downloading(Arrived { done, total }) => done as f32 / total.max(1) as f32,
            Opening::Reading(share) => share,
        };
        self.draw(Some(share), &visible_text(&opening.text(name)), false);
    }

    fn draw(&mut self, share: Option<f32>, text: &str, is_last: bool) {
        let is_due = self.drawn.is_none_or(|drawn| drawn.elapsed() > Duration::from_millis(100));
        if self.is_shown && (is_due || is_last) {
            let bar = share.map_or_else(String::new, |share| {
                let full = ((share.clamp(0.0, 1.0) * WIDTH as f32) as usize).min(WIDTH);
                format!("[{}{}] ", "#".repeat(full), "-".repeat(WIDTH - full))
            });
            eprint!("\r\x1b[K{bar}{text}");
            let _ = std::io::stderr().flush();
            self.drawn = Some(Instant::now());
        }
    }

    /// Makes room for a line of other output.
    pub fn clear(&mut self) {
        if self.is_shown && self.drawn.take().is_some() {
            eprint!("\r\x1b[K");
        }
    }
}

fn duration(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}
