//! Every method in every family: no gradient is missing, each agrees with candle's and with finite differences, and what
//! is frozen stays.

use std::sync::Arc;

use lossglass::cancel::Cancel;
use lossglass::decoder::Decoder;
use lossglass::loss::Labels;
use lossglass::mask::Visibility;
use lossglass::sequence::Documents;
use lossglass::train::{Backward, Example, Method, Optimizer, Settings, Trainer};

use super::{bits, decoder, examples, methods, settings, steps};
use crate::checkpoint::{self, FAMILIES};

fn norm(gradient: &[f32]) -> f64 {
    gradient.iter().map(|g| f64::from(*g) * f64::from(*g)).sum::<f64>().sqrt()
}

/// A decoder after two steps (an adapter's A has no gradient while B is zero) and its trainer.
fn warm(name: &str, backward: Backward, settings: &Settings) -> (Decoder, Trainer, Vec<Arc<Example>>) {
    let (mut decoder, examples) = (decoder(name), examples(name));
    let mut trainer = Trainer::with_backward(backward, Some(1 << 30));
    steps(&mut trainer, &mut decoder, &examples, settings, 2);
    (decoder, trainer, examples)
}

#[test]
fn every_trainable_tensor_has_a_gradient_as_candle_has_it() {
    for name in FAMILIES {
        for method in methods() {
            let settings = Settings { lr: 1e-4, ..settings(method) };
            let (_, mut fused, _) = warm(name, Backward::Fused, &settings);
            let (_, mut composed, _) = warm(name, Backward::Composed, &settings);
            let names: Vec<String> = fused.parameters().iter().map(|parameter| parameter.name.clone()).collect();
            assert!(!names.is_empty());
            let (ours, reference) = (fused.gradients(), composed.gradients());
            for ((name_, ours), reference) in names.iter().zip(ours).zip(reference) {
                let size = norm(ours);
                if checkpoint::has_no_gradient(name_) {
                    assert!(size < 1e-6 && norm(reference) < 1e-6, "{name_} has a gradient of {size}");
                    continue;
                }
                assert!(size.is_finite() && size > 0.0, "{name} {}: {name_} has a gradient of {size}", settings.method);
                let apart: Vec<f32> = ours.iter().zip(reference).map(|(a, b)| a - b).collect();
                assert!(
                    norm(&apart) < 2e-3 * size,
                    "{name} {}: {name_} is off by {}",
                    settings.method,
                    norm(&apart) / size
                );
            }
        }
    }
}

/// Along all gradients at once the loss falls by the square of their norm per unit.
#[test]
fn the_loss_falls_as_fast_as_finite_differences_say() {
    for name in FAMILIES {
        for method in methods() {
            let settings = settings(method);
            let (mut decoder, mut trainer, examples) = warm(name, Backward::Fused, &settings);
            let at_rate = |lr| Settings { optimizer: Optimizer::Sgd { momentum: 0.0 }, lr, ..settings.clone() };
            let slope = steps(&mut trainer, &mut decoder, &examples, &at_rate(0.0), 1)[0].grad_norm;
            let mut loss_after_going = |way: f64| {
                steps(&mut trainer, &mut decoder, &examples, &at_rate(way / slope), 1);
                let loss = steps(&mut trainer, &mut decoder, &examples, &at_rate(0.0), 1)[0].loss;
                trainer.rewind(&mut decoder, 3, &Cancel::default(), &mut |_| {}).unwrap();
                loss
            };
            let size = 0.01;
            let difference = (loss_after_going(-size) - loss_after_going(size)) / (2.0 * size);
            assert!(
                (difference / slope - 1.0).abs() < 0.02,
                "{name} {}: slope {slope}, finite difference {difference}",
                settings.method
            );
        }
    }
}

