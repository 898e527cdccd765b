//! One row a stretch: what it costs either model, and the difference as a bar to either side.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{direction, label};
use crate::app::{Action, App};
use crate::compare::{Comparison, Stretch};
use crate::ui::{Hits, Theme, bar, text};

/// Columns of a figure.
const FIGURE: usize = 7;
/// Nats at which a bar is full.
const FULL: f64 = 4.0;

/// How the columns share a width.
struct Columns {
    text: usize,
    /// Of a half bar; 0 where there is no room.
    bar: usize,
}

impl Columns {
    fn of(width: usize) -> Self {
        let figures = 2 + 3 * (FIGURE + 2) + 2;
        let rest = width.saturating_sub(figures);
        let bar = if rest >= 34 { ((rest - 16) / 3).min(12) } else { 0 };
        let bars = if bar > 0 { 2 * bar + 3 } else { 0 };
        Self { text: rest.saturating_sub(bars).clamp(6, 32), bar }
    }
}

/// Draws the rows around the cursor into `area`.
pub fn draw(app: &App, theme: &Theme, comparison: &Comparison, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let columns = Columns::of(usize::from(area.width));
    let mut rows = area.rows();
    if let Some(row) = rows.next() {
        frame.render_widget(heading(&columns, theme), row);
    }
    let (all, visible) = (comparison.stretches.len(), usize::from(area.height).saturating_sub(1));
    let near = comparison.stretches.partition_point(|stretch| stretch.tokens[0].end <= app.cursor);
    let first = near.saturating_sub(visible / 2).min(all.saturating_sub(visible));
    for (stretch, row) in comparison.stretches[first..].iter().zip(rows) {
        frame.render_widget(line(app, theme, &columns, stretch), row);
        hits.push(row, Action::Goto(stretch.tokens[0].start));
    }
}

fn heading(columns: &Columns, theme: &Theme) -> Line<'static> {
    let mut words = format!(
        "  {}  {:>FIGURE$}  {:>FIGURE$}  {:>FIGURE$}",
        text::pad_end("text", columns.text),
        "A nats",
        "B nats",
        "B − A"
    );
    if columns.bar > 0 {
        words.push_str(&format!(
            "  {} {}",
            text::pad_start("B ahead", columns.bar),
            text::pad_end("A ahead", columns.bar)
        ));
    }
    Line::styled(words, theme.dim)
}

fn line(app: &App, theme: &Theme, columns: &Columns, stretch: &Stretch) -> Line<'static> {
    let is_cursor = stretch.tokens[0].contains(&app.cursor);
    let base = if stretch.counts { theme.text } else { theme.unscored };
    let base = if is_cursor { theme.text.patch(theme.cursor_row) } else { base };
    let figure = |nll: Option<f64>| match nll {
        Some(nll) => (format!("  {nll:>FIGURE$.3}"), if theme.is_mono { base } else { theme.heat(nll) }),
        None => (format!("  {:>FIGURE$}", "–"), theme.dim),
    };
    let mut spans = vec![
        Span::styled(if is_cursor { "▸ " } else { "  " }, theme.accent),
        Span::styled(text::pad_end(&label(app.sequence(), stretch, columns.text), columns.text), base),
    ];
    spans.extend(stretch.nll.map(figure).into_iter().map(|(text, style)| Span::styled(text, style)));
    match stretch.difference() {
        None => spans.push(Span::styled(format!("  {:>FIGURE$}", "–"), theme.dim)),
        Some(difference) => {
            let style = direction(theme, difference);
            spans.push(Span::styled(format!("  {}", text::pad_start(&text::signed(difference), FIGURE)), style));
            if columns.bar > 0 {
                let bar = bar::lying((difference.abs() / FULL).min(1.0), columns.bar);
                let (left, right) = if difference < 0.0 { (bar, String::new()) } else { (String::new(), bar) };
                spans.push(Span::styled(format!("  {}", mirrored(&left, columns.bar)), style));
                spans.push(Span::styled("│", theme.border));
                spans.push(Span::styled(right, style));
            }
        }
    }
    Line::from(spans)
}

/// A bar that grows to the left: whole cells only, since there are no glyphs for the rest.
fn mirrored(bar: &str, width: usize) -> String {
    let cells = bar.chars().count();
    let whole = bar.chars().filter(|&glyph| glyph == '█').count().max(usize::from(cells > 0 && !bar.trim().is_empty()));
    text::pad_start(&"█".repeat(whole), width)
}
