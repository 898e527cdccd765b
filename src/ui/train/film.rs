//! The film: rows are steps, columns tokens, each cell what the token cost after that step.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::app::{self, Action, App};
use crate::ui::bar::RAMP;
use crate::ui::columns::Columns;
use crate::ui::theme::heat_level;
use crate::ui::{Hits, Theme, text};

/// Columns of the cursor's −log p in numbers, and of the film below which it is left out.
const FIGURE: usize = 8;
const NARROW: usize = 44;
/// Nats below which two copies say the same of a token, and from which on the difference is great.
const SAME: f64 = 0.05;
const GREAT: f64 = 1.0;

/// Columns of the film's parts.
struct Parts {
    digits: usize,
    columns: Columns,
    /// The cursor's token in numbers, at the right.
    has_figure: bool,
}

impl Parts {
    fn new(app: &App, width: usize) -> Self {
        let digits = app.training.step.to_string().len();
        let has_figure = width >= NARROW;
        let room = width.saturating_sub(2 + digits + 1 + if has_figure { FIGURE } else { 0 });
        let least = if app.len() * 2 + 2 <= room { 2 } else { 1 };
        Self { digits, columns: Columns::new(app, room, least, app.cursor), has_figure }
    }

    fn left(&self) -> usize {
        2 + self.digits + 1
    }
}

/// Draws the film in its frame.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let mut block = theme.block(if app.training.twin.is_some() {
        "Film of the first: step × token"
    } else {
        "Film: step × token"
    });
    block = block.title_bottom(legend(theme, usize::from(area.width)).right_aligned());
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let parts = Parts::new(app, usize::from(inner.width));
    let heading = heading(app, theme, &parts, inner.height);
    let body = inner.height.saturating_sub(heading.len() as u16);
    for (line, row) in heading.iter().zip(inner.rows()) {
        frame.render_widget(line, row);
        for t in parts.columns.shown.clone() {
            let x = parts.columns.x_of(row.x.saturating_add(parts.left() as u16), t);
            hits.push(Rect::new(x, row.y, parts.columns.width as u16, 1).intersection(row), Action::Goto(t));
        }
    }
    let rows = Rect { y: inner.bottom() - body, height: body, ..inner };
    let has_twin = app.training.film.frames.iter().any(|frame| frame.twin.is_some());
    // A row of words between the two, and the first copy's rows where they cannot be halved.
    let differences = if has_twin && body >= 3 { (body - 1) / 2 } else { 0 };
    let own = Rect { height: body - differences - u16::from(differences > 0), ..rows };
    draw_rows(app, theme, frame, own, hits, &parts, cost);
    if differences > 0 {
        let words = Rect { y: own.bottom(), height: 1, ..rows };
        frame.render_widget(difference_words(theme, usize::from(rows.width)), words);
        let below = Rect { y: words.bottom(), height: differences, ..rows };
        draw_rows(app, theme, frame, below, hits, &parts, difference);
    }
}

/// Labels, and below them which tokens are scored.
fn heading(app: &App, theme: &Theme, parts: &Parts, height: u16) -> Vec<Line<'static>> {
    let columns = &parts.columns;
    let rows = columns.label_rows(app, (usize::from(height) / 4).max(1));
    let mut lines: Vec<Line> = columns.labels(app, theme, rows);
    if height >= 6 {
        let is_scored = |t| app.mask().is_some_and(|mask| mask.is_scored(t));
        let cell = |t: usize| match is_scored(t) {
            true => columns.cell("●", theme.text),
            false => columns.cell("·", theme.border),
        };
        lines.push(columns.line(theme, cell));
    }
    let count = lines.len();
    for (i, line) in lines.iter_mut().enumerate() {
        let is_last = i + 1 == count;
        let name = if is_last { "step" } else { "" };
        line.spans.insert(0, Span::styled(text::pad_start(name, parts.left()), theme.dim));
        if is_last && parts.has_figure {
            line.spans.push(Span::styled(text::pad_start("−log p", FIGURE - 1), theme.dim));
        }
    }
    lines
}

