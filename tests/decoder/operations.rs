//! Every fused operation against the same operation made of candle's primitives: values and gradients.

use candle_core::{Device, Result, Tensor, Var};
use lossglass::mask::AttentionMask;
use lossglass::model::ops::{self, Heads, Rotation, composed};

/// Values without a pattern, between −1.5 and 1.5.
fn sample(shape: (usize, usize), seed: usize) -> Var {
    let value = |i: usize| ((i * 7919 + seed * 104_729) % 3001) as f32 / 1000.0 - 1.5;
    let values = (0..shape.0 * shape.1).map(value).collect();
    Var::from_tensor(&Tensor::from_vec(values, shape, &Device::Cpu).unwrap()).unwrap()
}

fn row(width: usize, seed: usize) -> Var {
    Var::from_tensor(&sample((1, width), seed).squeeze(0).unwrap()).unwrap()
}

fn assert_close(ours: &Tensor, reference: &Tensor, what: &str) {
    assert_eq!(ours.dims(), reference.dims(), "{what}");
    let list = |tensor: &Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    for (i, (ours, reference)) in list(ours).into_iter().zip(list(reference)).enumerate() {
        assert!((ours - reference).abs() < 2e-4 * (1.0 + reference.abs()), "{what}[{i}]: {ours}, not {reference}");
    }
}

/// Compares values, and gradients of a weighted sum of all outputs.
fn agree(name: &str, inputs: &[&Var], fused: impl Fn() -> Result<Tensor>, composed: impl Fn() -> Result<Tensor>) {
    let (ours, reference) = (fused().unwrap(), composed().unwrap());
    assert_close(&ours, &reference, name);
    let weights = sample(ours.dims2().unwrap(), 99).detach();
    let gradients = |y: &Tensor| (y * &weights).unwrap().sum_all().unwrap().backward().unwrap();
    let (ours, reference) = (gradients(&ours), gradients(&reference));
    for (i, input) in inputs.iter().enumerate() {
        let gradient = ours.get(input).unwrap_or_else(|| panic!("{name}: input {i} has no gradient"));
        assert_close(gradient, reference.get(input).unwrap(), &format!("{name}, gradient of input {i}"));
    }
}

#[test]
fn linear() {
    for (tokens, n, k) in [(1, 5, 7), (3, 13, 48), (37, 70, 65)] {
        let (x, w) = (sample((tokens, k), 1), sample((n, k), 2));
        agree("linear", &[&x, &w], || ops::linear(&x, &w), || composed::linear(&x, &w));
    }
}

#[test]
fn norms() {
    for (tokens, width) in [(1, 3), (5, 48), (40, 130)] {
        let (x, w, b) = (sample((tokens, width), 1), row(width, 2), row(width, 3));
        agree("rms norm", &[&x, &w], || ops::rms_norm(&x, &w, 1e-5), || composed::rms_norm(&x, &w, 1e-5));
        agree(
            "layer norm",
            &[&x, &w, &b],
            || ops::layer_norm(&x, &w, &b, 1e-5),
            || composed::layer_norm(&x, &w, &b, 1e-5),
        );
    }
}

#[test]
fn activations() {
    let (gate, up) = (sample((40, 700), 1), sample((40, 700), 2));
    let gate = Var::from_tensor(&(gate.as_tensor() * 6.0).unwrap()).unwrap();
    agree("swiglu", &[&gate, &up], || ops::swiglu(&gate, &up), || composed::swiglu(&gate, &up));
    agree("gelu", &[&gate], || ops::gelu(&gate), || composed::gelu(&gate));
}

#[test]
fn residual() {
    for (tokens, width) in [(1, 3), (130, 576)] {
        let (x, y) = (sample((tokens, width), 1), sample((tokens, width), 2));
        agree("add", &[&x, &y], || ops::add(&x, &y), || x.as_tensor() + y.as_tensor());
    }
}

#[test]
fn rope() {
    for (heads, half, from) in [(1, 1, 0), (4, 6, 3), (3, 16, 100)] {
        let frequencies: Vec<f32> = (0..half).map(|i| 0.7_f32.powi(i)).collect();
        let rotation = Rotation::new(&frequencies, from, 9);
        let x = sample((9, heads * 2 * half as usize), 1);
        agree("rope", &[&x], || ops::rope(&x, &rotation), || composed::rope(&x, &rotation));
    }
}

#[test]
fn attention() {
    for (query, key_value, dim, queries, keys) in
        [(1, 1, 1, 1, 1), (4, 2, 12, 7, 7), (3, 1, 8, 70, 70), (2, 2, 5, 1, 40), (6, 2, 4, 33, 50)]
    {
        let heads = Heads { query, key_value, dim };
        let q = sample((queries, query * dim), 1);
        let (k, v) = (sample((keys, key_value * dim), 2), sample((keys, key_value * dim), 3));
        for mask in [AttentionMask::Causal, AttentionMask::None] {
            agree(
                &format!("{mask:?} attention {heads:?}"),
                &[&q, &k, &v],
                || ops::attention(&q, &k, &v, heads, mask),
                || composed::attention(&q, &k, &v, heads, mask),
            );
        }
    }
}

#[test]
fn views_are_read_right() {
    let all = sample((6, 36), 1);
    let part = |i: usize| all.narrow(1, 12 * i, 12).unwrap();
    let heads = Heads { query: 3, key_value: 3, dim: 4 };
    let mask = AttentionMask::Causal;
    agree(
        "attention on views",
        &[&all],
        || ops::attention(&part(0), &part(1), &part(2), heads, mask),
        || composed::attention(&part(0), &part(1), &part(2), heads, mask),
    );
    let w = row(12, 2);
    agree(
        "norm on a view",
        &[&all, &w],
        || ops::rms_norm(&part(1), &w, 1e-5),
        || composed::rms_norm(&part(1), &w, 1e-5),
    );
}
