//! A screen in memory, to measure drawing with.

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::{Theme, draw};
use crate::app::{App, ThemeName};

/// Frames are drawn on it as on a terminal of its size: all of each, and what changed is written.
pub struct Canvas {
    terminal: Terminal<TestBackend>,
    theme: Theme,
}

impl Canvas {
    /// So many columns and rows; `None` where there is no room for them.
    pub fn new(columns: u16, rows: u16) -> Option<Self> {
        let terminal = Terminal::new(TestBackend::new(columns, rows)).ok()?;
        Some(Self { terminal, theme: Theme::of(ThemeName::Dark, true) })
    }

    /// Draws one frame.
    pub fn draw(&mut self, app: &App) {
        // A screen in memory takes all that is written.
        let _ = self.terminal.draw(|frame| drop(std::hint::black_box(draw(app, &self.theme, frame))));
    }
}
