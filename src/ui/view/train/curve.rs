//! The loss over steps: what the steps themselves saw, and what scored and unscored targets of the text on screen and
//! the probes cost after each of them.
//!
//! Everything stands over the number of updates that the weights had had: the loss that step s was taken on, which is
//! the one before it, over s − 1.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::axes::{self, Axes};
use super::plot::{Bounds, Level, Look, Series};
use super::spread::spread;
use super::watched;
use crate::app::{App, EarlierRun, Probe, SMOOTHING, Training, TrainingData, smoothed};
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
    let names = if is_tall {
        u16::try_from(series.iter().filter(|one| is_named(one)).count()).unwrap_or(0).min(inner.height / 2)
    } else {
        0
    };
    let [plot, names] = Layout::vertical([Constraint::Fill(1), Constraint::Length(names)]).areas(inner);
    let Some(bounds) = Bounds::around(&series) else {
        frame.render_widget(Line::styled(" no loss yet", theme.dim), plot);
        return;
    };
    let levels: Vec<Level> = guessing(app).into_iter().collect();
    let bounds = bounds.reaching(&levels);
    let unit = if bounds.is_log { "log" } else { "nats" };
    axes::draw(app, theme, frame, plot, &Axes { series: &series, levels: &levels, bounds, unit, has_best: true });
    for (one, row) in series.iter().rev().filter(|one| is_named(one)).zip(names.rows()) {
        frame.render_widget(named(theme, one, app), row);
    }
}

/// What a model costs that knows nothing: ln V nats, with V tokens of one probability.
pub fn guessing(app: &App) -> Option<Level> {
    let tokens = app.analysis.model.as_ref().map(|model| model.vocab_size).filter(|&tokens| tokens > 1)?;
    let value = (tokens as f64).ln();
    let words = [
        format!("guessing at random: ln {} = {value:.2}", text::count(tokens)),
        format!("at random: ln V {value:.2}"),
        format!("ln V {value:.2}"),
    ];
    Some(Level { value, words: words.into() })
}

/// Whether the line stands in the legend: earlier runs have a list of their own.
fn is_named(series: &Series) -> bool {
    series.look != Look::Thin
}

/// The last change of a setting before the step that is shown, in words.
fn change(training: &Training) -> Option<String> {
    let step = training.shown_step();
    let last = training.changes.iter().rev().find(|change| change.after <= step)?;
    let all = training.changes.iter().filter(|change| change.after == last.after);
    let what: Vec<&str> = all.map(|change| change.what.as_str()).collect();
    Some(format!("after {}: {}", last.after, crate::sequence::visible_text(&what.join(", "))))
}

pub const SMOOTHED: &str = "smoothed";

/// The lines, what matters most last, so that it lies on top; fewer where there is little room.
fn series(app: &App, theme: &Theme, columns: usize, with_all: bool) -> Vec<Series> {
    let training = &app.training;
    let mut all = earlier(app, theme);
    if let Some(watching) = &app.watching {
        all.extend(watched::series(watching.run(), theme));
    } else if with_all || training.data != TrainingData::Screen {
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
    let line = |name: &str, glyph, style, points, look| {
        let name = name.to_owned();
        Series { name, glyph, style, points, look }
    };
    vec![
        line("before each step", "×", theme.dim, raw, Look::Points),
        line(SMOOTHED, "~", theme.bar, smooth, Look::Line),
    ]
}

fn probe(theme: &Theme, glyph: &'static str, probe: &Probe) -> Series {
    let points = probe.losses.iter().map(|&(step, loss)| (step as f64, loss)).collect();
    let name = crate::sequence::visible_text(&probe.name);
    Series { name: format!("probe: {name}"), glyph, style: theme.target, points, look: Look::Line }
}

/// What the earlier runs' scored targets cost under the mask of now.
fn earlier(app: &App, theme: &Theme) -> Vec<Series> {
    let Some(mask) = app.mask() else { return Vec::new() };
    let line = |run: &EarlierRun| {
        let points = run.curve(app.sequence(), mask);
        Series { name: format!("run {}", run.number), glyph: run.glyph(), style: theme.dim, points, look: Look::Thin }
    };
    app.training.earlier.iter().map(line).collect()
}

/// What scored and unscored targets of the text on screen cost, from at most one frame of the film a column.
fn means(app: &App, theme: &Theme, columns: usize) -> Vec<Series> {
    let Some(mask) = app.mask() else { return Vec::new() };
    let frames = &app.training.film.frames;
    let frames: Vec<_> = spread(frames.len(), columns).map(|index| &frames[index]).collect();
    let line =
        |name: &str, glyph, style, points| Series { name: name.to_owned(), glyph, style, points, look: Look::Line };
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
pub fn legend(theme: &Theme, series: &[Series], app: &App, width: usize) -> Line<'static> {
    let step = app.training.shown_step();
    let named = |count: usize, with_values: bool| {
        let mut line = Line::from(Span::raw(" "));
        for one in series.iter().rev().filter(|one| is_named(one)).take(count) {
            let value = if with_values { format!(" {}", value_text(one, step)) } else { String::new() };
            line.push_span(Span::styled(one.glyph, one.style));
            line.push_span(Span::styled(format!(" {}{value} ", one.name), theme.dim));
        }
        line
    };
    let all = series.iter().filter(|one| is_named(one)).count();
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
