//! The overlay that asks where to save the weights.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;

use crate::app::{App, Overlay};
use crate::ui::{Hits, Theme, input_line, text};

const WIDEST: u16 = 80;

/// Draws the overlay into the middle of `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, _hits: &mut Hits) {
    let Some(Overlay::Save { directory }) = &app.overlay else { return };
    let place = area
        .centered(Constraint::Length(WIDEST.min(area.width.saturating_sub(4))), Constraint::Length(4.min(area.height)));
    frame.render_widget(Clear, place);
    let block = theme.block("Save the weights in a new directory");
    let inner = block.inner(place);
    frame.render_widget(block, place);
    let mut rows = inner.rows();
    if let Some(row) = rows.next() {
        let line = input_line::spans(theme, directory, usize::from(row.width).saturating_sub(3));
        frame.render_widget(Line::from_iter([Span::styled(" > ", theme.accent)].into_iter().chain(line)), row);
    }
    if let Some(row) = rows.next() {
        let step = app.training.step;
        let what = text::fit_start(&format!(" the weights after step {step}, as they are now"), usize::from(row.width));
        frame.render_widget(Line::styled(what, theme.dim), row);
    }
}
