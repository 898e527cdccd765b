//! The loss over steps: what the steps themselves saw, and what scored and unscored targets of the text on screen and
//! the probes cost after each of them.
//!
//! Everything stands over the number of updates that the weights had had: the loss that step s was taken on, which is
//! the one before it, over s − 1.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::plot::{self, Bounds, Series};
use super::spread::spread;
use crate::app::{App, Probe, SMOOTHING, Training, TrainingData, smoothed};
use crate::loss::{Means, Scores};
use crate::ui::{Theme, text};

/// Rows from which on every line is named with its values below the plot.
const TALL: u16 = 13;
/// What tells the probes apart.
const DIGITS: [&str; 9] = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

/// Draws the curve in its frame.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect) {
    let series = series(app, theme, usize::from(area.width), area.height >= TALL);
    let is_tall = area.height >= TALL;
    let mut block = theme.block("Loss");
    if let Some(change) = change(&app.training) {
        let room = usize::from(area.width).saturating_sub(12);
        let words = text::fit_start(&format!(" ◆ {change}"), room);
        block = block.title(Line::styled(format!("{words} "), theme.dim).right_aligned());
    }
    if !is_tall {
        block = block.title_bottom(legend(theme, &series, app, usize::from(area.width)).right_aligned());
    } else if series.iter().any(|one| one.name == SMOOTHED) {
        let words = format!(" {SMOOTHED}: moving average, {SMOOTHING} kept a step ");
        block = block.title_bottom(Line::styled(words, theme.dim).right_aligned());
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let names = if is_tall { u16::try_from(series.len()).unwrap_or(0).min(inner.height / 2) } else { 0 };
    let [plot, names] = Layout::vertical([Constraint::Fill(1), Constraint::Length(names)]).areas(inner);
    draw_plot(app, theme, frame, plot, &series);
    for (one, row) in series.iter().rev().zip(names.rows()) {
        frame.render_widget(named(theme, one, app), row);
    }
}

/// The last change of a setting before the step that is shown, in words.
fn change(training: &Training) -> Option<String> {
    let step = training.shown_step();
    let last = training.changes.iter().rev().find(|change| change.after <= step)?;
    let all = training.changes.iter().filter(|change| change.after == last.after);
    let what: Vec<&str> = all.map(|change| change.what.as_str()).collect();
    Some(format!("after {}: {}", last.after, crate::sequence::visible_text(&what.join(", "))))
}

fn draw_plot(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, series: &[Series]) {
    let Some(bounds) = Bounds::around(series) else {
        frame.render_widget(Line::styled(" no loss yet", theme.dim), area);
        return;
    };
    let digits =
        |value: f64| if value >= 0.01 || value == 0.0 { format!("{value:.2}") } else { format!("{value:.0e}") };
    let left = digits(bounds.y.0).len().max(digits(bounds.y.1).len()).max("nats".len());
    let width = usize::from(area.width).saturating_sub(left + 1);
    let height = usize::from(area.height).saturating_sub(1);
    let middle = height / 2;
    for (at, (line, row)) in plot::lines(series, bounds, theme, width, height).into_iter().zip(area.rows()).enumerate()
    {
        let share = 1.0 - at as f64 / (height.max(2) - 1) as f64;
        let is_labelled = at == 0 || at + 1 == height || (height >= 7 && at == middle);
        let label = if is_labelled { digits(bounds.value_at(share)) } else { String::new() };
        let mut spans = vec![Span::styled(format!("{label:>left$}│"), theme.dim)];
        spans.extend(line.spans);
        frame.render_widget(Line::from(spans), row);
    }
    if let Some(row) = area.rows().next_back() {
        let axis = axis(app, theme, bounds, width);
        frame.render_widget(
            Line::styled(format!("{:>left$}└", if bounds.is_log { "log" } else { "nats" }), theme.dim),
            row,
        );
        let x = row.x.saturating_add(u16::try_from(left + 1).unwrap_or(u16::MAX));
        frame.render_widget(axis, Rect { x, ..row }.intersection(row));
    }
}

/// The x axis: where it begins and ends, where settings changed (◆), and which step is shown (▲).
fn axis(app: &App, theme: &Theme, bounds: Bounds, width: usize) -> Line<'static> {
    let mut cells = vec![("─", theme.dim); width];
    let column = |step: usize| bounds.column(step as f64, width);
    for change in &app.training.changes {
        if let Some(cell) = cells.get_mut(column(change.after)) {
            *cell = ("◆", theme.warning);
        }
    }
    if app.training.shown.is_some()
        && let Some(cell) = cells.get_mut(column(app.training.shown_step()))
    {
        *cell = ("▲", theme.accent);
    }
    let steps = bounds.x.1 as usize;
    let end = format!(" {} step{}", text::count(steps), if steps == 1 { "" } else { "s" });
    let start = format!("{} ", text::count(bounds.x.0 as usize));
    // The ends are named where marks leave room.
    let is_free = |cells: &[(&str, _)]| cells.iter().all(|(glyph, _)| *glyph == "─");
    let names_start = start.len() * 3 < width && is_free(&cells[..start.len().min(width)]);
    let from = width.saturating_sub(end.len());
    let names_end = end.len() * 2 < width && is_free(&cells[from..]);
    let mut line = Line::default();
    if names_start {
        line.push_span(Span::styled(start.clone(), theme.dim));
    }
    let shown = if names_start { start.len() } else { 0 }..if names_end { from } else { width };
    line.extend(cells[shown].iter().map(|&(glyph, style)| Span::styled(glyph, style)));
    if names_end {
        line.push_span(Span::styled(end, theme.dim));
    }
    line
}

