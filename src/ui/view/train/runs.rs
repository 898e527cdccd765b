//! The runs of this sitting: where each began and ended, and what it did otherwise than the run now.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::{App, EarlierRun};
use crate::loss::Means;
use crate::sequence::visible_text;
use crate::ui::{Theme, text};

/// Columns of the mark, the steps and the two values.
const MARK: usize = 2;
const STEPS: usize = 8;
const VALUES: usize = 16;
/// Columns of words beside them, below which these stand on a line of their own.
const WORDS: usize = 24;

/// Draws the list into `area`, the run now first, then the latest.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect) {
    let width = usize::from(area.width);
    let mut lines = now(app, theme, width);
    for run in app.training.earlier.iter().rev() {
        lines.extend(earlier(app, theme, run, width));
    }
    if app.training.earlier.is_empty() {
        let words = "earlier runs of this sitting stand here, and thin in the plot: X goes back to the base weights and \
                     begins another";
        lines.extend(text::wrap(words, width).into_iter().map(|line| Line::styled(line, theme.dim)));
    }
    for (line, row) in lines.into_iter().zip(area.rows()) {
        frame.render_widget(line, row);
    }
}

fn now(app: &App, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let mean = |frame: &crate::app::Frame| Some((frame.step, Means::new(app.mask()?, &frame.scores).scored?));
    let frames = &app.training.film.frames;
    let ends = frames.first().and_then(mean).zip(frames.last().and_then(mean));
    let settings = &app.training.settings;
    let words = format!("now: {}, {}, lr {}", settings.method, settings.optimizer, text::rate(settings.lr));
    row(theme, ("●", theme.accent), app.training.step, ends.map(|((_, from), (_, to))| (from, to)), &words, width)
}

fn earlier(app: &App, theme: &Theme, run: &EarlierRun, width: usize) -> Vec<Line<'static>> {
    let curve = app.mask().map_or_else(Vec::new, |mask| run.curve(app.sequence(), mask));
    let ends = curve.first().zip(curve.last()).map(|(&(_, from), &(_, to))| (from, to));
    let words = match run.differences(app) {
        words if words.is_empty() => "all as now".into(),
        words => visible_text(&words.join(", ")),
    };
    row(theme, (run.glyph(), theme.dim), run.steps.1, ends, &words, width)
}

/// A run's mark, last step, first and last mean −log p of what is scored, and words; these go below where they do not fit.
fn row(
    theme: &Theme,
    (glyph, style): (&'static str, ratatui::style::Style),
    step: usize,
    ends: Option<(f64, f64)>,
    words: &str,
    width: usize,
) -> Vec<Line<'static>> {
    let steps = text::pad_start(&format!("step {}", text::count(step)), STEPS);
    let values = ends.map_or_else(|| "– → –".into(), |(from, to)| format!("{from:.3} → {to:.3}"));
    let mut spans = vec![Span::styled(format!("{glyph} "), style), Span::styled(steps, theme.text)];
    spans.push(Span::styled(text::pad_start(&values, VALUES), theme.text));
    let used = MARK + STEPS + VALUES + 2;
    if width >= used + WORDS {
        let words = text::fit_start(words, width - used);
        spans.push(Span::styled(format!("  {words}"), theme.dim));
        return vec![Line::from(spans)];
    }
    let below = text::wrap(words, width.saturating_sub(MARK));
    let below = below.into_iter().map(|line| Line::styled(format!("  {line}"), theme.dim));
    std::iter::once(Line::from(spans)).chain(below).collect()
}
