//! Batch: what goes into the step, ids and labels as a trainer sees them.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::table::{self, Cell};
use super::{Notes, Scene, WIDE};
use crate::loss::{Labels, weight_text};
use crate::train::Passed;
use crate::ui::{Hits, text};

pub fn formula(scene: &Scene) -> String {
    let (texts, tokens) = (scene.step.passed.len(), scene.step.lines());
    let labels = scene.step.passed.first().map_or(Labels::Next, |passed| passed.example.labels);
    let asked = match labels {
        Labels::Next => "row i is asked for token i+1",
        Labels::Same => "row i is asked for token i: broken on purpose",
    };
    format!(
        "{} · {} · {} · {}",
        text::things(texts, "text"),
        text::things(tokens, "token"),
        text::things(scene.step.report.scored, "scored target"),
        asked,
    )
}

pub fn draw(scene: &Scene, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let is_wide = area.width >= WIDE;
    let heading = format!("{:>9} {:>7} {:>6}  {}", "input_ids", "labels", "weight", "asked of");
    table::draw(scene, frame, area, hits, &heading, |passed, token| cells(scene, passed, token, is_wide));
}

fn cells(scene: &Scene, passed: &Passed, token: usize, is_wide: bool) -> Vec<Cell> {
    let (theme, example) = (scene.theme, &passed.example);
    let is_scored = passed.target(token).is_some();
    let style = if is_scored { theme.text } else { theme.dim };
    let id = example.ids[token];
    let label = if is_scored { id.to_string() } else { "−100".into() };
    let weight = weight_text(if is_scored { example.weights[token] } else { 0.0 });
    let mut words = asked(passed, token);
    if is_wide && is_scored {
        words.push_str(&format!(", which has read {}", scene.input(passed, token, 40)));
    }
    vec![
        Cell::new(format!("{id:>9} "), theme.text),
        Cell::new(text::pad_start(&label, 7), style),
        Cell::new(format!(" {weight:>6}  "), style),
        Cell::new(words, theme.dim),
    ]
}

/// Which row is asked for the token.
fn asked(passed: &Passed, token: usize) -> String {
    let starts = passed.example.visibility.documents.starts_at(token);
    match passed.example.labels.row(token) {
        _ if starts && token > 0 => "no row: a packed text begins".into(),
        None => "no row: the text begins".into(),
        Some(_) if starts => "no row: the text begins".into(),
        Some(row) if row >= passed.run => format!("row {row}, which is not run"),
        Some(row) => format!("row {row}"),
    }
}

pub fn notes(scene: &Scene) -> Notes {
    let theme = scene.theme;
    let mut notes = vec![(chosen(scene), theme.text)];
    let packed = scene.step.passed.iter().map(|passed| passed.example.visibility.documents.count()).max();
    let mut words = match packed {
        Some(packed @ 2..) => format!("Packed: up to {packed} texts in one sequence, each sees only itself."),
        _ => "Nothing is packed.".into(),
    };
    words.push_str(" Nothing is padded: each sequence runs by itself, and gradients are summed.");
    let idle: usize = scene.step.passed.iter().map(|passed| passed.example.ids.len() - passed.run).sum();
    if idle > 0 {
        words.push_str(&format!(" {} after the last scored row: not run.", text::things(idle, "token")));
    }
    notes.push((words, theme.dim));
    notes
}

/// What the chosen token is in the step.
fn chosen(scene: &Scene) -> String {
    let Some((passed, token)) = scene.chosen() else { return String::new() };
    let name = scene.name(passed, token);
    match (passed.target(token), passed.example.labels.row(token)) {
        (Some(target), Some(row)) => {
            let weight = weight_text(passed.example.weights[token]);
            format!(
                "Row {row} has read {} and is asked for {name}, id {}, with weight {weight}.",
                scene.input(passed, token, 24),
                target.target.id
            )
        }
        (None, Some(_)) if passed.example.visibility.documents.starts_at(token) => {
            format!("{name} begins a text: nothing predicts it.")
        }
        (None, Some(row)) => format!("Row {row} is not asked for {name}: its label is −100."),
        _ => format!("{name} begins the text: nothing predicts it."),
    }
}
