//! What the teacher reads beside the lesson, in a file that a second terminal follows.

use std::path::PathBuf;

use super::Standing;
use crate::app::{App, Effect, FileRequest};
use crate::sequence::visible_text;

/// Where it is written, and the step it was written of last.
#[derive(Debug, Default)]
pub struct Notes {
    path: Option<PathBuf>,
    told: Option<usize>,
}

impl Notes {
    pub fn new(path: Option<PathBuf>) -> Self {
        Self { path, told: None }
    }
}

/// The file gets what is there for the teacher of a step, once its scene is set.
pub fn tell_teacher(app: &mut App) -> Vec<Effect> {
    let Some(path) = app.notes.path.clone() else { return Vec::new() };
    let sitting = app.lesson.as_deref().filter(|sitting| sitting.is_on());
    let Some((at, stage)) = sitting.map(|sitting| (sitting.at, sitting.stage)) else {
        app.notes.told = None;
        return Vec::new();
    };
    if app.notes.told == Some(at) || !matches!(stage, Standing::Asking | Standing::Met) {
        return Vec::new();
    }
    app.notes.told = Some(at);
    text(app).map(|text| Effect::Files(FileRequest::Note { path, text })).into_iter().collect()
}

/// Where the class is, what it is asked for, what is noted, and what comes next.
fn text(app: &App) -> Option<String> {
    let sitting = app.lesson.as_deref()?;
    let (steps, step) = (&sitting.lesson.steps, sitting.step());
    let ask = app.lesson_ask().map(|ask| format!("asked: {ask}"));
    let next = steps.get(sitting.at + 1).map(|next| format!("next: {}", next.title));
    let lines = step.notes.iter().cloned().chain(ask).chain(next);
    let lines: String = lines.map(|line| format!("  {}\n", visible_text(&line))).collect();
    Some(format!("\n{} of {} · {}\n{lines}", sitting.at + 1, steps.len(), visible_text(&step.title)))
}
