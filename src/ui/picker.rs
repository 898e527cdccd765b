//! The overlay: picker.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::Clear;

use super::{Hits, Theme};
use crate::app::App;

/// Draws the overlay into `area`.
pub fn draw(_app: &App, theme: &Theme, frame: &mut Frame, area: Rect, _hits: &mut Hits) {
    frame.render_widget(Clear, area);
    frame.render_widget(theme.block("Picker"), area);
}
