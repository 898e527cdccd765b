//! How a line that is typed looks: its cursor is always in sight.

use ratatui::text::Span;
use unicode_width::UnicodeWidthStr;

use super::{Theme, text};
use crate::app::InputLine;
use crate::sequence::visible_text;

/// The line in at most `width` columns, at least two: what is too long is cut off at the side away from the cursor.
pub fn spans(theme: &Theme, line: &InputLine, width: usize) -> Vec<Span<'static>> {
    let (before, behind) = line.halves();
    let mut behind = behind.chars();
    let under = behind.next().map_or_else(|| " ".to_owned(), |c| visible_text(&c.to_string()));
    let room = width.saturating_sub(under.width());
    let behind = visible_text(behind.as_str());
    // What follows the cursor gets what is left, and at least a quarter of the room.
    let before = text::fit_end(&visible_text(before), room - behind.width().min(room / 4));
    let behind = text::fit_start(&behind, room.saturating_sub(before.width()));
    vec![Span::styled(before, theme.text), Span::styled(under, theme.cursor), Span::styled(behind, theme.text)]
}
