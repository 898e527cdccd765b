//! A text so large that wrapping all of it at every key would be felt: its lines unwrapped, around the cursor.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui_textarea::TextArea;

use crate::sequence::visible_text;
use crate::ui::{Theme, text};

/// Draws the lines around the cursor into `area`.
pub fn draw(theme: &Theme, frame: &mut Frame, area: Rect, text: &TextArea) {
    let cursor = text.cursor();
    let (line, column) = (cursor.0, cursor.1);
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let last = text.lines().len().saturating_sub(height);
    let top = line.saturating_sub(height / 2).min(last);
    // Far lines are cut at the same place, so that columns stay in line.
    let left = if column + 1 < width { 0 } else { column - width * 2 / 3 };
    for ((i, source), row) in text.lines().iter().enumerate().skip(top).zip(area.rows()) {
        let drawn = if i == line {
            with_cursor(theme, source, left, column, width)
        } else {
            Line::styled(cut(source, left, width), theme.text)
        };
        frame.render_widget(drawn, row);
    }
}

/// At most `width` characters from the `left`th on, printable.
fn cut(line: &str, left: usize, width: usize) -> String {
    let part: String = line.chars().skip(left).take(width).collect();
    text::fit_start(&visible_text(&part), width)
}

fn with_cursor(theme: &Theme, line: &str, left: usize, column: usize, width: usize) -> Line<'static> {
    let mut after = line.chars().skip(column);
    let under = after.next().map_or_else(|| " ".into(), |c| visible_text(&c.to_string()));
    let rest: String = after.take(width).collect();
    Line::from(vec![
        Span::styled(cut(line, left, column - left), theme.text),
        Span::styled(under, theme.cursor),
        Span::styled(visible_text(&rest), theme.text),
    ])
}