const SMOOTHED: &str = "smoothed";

/// The lines, what matters most last, so that it lies on top; fewer where there is little room.
fn series(app: &App, theme: &Theme, columns: usize, with_all: bool) -> Vec<Series> {
    let training = &app.training;
    let mut all = Vec::new();
    if with_all || training.data != TrainingData::Screen {
        all.extend(steps(training, theme));
    }
    // In a twin run there are lines enough; its probes stand in their panel, for both.
    if with_all && training.twin.is_none() {
        let probes = DIGITS.into_iter().zip(&training.probes);
        all.extend(probes.map(|(glyph, probe)| self::probe(theme, glyph, probe)));
    }
    all.extend(means(app, theme, columns));
    all.retain(|series| !series.points.is_empty());
    all
}

/// The loss that each step was taken on. In a twin run the two have masks of their own, and losses that cannot be
/// compared: there only the means over the same targets are shown.
fn steps(training: &Training, theme: &Theme) -> Vec<Series> {
    if training.twin.is_some() {
        return Vec::new();
    }
    let before = |step: usize| step.saturating_sub(1) as f64;
    let raw: Vec<(f64, f64)> = training.steps.iter().map(|report| (before(report.step), report.loss)).collect();
    let smooth = smoothed(raw.iter().map(|&(_, loss)| loss));
    let smooth = raw.iter().zip(smooth).map(|(&(x, _), loss)| (x, loss)).collect();
    let line = |name: &str, glyph, style, points, is_scattered| {
        let name = name.to_owned();
        Series { name, glyph, style, points, is_scattered }
    };
    vec![line("before each step", "×", theme.dim, raw, true), line(SMOOTHED, "~", theme.bar, smooth, false)]
}

fn probe(theme: &Theme, glyph: &'static str, probe: &Probe) -> Series {
    let points = probe.losses.iter().map(|&(step, loss)| (step as f64, loss)).collect();
    let name = crate::sequence::visible_text(&probe.name);
    Series { name: format!("probe: {name}"), glyph, style: theme.target, points, is_scattered: false }
}

/// What scored and unscored targets of the text on screen cost, from at most one frame of the film a column.
fn means(app: &App, theme: &Theme, columns: usize) -> Vec<Series> {
    let Some(mask) = app.mask() else { return Vec::new() };
    let frames = &app.training.film.frames;
    let frames: Vec<_> = spread(frames.len(), columns).map(|index| &frames[index]).collect();
    let line =
        |name: &str, glyph, style, points| Series { name: name.to_owned(), glyph, style, points, is_scattered: false };
    let pair = |of: &dyn Fn(&crate::app::Frame) -> Option<Means>| {
        let (mut scored, mut unscored) = (Vec::new(), Vec::new());
        for frame in &frames {
            let Some(means) = of(frame) else { continue };
            scored.extend(means.scored.map(|loss| (frame.step as f64, loss)));
            unscored.extend(means.unscored.map(|loss| (frame.step as f64, loss)));
        }
        (scored, unscored)
    };
    let mean = |scores: &Scores| Means::new(mask, scores);
    let (scored, unscored) = pair(&|frame| Some(mean(&frame.scores)));
    if app.training.twin.is_none() {
        return vec![line("unscored", "○", theme.warning, unscored), line("scored", "●", theme.accent, scored)];
    }
    let (twin_scored, twin_unscored) = pair(&|frame| frame.twin.as_ref().map(|scores| mean(scores)));
    vec![
        line("second, unscored", "□", theme.rise, twin_unscored),
        line("first, unscored", "○", theme.warning, unscored),
        line("second", "■", theme.rise, twin_scored),
        line("first", "●", theme.accent, scored),
    ]
}

/// The lines' names, with what they stand at where there is room for all; else as many as fit.
fn legend(theme: &Theme, series: &[Series], app: &App, width: usize) -> Line<'static> {
    let step = app.training.shown_step();
    let named = |count: usize, with_values: bool| {
        let mut line = Line::from(Span::raw(" "));
        for one in series.iter().rev().take(count) {
            let value = if with_values { format!(" {}", value_text(one, step)) } else { String::new() };
            line.push_span(Span::styled(one.glyph, one.style));
            line.push_span(Span::styled(format!(" {}{value} ", one.name), theme.dim));
        }
        line
    };
    let all = series.len();
    let lines = [named(all, true)].into_iter().chain((1..=all).rev().map(|count| named(count, false)));
    lines.into_iter().find(|line| line.width() + 2 <= width).unwrap_or_default()
}

/// A line's name, its first value and that of the step shown.
fn named(theme: &Theme, series: &Series, app: &App) -> Line<'static> {
    let first = series.points.first().map_or_else(|| "–".into(), |(_, loss)| format!("{loss:.3}"));
    let now = value_text(series, app.training.shown_step());
    Line::from(vec![
        Span::styled(format!(" {} ", series.glyph), series.style),
        Span::styled(text::pad_end(&series.name, 18), theme.text),
        Span::styled(format!(" {first} → {now}"), theme.text),
    ])
}

/// The last value up to `step`.
fn value_text(series: &Series, step: usize) -> String {
    let at = series.points.iter().rev().find(|(x, _)| *x <= step as f64);
    at.map_or_else(|| "–".into(), |(_, loss)| format!("{loss:.3}"))
}
