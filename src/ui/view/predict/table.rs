//! The teacher-forcing table: one row a target token.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::{Action, App};
use crate::sequence::visible_text;
use crate::ui::theme::HEAT_MAX;
use crate::ui::{Hits, Theme, text, token};

/// Columns of `p`, of `−log p`, of the rank, and of the marks.
const P: usize = 7;
const NLL: usize = 7;
const RANK: usize = 5;
const MARKS: usize = 5;

/// How the columns share a width.
struct Columns {
    t: usize,
    input: usize,
    target: usize,
    /// 0 where there is no room.
    bar: usize,
    rank: usize,
}

impl Columns {
    fn of(app: &App, width: usize) -> Self {
        let t = app.len().to_string().len().max(2);
        let rank = if width >= 62 && !app.is_roomy() { RANK } else { 0 };
        let bar = match width {
            ..74 => 0,
            _ if app.is_roomy() => width / 5,
            _ => (width / 10).clamp(6, 16),
        };
        // The cursor's mark, the arrow, and two blanks between columns.
        let gaps = 2 + 2 + 4 + 4 + 2 * usize::from(rank > 0) + 2 * usize::from(bar > 0);
        let rest = width.saturating_sub(t + P + NLL + MARKS + rank + bar + gaps);
        // The longest usual special tokens have twelve columns.
        let target = (rest * 2 / 5).clamp(12, 22).min(rest / 2);
        Self { t, input: rest - target, target, bar, rank }
    }
}

/// Draws the table into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let block = theme.block("Teacher forcing");
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let columns = Columns::of(app, usize::from(inner.width));
    let mut rows = inner.rows();
    if let Some(row) = rows.next() {
        frame.render_widget(heading(&columns, theme), row);
    }
    // The tokens, and the one that would come next.
    let high = if app.is_roomy() { 2 } else { 1 };
    let (all, visible) = (app.len() + 1, usize::from(inner.height).saturating_sub(1).div_ceil(high));
    let first = app.cursor.saturating_sub(visible / 2).min(all.saturating_sub(visible));
    for (t, row) in (first..all).zip(rows.step_by(high)) {
        frame.render_widget(line(app, theme, &columns, t), row);
        hits.push(row, Action::Goto(t));
    }
}

fn heading(columns: &Columns, theme: &Theme) -> Line<'static> {
    let mut text = format!(
        "  {}  {}  {}  {}  {}",
        text::pad_start("t", columns.t),
        text::pad_end("input so far", columns.input),
        text::pad_end("→ target", columns.target + 2),
        text::pad_start("p", P),
        text::pad_start("−log p", NLL),
    );
    if columns.bar > 0 {
        text.push_str(&format!("  {}", text::pad_end("", columns.bar)));
    }
    if columns.rank > 0 {
        text.push_str(&format!("  {}", text::pad_start("rank", columns.rank)));
    }
    Line::styled(text, theme.dim)
}

/// The row of token `t`.
fn line(app: &App, theme: &Theme, columns: &Columns, t: usize) -> Line<'static> {
    let is_cursor = app.cursor == t;
    let is_scored = app.mask().is_some_and(|mask| mask.is_scored(t));
    let base = if is_scored { theme.text } else { theme.unscored };
    let base = if is_cursor { theme.text.patch(theme.cursor_row) } else { base };
    let target = app.analysis.scores.target(t);
    let mut spans = vec![
        Span::styled(if is_cursor { "▸ " } else { "  " }, theme.accent),
        Span::styled(text::pad_start(&t.to_string(), columns.t), base),
        Span::styled(format!("  {}", text::pad_end(&input(app, t, columns.input), columns.input)), theme.dim),
        Span::styled("  → ", theme.dim),
    ];
    spans.extend(name(app, theme, t, columns.target, base));
    match target {
        Some(target) => {
            spans.push(Span::styled(format!("  {:>P$}  ", text::probability((-target.nll).exp())), base));
            spans.push(Span::styled(format!("{:>NLL$}", format!("{:.3}", target.nll)), heat(theme, target.nll, base)));
            if columns.bar > 0 {
                spans.push(Span::styled(
                    format!("  {}", text::pad_end(&bar(target.nll, columns.bar), columns.bar)),
                    theme.bar,
                ));
            }
            if columns.rank > 0 {
                spans.push(Span::styled(format!("  {:>w$}", target.rank, w = columns.rank), base));
            }
        }
        None => {
            let missing = if t > 0 && t < app.len() { "…" } else { "–" };
            spans.push(Span::styled(format!("  {missing:>P$}  {missing:>NLL$}"), theme.dim));
            let blank = |width| if width > 0 { width + 2 } else { 0 };
            spans.push(Span::raw(" ".repeat(blank(columns.bar))));
            spans.push(Span::styled(
                if columns.rank > 0 { format!("  {missing:>w$}", w = columns.rank) } else { String::new() },
                theme.dim,
            ));
        }
    }
    spans.push(Span::styled(if is_scored { "  ●" } else { "   " }, theme.accent));
    spans.push(mark(app, theme, t));
    Line::from(spans)
}

/// The end of what stands before token `t`.
fn input(app: &App, t: usize, width: usize) -> String {
    // A character takes at least one column, so one more than fit shows whether something is cut off.
    text::fit_end(&visible_text(app.sequence().input_so_far(app.read_for(t).min(app.len()), width + 1)), width)
}

/// The target as it is written, filled up to `width`; underlined if scored.
fn name(app: &App, theme: &Theme, t: usize, width: usize, base: Style) -> [Span<'static>; 2] {
    if t == app.len() {
        return [Span::styled(text::pad_end("next token", width), theme.dim), Span::raw("")];
    }
    let label = token::label(app, t, width);
    let is_scored = app.mask().is_some_and(|mask| mask.is_scored(t));
    let style = if is_scored { base.patch(theme.scored) } else { base };
    let name = Span::styled(label, style);
    let blanks = " ".repeat(width.saturating_sub(name.width()));
    [name, Span::raw(blanks)]
}

/// Heat where it is colour; on a screen without, weight is the cursor's.
fn heat(theme: &Theme, nll: f64, base: Style) -> Style {
    if theme.is_mono { base } else { theme.heat(nll) }
}

/// A bar whose full width is the end of the heat scale.
fn bar(nll: f64, width: usize) -> String {
    crate::ui::bar::lying((nll / HEAT_MAX).clamp(0.0, 1.0), width)
}

/// `~` for a token across two parts, `!` for a special token that a user typed.
fn mark(app: &App, theme: &Theme, t: usize) -> Span<'static> {
    let Some(token) = app.sequence().tokens.get(t) else { return Span::raw("") };
    let mark = match (token.injected, token.overlaps.is_empty()) {
        (true, _) => " !",
        (false, false) => " ~",
        (false, true) => "",
    };
    Span::styled(mark, theme.warning)
}
