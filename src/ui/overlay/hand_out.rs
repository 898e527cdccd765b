//! The overlay that asks for the name of a file to hand out.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;

use crate::app::overlay::hand_out_meaning;
use crate::app::{App, Overlay};
use crate::ui::{Hits, Theme, input_line, text};

const WIDEST: u16 = 84;

/// Draws the overlay into the middle of `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, _hits: &mut Hits) {
    let Some(Overlay::HandOut { path, exists }) = &app.overlay else { return };
    let place = area
        .centered(Constraint::Length(WIDEST.min(area.width.saturating_sub(4))), Constraint::Length(5.min(area.height)));
    frame.render_widget(Clear, place);
    let block = theme.block("Hand out");
    let inner = block.inner(place);
    frame.render_widget(block, place);
    let mut rows = inner.rows();
    if let Some(row) = rows.next() {
        let line = input_line::spans(theme, path, usize::from(row.width).saturating_sub(3));
        frame.render_widget(Line::from_iter([Span::styled(" > ", theme.accent)].into_iter().chain(line)), row);
    }
    let typed = path.text().trim();
    let warning = exists
        .as_ref()
        .filter(|exists| exists.to_str() == Some(typed))
        .map(|_| "there already: enter again replaces it");
    let words = [(Some(hand_out_meaning(typed)), theme.dim), (warning, theme.warning)];
    for (words, style) in words {
        if let (Some(words), Some(row)) = (words, rows.next()) {
            let words = text::fit_start(&format!(" {words}"), usize::from(row.width));
            frame.render_widget(Line::styled(words, style), row);
        }
    }
}
