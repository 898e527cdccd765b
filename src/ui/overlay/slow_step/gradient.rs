//! Gradient: of the loss in one row of logits, and how strongly it pulls each part of the model.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::{Notes, Scene, logits, signed};
use crate::app::{Action, SlowPlace, StepStage};
use crate::train::GradientNorm;
use crate::ui::{Hits, bar, text};

pub fn formula(_: &Scene) -> String {
    "∂L/∂z = w/D · (softmax − onehot); backward from there, to every weight".into()
}

/// The first `high` rows, and what is below them.
pub fn split(area: Rect, high: u16) -> [Rect; 2] {
    Layout::vertical([Constraint::Length(high.min(area.height)), Constraint::Fill(1)]).areas(area)
}

pub fn draw(scene: &Scene, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let [left, _, right] =
        Layout::horizontal([Constraint::Fill(5), Constraint::Length(2), Constraint::Fill(3)]).areas(area);
    draw_row(scene, frame, left, hits);
    draw_norms(scene, frame, right, hits);
}

/// ∂L/∂z of the row that is chosen.
fn draw_row(scene: &Scene, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let Some(target) = scene.step.scored(scene.motion.line) else {
        return logits::draw_missing(scene, frame, area, hits);
    };
    let (theme, [head, body]) = (scene.theme, split(area, 1));
    frame.render_widget(Line::styled(logits::title(scene, usize::from(area.width)), theme.text), head);
    hits.push(area, Action::Trace(scene.place(StepStage::Predict)));
    let heading = format!("{:>8}    {:>9}", "softmax", "∂L/∂z");
    let bars = usize::from(area.width).saturating_sub(40);
    let most = target.top.iter().chain([&target.target]).map(|logit| logit.gradient.abs());
    let most = f64::from(most.fold(f32::MIN_POSITIVE, f32::max));
    logits::draw(scene, frame, body, target, &heading, |logit, is_target| {
        let style = if is_target { theme.target } else { theme.text };
        let hot = if is_target { "− 1" } else { "   " };
        let gradient = f64::from(logit.gradient);
        let arrow = if gradient < 0.0 { " ▲ " } else { " ▼ " };
        vec![
            Span::styled(format!(" {:>8} {hot} {:>9}", text::probability(target.p(logit)), signed(gradient)), style),
            Span::styled(arrow, style),
            Span::styled(bar::lying(gradient.abs() / most, bars), if is_target { theme.target } else { theme.bar }),
        ]
    });
}

/// The gradient's norm by part of the model; a click shows a weight of the part.
fn draw_norms(scene: &Scene, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let (theme, parts) = (scene.theme, &scene.step.report.parts);
    let [head, body] = split(area, 1);
    let (room, width) = (usize::from(body.height), usize::from(area.width));
    let shown = greatest(parts, room);
    let heading = if shown.len() < parts.len() { "norm by layer, the greatest" } else { "norm by layer" };
    frame.render_widget(Line::styled(text::fit_start(heading, width), theme.text), head);
    let most = parts.iter().map(|part| part.norm).fold(f64::MIN_POSITIVE, f64::max);
    let name = parts.iter().map(|part| part.part.width()).max().unwrap_or(0).min(12);
    let chosen = scene.motion.moved(scene.step).map(|(tensor, _)| tensor.part.as_str());
    for (part, row) in shown.into_iter().zip(body.rows()) {
        let is_chosen = chosen == Some(part.part.as_str());
        let style = if is_chosen { theme.text.patch(theme.cursor_row) } else { theme.text };
        let line = Line::from(vec![
            Span::styled(if is_chosen { "▸ " } else { "  " }, theme.accent),
            Span::styled(format!("{} {:>8} ", text::pad_end(&part.part, name), norm(part.norm)), style),
            Span::styled(bar::lying(part.norm / most, width.saturating_sub(name + 12)), theme.bar),
        ]);
        frame.render_widget(line, row);
        let tensor = scene.step.tensors.iter().position(|tensor| tensor.part == part.part);
        hits.push(row, Action::Trace(SlowPlace { stage: StepStage::Update, line: None, tensor }));
    }
}

/// As many of the parts as `room` takes, the greatest norms, in the order of the forward pass.
fn greatest(parts: &[GradientNorm], room: usize) -> Vec<&GradientNorm> {
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|&a, &b| parts[b].norm.total_cmp(&parts[a].norm));
    order.truncate(room);
    order.sort_unstable();
    order.into_iter().map(|i| &parts[i]).collect()
}

/// Three digits that count.
fn norm(norm: f64) -> String {
    if norm == 0.0 || (0.001..1000.0).contains(&norm) { format!("{norm:.3}") } else { format!("{norm:.1e}") }
}

pub fn notes(scene: &Scene) -> Notes {
    let mut notes = Notes::new();
    if let (Some(target), Some((passed, token))) = (scene.step.scored(scene.motion.line), scene.chosen()) {
        let (p, name) = (text::probability_in_full(target.p(&target.target)), scene.name(passed, token));
        let factor = scene.factor(passed, token);
        let gradient = signed(f64::from(target.target.gradient));
        let words = format!(
            "∂L/∂z({name}) = {factor} · ({p} − 1) = {gradient}: ▲ the step pushes its logit up, all others down."
        );
        notes.push((words, scene.theme.target));
    }
    notes.push(clipping(scene));
    notes
}

/// What becomes of the norm of all.
fn clipping(scene: &Scene) -> (String, Style) {
    let (report, clip, theme) = (&scene.step.report, scene.step.settings.clip, scene.theme);
    let norm = format!("Norm of the whole gradient, √Σ of squares: {:.4}", report.grad_norm);
    if clip <= 0.0 {
        return (format!("{norm}. No clipping."), theme.dim);
    }
    if report.clipped {
        let words = format!("{norm} > clip {clip}: every gradient × {:.4}.", scene.step.scale());
        return (words, theme.warning);
    }
    (format!("{norm} ≤ clip {clip}: nothing is clipped."), theme.dim)
}
