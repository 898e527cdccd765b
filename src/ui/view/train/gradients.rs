//! How strongly each part of the model was pulled by the last step: the norm of its gradient.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::app::App;
use crate::train::{GradientNorm, StepReport};
use crate::ui::bar::{self, RAMP};
use crate::ui::{Theme, text};

/// The step whose gradient is shown.
pub fn detail(app: &App) -> Option<String> {
    report(app).map(|report| format!("norms of step {}", text::count(report.step)))
}

/// The step that led to what is shown.
fn report(app: &App) -> Option<&StepReport> {
    app.training.steps.get(app.training.shown_step().checked_sub(1)?)
}

/// Draws the norms into `area`: a bar in each row where there are rows for all parts, else bars side by side. In a twin
/// run the second copy's follow, where there is room for both.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect) {
    let Some(report) = report(app).filter(|report| !report.parts.is_empty()) else {
        let words = "no step led here: no gradient";
        frame.render_widget(Line::styled(words, theme.dim), area);
        return;
    };
    let twin = app.training.twin.as_ref().and_then(|twin| twin.steps.get(report.step.saturating_sub(1)));
    let Some(twin) = twin.filter(|twin| !twin.parts.is_empty() && area.width >= 40) else {
        return draw_one(theme, frame, area, report);
    };
    let [heading, below] = Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(area);
    let halves = |area| Layout::horizontal([Constraint::Fill(1); 2]).spacing(2).areas::<2>(area);
    let names = halves(heading).into_iter().zip(["first", "second"]);
    names.for_each(|(area, name)| frame.render_widget(Line::styled(name, theme.dim), area));
    for (area, report) in halves(below).into_iter().zip([report, twin]) {
        draw_one(theme, frame, area, report);
    }
}

fn draw_one(theme: &Theme, frame: &mut Frame, area: Rect, report: &StepReport) {
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let lines = if report.parts.len() <= height {
        lying(theme, &report.parts, width)
    } else {
        standing(theme, &report.parts, width, height)
    };
    for (line, row) in lines.into_iter().zip(area.rows()) {
        frame.render_widget(line, row);
    }
}

fn greatest(parts: &[GradientNorm]) -> f64 {
    parts.iter().map(|part| part.norm).filter(|norm| norm.is_finite()).fold(0.0, f64::max)
}

/// What part of the greatest norm this one is; the whole of it where it is beyond all numbers.
fn share(norm: f64, most: f64) -> f64 {
    if !norm.is_finite() {
        1.0
    } else if most > 0.0 {
        norm / most
    } else {
        0.0
    }
}

/// A row for each part.
fn lying(theme: &Theme, parts: &[GradientNorm], width: usize) -> Vec<Line<'static>> {
    let most = greatest(parts);
    let name = parts.iter().map(|part| part.part.width()).max().unwrap_or(0).min(12);
    let room = width.saturating_sub(name + 10);
    let line = |part: &GradientNorm| {
        Line::from(vec![
            Span::styled(text::pad_end(&part.part, name), theme.text),
            Span::styled(format!(" {:>8} ", norm_text(part.norm)), theme.text),
            Span::styled(bar::lying(share(part.norm, most), room), theme.bar),
        ])
    };
    parts.iter().map(line).collect()
}

/// A column for each part, its letter or number below it, and the greatest in words.
fn standing(theme: &Theme, parts: &[GradientNorm], width: usize, height: usize) -> Vec<Line<'static>> {
    let most = greatest(parts);
    let column = (width / parts.len().max(1)).clamp(1, 4);
    let high = height.saturating_sub(2);
    let mut lines: Vec<Line> = (0..high)
        .map(|row| {
            let cell = |part: &GradientNorm| {
                let eighths = (share(part.norm, most) * (high * 8) as f64).ceil() as usize;
                let here = eighths.saturating_sub((high - 1 - row) * 8).min(8);
                let glyph = here.checked_sub(1).map_or(" ", |eighth| RAMP[eighth]);
                Span::styled(text::pad_end(&glyph.repeat((column - 1).max(1)), column), theme.bar)
            };
            Line::from_iter(parts.iter().map(cell))
        })
        .collect();
    let short = |part: &GradientNorm| {
        let name = part.part.strip_prefix("layer ").unwrap_or(&part.part);
        text::pad_end(&name.chars().take((column - 1).max(1)).collect::<String>(), column)
    };
    lines.push(Line::styled(parts.iter().map(short).collect::<String>(), theme.dim));
    if let Some(part) = parts.iter().find(|part| share(part.norm, most) >= 1.0) {
        let words = format!("greatest: {} {}", part.part, norm_text(part.norm));
        lines.push(Line::styled(text::fit_start(&words, width), theme.text));
    }
    lines
}

/// Three digits that count.
fn norm_text(norm: f64) -> String {
    if norm == 0.0 || (0.001..1000.0).contains(&norm) { format!("{norm:.3}") } else { format!("{norm:.1e}") }
}
