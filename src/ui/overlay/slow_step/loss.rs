//! Loss: −log p of every target.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::table::{self, Cell};
use super::{Notes, Scene, minus};
use crate::app::StepStage;
use crate::train::Passed;
use crate::ui::theme::HEAT_MAX;
use crate::ui::{Hits, bar, text};

pub fn formula(_: &Scene) -> String {
    "nll = −log p(target) = ln Σ e^z − z(target), in nats".into()
}

pub fn draw(scene: &Scene, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let bars = usize::from(area.width).saturating_sub(table::before(scene, area) + 24).min(48);
    let heading = format!("{:>9} {:>8}", "p", "−log p");
    table::draw(scene, frame, area, hits, &heading, |passed, token| cells(scene, passed, token, bars));
}

fn cells(scene: &Scene, passed: &Passed, token: usize, bars: usize) -> Vec<Cell> {
    let theme = scene.theme;
    let Some(nll) = passed.nll(token) else {
        return vec![Cell::new(format!("{:>9} {:>8}  nothing predicts it", "–", "–"), theme.dim)];
    };
    // Small costs are written as small probabilities are.
    let length = bar::lying((nll / HEAT_MAX).clamp(0.0, 1.0), bars);
    let p = text::probability((-nll).exp());
    match passed.target(token) {
        Some(_) => vec![
            Cell::from(format!("{p:>9} "), theme.text, StepStage::Predict),
            Cell::from(format!("{:>8}", text::probability(nll)), theme.text, StepStage::Predict),
            Cell::new(" ● ", theme.accent),
            Cell::new(length, theme.ink(nll)),
        ],
        None => vec![
            Cell::new(format!("{p:>9} {:>8}   ", text::probability(nll)), theme.dim),
            // What is not of the step must not stand out.
            Cell::new(length, theme.border),
        ],
    }
}

pub fn notes(scene: &Scene) -> Notes {
    let (theme, Some((passed, token))) = (scene.theme, scene.chosen()) else { return Notes::new() };
    let chosen = match passed.target(token) {
        Some(target) => {
            let p = text::probability_in_full(target.p(&target.target));
            let terms = [target.log_sum, f64::from(target.target.z)].map(|term| minus(&format!("{term:.4}")));
            let [log_sum, z] = terms;
            let name = scene.name(passed, token);
            (format!("{name}: −log {p} = {log_sum} − {z} = {:.4} nats", target.nll), theme.target)
        }
        None => (scene.no_row(passed, token), theme.warning),
    };
    let words =
        "● computed by the step. Dim: not scored and not computed by it; what it would cost is from a pass before.";
    vec![chosen, (words.into(), theme.dim)]
}
