//! Again: the same targets under the new weights, beside what they cost before.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::table::{self, Cell};
use super::{Notes, Scene, signed};
use crate::app::StepStage;
use crate::train::Passed;
use crate::ui::{Hits, bar, text};

pub fn formula(_: &Scene) -> String {
    "The same targets once more, under the new weights: −log p, in nats".into()
}

pub fn draw(scene: &Scene, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let bars = usize::from(area.width).saturating_sub(table::before(scene, area) + 36).min(40);
    let heading = format!("{:>8}   {:>8}  {:>8}", "before", "after", "change");
    let all = scene.step.passed.iter().flat_map(|passed| (0..passed.example.ids.len()).map(move |t| change(passed, t)));
    let most = all.flatten().map(|(_, change)| change.abs()).filter(|size| size.is_finite()).fold(1e-9, f64::max);
    table::draw(scene, frame, area, hits, &heading, |passed, token| cells(scene, passed, token, most, bars));
}

/// −log p after the step, and by how much it changed.
fn change(passed: &Passed, token: usize) -> Option<(f64, f64)> {
    let after = (*passed.after.get(token)?)?;
    Some((after, after - passed.nll(token)?))
}

fn cells(scene: &Scene, passed: &Passed, token: usize, most: f64, bars: usize) -> Vec<Cell> {
    let theme = scene.theme;
    let Some(before) = passed.nll(token) else {
        return vec![Cell::new(format!("{:>8}", "–"), theme.dim)];
    };
    let is_scored = passed.target(token).is_some();
    let style = if is_scored { theme.text } else { theme.dim };
    let mut cells = vec![Cell::from(format!("{:>8}", text::probability(before)), style, StepStage::Loss)];
    let Some((after, change)) = change(passed, token) else {
        cells.push(Cell::new(" → not known", theme.dim));
        return cells;
    };
    let colour = if change < 0.0 { theme.fall } else { theme.rise };
    let mark = if change < 0.0 { "▼" } else { "▲" };
    cells.push(Cell::new(format!(" → {:>8}  ", text::probability(after)), style));
    cells.push(Cell::new(format!("{:>8} {mark} ", signed(change)), colour));
    cells.push(Cell::new(if is_scored { "● " } else { "  " }, theme.accent));
    cells.push(Cell::new(bar::lying((change.abs() / most).clamp(0.0, 1.0), bars), colour));
    cells
}

pub fn notes(scene: &Scene) -> Notes {
    let (theme, step) = (scene.theme, scene.step);
    let before = step.loss();
    let Some(after) = step.loss_after() else {
        return vec![("The pass after the step was stopped: the new loss is not known.".into(), theme.warning)];
    };
    let by = text::signed(after - before);
    vec![
        (format!("L = {before:.4} before, {after:.4} after the step: {by} nats"), theme.target),
        (format!("● scored. {} The weights are those of step {} now.", unscored(scene), step.report.step), theme.dim),
    ]
}

/// What became of the targets that do not count.
fn unscored(scene: &Scene) -> String {
    let all = scene.step.passed.iter().flat_map(|passed| {
        let ids = (0..passed.example.ids.len()).filter(|&token| passed.target(token).is_none());
        ids.filter_map(move |token| change(passed, token))
    });
    let changes: Vec<f64> = all.map(|(_, change)| change).collect();
    if changes.is_empty() {
        return "Every target counts.".into();
    }
    let mean = changes.iter().sum::<f64>() / changes.len() as f64;
    format!(
        "The {} that do not count moved all the same: {} on average.",
        text::count(changes.len()),
        text::signed(mean)
    )
}
