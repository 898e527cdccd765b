//! A step in slow motion is the ordinary step, to the bit, and its figures are the step's own.

use std::sync::Arc;

use lossglass::cancel::Cancel;
use lossglass::loss::Denominator;
use lossglass::train::{
    Backward, Example, LoraSettings, Method, Optimizer, Passed, Settings, SlowStep, Trainer, Update,
};

use super::{bits, decoder, examples, methods, settings, steps};

/// The ways to take a step that differ in their arithmetic: clipped and not, with decay, every optimizer.
fn ways(method: Method) -> Vec<Settings> {
    let base = Settings { lr: 2e-3, weight_decay: 0.1, ..settings(method) };
    let optimizers = [Optimizer::AdamW, Optimizer::Sgd { momentum: 0.0 }, Optimizer::Sgd { momentum: 0.9 }];
    let clips = [0.0, 0.05];
    let with = |optimizer| clips.map(|clip| Settings { optimizer, clip, ..base.clone() });
    optimizers.into_iter().flat_map(with).collect()
}

/// Examples whose targets have several weights, one of them none at all.
fn weighted(name: &str) -> Vec<Arc<Example>> {
    let mut all = examples(name);
    for (i, example) in all.iter_mut().enumerate() {
        let mut own = Example::clone(example);
        let weights = own.weights.iter_mut().enumerate();
        weights.filter(|(_, weight)| **weight != 0.0).for_each(|(t, weight)| *weight = [1.0, 0.5, 0.25][(t + i) % 3]);
        *example = Arc::new(own);
    }
    let none = Example { weights: vec![0.0; all[0].ids.len()], ..Example::clone(&all[0]) };
    all.push(Arc::new(none));
    all
}

fn slow(
    trainer: &mut Trainer,
    decoder: &mut lossglass::decoder::Decoder,
    examples: &[Arc<Example>],
    settings: &Settings,
) -> SlowStep {
    trainer.step_slowly(decoder, examples, settings, &Cancel::default()).unwrap()
}

/// What a report says but for the time that it took.
fn figures(report: &lossglass::train::StepReport) -> lossglass::train::StepReport {
    lossglass::train::StepReport { seconds: 0.0, ..report.clone() }
}

#[test]
fn it_is_the_ordinary_step_to_the_bit_and_can_be_gone_back_on() {
    for name in ["llama", "gpt2"] {
        let examples = weighted(name);
        for settings in [Method::Full, Method::Lora(LoraSettings::default())].into_iter().flat_map(ways) {
            let (mut one, mut other) = (decoder(name), decoder(name));
            let (mut ordinary, mut slowly) = (Trainer::new(&one, Some(1 << 30)), Trainer::new(&other, Some(1 << 30)));
            let mut states = vec![bits(&one)];
            for _ in 0..3 {
                let report = steps(&mut ordinary, &mut one, &examples, &settings, 1).remove(0);
                let step = slow(&mut slowly, &mut other, &examples, &settings);
                assert_eq!(figures(&step.report), figures(&report));
                assert_eq!(step.loss().to_bits(), report.loss.to_bits(), "{name} {}", settings.optimizer);
                assert!(bits(&one) == bits(&other) && ordinary.optimizer() == slowly.optimizer());
                states.push(bits(&one));
            }
            for to in [2, 0] {
                slowly.rewind(&mut other, to, &Cancel::default(), &mut |_| {}).unwrap();
                assert!(bits(&other) == states[to], "{name}: step {to} is gone back to");
            }
            steps(&mut slowly, &mut other, &examples, &settings, 3);
            assert!(bits(&other) == states[3], "and the way leads on as it did");
        }
    }
}

/// By how far a figure in f32 may be off, with what it was computed from.
fn close(ours: f64, expected: f64, from: f64) -> bool {
    (ours - expected).abs() <= 1e-6 * (expected.abs() + from.abs()) + 1e-15
}