#[test]
fn what_is_frozen_does_not_move_by_a_bit_and_what_is_not_moves() {
    for name in FAMILIES {
        for method in methods() {
            let mut decoder = decoder(name);
            let base = bits(&decoder);
            let mut trainer = Trainer::new(&decoder, None);
            steps(&mut trainer, &mut decoder, &examples(name), &settings(method.clone()), 2);
            let moving: Vec<&str> = trainer.parameters().iter().map(|parameter| parameter.name.as_str()).collect();
            for ((tensor, before), (_, after)) in base.iter().zip(bits(&decoder)) {
                assert_eq!(*before != after, moving.contains(&tensor.as_str()), "{name} {method}: {tensor}");
            }
        }
    }
}

#[test]
fn a_sum_over_examples_is_divided_once() {
    let mut decoder = decoder("llama");
    let all = examples("llama");
    let frozen = Settings { lr: 0.0, ..settings(lossglass::train::Method::Full) };
    let mut trainer = Trainer::new(&decoder, None);
    let together = trainer.step(&mut decoder, &all, &frozen, &Cancel::default()).unwrap();
    let apart: Vec<_> = all
        .iter()
        .map(|one| trainer.step(&mut decoder, std::slice::from_ref(one), &frozen, &Cancel::default()).unwrap())
        .collect();
    let sum: f64 = apart.iter().map(|report| report.loss * report.scored as f64).sum();
    let scored: usize = apart.iter().map(|report| report.scored).sum();
    assert!(all.len() > 1 && apart[0].scored != apart[1].scored, "the examples are too alike to tell");
    assert_eq!(together.scored, scored);
    assert!((together.loss - sum / scored as f64).abs() < 1e-6);
}

/// A pack is its documents: the same gradients, whoever computes them.
#[test]
fn the_gradient_of_a_pack_is_that_of_its_documents() {
    let still = |method| Settings { lr: 0.0, optimizer: Optimizer::Sgd { momentum: 0.0 }, ..settings(method) };
    for name in FAMILIES {
        for method in [Method::Full, methods().pop().expect("LoRA")] {
            for backward in [Backward::Fused, Backward::Composed] {
                let settings = still(method.clone());
                let (mut decoder, mut trainer, examples) = warm(name, backward, &settings);
                let documents: Vec<Arc<Example>> = examples.into_iter().take(3).collect();
                let apart = steps(&mut trainer, &mut decoder, &documents, &settings, 1)[0].loss;
                let separate: Vec<Vec<f32>> = trainer.gradients().iter().map(|gradient| gradient.to_vec()).collect();
                let mut pack = Example {
                    ids: Vec::new(),
                    weights: Vec::new(),
                    visibility: Visibility::default(),
                    labels: Labels::Next,
                };
                let mut starts = Vec::new();
                for document in &documents {
                    starts.push(pack.ids.len());
                    pack.ids.extend_from_slice(&document.ids);
                    // A weight on a document's first token is nobody's: nothing predicts it.
                    pack.weights.push(1.0);
                    pack.weights.extend_from_slice(&document.weights[1..]);
                }
                let naive = Arc::new(pack.clone());
                pack.visibility = Documents::new(starts).into();
                let block = steps(&mut trainer, &mut decoder, &[Arc::new(pack)], &settings, 1)[0].loss;
                assert!((block - apart).abs() < 1e-4 * apart, "{name}: {block} instead of {apart}");
                // A bias of keys changes nothing but by rounding: its gradient is measured by the others'.
                let largest = separate.iter().map(|gradient| norm(gradient)).fold(0.0, f64::max);
                for (gradient, separate) in trainer.gradients().iter().zip(&separate) {
                    let difference: Vec<f32> = gradient.iter().zip(separate).map(|(a, b)| a - b).collect();
                    let size = norm(separate).max(1e-3 * largest);
                    assert!(norm(&difference) <= 1e-4 * size, "{name} {method} {backward:?}");
                }
                let naive = steps(&mut trainer, &mut decoder, &[naive], &settings, 1)[0].loss;
                assert!(
                    (naive - apart).abs() > 1e-5 * apart + 10.0 * (block - apart).abs(),
                    "{name}: documents see each other in a naive pack"
                );
            }
        }
    }
}
