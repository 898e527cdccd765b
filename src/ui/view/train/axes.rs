//! Lines between their axes: values at the left, steps below.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::plot::{self, Bounds, Level, Series};
use crate::app::App;
use crate::ui::{Theme, text};

/// What is drawn, and between which bounds.
pub struct Axes<'a> {
    pub series: &'a [Series],
    pub levels: &'a [Level],
    pub bounds: Bounds,
    /// What the values are.
    pub unit: &'static str,
    /// Whether the best step is marked.
    pub has_best: bool,
}

/// Draws the lines and their axes into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, axes: &Axes) {
    let &Axes { series, levels, bounds, unit, has_best } = axes;
    let digits =
        |value: f64| if value >= 0.01 || value == 0.0 { format!("{value:.2}") } else { format!("{value:.0e}") };
    let left = digits(bounds.y.0).len().max(digits(bounds.y.1).len()).max(unit.len());
    let width = usize::from(area.width).saturating_sub(left + 1);
    let height = usize::from(area.height).saturating_sub(1);
    let middle = height / 2;
    let lines = plot::lines(series, levels, bounds, theme, width, height);
    for (at, (line, row)) in lines.into_iter().zip(area.rows()).enumerate() {
        let share = 1.0 - at as f64 / (height.max(2) - 1) as f64;
        let is_labelled = at == 0 || at + 1 == height || (height >= 7 && at == middle);
        let label = if is_labelled { digits(bounds.value_at(share)) } else { String::new() };
        let mut spans = vec![Span::styled(format!("{label:>left$}│"), theme.dim)];
        spans.extend(line.spans);
        frame.render_widget(Line::from(spans), row);
    }
    if let Some(row) = area.rows().next_back() {
        let axis = steps(app, theme, bounds, width, has_best);
        frame.render_widget(Line::styled(format!("{unit:>left$}└"), theme.dim), row);
        let x = row.x.saturating_add(u16::try_from(left + 1).unwrap_or(u16::MAX));
        frame.render_widget(axis, Rect { x, ..row }.intersection(row));
    }
}

/// The x axis: where it begins and ends, where settings changed (◆), which step is best (★), and which is shown (▲).
fn steps(app: &App, theme: &Theme, bounds: Bounds, width: usize, has_best: bool) -> Line<'static> {
    let training = &app.training;
    let mut cells = vec![("─", theme.dim); width];
    let mut mark = |step: usize, glyph, style| {
        if let Some(cell) = cells.get_mut(bounds.column(step as f64, width)) {
            *cell = (glyph, style);
        }
    };
    for change in &training.changes {
        mark(change.after, "◆", theme.warning);
    }
    if let Some((step, _)) = training.best().filter(|(step, _)| has_best && (1..training.step).contains(step)) {
        mark(step, "★", theme.accent);
    }
    if training.shown.is_some() {
        mark(training.shown_step(), "▲", theme.accent);
    }
    let last = bounds.x.1 as usize;
    let end = format!(" {} step{}", text::count(last), if last == 1 { "" } else { "s" });
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