/// Recomputes every weight that is kept in f64, from the figures that are shown of it.
fn update_agrees(step: &SlowStep) {
    let (lr, lambda) = (step.report.lr, step.settings.weight_decay);
    let clip = if step.report.clipped { step.settings.clip / (step.report.grad_norm + 1e-6) } else { 1.0 };
    let t = step.updates as i32;
    for tensor in &step.tensors {
        assert!(!tensor.weights.is_empty(), "{} shows no weight", tensor.name);
        for moved in &tensor.weights {
            let at = format!("{}[{}] of step {}", tensor.name, moved.index, step.report.step);
            let ([w, w_after], [m, m_after], [v, v_after]) =
                (moved.weight.map(f64::from), moved.first.map(f64::from), moved.second.map(f64::from));
            let g = f64::from(moved.gradient) * clip;
            let shown = step.update(moved);
            match step.settings.optimizer {
                Optimizer::AdamW => {
                    let (first, second) = (0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g);
                    assert!(close(m_after, first, m) && close(v_after, second, v), "{at}: {moved:?}");
                    let (m_hat, v_hat) = (first / (1.0 - 0.9_f64.powi(t)), second / (1.0 - 0.999_f64.powi(t)));
                    let d = lr * m_hat / (v_hat.sqrt() + 1e-8);
                    let expected = w * (1.0 - lr * lambda) - d;
                    assert!(close(w_after, expected, w), "{at}: {w_after} instead of {expected}");
                    let Update::AdamW { corrected, step: shown_d, weight, .. } = shown else { panic!("{shown:?}") };
                    assert!(
                        close(corrected[0], m_hat, 0.0) && close(corrected[1], v_hat, 0.0) && close(shown_d, d, 0.0)
                    );
                    assert!(close(weight, expected, 0.0));
                }
                Optimizer::Sgd { momentum } => {
                    let momentum = if t == 1 { 0.0 } else { momentum };
                    let buffer = momentum * m + g + lambda * w;
                    assert!(close(m_after, buffer, m.abs() + g.abs()), "{at}: {moved:?}");
                    let expected = w - lr * buffer;
                    assert!(close(w_after, expected, w), "{at}: {w_after} instead of {expected}");
                    let Update::Sgd { weight, .. } = shown else { panic!("{shown:?}") };
                    assert!(close(weight, expected, 0.0));
                    assert_eq!(moved.second, [0.0; 2], "SGD has no second moment");
                }
            }
        }
    }
}

#[test]
fn a_weight_s_update_follows_from_its_figures() {
    let examples = weighted("llama");
    for settings in methods().into_iter().flat_map(ways) {
        let mut decoder = decoder("llama");
        let mut trainer = Trainer::new(&decoder, None);
        for _ in 0..3 {
            let step = slow(&mut trainer, &mut decoder, &examples, &settings);
            assert_eq!(step.report.clipped, settings.clip > 0.0, "the bound of clipping is low");
            update_agrees(&step);
            let names: Vec<&str> = trainer.parameters().iter().map(|parameter| parameter.name.as_str()).collect();
            assert_eq!(step.tensors.iter().map(|tensor| tensor.name.as_str()).collect::<Vec<_>>(), names);
        }
    }
}

