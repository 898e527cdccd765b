//! The film: rows are steps, columns tokens, each cell what the token cost after that step.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::spread::spread;
use crate::app::{self, Action, App, Reel};
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
        let last = app.reel().frames.last().map_or(0, |frame| frame.step);
        let digits = last.max(app.training.step).to_string().len();
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
    let mut block = theme.block(match app.reel().is_of_life {
        true => "Film: checkpoint × token",
        false if app.training.twin.is_some() => "Film of the first: step × token",
        false => "Film: step × token",
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
    let has_twin = app.reel().frames.iter().any(|frame| frame.twin.is_some());
    // A row of words between the two, and the first copy's rows where they cannot be halved.
    let differences = if has_twin && body >= 3 { (body - 1) / 2 } else { 0 };
    let own = Rect { height: body - differences - u16::from(differences > 0), ..rows };
    draw_rows(app, theme, frame, own, hits, &parts, &COST);
    if differences > 0 {
        let words = Rect { y: own.bottom(), height: 1, ..rows };
        frame.render_widget(difference_words(theme, usize::from(rows.width)), words);
        let below = Rect { y: words.bottom(), height: differences, ..rows };
        draw_rows(app, theme, frame, below, hits, &parts, &DIFFERENCE);
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

/// One row a frame, as many as fit, with the newest or the shown one among them.
fn draw_rows(
    app: &App,
    theme: &Theme,
    frame: &mut Frame,
    area: Rect,
    hits: &mut Hits,
    parts: &Parts,
    measure: &Measure,
) {
    let (Reel { frames, shown, .. }, columns) = (app.reel(), &parts.columns);
    for (index, row) in window(frames.len(), usize::from(area.height), shown).into_iter().zip(area.rows()) {
        let one = &frames[index];
        let is_shown = index == shown;
        let style = if is_shown { theme.text.patch(theme.cursor_row) } else { theme.dim };
        let mut spans = vec![
            Span::styled(if is_shown { "▸ " } else { "  " }, theme.accent),
            Span::styled(format!("{:>1$} ", one.step, parts.digits), style),
        ];
        let cell = |t: usize| {
            let value = (measure.value)(one, t);
            let (glyph, look) = value.map_or((" ", theme.border), |value| (measure.look)(value, theme));
            match t == app.cursor {
                true => columns.cell(fill(glyph, columns.width), look.patch(theme.beside)),
                false => columns.cell(glyph, look),
            }
        };
        spans.extend(columns.line(theme, cell).spans);
        if parts.has_figure {
            let figure = (measure.value)(one, app.cursor).map_or_else(|| "–".into(), measure.figure);
            spans.push(Span::styled(text::pad_start(&figure, FIGURE - 1), style));
        }
        frame.render_widget(Line::from(spans), row);
        hits.push(row, Action::ShowStep(one.step));
    }
}

/// Which of `n` frames stand in `rows` rows: all, or the one shown among its neighbours, and others spread evenly over
/// the rest of the run, so that its whole course is seen.
fn window(n: usize, rows: usize, shown: usize) -> Vec<usize> {
    if n <= rows {
        return (0..n).collect();
    }
    let near = rows.div_ceil(2);
    let start = (shown + 1 + near / 2).clamp(near, n) - near;
    let far: Vec<usize> = (0..start).chain(start + near..n).collect();
    let far = spread(far.len(), rows - near).map(|i| far[i]);
    let mut window: Vec<usize> = far.chain(start..start + near).collect();
    window.sort_unstable();
    window
}

/// What a cell of the film stands for.
struct Measure {
    value: fn(&app::Frame, usize) -> Option<f64>,
    look: fn(f64, &Theme) -> (&'static str, Style),
    figure: fn(f64) -> String,
}

/// What a token cost.
const COST: Measure = Measure {
    value: |frame, t| frame.scores.nll(t),
    look: |nll, theme| (RAMP[heat_level(nll)], theme.ink(nll)),
    figure: |nll| format!("{nll:.3}"),
};

/// What it cost the second copy more than the first.
const DIFFERENCE: Measure = Measure {
    value: |frame, t| Some(frame.twin.as_ref()?.nll(t)? - frame.scores.nll(t)?),
    look: |difference, theme| match difference {
        d if d >= GREAT => ("▲", theme.rise.add_modifier(Modifier::BOLD)),
        d if d >= SAME => ("△", theme.rise),
        d if d <= -GREAT => ("▼", theme.fall.add_modifier(Modifier::BOLD)),
        d if d <= -SAME => ("▽", theme.fall),
        _ => ("·", theme.border),
    },
    figure: text::signed,
};

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
    fn the_window_keeps_the_shown_step_among_its_neighbours_and_the_whole_run_in_sight() {
        assert_eq!(window(3, 5, 2), [0, 1, 2]);
        assert_eq!(window(40, 8, 39), [0, 11, 23, 35, 36, 37, 38, 39]);
        assert_eq!((window(10, 1, 4), window(10, 0, 4)), (vec![4], vec![]));
        for (n, height, shown) in (1..30).flat_map(|n| (1..9).flat_map(move |h| (0..n).map(move |s| (n, h, s)))) {
            let rows = window(n, height, shown);
            assert!(rows.contains(&shown) && rows.len() == height.min(n), "{n} {height} {shown}: {rows:?}");
            assert!(rows.is_sorted_by(|a, b| a < b) && rows.iter().all(|&i| i < n), "{rows:?}");
            assert!(height < 3 || rows[0] == 0, "{n} {height} {shown}: {rows:?}");
        }
    }
}
