//! What the view says before the first step.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::{App, Stage, TrainingData};
use crate::ui::{Theme, text};

/// What to press and what will happen, in lines of at most `width` columns.
pub fn lines(app: &App, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    if let Some(stage) = &app.training.stage {
        return demonstration(stage, theme, width);
    }
    let mut lines = wrapped("Nothing is learned yet: every number is the base model's.", width, theme.text);
    lines.push(Line::default());
    let keys = [
        ("space", format!("takes one step on {}", scored(app))),
        ("r", "runs step after step; r again pauses".into()),
        ("s", "settings: method, optimizer, learning rate, schedule, goal".into()),
        ("t", "twin runs, two masks or settings side by side; demonstrations".into()),
        ("f", "a model of random weights learns English from nothing".into()),
        ("D", "learns from a data set instead of this text".into()),
    ];
    lines.extend(keys.map(|(key, what)| self::key(theme, key, &what, width)));
    lines.push(Line::default());
    let happens = "A step: the model predicts every token, the scored ones make the loss, the loss gives every weight its \
                   gradient, the optimizer moves the weights a little against it. Then every view shows what the new \
                   weights say. u takes a step back, X goes back to the exact base weights.";
    lines.extend(wrapped(happens, width, theme.dim));
    lines
}

/// What a demonstration shows, and the keys that matter for it.
fn demonstration(stage: &Stage, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let mut lines = wrapped(stage.demonstration.title(), width, theme.accent);
    lines.push(Line::default());
    lines.extend(wrapped(stage.demonstration.words(), width, theme.text));
    lines.push(Line::default());
    lines.push(key(theme, "r", "takes its steps; r again pauses", width));
    lines.push(key(theme, "space", "takes one of them", width));
    lines.push(key(theme, "t", "ends the demonstration: settings and data are as before it", width));
    lines
}

fn key(theme: &Theme, key: &str, what: &str, width: usize) -> Line<'static> {
    let text = text::fit_start(what, width.saturating_sub(10));
    Line::from(vec![Span::styled(format!("{key:>6}"), theme.accent), Span::styled(format!("  {text}"), theme.dim)])
}

/// What a step learns from.
fn scored(app: &App) -> String {
    match (&app.training.data, app.mask()) {
        (TrainingData::Samples { name, samples }, _) => {
            format!("{} of {} samples of {}", app.training.settings.examples_a_step(), samples.len(), name)
        }
        (TrainingData::Screen, Some(mask)) if mask.scored() == 0 => "this text, once something is scored".into(),
        (TrainingData::Screen, Some(mask)) => format!("the {} scored tokens of this text", text::count(mask.scored())),
        (TrainingData::Screen, None) => "this text, once a mask applies".into(),
    }
}

fn wrapped(words: &str, width: usize, style: Style) -> Vec<Line<'static>> {
    text::wrap(words, width.saturating_sub(2))
        .into_iter()
        .map(|line| Line::styled(format!("  {line}"), style))
        .collect()
}
