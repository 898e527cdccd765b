//! A run that was never taken: what it left behind is made up, by formulas, and always the same.

use std::sync::Arc;

use lossglass::app::{
    Action, App, Change, Continuation, Demonstration, Frame, Probe, Stage, TrainingData, Twin, update,
};
use lossglass::engine::{At, Event, Measure, TrainEvent, Written};
use lossglass::loss::{Row, Scores, Target};
use lossglass::mask::Mode;
use lossglass::sample::{BUILT_IN, Sample};
use lossglass::train::{Goal, GradientNorm, Settings, StepReport};

/// Gives `app` a run of so many steps on its sequence: scored tokens become cheap, others a little dearer, and one is
/// forgotten.
pub fn trained(app: &mut App, steps: usize) {
    let frames = (0..=steps).map(|step| Frame { step, scores: Arc::new(after(app, step, 0.25)), twin: None });
    app.training.film.frames = frames.collect();
    app.training.step = steps;
    app.training.steps = (1..=steps).map(|step| report(app, step)).collect();
    app.training.probes =
        ["a paraphrase", "another question"].into_iter().enumerate().map(|(i, n)| probe(n, i, steps)).collect();
    app.shared.analysis.scores = after(app, steps, 0.25);
    if steps >= 5 {
        app.training.changes = vec![Change { after: 5, what: "lr 1e-4".into() }];
    }
    let text = |step, text: &str, stopped| {
        let texts = vec![Written { text: text.into(), stopped }];
        Some(Continuation { step, prompt: "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n".into(), texts })
    };
    app.training.before = text(0, " the cat\u{7} the cat the cat the cat", false);
    app.training.now = text(steps, "Hello there<|im_end|>", true);
}

/// Adds a second copy, which learns everything but more slowly.
pub fn twin(app: &mut App) {
    let frames: Vec<Frame> = app.training.film.frames.clone();
    let add = |frame: Frame| Frame { twin: Some(Arc::new(after(app, frame.step, 0.1))), ..frame };
    app.training.film.frames = frames.into_iter().map(add).collect();
    let slower = |report: &StepReport| StepReport { loss: report.loss * 1.1, clipped: false, ..report.clone() };
    let steps = app.training.steps.iter().map(slower).collect();
    let names = ["assistant".into(), "all".into()];
    app.training.twin = Some(Twin { names, settings: Settings::default(), policy: Mode::All.into(), steps });
    for probe in &mut app.training.probes {
        probe.twin_losses = probe.losses.iter().map(|&(step, loss)| (step, loss * 0.9)).collect();
    }
    for one in [&mut app.training.before, &mut app.training.now].into_iter().flatten() {
        one.texts.push(Written { text: "Hello\nHello".into(), stopped: false });
    }
}

/// What a demonstration watched on a run of so many steps: p swings around one half less and less, or the true text becomes
/// as cheap as the model's own.
pub fn stage(demonstration: Demonstration, steps: usize) -> Stage {
    let mut stage =
        demonstration.stage(&BUILT_IN[0].sample(), (Settings::default(), Goal::default(), TrainingData::Screen));
    for (i, probe) in stage.probes.iter_mut().enumerate() {
        let side = if i == 0 { 1.0 } else { -1.0 };
        let swing =
            |step: usize| 0.42 * side * (-0.08 * step as f64).exp() * if step.is_multiple_of(2) { 1.0 } else { -1.0 };
        let nll = |step: usize| match (demonstration, i) {
            (Demonstration::TwoAnswers, _) => -(0.48 + swing(step)).ln(),
            (_, 0) => 0.3 + 6.0 * (-0.4 * step as f64).exp(),
            _ => (0.3 + 6.0 * (-0.4 * step as f64).exp()).min(1.2),
        };
        probe.losses = (0..=steps).map(|step| (step, nll(step))).collect();
    }
    stage
}

/// Lets the run be over and another one be there, as long and slower.
pub fn earlier(app: &mut App) {
    let (steps, first) = (app.training.step, app.training.film.frames[0].scores.clone());
    let rows = vec![(1..=app.len()).map_while(|t| first.predicting(t).cloned()).collect()];
    let generation = app.analysis.generation;
    let at = At { step: 0, reports: Vec::new(), generation, rows, probes: Vec::new(), oldest: 0 };
    update(app, Action::Engine(Event::Train(TrainEvent::At(at))));
    trained(app, steps);
    let frames = (0..=steps).map(|step| Frame { step, scores: Arc::new(after(app, step, 0.1)), twin: None });
    app.training.film.frames = frames.collect();
    app.shared.analysis.scores = after(app, steps, 0.1);
}

/// What each token costs after `step` steps of speed `speed`.
fn after(app: &App, step: usize, speed: f64) -> Scores {
    let first = app.training.film.frames.first().map_or(&app.analysis.scores, |frame| &frame.scores);
    let row = |t: usize| {
        let row: Row = first.predicting(t)?.clone();
        let is_scored = app.mask().is_some_and(|mask| mask.is_scored(t));
        let learned = (-speed * step as f64).exp();
        let moved = |nll: f64| match is_scored {
            true => nll * (0.02 + 0.98 * learned),
            false if t % 5 == 1 => nll + 2.5 * (1.0 - learned),
            false => nll * (0.8 + 0.2 * learned),
        };
        Some(Row { target: row.target.map(|target| Target { nll: moved(target.nll), ..target }), ..row })
    };
    Scores::new((1..=app.len()).map_while(row).collect())
}

fn report(app: &App, step: usize) -> StepReport {
    let frame = &app.training.film.frames[step - 1];
    let scored = app.mask().map_or(0, |mask| mask.scored());
    let sum: f64 = (1..app.len())
        .filter(|&t| app.mask().is_some_and(|mask| mask.is_scored(t)))
        .filter_map(|t| frame.scores.nll(t))
        .sum();
    let loss = sum / scored.max(1) as f64;
    let parts = ["embedding", "layer 0", "layer 1", "layer 2", "norm"];
    let part = |(i, name): (usize, &str)| GradientNorm { part: name.into(), norm: loss * (i + 1) as f64 / 10.0 };
    StepReport {
        step,
        loss,
        scored,
        tokens: app.len(),
        grad_norm: loss * 0.7,
        clipped: loss * 0.7 > 1.0,
        lr: if step <= 5 { 5e-5 } else { 1e-4 },
        seconds: 0.0123,
        parts: parts.into_iter().enumerate().map(part).collect(),
    }
}

fn probe(name: &str, number: usize, steps: usize) -> Probe {
    let loss = |step: usize| match number {
        0 => 1.5 + 2.0 * (-0.2 * step as f64).exp(),
        _ => 4.0 + 0.05 * step as f64,
    };
    let losses = (0..=steps).map(|step| (step, loss(step))).collect();
    let sample = Sample::Text(name.into());
    Probe { name: name.into(), sample, measure: Measure::Scored, losses, twin_losses: Vec::new() }
}
