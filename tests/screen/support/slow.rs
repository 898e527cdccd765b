//! A step taken apart on the sequence on screen. Rows come from logits by the program's own code, and an update by its
//! formula; which weights there are is made up.

use std::sync::Arc;

use lossglass::app::{App, Overlay, SlowMotion, StepStage};
use lossglass::loss::Labels;
use lossglass::mask::Visibility;
use lossglass::score::row;
use lossglass::train::{
    Example, GradientNorm, Logit, Method, Moved, MovedTensor, Optimizer, Passed, ScoredTarget, Settings, SlowStep,
    StepReport,
};

use super::sample::{VOCABULARY, logits};

/// A full step with AdamW, the third, clipped.
pub fn step(app: &App) -> SlowStep {
    step_with(app, Settings { weight_decay: 0.01, ..Settings::default() })
}

/// The same with other settings.
pub fn step_with(app: &App, settings: Settings) -> SlowStep {
    let ids = app.sequence().ids();
    let weights = app.mask().map_or(vec![0.0; ids.len()], |mask| mask.weights().to_vec());
    of_examples(vec![(ids, weights)], settings)
}

/// A step on these ids with their weights.
pub fn of_examples(examples: Vec<(Vec<u32>, Vec<f64>)>, settings: Settings) -> SlowStep {
    let scored: usize = examples.iter().map(|(_, weights)| weights.iter().filter(|w| **w != 0.0).count()).sum();
    let denominator = scored.max(1) as f64;
    let tokens = examples.iter().map(|(ids, _)| ids.len()).sum();
    let passed: Vec<Passed> = examples.into_iter().map(|(ids, weights)| passed(ids, weights, denominator)).collect();
    let lora = matches!(settings.method, Method::Lora(_));
    let parts = ["embedding", "layer 0", "layer 1", "layer 2", "norm"];
    let parts = parts.into_iter().enumerate().filter(|(i, _)| !lora || (1..4).contains(i));
    let parts: Vec<GradientNorm> =
        parts.map(|(i, part)| GradientNorm { part: part.into(), norm: 0.4 + 0.5 * i as f64 }).collect();
    let grad_norm = parts.iter().map(|part| part.norm * part.norm).sum::<f64>().sqrt();
    let report = StepReport {
        step: 3,
        scored,
        tokens,
        grad_norm,
        clipped: settings.clip > 0.0 && grad_norm > settings.clip,
        lr: settings.lr,
        seconds: 0.0123,
        parts,
        ..StepReport::default()
    };
    let mut step =
        SlowStep { report, settings, passed, denominator, vocab: VOCABULARY.len(), updates: 3, tensors: Vec::new() };
    step.report.loss = step.loss();
    let names = ["self_attn.q_proj", "self_attn.v_proj", "mlp.down_proj"];
    let suffixes: &[&str] = if lora { &["lora_A.weight", "lora_B.weight"] } else { &["weight"] };
    let layers = (0..3).flat_map(|layer| names.map(|name| (layer, name)));
    let mut tensors: Vec<(String, String)> = layers
        .flat_map(|(layer, name)| {
            suffixes
                .iter()
                .map(move |suffix| (format!("model.layers.{layer}.{name}.{suffix}"), format!("layer {layer}")))
        })
        .collect();
    if !lora {
        tensors.insert(0, ("model.embed_tokens.weight".into(), "embedding".into()));
        tensors.push(("model.norm.weight".into(), "norm".into()));
    }
    step.tensors = tensors.into_iter().enumerate().map(|(i, (name, part))| tensor(&step, i, name, part)).collect();
    step
}

fn passed(ids: Vec<u32>, weights: Vec<f64>, denominator: f64) -> Passed {
    let target = |t: usize| {
        let logits = logits(t - 1);
        let said = row(&logits, Some(ids[t]), 10);
        let own = said.target.expect("a target");
        let factor = weights[t] / denominator;
        let entry = |id: u32| {
            let z = logits[id as usize];
            let p = (f64::from(z) - own.nll - f64::from(logits[ids[t] as usize])).exp();
            let hot = f64::from(u8::from(id == ids[t]));
            Logit { id, z, gradient: (factor * (p - hot)) as f32 }
        };
        ScoredTarget {
            token: t,
            nll: own.nll,
            rank: own.rank,
            log_sum: own.nll + f64::from(logits[ids[t] as usize]),
            target: entry(ids[t]),
            top: said.top.iter().map(|candidate| entry(candidate.id)).collect(),
        }
    };
    let scored: Vec<ScoredTarget> = (1..ids.len()).filter(|&t| weights[t] != 0.0).map(target).collect();
    let nll = |t: usize| row(&logits(t - 1), Some(ids[t]), 0).target.map(|target| target.nll);
    let before: Vec<Option<f64>> = (0..ids.len()).map(|t| if t == 0 { None } else { nll(t) }).collect();
    let after = |(t, nll): (usize, &Option<f64>)| nll.map(|nll| if weights[t] != 0.0 { nll * 0.7 } else { nll + 0.05 });
    let after = before.iter().enumerate().map(after).collect();
    let run = scored.last().map_or(0, |target| target.token);
    let (visibility, labels) = (Visibility::default(), Labels::Next);
    Passed { example: Arc::new(Example { ids, weights, visibility, labels }), run, scored, before, after }
}

fn tensor(step: &SlowStep, number: usize, name: String, part: String) -> MovedTensor {
    let moved = |i: usize| {
        let figure = |k: usize| ((number * 31 + i * 17 + k * 7) % 23) as f32 / 23.0 - 0.45;
        let adamw = step.settings.optimizer == Optimizer::AdamW;
        let mut moved = Moved {
            index: i * 37 + number,
            gradient: 0.02 * figure(1),
            weight: [0.1 * figure(2), 0.0],
            first: [0.001 * figure(3), 0.0],
            second: [if adamw { 1e-6 * figure(4).abs() } else { 0.0 }, 0.0],
        };
        let scale = step.scale() as f32;
        let g = moved.gradient * scale;
        let ([w, _], [m, _], [v, _]) = (moved.weight, moved.first, moved.second);
        let (lr, decay) = (step.report.lr as f32, step.settings.weight_decay as f32);
        match step.settings.optimizer {
            Optimizer::AdamW => {
                let (m, v) = (m + 0.1 * (g - m), 0.999 * v + 0.001 * g * g);
                let (first, second) = (m / (1.0 - 0.9_f32.powi(3)), v / (1.0 - 0.999_f64.powi(3)) as f32);
                (moved.first[1], moved.second[1]) = (m, v);
                moved.weight[1] = w * (1.0 - lr * decay) - lr * first / (second.sqrt() + 1e-8);
            }
            Optimizer::Sgd { momentum } => {
                let b = momentum as f32 * m + g + decay * w;
                moved.first[1] = b;
                moved.weight[1] = w - lr * b;
            }
        }
        moved
    };
    let norm = 0.1 + 0.05 * number as f64;
    MovedTensor { name, part, shape: vec![24, 16], norm, weights: (0..6).map(moved).collect() }
}

/// The step on the sequence on screen lies over the view.
pub fn open(app: &mut App) {
    show(app, step(app), StepStage::Batch);
}

/// This step lies over the view, at its first scored target.
pub fn show(app: &mut App, step: SlowStep, stage: StepStage) {
    let line = step.scored_lines().next().unwrap_or(0);
    app.overlay = Some(Overlay::SlowStep(SlowMotion { step: Some(step.into()), stage, line, tensor: 3, weight: 0 }));
}
