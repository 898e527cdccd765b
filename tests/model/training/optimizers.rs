//! The optimizers against their definitions in f64, clipping, schedules.

use lossglass::cancel::Cancel;
use lossglass::train::{Method, Optimizer, Schedule, Settings, Shape, Trainer};

use super::{decoder, examples, settings};

/// Values of the last parameter.
fn last_values(trainer: &Trainer) -> Vec<f64> {
    let tensor = &trainer.parameters().last().unwrap().tensor;
    tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap().into_iter().map(f64::from).collect()
}

/// Takes three steps and compares the last parameter with `update(step, weight, gradient, memory)` in f64.
fn agrees(settings: &Settings, update: impl Fn(usize, f64, f64, &mut [f64; 2]) -> f64) {
    let (mut decoder, examples) = (decoder("llama"), examples("llama"));
    let mut trainer = Trainer::new(&decoder, None);
    let mut expected: Vec<f64> = {
        let named = decoder.named_tensors().last().unwrap();
        named.tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap().into_iter().map(f64::from).collect()
    };
    let mut memory = vec![[0.0; 2]; expected.len()];
    for step in 1..=3 {
        let report = trainer.step(&mut decoder, &examples, settings, &Cancel::default()).unwrap();
        let scale = if report.clipped { settings.clip / (report.grad_norm + 1e-6) } else { 1.0 };
        let gradients = trainer.gradients().last().unwrap().clone();
        for ((weight, gradient), memory) in expected.iter_mut().zip(gradients).zip(&mut memory) {
            *weight = update(step, *weight, f64::from(gradient) * scale, memory);
        }
        for (ours, expected) in last_values(&trainer).iter().zip(&expected) {
            assert!(
                (ours - expected).abs() < 2e-6 * expected.abs().max(1.0),
                "step {step}: {ours} instead of {expected}"
            );
        }
    }
}

#[test]
fn adamw() {
    let settings = Settings { lr: 1e-2, weight_decay: 0.1, clip: 0.5, ..settings(Method::Full) };
    agrees(&settings, |step, weight, g, [m, v]| {
        *m = 0.9 * *m + 0.1 * g;
        *v = 0.999 * *v + 0.001 * g * g;
        let (m, v) = (*m / (1.0 - 0.9_f64.powi(step as i32)), *v / (1.0 - 0.999_f64.powi(step as i32)));
        weight * (1.0 - 1e-2 * 0.1) - 1e-2 * m / (v.sqrt() + 1e-8)
    });
}

#[test]
fn sgd_with_momentum() {
    let optimizer = Optimizer::Sgd { momentum: 0.9 };
    let settings = Settings { optimizer, lr: 1e-2, weight_decay: 0.1, ..settings(Method::Full) };
    agrees(&settings, |step, weight, g, [buffer, _]| {
        let g = g + 0.1 * weight;
        *buffer = if step == 1 { g } else { 0.9 * *buffer + g };
        weight - 1e-2 * *buffer
    });
}

#[test]
fn plain_sgd() {
    let settings = Settings { optimizer: Optimizer::Sgd { momentum: 0.0 }, lr: 1e-2, ..settings(Method::Full) };
    agrees(&settings, |_, weight, g, _| weight - 1e-2 * g);
}

#[test]
fn the_rate_follows_the_schedule() {
    let (mut decoder, examples) = (decoder("llama"), examples("llama"));
    let mut trainer = Trainer::new(&decoder, None);
    let schedule = Schedule { shape: Shape::Linear, warmup: 2, total: 4 };
    let settings = Settings { schedule, ..settings(Method::Full) };
    let rates: Vec<f64> = (0..5)
        .map(|_| trainer.step(&mut decoder, &examples, &settings, &Cancel::default()).unwrap().lr / settings.lr)
        .collect();
    assert_eq!(rates, [0.5, 1.0, 1.0, 0.5, 0.0]);
}
