//! The view Score: every mode and profile over the same tokens, and what the mask that counts comes to.

mod facts;
mod ledger;
mod matrix;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;

use super::{Hits, Theme, empty};
use crate::app::App;

/// From this width on facts and ledger stand side by side.
const WIDE: u16 = 100;

/// Draws the view into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let mut block = theme.block("Score: what counts");
    if !app.is_empty() {
        block = block.title_bottom(matrix::legend(theme, usize::from(area.width)).right_aligned());
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if app.is_empty() {
        frame.render_widget(empty::line(app, theme), inner);
        return;
    }
    let is_wide = inner.width >= WIDE;
    let column = if is_wide { inner.width / 2 } else { inner.width };
    let text_width = usize::from(column).saturating_sub(2);
    let facts = facts::lines(app, theme, text_width);
    let least = matrix::least_height(app);
    let room = usize::from(inner.height.saturating_sub(least));
    let ledger = if is_wide || facts.len() + ledger::FULL <= room {
        ledger::lines(app, theme, text_width)
    } else {
        ledger::short_lines(app, theme, text_width)
    };
    let wanted = if is_wide { facts.len().max(ledger.len()) } else { facts.len() + ledger.len() };
    let below = u16::try_from(wanted).unwrap_or(u16::MAX).min(inner.height.saturating_sub(least));
    let high = matrix::height(app, inner.width, inner.height - below);
    let gap = u16::from(high + below < inner.height);
    let [matrix, _, below] =
        Layout::vertical([Constraint::Length(high), Constraint::Length(gap), Constraint::Length(below)]).areas(inner);
    matrix::draw(app, theme, frame, matrix, hits);
    if is_wide {
        let [left, right] = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).areas(below);
        write(frame, left, facts);
        write(frame, right, ledger);
    } else {
        write(frame, below, facts.into_iter().chain(ledger).collect());
    }
}

/// Lines, one column in.
fn write(frame: &mut Frame, area: Rect, lines: Vec<Line<'static>>) {
    for (line, row) in lines.into_iter().zip(area.rows()) {
        let indented = Rect { x: row.x.saturating_add(1), width: row.width.saturating_sub(1), ..row };
        frame.render_widget(line, indented.intersection(row));
    }
}
