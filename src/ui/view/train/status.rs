//! How steps are taken, what is going on, and the figures of the last step.

use ratatui::text::{Line, Span};

use super::watched;
use crate::app::{Activity, App, Training, TrainingData};
use crate::loss::Denominator;
use crate::sequence::visible_text;
use crate::train::{Goal, Settings, Shape, StepReport};
use crate::ui::{Theme, text};

/// Columns from which on figures are named in full.
const WIDE: usize = 112;

/// The lines above the view: settings and activity, then the figures of the step that led to what is shown.
pub fn lines(app: &App, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    if let Some(watching) = &app.watching {
        return watched::lines(app, watching, theme, width);
    }
    let (doing, is_busy) = activity(&app.training);
    let tokens = match app.training.steps.iter().map(|report| report.tokens).sum() {
        0 => String::new(),
        tokens => format!("{} tokens seen · ", text::count(tokens)),
    };
    let right = Span::styled(format!("{tokens}{doing} "), if is_busy { theme.warning } else { theme.dim });
    let room = width.saturating_sub(right.width() + 2);
    let (left, style) = match past(&app.training) {
        Some(words) => (words, theme.warning),
        None => (text::fit_start(&joined(plan(app), room), room), theme.text),
    };
    let blanks = width.saturating_sub(Line::raw(left.as_str()).width() + right.width() + 1);
    let first = Line::from(vec![Span::raw(" "), Span::styled(left, style), Span::raw(" ".repeat(blanks)), right]);
    // What the perplexity is to be measured by goes before a figure does.
    let room = width.saturating_sub(2);
    let full = figures(app, width >= WIDE, true).join(" · ");
    let figures = match Line::raw(full.as_str()).width() <= room {
        true => full,
        false => joined(figures(app, width >= WIDE, false), room),
    };
    vec![first, Line::styled(format!(" {figures}"), theme.text)]
}

/// As many of the pieces as `width` takes, the first always.
pub fn joined(pieces: Vec<String>, width: usize) -> String {
    let mut line = String::new();
    for piece in pieces {
        let longer = if line.is_empty() { piece } else { format!("{line} · {piece}") };
        if !line.is_empty() && Line::raw(longer.as_str()).width() > width {
            break;
        }
        line = longer;
    }
    line
}

/// That a past step is shown, and the ways on from there.
fn past(training: &Training) -> Option<String> {
    training.shown?;
    let (shown, all) = (training.shown_step(), training.step);
    Some(format!("step {} of {} shown; b goes back to it, esc shows now", text::count(shown), text::count(all)))
}

/// How the next steps are taken.
fn plan(app: &App) -> Vec<String> {
    let training = &app.training;
    if let Some(twin) = &training.twin {
        let [first, second] = &twin.names;
        let mut pieces = vec![format!("twin run: {} | {}", visible_text(first), visible_text(second))];
        pieces.push(data(training));
        return pieces;
    }
    let settings = &training.settings;
    let mut pieces = vec![settings.method.to_string(), settings.optimizer.to_string(), rate(settings)];
    pieces.push(if settings.clip > 0.0 { format!("clip {}", settings.clip) } else { "no clipping".into() });
    pieces.push(data(training));
    if settings.examples_a_step() > 1 {
        pieces.push(format!("{} a step", settings.examples_a_step()));
    }
    if settings.weight_decay > 0.0 {
        pieces.push(format!("weight decay {}", settings.weight_decay));
    }
    pieces
}

fn rate(settings: &Settings) -> String {
    let schedule = settings.schedule;
    let mut words = format!("lr {}", text::rate(settings.lr));
    if schedule.shape != Shape::Constant {
        words.push_str(&format!(" {} to step {}", schedule.shape.name(), text::count(schedule.total)));
    }
    if schedule.warmup > 0 {
        words.push_str(&format!(" warm-up {}", text::count(schedule.warmup)));
    }
    words
}

fn data(training: &Training) -> String {
    match &training.data {
        TrainingData::Screen => "on this text".into(),
        TrainingData::Samples { name, samples } => {
            let s = if samples.len() == 1 { "" } else { "s" };
            format!("on {} ({} sample{s})", visible_text(name), text::count(samples.len()))
        }
    }
}

/// What is going on, and whether something is.
fn activity(training: &Training) -> (String, bool) {
    match &training.activity {
        Activity::Idle if training.step == 0 => ("base weights".into(), false),
        Activity::Idle => (format!("step {}", text::count(training.step)), false),
        Activity::Running => (format!("step {}, running{}", text::count(training.step), goal(training.goal)), true),
        Activity::Pausing => ("pausing …".into(), true),
        Activity::Busy { what, fraction } => {
            let percent = (f64::from(*fraction) * 100.0).clamp(0.0, 100.0);
            (format!("{} {percent:.0} %", visible_text(what)), true)
        }
    }
}

fn goal(goal: Goal) -> String {
    match (goal.loss, goal.plateau) {
        (Some(loss), _) => format!(" until loss < {loss}"),
        (_, Some(steps)) => format!(" until {steps} steps without gain"),
        _ => String::new(),
    }
}

/// The figures of the step that led to what is shown, what matters most first; of both in a twin run.
fn figures(app: &App, is_wide: bool, has_words: bool) -> Vec<String> {
    let training = &app.training;
    let step = training.shown_step();
    let of = |steps: &[StepReport]| step.checked_sub(1).and_then(|i| steps.get(i).cloned());
    let Some(report) = of(&training.steps) else {
        return vec!["no step yet: loss –".into()];
    };
    let mut pieces = loss(app, &report, is_wide, has_words);
    let norm =
        |report: &StepReport| format!("{:.3}{}", report.grad_norm, if report.clipped { ", clipped" } else { "" });
    let gradient = if is_wide { "gradient norm" } else { "|grad|" };
    match training.twin.as_ref().and_then(|twin| of(&twin.steps)) {
        Some(twin) => {
            // Losses under two masks: each has its own, which says nothing of the other's.
            pieces.truncate(1);
            pieces[0].push_str(&format!(" | {:.3}", twin.loss));
            pieces.push(format!("{gradient} {} | {}", norm(&report), norm(&twin)));
        }
        None => {
            pieces.push(format!("{gradient} {}", norm(&report)));
            pieces.push(format!("lr {}", text::rate(report.lr)));
        }
    }
    let seconds = report.seconds;
    let time = if seconds < 0.1 { format!("{:.1} ms", seconds * 1e3) } else { format!("{seconds:.2} s") };
    pieces.push(if is_wide { format!("{time} a step") } else { time });
    pieces
}

/// The loss before the step, and the perplexity where that is one.
fn loss(app: &App, report: &StepReport, is_wide: bool, has_words: bool) -> Vec<String> {
    let nats = if is_wide { " nats" } else { "" };
    let mut pieces = vec![format!("before step {}: loss {:.3}{nats}", text::count(report.step), report.loss)];
    // exp(L) means something only for a mean over targets of equal weight.
    let is_mean = app.training.settings.denominator == Denominator::Scored
        && app.ledger().is_none_or(|ledger| ledger.perplexity(Denominator::Scored).is_some());
    if is_mean && report.loss.is_finite() {
        let perplexity = report.loss.exp();
        let figure = if perplexity < 1e4 { format!("{perplexity:.2}") } else { format!("{perplexity:.1e}") };
        let words = if has_words { format!(": as unsure as among {}", text::among(perplexity)) } else { String::new() };
        pieces.push(format!("{} {figure}{words}", if is_wide { "perplexity" } else { "ppl" }));
    }
    pieces
}
