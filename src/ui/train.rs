//! How the model learns, step by step.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{Hits, Theme};
use crate::app::App;

/// Draws the view into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, _hits: &mut Hits) {
    let block = theme.block("Train");
    let inner = block.inner(area);
    frame.render_widget(block, area);
    frame.render_widget(Line::styled(format!(" step {}", app.training.step), theme.text), inner);
}