#[test]
fn the_weights_that_are_shown_are_those_that_were_pulled_and_moved_most() {
    let (mut decoder, examples) = (decoder("llama"), examples("llama"));
    let mut trainer = Trainer::new(&decoder, None);
    let settings = settings(Method::Full);
    steps(&mut trainer, &mut decoder, &examples, &settings, 1);
    let before = bits(&decoder);
    let step = slow(&mut trainer, &mut decoder, &examples, &settings);
    let after = bits(&decoder);
    let gradients = trainer.gradients().to_vec();
    let most = |figures: &[f32]| figures.iter().fold(0.0_f32, |most, figure| most.max(figure.abs()));
    for (tensor, gradient) in step.tensors.iter().zip(&gradients) {
        let of = |all: &[(String, Vec<u32>)]| -> Vec<f32> {
            let (_, values) = all.iter().find(|(name, _)| *name == tensor.name).unwrap();
            values.iter().map(|&bits| f32::from_bits(bits)).collect()
        };
        let (old, new) = (of(&before), of(&after));
        let moves: Vec<f32> = old.iter().zip(&new).map(|(old, new)| new - old).collect();
        for moved in &tensor.weights {
            assert_eq!([old[moved.index], new[moved.index]], moved.weight, "{}", tensor.name);
            assert_eq!(gradient[moved.index], moved.gradient);
        }
        let shown: Vec<f32> = tensor.weights.iter().map(|moved| moved.weight[1] - moved.weight[0]).collect();
        assert_eq!(most(&shown), most(&moves), "{}", tensor.name);
        let shown: Vec<f32> = tensor.weights.iter().map(|moved| moved.gradient).collect();
        assert_eq!(most(&shown), most(gradient), "{}", tensor.name);
        let mut places: Vec<usize> = tensor.weights.iter().map(|moved| moved.index).collect();
        places.sort_unstable();
        assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "each is shown once");
    }
    let norm = step.tensors.iter().map(|tensor| tensor.norm * tensor.norm).sum::<f64>().sqrt();
    assert!((norm / step.report.grad_norm - 1.0).abs() < 1e-9);
}

/// −log p, the softmax and ∂L/∂z of every row that is kept, from its logits.
fn rows_agree(step: &SlowStep, passed: &Passed) {
    let example = &passed.example;
    let scored: Vec<usize> = example.targets().filter(|(_, weight)| *weight != 0.0).map(|(t, _)| t).collect();
    assert_eq!(passed.scored.iter().map(|target| target.token).collect::<Vec<_>>(), scored);
    for target in &passed.scored {
        assert_eq!(target.target.id, example.ids[target.token]);
        assert!((target.log_sum - f64::from(target.target.z) - target.nll).abs() < 1e-5);
        let above = target.top.iter().filter(|logit| logit.z > target.target.z).count();
        assert!(above + 1 == target.rank as usize || above == target.top.len());
        assert!(target.top.is_sorted_by(|a, b| a.z >= b.z));
        let factor = example.weights[target.token] / step.denominator;
        for logit in target.top.iter().chain([&target.target]) {
            let hot = f64::from(u8::from(logit.id == target.target.id));
            let expected = factor * (target.p(logit) - hot);
            assert!((f64::from(logit.gradient) - expected).abs() < 1e-5 * factor, "{logit:?} instead of {expected}");
        }
    }
}

#[test]
fn rows_and_sums_are_those_of_the_step_whoever_computes_it() {
    for backward in [Backward::Fused, Backward::Composed] {
        for denominator in Denominator::EVERY {
            let (mut decoder, examples) = (decoder("llama"), weighted("llama"));
            let settings = Settings { denominator, ..settings(Method::Full) };
            let mut trainer = Trainer::with_backward(backward, None);
            let step = slow(&mut trainer, &mut decoder, &examples, &settings);
            step.passed.iter().for_each(|passed| rows_agree(&step, passed));
            assert!((step.loss() / step.report.loss - 1.0).abs() < 1e-6, "{backward:?}");
            assert_eq!(step.scored_lines().count(), step.report.scored);
            assert_eq!(step.lines(), step.report.tokens);
            assert!(step.passed.last().unwrap().scored.is_empty(), "nothing counts in the last");
            assert!(step.vocab > 32);
        }
    }
}

#[test]
fn what_cannot_be_done_leaves_the_weights() {
    let (mut decoder, examples) = (decoder("llama"), examples("llama"));
    let before = bits(&decoder);
    let mut trainer = Trainer::new(&decoder, Some(1 << 30));
    let cancelled = Cancel::default();
    cancelled.cancel();
    let stopped = trainer.step_slowly(&mut decoder, &examples, &settings(Method::Full), &cancelled).unwrap_err();
    assert!(stopped.is_cancelled() && trainer.steps() == 0 && bits(&decoder) == before);
}
