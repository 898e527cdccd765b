//! The overlay that asks for the weight to paint.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;

use crate::app::{App, Overlay};
use crate::ui::{Hits, Theme, input_line, text};

const WIDEST: u16 = 60;

/// Draws the overlay at the foot of `area`, so that the tokens stay in sight.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, _hits: &mut Hits) {
    let Some(Overlay::Weight { typed }) = &app.overlay else { return };
    let width = WIDEST.min(area.width.saturating_sub(4));
    let height = 4.min(area.height);
    let place = Rect { y: area.bottom() - height, height, ..area.centered_horizontally(Constraint::Length(width)) };
    frame.render_widget(Clear, place);
    let block = theme.block(title(app));
    let inner = block.inner(place);
    frame.render_widget(block, place);
    let mut rows = inner.rows();
    if let Some(row) = rows.next() {
        let line = input_line::spans(theme, typed, usize::from(row.width).saturating_sub(3));
        frame.render_widget(Line::from_iter([Span::styled(" > ", theme.accent)].into_iter().chain(line)), row);
    }
    if let Some(row) = rows.next() {
        let what = text::fit_start(" 0 leaves out, 1 counts in full, 0.5 half", usize::from(row.width));
        frame.render_widget(Line::styled(what, theme.dim), row);
    }
}

fn title(app: &App) -> String {
    match app.selection() {
        Some(selection) if selection.len() > 1 => format!("Weight of {} tokens", selection.len()),
        _ => format!("Weight of {}", crate::ui::token::label(app, app.cursor, 24)),
    }
}
