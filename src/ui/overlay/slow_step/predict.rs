//! Predict: a row of logits, its softmax, and p of the target.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Notes, Scene, logits, minus};
use crate::app::{Action, StepStage};
use crate::ui::{Hits, bar, text};

pub fn formula(_: &Scene) -> String {
    "p = softmax(z) = e^z / Σ e^z = e^(z − ln Σ e^z), from one row of logits z".into()
}

pub fn draw(scene: &Scene, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let Some(target) = scene.step.scored(scene.motion.line) else {
        return logits::draw_missing(scene, frame, area, hits);
    };
    let title = logits::title(scene, usize::from(area.width));
    let (theme, [head, body]) = (scene.theme, super::gradient::split(area, 1));
    frame.render_widget(Line::styled(title, theme.text), head);
    hits.push(head, Action::Trace(scene.place(StepStage::Batch)));
    let heading = format!("{:>9} {:>10}  ", "logit z", "p");
    let bars = usize::from(area.width).saturating_sub(40);
    let most = target.top.first().map_or(1.0, |first| target.p(first)).max(f64::MIN_POSITIVE);
    logits::draw(scene, frame, body, target, &heading, |logit, is_target| {
        let (p, style) = (target.p(logit), if is_target { theme.target } else { theme.text });
        let length = bar::lying((p / most).clamp(0.0, 1.0), bars);
        vec![
            Span::styled(format!(" {:>9} {:>10}  ", minus(&format!("{:.3}", logit.z)), text::probability(p)), style),
            Span::styled(length, if is_target { theme.target } else { theme.bar }),
        ]
    });
}

pub fn notes(scene: &Scene) -> Notes {
    let (Some(target), Some((passed, token))) = (scene.step.scored(scene.motion.line), scene.chosen()) else {
        return Notes::new();
    };
    let (z, log_sum) = (minus(&format!("{:.4}", target.target.z)), minus(&format!("{:.4}", target.log_sum)));
    let p = text::probability_in_full(target.p(&target.target));
    let name = scene.name(passed, token);
    let sum: f64 = target.top.iter().map(|logit| target.p(logit)).sum();
    let vocab = text::count(scene.step.vocab);
    vec![
        (format!("p({name}) = e^({z} − {log_sum}) = {p} · rank {} of {vocab}", target.rank), scene.theme.target),
        (
            format!(
                "ln Σ e^z = {log_sum} over all {vocab} logits of the row; the {} greatest hold {:.1} % of p.",
                target.top.len(),
                sum * 100.0
            ),
            scene.theme.dim,
        ),
    ]
}
