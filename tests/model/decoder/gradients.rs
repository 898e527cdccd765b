//! Gradients of the whole decoder by candle's graph of the composed operations, the reference for everything that trains:
//! against PyTorch's norm, against finite differences, and that none is missing.

use candle_core::{Tensor, Var};
use lossglass::decoder::{Config, Decoder, Named, Weights};

use super::golden;
use crate::checkpoint;

/// A decoder whose every tensor is trainable.
fn trainable(config: &Config, weights: &Weights) -> Decoder {
    let variables = weights.iter().map(|(name, tensor)| (name.clone(), Var::from_tensor(tensor).unwrap().into_inner()));
    Decoder::new(config, variables.collect()).unwrap()
}

/// Mean −log p of the targets where `scored`; token 0 is nobody's target.
fn loss(decoder: &Decoder, ids: &[u32], scored: &[bool]) -> Tensor {
    let targets: Vec<usize> = (1..ids.len()).filter(|t| scored[*t]).collect();
    let rows: Vec<u32> = targets.iter().map(|t| *t as u32 - 1).collect();
    let labels: Vec<u32> = targets.iter().map(|t| ids[*t]).collect();
    let (rows, labels) = (Tensor::new(rows, decoder.device()).unwrap(), Tensor::new(labels, decoder.device()).unwrap());
    let logits = decoder.logits(ids).unwrap().index_select(&rows, 0).unwrap();
    candle_nn::loss::cross_entropy(&logits, &labels).unwrap()
}

fn value(tensor: &Tensor) -> f64 {
    f64::from(tensor.to_scalar::<f32>().unwrap())
}

fn norm(tensor: &Tensor) -> f64 {
    value(&tensor.sqr().unwrap().sum_all().unwrap()).sqrt()
}

/// Loss and gradient norm of transformers' first training step.
fn first_step_agrees(name: &str) {
    let expected = checkpoint::json(&format!("{name}/expected.json"));
    let (config, weights) = checkpoint::fixture(name);
    let decoder = trainable(&config, &weights);
    let chat = &expected["chat"][0];
    let scored: Vec<bool> =
        chat["assistant_mask"].as_array().unwrap().iter().map(|mask| mask.as_u64() == Some(1)).collect();
    let loss = loss(&decoder, &golden::ids(chat), &scored);
    let gradients = loss.backward().unwrap();
    let norms = decoder.named_tensors().iter().map(|Named { name, tensor, .. }| {
        let gradient = gradients.get(tensor).unwrap_or_else(|| panic!("{name} has no gradient"));
        assert_eq!(gradient.dims(), tensor.dims(), "{name}");
        let norm = norm(gradient);
        assert!(norm.is_finite() && (norm > 1e-6) != checkpoint::has_no_gradient(name), "{name}: norm {norm}");
        norm
    });
    let norm = norms.map(|norm| norm * norm).sum::<f64>().sqrt();
    let training = &expected["training"];
    for (ours, key) in [(value(&loss), "loss"), (norm, "grad_norm")] {
        let theirs = training[key][0].as_f64().unwrap();
        assert!((ours / theirs - 1.0).abs() < 1e-3, "{name}: {key} {ours} instead of {theirs}");
    }
}

/// Along each tensor's gradient g the loss rises by |g| per unit.
fn finite_differences_agree(name: &str) {
    let (config, weights) = checkpoint::fixture(name);
    let ids = golden::ids(&checkpoint::json(&format!("{name}/expected.json"))["texts"][1]);
    let scored = vec![true; ids.len()];
    let decoder = trainable(&config, &weights);
    let gradients = loss(&decoder, &ids, &scored).backward().unwrap();
    for Named { name, tensor, .. } in decoder.named_tensors() {
        let gradient = gradients.get(tensor).unwrap();
        let slope = norm(gradient);
        if checkpoint::has_no_gradient(name) {
            continue;
        }
        let step = (0.02 / slope).min(0.05);
        let moved = |step: f64| {
            let mut weights = weights.clone();
            let moved = (&weights[name] + (gradient * (step / slope)).unwrap()).unwrap();
            weights.insert(name.clone(), moved);
            value(&loss(&Decoder::new(&config, weights).unwrap(), &ids, &scored))
        };
        let difference = (moved(step) - moved(-step)) / (2.0 * step);
        assert!((difference / slope - 1.0).abs() < 0.02, "{name}: slope {slope}, finite difference {difference}");
    }
}

#[test]
fn every_family_has_the_gradients_of_transformers_and_of_finite_differences() {
    for name in checkpoint::FAMILIES {
        first_step_agrees(name);
        finite_differences_agree(name);
    }
}
