//! The whole grid at once, folded until it fits: a cell of the screen stands for several rows and columns, its upper
//! and lower half for rows of their own.

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::{Action, App};
use crate::ui::{Hits, Theme, text};

/// How dark a row is at its darkest within a range of columns: from 0, nothing, to 4.
pub type Strength<'a> = dyn Fn(usize, Range<usize>) -> u8 + 'a;

/// Draws the grid; returns how many rows it takes.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits, strength: &Strength<'_>) -> u16 {
    let tokens = app.len();
    let (columns, halves) = (usize::from(area.width).saturating_sub(12).max(1), usize::from(area.height) * 2);
    // The same fold both ways, so that the diagonal stays one.
    let fold = tokens.div_ceil(columns).max(tokens.div_ceil(halves.max(1))).max(1);
    let (row, column) = (app.crosshair_row() / fold, app.crosshair_column() / fold);
    let block = |i: usize| i * fold..((i + 1) * fold).min(tokens);
    let weight = |q: usize, k: usize| block(q).map(|query| strength(query, block(k))).max().unwrap_or(0);
    let count = tokens.div_ceil(fold);
    for (line, place) in (0..count.div_ceil(2)).zip(area.rows()) {
        let (upper, lower) = (line * 2, line * 2 + 1);
        let first = upper * fold;
        let is_cursor = row == upper || row == lower;
        let mut spans =
            vec![Span::styled(format!("{:>9} ", text::count(first)), if is_cursor { theme.accent } else { theme.dim })];
        for k in 0..count {
            let halves = (weight(upper, k), if lower < count { weight(lower, k) } else { 0 });
            let style = if is_cursor || k == column { theme.accent } else { theme.bar };
            spans.push(half_block(halves, style, is_cursor && k == column, theme));
        }
        frame.render_widget(Line::from(spans), place);
        hits.push(place, Action::Goto((first + fold).min(tokens)));
    }
    u16::try_from(count.div_ceil(2)).unwrap_or(area.height).min(area.height)
}

/// One cell for two rows of the grid.
fn half_block((upper, lower): (u8, u8), style: Style, is_crosshair: bool, theme: &Theme) -> Span<'static> {
    let glyph = match (upper >= 2, lower >= 2) {
        (true, true) => "█",
        (true, false) => "▀",
        (false, true) => "▄",
        (false, false) if upper.max(lower) == 1 => "░",
        (false, false) => "·",
    };
    let style = if glyph == "·" { theme.border } else { style };
    Span::styled(glyph, if is_crosshair { style.patch(theme.cursor) } else { style })
}
