//! Columns that stand for tokens: which of them are shown, how wide each is, and their labels above.

use std::ops::Range;

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::{Theme, text};
use crate::app::App;

/// Columns a label is given at most.
const WIDEST: usize = 9;
/// From this width on labels lie; below it they stand.
const LYING: usize = 5;

/// The tokens that stand in the columns of a grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    pub shown: Range<usize>,
    /// How many tokens there are in all.
    pub total: usize,
    /// Columns of the screen for each, the blank after it included.
    pub width: usize,
}

impl Columns {
    /// As many tokens as `room` columns take, each at least `least` wide; where not all of them fit, those around
    /// `focus`, with one column of the screen at either end for what is left out.
    pub fn new(app: &App, room: usize, least: usize, focus: usize) -> Self {
        let total = app.len();
        let widest = app.analysis.labels.iter().map(|label| name(&label.text).width() + 1).max().unwrap_or(1);
        let width = (room.saturating_sub(2) / total.max(1)).clamp(least, widest.clamp(least, WIDEST));
        let fitting = (room.saturating_sub(2) / width).min(total);
        // More of what stands before the focus than of what follows it: there lies what can be seen.
        let end = (focus + 1 + fitting / 4).min(total).max(fitting);
        Self { shown: end - fitting..end, total, width }
    }

    /// Rows that the labels take, at most `most`.
    pub fn label_rows(&self, app: &App, most: usize) -> usize {
        if self.width >= LYING {
            return 1.min(most);
        }
        let labels = app.analysis.labels.get(self.shown.clone()).unwrap_or_default();
        let longest = labels.iter().map(|label| name(&label.text).graphemes(true).count()).max().unwrap_or(1);
        longest.clamp(1, most.max(1))
    }

    /// The labels, above the columns: lying where they are wide, standing where they are narrow.
    pub fn labels(&self, app: &App, theme: &Theme, rows: usize) -> Vec<Line<'static>> {
        let style = |t: usize| if t == app.cursor { theme.cursor } else { theme.dim };
        let written = |t: usize| app.analysis.labels.get(t).map_or("", |label| name(&label.text));
        if self.width >= LYING {
            let cell = |t: usize| self.cell(text::fit_start(written(t), self.width - 1), style(t));
            return vec![self.line(theme, cell)];
        }
        let letters = |t: usize| standing(written(t), rows);
        let columns: Vec<Vec<String>> = self.shown.clone().map(letters).collect();
        (0..rows)
            .map(|row| {
                let letter = |t: usize| columns[t - self.shown.start].get(row).cloned().unwrap_or_default();
                let mut line = self.line(theme, |t| {
                    let letter = letter(t);
                    let style = if letter.is_empty() { Style::new() } else { style(t) };
                    self.cell(letter, style)
                });
                // What is left out is marked once, where the labels stand.
                if row + 1 < rows
                    && let [first, .., last] = line.spans.as_mut_slice()
                {
                    (*first, *last) = (Span::raw(" "), Span::raw(" "));
                }
                line
            })
            .collect()
    }

    /// One line of the grid: a cell for every token shown, and marks where more are left out.
    pub fn line(&self, theme: &Theme, cell: impl Fn(usize) -> Vec<Span<'static>>) -> Line<'static> {
        let mark = |is_there| Span::styled(if is_there { "…" } else { " " }, theme.dim);
        let mut spans = vec![mark(self.shown.start > 0)];
        spans.extend(self.shown.clone().flat_map(cell));
        spans.push(mark(self.shown.end < self.total));
        Line::from(spans)
    }

    /// A cell with `glyph` at its left; the style ends with the glyph, so that columns stay apart.
    pub fn cell(&self, glyph: impl Into<String>, style: Style) -> Vec<Span<'static>> {
        let glyph: String = glyph.into();
        let blanks = self.width.saturating_sub(glyph.width());
        vec![Span::styled(glyph, style), Span::raw(" ".repeat(blanks))]
    }

    /// Where on a row that starts at `x` token `t` stands.
    pub fn x_of(&self, x: u16, t: usize) -> u16 {
        let offset = 1 + t.saturating_sub(self.shown.start) * self.width;
        x.saturating_add(u16::try_from(offset).unwrap_or(u16::MAX))
    }
}

/// A label without the blank that most words begin with and without a special token's brackets: columns are dear.
fn name(label: &str) -> &str {
    let bare = label.strip_prefix('␣').or_else(|| label.strip_prefix("<|")?.strip_suffix("|>"));
    bare.filter(|rest| !rest.is_empty()).unwrap_or(label)
}

/// The graphemes of `label` from top to bottom, its foot on the last of `rows` rows; an ellipsis for what is cut, unless
/// that were half of what is left.
fn standing(label: &str, rows: usize) -> Vec<String> {
    let mut letters: Vec<String> = label.graphemes(true).map(str::to_owned).collect();
    if letters.len() > rows && rows < 4 {
        letters.truncate(rows);
    } else if letters.len() > rows {
        letters.truncate(rows - 1);
        letters.push("…".into());
    }
    let above = rows.saturating_sub(letters.len());
    std::iter::repeat_n(String::new(), above).chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standing_labels_end_on_the_last_row() {
        assert_eq!(standing("cat", 4), ["", "c", "a", "t"]);
        assert_eq!(standing("assistant", 4), ["a", "s", "s", "…"]);
        assert_eq!(standing("assistant", 2), ["a", "s"]);
        assert_eq!(standing("", 2), ["", ""]);
    }

    #[test]
    fn the_blank_before_a_word_and_brackets_are_left_out_but_something_stays() {
        assert_eq!((name("␣cat"), name("␣"), name("cat")), ("cat", "␣", "cat"));
        assert_eq!((name("<|im_end|>"), name("<|"), name("<||>")), ("im_end", "<|", "<||>"));
    }
}
