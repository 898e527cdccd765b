//! Drawing: the state in, a frame out. Nothing here changes state.
//!
//! ```text
//! header   lossglass · model                                   kind · mask · scored · loss
//! tabs     1 Predict  2 Attend  3 Score
//! strip    the sequence, with the one cursor
//! view     Predict | Attend | Score
//! footer   the keys that matter now                                              progress
//! ```
//! Over it lies at most one overlay: help, editor, a list.

mod theme;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

pub use theme::Theme;

use crate::app::{Action, App};

/// What a click means, by place; what is drawn later lies on top.
#[derive(Clone, Debug, Default)]
pub struct Hits(Vec<(Rect, Action)>);

impl Hits {
    /// A click in `area` means `action`.
    pub fn push(&mut self, area: Rect, action: Action) {
        self.0.push((area, action));
    }

    /// What lies at `position`, topmost first.
    pub fn at(&self, position: Position) -> Option<&Action> {
        self.0.iter().rev().find(|(area, _)| area.contains(position)).map(|(_, action)| action)
    }
}

/// Draws one frame; returns what a click would mean.
pub fn draw(_app: &App, _theme: &Theme, _frame: &mut Frame) -> Hits {
    Hits::default()
}
