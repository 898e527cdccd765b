//! What the logs of a run of others say: the lines above the view, and those of the curve.

use ratatui::text::{Line, Span};

use super::curve::SMOOTHED;
use super::plot::{Look, Series};
use super::status::joined;
use crate::app::{Activity, App, Watching, smoothed};
use crate::board::Run;
use crate::sequence::visible_text;
use crate::ui::{Theme, text};

/// How far the run is, whose weights the views show, and what was logged last, or up to the step that is shown.
pub fn lines(app: &App, watching: &Watching, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let run = watching.run();
    let right = match &app.training.activity {
        Activity::Busy { what, fraction } => format!("{} {:.0} % ", visible_text(what), f64::from(*fraction) * 100.0),
        _ => format!("{} ", checkpoints(watching)),
    };
    let room = width.saturating_sub(Line::raw(right.as_str()).width() + 2);
    let (left, style) = match app.training.shown {
        Some(_) => (shown(app.training.shown_step()), theme.warning),
        None => (text::fit_start(&format!("watching {}", watching.name()), room), theme.text),
    };
    let blanks = width.saturating_sub(Line::raw(left.as_str()).width() + Line::raw(right.as_str()).width() + 1);
    let first =
        vec![Span::raw(" "), Span::styled(left, style), Span::raw(" ".repeat(blanks)), Span::styled(right, theme.dim)];
    let step = app.training.shown.map_or(usize::MAX, |_| app.training.shown_step());
    let figures = joined(figures(run, step), width.saturating_sub(2));
    vec![Line::from(first), Line::styled(format!(" {figures}"), theme.text)]
}

fn shown(step: usize) -> String {
    match step {
        0 => "base weights shown; esc shows now".into(),
        step => format!("checkpoint {} shown; esc shows now", text::count(step)),
    }
}

fn checkpoints(watching: &Watching) -> String {
    let weights = match watching.present() {
        None => "no weights yet".into(),
        Some(0) => "base weights".into(),
        Some(step) => format!("weights of step {}", text::count(step)),
    };
    match watching.run().checkpoints.len() {
        0 => format!("{weights} · no checkpoint yet"),
        1 if watching.scored() == 1 => format!("{weights} · 1 checkpoint read"),
        1 => format!("{weights} · 1 checkpoint, not read yet"),
        all => format!("{weights} · {} of {} checkpoints read", text::count(watching.scored()), text::count(all)),
    }
}

/// What was logged last up to `step`, what matters most first.
fn figures(run: &Run, step: usize) -> Vec<String> {
    let Some(last) = run.series.last_step() else { return vec!["nothing is logged yet".into()] };
    let of = run.total.map_or_else(String::new, |total| format!(" of {}", text::count(total)));
    let mut pieces = vec![format!("step {}{of}", text::count(last.min(step)))];
    let value = |name: &str| run.series.at(name, step);
    pieces.extend(value("train/loss").map(|(_, loss)| format!("loss {loss:.3}")));
    pieces.extend(value("train/grad_norm").map(|(_, norm)| format!("|grad| {norm:.3}")));
    pieces.extend(value("train/learning_rate").map(|(_, rate)| format!("lr {}", text::rate(rate))));
    pieces.extend(value("eval/loss").map(|(at, loss)| format!("eval loss {loss:.3} at step {}", text::count(at))));
    pieces
}

/// The loss as it was logged, and as a smooth line; the loss of evaluations.
pub fn series(run: &Run, theme: &Theme) -> Vec<Series> {
    let points = |name: &str| -> Vec<(f64, f64)> {
        run.series.of(name).iter().map(|&(step, value)| (step as f64, value)).filter(|(_, y)| y.is_finite()).collect()
    };
    let logged = points("train/loss");
    let smooth = smoothed(logged.iter().map(|&(_, loss)| loss));
    let smooth = logged.iter().zip(smooth).map(|(&(x, _), loss)| (x, loss)).collect();
    let line = |name: &str, glyph, style, points, look| Series { name: name.into(), glyph, style, points, look };
    vec![
        line("loss as logged", "×", theme.dim, logged, Look::Points),
        line(SMOOTHED, "~", theme.bar, smooth, Look::Line),
        line("eval loss", "◇", theme.target, points("eval/loss"), Look::Line),
    ]
}
