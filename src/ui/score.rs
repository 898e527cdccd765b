//! The view Score.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::{Hits, Theme};
use crate::app::App;

/// Draws the view into `area`.
pub fn draw(_app: &App, theme: &Theme, frame: &mut Frame, area: Rect, _hits: &mut Hits) {
    frame.render_widget(theme.block("Score"), area);
}
