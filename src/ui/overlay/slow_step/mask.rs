//! Mask: which targets count, and how much; Σ w·nll / D.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::table::{self, Cell};
use super::{Notes, Scene};
use crate::app::StepStage;
use crate::loss::weight_text;
use crate::train::Passed;
use crate::ui::{Hits, bar, text};

pub fn formula(_: &Scene) -> String {
    "L = Σ w·nll / D: where the weight w is 0 the cost vanishes from the loss".into()
}

pub fn draw(scene: &Scene, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let bars = usize::from(area.width).saturating_sub(table::before(scene, area) + 37).min(48);
    let heading = format!("{:>6}   {:>8}   {:>8}   {:>6}", "w", "−log p", "w·nll", "share");
    let sum = scene.step.sum();
    table::draw(scene, frame, area, hits, &heading, |passed, token| cells(scene, passed, token, sum, bars));
}

fn cells(scene: &Scene, passed: &Passed, token: usize, sum: f64, bars: usize) -> Vec<Cell> {
    let theme = scene.theme;
    let Some(nll) = passed.nll(token) else {
        return vec![Cell::new(format!("{:>6}", "–"), theme.dim)];
    };
    let Some(target) = passed.target(token) else {
        let words = format!("{:>6} × {:>8} = {:>8}   vanishes", "0", text::probability(nll), "0");
        return vec![Cell::new(words, theme.dim)];
    };
    let weight = passed.example.weights[token];
    let term = weight * target.nll;
    let share = if sum > 0.0 { term / sum } else { 0.0 };
    vec![
        Cell::from(format!("{:>6} × ", weight_text(weight)), theme.text, StepStage::Batch),
        Cell::from(format!("{:>8}", text::probability(nll)), theme.text, StepStage::Loss),
        Cell::new(format!(" = {:>8}   {:>4.1} % ", text::probability(term), share * 100.0), theme.text),
        Cell::new(bar::lying(share.clamp(0.0, 1.0), bars), theme.ink(nll)),
    ]
}

pub fn notes(scene: &Scene) -> Notes {
    let (theme, step) = (scene.theme, scene.step);
    let targets: usize = step.passed.iter().map(|passed| passed.example.targets().count()).sum();
    let (sum, by) = (step.sum(), weight_text(step.denominator));
    let why = match step.settings.denominator.name() {
        "scored" => "the number of scored targets",
        "weights" => "the sum of the weights",
        "all" => "the number of all targets",
        _ => "1, the sum itself",
    };
    let vanished = targets - step.report.scored;
    vec![
        (format!("L = Σ w·nll / D = {sum:.4} / {by} = {:.4} nats", step.loss()), theme.target),
        (
            format!(
                "D = {by}: {why}. {} of {targets} targets count, {vanished} vanish; each pulls with w/D, here {}.",
                step.report.scored,
                scene.chosen().map_or_else(String::new, |(passed, token)| scene.factor(passed, token))
            ),
            theme.dim,
        ),
    ]
}