/// One row a frame: as many as fit, the base weights first, the newest or the shown one in sight.
fn draw_rows(
    app: &App,
    theme: &Theme,
    frame: &mut Frame,
    area: Rect,
    hits: &mut Hits,
    parts: &Parts,
    cell: impl Fn(&app::Frame, usize, &Theme) -> (&'static str, Style, String),
) {
    let frames = &app.training.film.frames;
    let shown = app.training.shown.unwrap_or(frames.len().saturating_sub(1));
    for (index, row) in window(frames.len(), usize::from(area.height), shown).zip(area.rows()) {
        let one = &frames[index];
        let is_shown = index == shown;
        let style = if is_shown { theme.text.patch(theme.cursor_row) } else { theme.dim };
        let mut spans = vec![
            Span::styled(if is_shown { "▸ " } else { "  " }, theme.accent),
            Span::styled(format!("{:>1$} ", one.step, parts.digits), style),
        ];
        let glyph = |t: usize| {
            let (glyph, heat, _) = cell(one, t, theme);
            let glyph = if t == app.cursor { fill(glyph, parts.columns.width) } else { glyph.into() };
            parts.columns.cell(glyph, if t == app.cursor { heat.patch(theme.beside) } else { heat })
        };
        spans.extend(parts.columns.line(theme, glyph).spans);
        if parts.has_figure {
            let (_, _, figure) = cell(one, app.cursor, theme);
            spans.push(Span::styled(text::pad_start(&figure, FIGURE - 1), style));
        }
        frame.render_widget(Line::from(spans), row);
        hits.push(row, Action::ShowStep(one.step));
    }
}

/// Which of `n` frames stand in `rows` rows: the last, or those around the one shown; with some room the first always.
fn window(n: usize, rows: usize, shown: usize) -> impl Iterator<Item = usize> {
    let has_first = n > rows && rows >= 3;
    let room = if has_first { rows - 1 } else { rows.min(n) };
    let end = (shown + 1 + room / 2).clamp(room, n.max(room));
    let end = if shown + 1 >= n { n } else { end };
    let start = end.saturating_sub(room).max(usize::from(has_first));
    let first = if has_first { 0..1 } else { 0..0 };
    first.chain(start..start + room)
}

/// What a token cost: its glyph, style, and figure.
fn cost(frame: &app::Frame, t: usize, theme: &Theme) -> (&'static str, Style, String) {
    match frame.scores.nll(t) {
        Some(nll) => (RAMP[heat_level(nll)], theme.ink(nll), format!("{nll:.3}")),
        None => ("·", theme.border, "–".into()),
    }
}

/// What it cost the second copy more than the first.
fn difference(frame: &app::Frame, t: usize, theme: &Theme) -> (&'static str, Style, String) {
    let second = frame.twin.as_ref().and_then(|twin| twin.nll(t));
    let Some(difference) = second.zip(frame.scores.nll(t)).map(|(second, first)| second - first) else {
        return (" ", theme.border, "–".into());
    };
    let weighty = |style: Style| if difference.abs() >= GREAT { style.add_modifier(Modifier::BOLD) } else { style };
    let figure = text::signed(difference);
    match difference {
        d if d.abs() < SAME => ("·", theme.border, figure),
        d if d > 0.0 => (if d >= GREAT { "▲" } else { "△" }, weighty(theme.rise), figure),
        _ => (if difference <= -GREAT { "▼" } else { "▽" }, weighty(theme.fall), figure),
    }
}

/// The glyph with blanks that carry its style to the column's end, less the blank that keeps columns apart.
fn fill(glyph: &str, width: usize) -> String {
    text::pad_end(glyph, width.saturating_sub(1).max(1))
}

fn difference_words(theme: &Theme, width: usize) -> Line<'static> {
    let words = [
        "second − first: ▲ costs the second a nat more or beyond, △ more; ▼ a nat less, ▽ less; · the same",
        "second − first: ▲ a nat more, △ more, ▼ a nat less, ▽ less",
        "second − first: △▲ more ▽▼ less",
        "second − first",
    ];
    let fitting = words.into_iter().find(|words| Line::raw(*words).width() < width).unwrap_or_default();
    Line::styled(format!(" {fitting}"), theme.dim)
}

fn legend(theme: &Theme, width: usize) -> Line<'static> {
    let mut spans = vec![Span::styled(" −log p 0 ", theme.dim)];
    spans.extend(RAMP.iter().enumerate().map(|(level, glyph)| Span::styled(*glyph, theme.ink(level as f64))));
    spans.push(Span::styled(" 7+ nats · ● scored ", theme.dim));
    if text::width_of(&spans) + 4 > width { Line::default() } else { Line::from(spans) }
}

#[cfg(test)]
mod tests {
    use super::window;

    #[test]
    fn the_window_keeps_the_first_the_newest_and_the_shown_in_sight() {
        let rows = |n, rows, shown| window(n, rows, shown).collect::<Vec<_>>();
        assert_eq!(rows(3, 5, 2), [0, 1, 2]);
        assert_eq!(rows(10, 4, 9), [0, 7, 8, 9]);
        assert_eq!(rows(10, 4, 4), [0, 3, 4, 5]);
        assert_eq!(rows(10, 4, 0), [0, 1, 2, 3]);
        assert_eq!(rows(10, 4, 1), [0, 1, 2, 3]);
        assert_eq!(rows(10, 2, 9), [8, 9]);
        assert_eq!((rows(10, 1, 4), rows(10, 0, 4)), (vec![4], vec![]));
        assert_eq!(rows(0, 4, 0), Vec::<usize>::new());
        for (n, height, shown) in (1..20).flat_map(|n| (1..9).flat_map(move |h| (0..n).map(move |s| (n, h, s)))) {
            let shown_rows = rows(n, height, shown);
            assert!(shown_rows.contains(&shown) && shown_rows.len() == height.min(n), "{n} {height} {shown}");
            assert!(shown_rows.windows(2).all(|pair| pair[0] < pair[1]) && shown_rows.iter().all(|&i| i < n));
        }
    }
}
