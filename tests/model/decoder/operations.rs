//! Every fused operation against the same operation made of candle's primitives: values and gradients.

use candle_core::{Device, Result, Tensor, Var};
use lossglass::cancel::Cancel;
use lossglass::mask::{AttentionMask, Visibility};
use lossglass::ops::{self, Activation, Adapter, Gradients, Heads, Rotation, Tape, Weight, composed};
use lossglass::sequence::Documents;

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

/// Compares values, and gradients of a weighted sum of all outputs: `fused` gets the inputs without a graph and a tape,
/// `composed` is differentiated by candle.
fn agree(
    name: &str,
    inputs: &[&Var],
    fused: impl Fn(&[Tensor], Option<&Tape>) -> Result<Tensor>,
    composed: impl Fn() -> Result<Tensor>,
) {
    let plain: Vec<Tensor> = inputs.iter().map(|input| input.as_tensor().detach()).collect();
    let mut gradients = Gradients::new(&plain);
    let tape = Tape::new(&gradients);
    let (ours, reference) = (fused(&plain, Some(&tape)).unwrap(), composed().unwrap());
    assert_close(&ours, &reference, name);
    let weights = sample(ours.dims2().unwrap(), 99).as_tensor().detach();
    let seed = weights.flatten_all().unwrap().to_vec1().unwrap();
    assert!(tape.backward(&ours, seed, &mut gradients, &Cancel::default()).unwrap());
    let reference = (&reference * &weights).unwrap().sum_all().unwrap().backward().unwrap();
    for (i, input) in inputs.iter().enumerate() {
        let gradient = Tensor::from_slice(gradients.get_mut(i), input.shape(), &Device::Cpu).unwrap();
        assert_close(&gradient, reference.get(input).unwrap(), &format!("{name}, gradient of input {i}"));
    }
}

#[test]
fn linear() {
    for (tokens, n, k) in [(1, 5, 7), (3, 13, 48), (37, 70, 65)] {
        let (x, w) = (sample((tokens, k), 1), sample((n, k), 2));
        agree("linear", &[&x, &w], |i, tape| ops::linear(&i[0], &i[1], tape), || composed::linear(&x, &w));
    }
}

#[test]
fn norms() {
    for (tokens, width) in [(1, 3), (5, 48), (40, 130)] {
        let (x, w, b) = (sample((tokens, width), 1), row(width, 2), row(width, 3));
        agree(
            "rms norm",
            &[&x, &w],
            |i, tape| ops::rms_norm(&i[0], &i[1], 1e-5, tape),
            || composed::rms_norm(&x, &w, 1e-5),
        );
        agree(
            "layer norm",
            &[&x, &w, &b],
            |i, tape| ops::layer_norm(&i[0], &i[1], &i[2], 1e-5, tape),
            || composed::layer_norm(&x, &w, &b, 1e-5),
        );
        let heads = sample((tokens, 3 * width), 4);
        agree(
            "rms norm of heads",
            &[&heads, &w],
            |i, tape| ops::rms_norm(&i[0], &i[1], 1e-5, tape),
            || composed::rms_norm(&heads, &w, 1e-5),
        );
    }
}

#[test]
fn products_and_affine_maps() {
    let (x, y) = (sample((9, 50), 1), sample((9, 50), 2));
    agree("mul", &[&x, &y], |i, tape| ops::mul(&i[0], &i[1], tape), || x.as_tensor() * y.as_tensor());
    agree("affine", &[&x], |i, tape| ops::affine(&i[0], 3.5, 1.0, tape), || x.affine(3.5, 1.0));
}

#[test]
fn activations() {
    let (gate, up) = (sample((40, 700), 1), sample((40, 700), 2));
    // Never 0, where relu has no derivative and candle and PyTorch take another one.
    let gate = Var::from_tensor(&gate.as_tensor().affine(6.0, 1e-3).unwrap()).unwrap();
    agree("swiglu", &[&gate, &up], |i, tape| ops::swiglu(&i[0], &i[1], tape), || composed::swiglu(&gate, &up));
    for activation in [Activation::Silu, Activation::GeluTanh, Activation::Gelu, Activation::Relu] {
        let name = format!("{activation:?}");
        agree(
            &name,
            &[&gate],
            |i, tape| ops::activate(&i[0], activation, tape),
            || composed::activate(&gate, activation),
        );
    }
}

#[test]
fn residual() {
    for (tokens, width) in [(1, 3), (130, 576)] {
        let (x, y) = (sample((tokens, width), 1), sample((tokens, width), 2));
        agree("add", &[&x, &y], |i, tape| ops::add(&i[0], &i[1], tape), || x.as_tensor() + y.as_tensor());
    }
}

#[test]
fn rope() {
    for (heads, half, from) in [(1, 1, 0), (4, 6, 3), (3, 16, 100)] {
        let frequencies: Vec<f32> = (0..half).map(|i| 0.7_f32.powi(i)).collect();
        let rotation = Rotation::new(&frequencies, from, 9);
        let x = sample((9, heads * 2 * half as usize), 1);
        agree("rope", &[&x], |i, tape| ops::rope(&i[0], &rotation, tape), || composed::rope(&x, &rotation));
        let rotation = rotation.of_heads(2 * half as usize + 3);
        let x = sample((9, heads * rotation.head()), 1);
        agree("partial rope", &[&x], |i, tape| ops::rope(&i[0], &rotation, tape), || composed::rope(&x, &rotation));
    }
}

fn forbidding(mask: AttentionMask, cuts: &[&str]) -> Visibility {
    Visibility { mask, forbidden: cuts.iter().map(|cut| cut.parse().unwrap()).collect(), ..Visibility::default() }
}

/// Rows of one head, from anywhere on.
#[test]
fn attention_weights() {
    let heads = Heads { query: 4, key_value: 2, dim: 12 };
    let (q, k) = (sample((70, 48), 1).as_tensor().detach(), sample((75, 24), 2).as_tensor().detach());
    for visibility in [
        Visibility::default(),
        forbidding(AttentionMask::Causal, &["*:2", "40:39", "41:7@*.3"]),
        forbidding(AttentionMask::Sliding(9), &["*:50"]),
        forbidding(AttentionMask::Prefix(20), &["7:19"]),
    ] {
        let all = composed::attention_weights(&q, &k, heads, &visibility).unwrap();
        for (head, rows) in [(0, 0..70), (3, 35..37), (2, 69..70), (1, 5..5)] {
            let ours = ops::attention_weights(&q, &k, heads, &visibility, rows.clone(), head).unwrap();
            let theirs = all.get(head).unwrap().narrow(0, rows.start, rows.len()).unwrap();
            let ours = Tensor::from_vec(ours, theirs.shape(), &Device::Cpu).unwrap();
            assert_close(&ours, &theirs, &format!("head {head}, rows {rows:?} under {visibility:?}"));
        }
    }
    assert!(ops::attention_weights(&q, &k, heads, &Visibility::default(), 0..71, 0).is_err());
    assert!(ops::attention_weights(&q, &k, heads, &Visibility::default(), 0..2, 4).is_err());
}

#[test]
fn attention() {
    for (query, key_value, dim, queries, keys) in
        [(1, 1, 1, 1, 1), (4, 2, 12, 7, 7), (3, 1, 8, 70, 70), (2, 2, 5, 1, 40), (6, 2, 4, 33, 50)]
    {
        let heads = Heads { query, key_value, dim };
        let q = sample((queries, query * dim), 1);
        let (k, v) = (sample((keys, key_value * dim), 2), sample((keys, key_value * dim), 3));
        let packed = || Documents::new([5, 6, 34]);
        for visibility in [
            AttentionMask::Causal.into(),
            AttentionMask::None.into(),
            AttentionMask::Sliding(1).into(),
            AttentionMask::Sliding(9).into(),
            packed().into(),
            AttentionMask::Prefix(6).into(),
            Visibility { mask: AttentionMask::None, documents: packed(), ..Visibility::default() },
            Visibility { mask: AttentionMask::Sliding(9), documents: packed(), ..Visibility::default() },
            forbidding(AttentionMask::Causal, &["*:2", "*:0", "6:5", "39:38", "33:1"]),
            forbidding(AttentionMask::Sliding(9), &["*:30", "6:5", "69:60"]),
            forbidding(AttentionMask::None, &["*:3@*.0", "5:6", "2:0@*.1"]),
        ] {
            agree(
                &format!("{visibility:?} attention {heads:?}"),
                &[&q, &k, &v],
                |i, tape| ops::attention(&i[0], &i[1], &i[2], heads, &visibility, tape),
                || composed::attention(&q, &k, &v, heads, &visibility),
            );
        }
    }
}

#[test]
fn views_are_read_right() {
    let all = sample((6, 36), 1);
    let part = |all: &Tensor, i: usize| all.narrow(1, 12 * i, 12).unwrap();
    let heads = Heads { query: 3, key_value: 3, dim: 4 };
    let mask = Visibility::default();
    let whole = all.as_tensor().detach();
    let fused = ops::attention(&part(&whole, 0), &part(&whole, 1), &part(&whole, 2), heads, &mask, None).unwrap();
    let reference = composed::attention(&part(&all, 0), &part(&all, 1), &part(&all, 2), heads, &mask).unwrap();
    assert_close(&fused, &reference, "attention on views");
    let w = row(12, 2).as_tensor().detach();
    let fused = ops::rms_norm(&part(&whole, 1), &w, 1e-5, None).unwrap();
    assert_close(&fused, &composed::rms_norm(&part(&whole, 1), &w, 1e-5).unwrap(), "norm on a view");
}

#[test]
fn picked_rows_and_columns() {
    let table = sample((7, 5), 1);
    let rows = [3, 0, 3, 6];
    let index = Tensor::new(&rows, &Device::Cpu).unwrap();
    agree("rows", &[&table], |i, tape| ops::select_rows(&i[0], &rows, tape), || table.index_select(&index, 0));
    agree("columns", &[&table], |i, tape| ops::columns(&i[0], 1, 3, tape), || table.narrow(1, 1, 3));
    let heads = sample((7, 2 * 3 * 4), 2);
    for part in 0..3 {
        agree(
            "columns of heads",
            &[&heads],
            |i, tape| ops::head_columns(&i[0], part, 3, 4, tape),
            || composed::head_columns(&heads, part, 3, 4),
        );
    }
}

fn in_out(x: &Tensor, w: &Tensor, tape: Option<&Tape>) -> Result<Tensor> {
    Ok(ops::project(x, &[(&Weight::InOut(w.clone()), None)], tape)?.remove(0))
}

#[test]
fn biases_and_projections_of_gpt2() {
    let (x, w, b) = (sample((9, 13), 1), sample((13, 21), 2), row(21, 3));
    agree("in out", &[&x, &w], |i, tape| in_out(&i[0], &i[1], tape), || x.matmul(&w));
    let y = sample((9, 21), 4);
    agree("bias", &[&y, &b], |i, tape| ops::add_bias(&i[0], &i[1], tape), || y.broadcast_add(&b));
}

/// Three projections of one x, side by side in the result: one with an adapter, one of gpt2's layout with one, one plain.
#[test]
fn projections_with_low_rank_adapters() {
    for (tokens, n, k, rank) in [(1, 5, 7, 1), (9, 21, 13, 3), (40, 100, 70, 8)] {
        let x = sample((tokens, k), 1);
        let (w, a, b) = (sample((n, k), 2), sample((rank, k), 3), sample((n, rank), 4));
        let (turned, c, d) = (sample((k, n), 5), sample((rank, k), 6), sample((n, rank), 7));
        let plain = sample((2 * n, k), 8);
        let low_rank = |a: &Var, b: &Var, scale: f64| composed::linear(&composed::linear(&x, a)?, b)? * scale;
        agree(
            "projections",
            &[&x, &w, &a, &b, &turned, &c, &d, &plain],
            |i, tape| {
                let adapter = |a: usize, scale| Adapter { a: i[a].clone(), b: i[a + 1].clone(), scale };
                let (first, second) = (adapter(2, 0.3), adapter(5, -2.0));
                let (w, turned) = (Weight::OutIn(i[1].clone()), Weight::InOut(i[4].clone()));
                let plain = Weight::OutIn(i[7].clone());
                let all = [(&w, Some(&first)), (&turned, Some(&second)), (&plain, None)];
                let ys = ops::project(&i[0], &all, tape)?;
                // The halves of the plain one count differently: each column's gradient is its own.
                let sum = ops::add(&ops::add(&ys[0], &ys[1], tape)?, &ops::columns(&ys[2], 0, n, tape)?, tape)?;
                ops::add(&sum, &ops::affine(&ops::columns(&ys[2], n, n, tape)?, -0.5, 0.0, tape)?, tape)
            },
            || {
                let first = (composed::linear(&x, &w)? + low_rank(&a, &b, 0.3)?)?;
                let second = (x.matmul(&turned)? + low_rank(&c, &d, -2.0)?)?;
                let plain = composed::linear(&x, &plain)?;
                ((first + second)? + plain.narrow(1, 0, n)?)? + (plain.narrow(1, n, n)? * -0.5)?
            },
        );
    }
}

/// A result that nothing is made of has no gradient; the others have theirs.
#[test]
fn a_projection_whose_result_is_not_used_gets_no_gradient() {
    let (x, w, unused) = (sample((6, 9), 1), sample((4, 9), 2), sample((5, 9), 3));
    let plain = [&x, &w, &unused].map(|input| input.as_tensor().detach());
    let mut gradients = Gradients::new(&plain);
    let tape = Tape::new(&gradients);
    let [w, unused] = [&plain[1], &plain[2]].map(|w| Weight::OutIn(w.clone()));
    let ys = ops::project(&plain[0], &[(&w, None), (&unused, None)], Some(&tape)).expect("fits");
    assert!(tape.backward(&ys[0], vec![1.0; 24], &mut gradients, &Cancel::default()).expect("runs"));
    assert!(gradients.get_mut(2).iter().all(|g| *g == 0.0));
    assert!([0, 1].into_iter().all(|i| gradients.get_mut(i).iter().any(|g| *g != 0.0)));
}

#[test]
fn a_tensor_used_twice_gets_both_gradients() {
    let (x, w) = (sample((5, 8), 1), sample((8, 8), 2));
    let twice = |x: &Tensor, w: &Tensor, tape: Option<&Tape>| {
        let y = ops::linear(x, w, tape)?;
        ops::add(&ops::linear(&y, w, tape)?, &y, tape)
    };
    agree(
        "used twice",
        &[&x, &w],
        |i, tape| twice(&i[0], &i[1], tape),
        || {
            let y = composed::linear(&x, &w)?;
            composed::linear(&y, &w)? + y
        },
    );
}

/// What does not fit is refused with the shapes, on a tape and off it, before a value is read.
#[test]
fn shapes_that_do_not_fit_are_refused_with_their_numbers() {
    let tensor = |rows: usize, columns: usize| sample((rows, columns), 1).as_tensor().detach();
    let vector = |width: usize| row(width, 2).as_tensor().detach();
    let refused = |result: Result<Tensor>, numbers: &[&str]| {
        let error = result.map(|tensor| tensor.dims().to_vec()).expect_err("refused").to_string();
        for number in numbers {
            assert!(error.contains(number), "{number} in {error}");
        }
    };
    let heads = Heads { query: 4, key_value: 2, dim: 8 };
    let causal = Visibility::from(AttentionMask::Causal);
    let attend = |q: &Tensor, k: &Tensor, v: &Tensor, heads| ops::attention(q, k, v, heads, &causal, None);
    let (q, k) = (tensor(5, 32), tensor(5, 16));
    attend(&q, &k, &k, heads).expect("fits");
    refused(attend(&q, &k, &tensor(4, 16), heads), &["[5, 32]", "[5, 16]", "[4, 16]"]);
    refused(attend(&q, &tensor(4, 16), &k, heads), &["[4, 16]"]);
    refused(attend(&q, &tensor(5, 15), &tensor(5, 15), heads), &["[5, 15]"]);
    refused(attend(&tensor(6, 32), &k, &k, heads), &["[6, 32]", "[5, 16]"]);
    refused(attend(&tensor(5, 33), &k, &k, heads), &["[5, 33]"]);
    refused(attend(&q, &k, &k, Heads { query: 4, key_value: 3, dim: 8 }), &["4 heads, 3 for"]);
    refused(attend(&q, &k, &k, Heads { query: 4, key_value: 0, dim: 8 }), &["4 heads, 0 for"]);

    refused(ops::add_bias(&q, &vector(31), None), &["[5, 32]", "[31]"]);
    refused(ops::rms_norm(&q, &vector(24), 1e-5, None), &["[5, 32]", "[24]"]);
    refused(ops::layer_norm(&q, &vector(32), &vector(16), 1e-5, None), &["[32]", "[16]"]);
    let rotation = Rotation::new(&[1.0, 0.5, 0.25, 0.125], 0, 4);
    refused(ops::rope(&q, &rotation, None), &["4 tokens", "heads of 8", "[5, 32]"]);
    refused(ops::rope(&tensor(4, 30), &rotation, None), &["[4, 30]"]);
    refused(ops::swiglu(&q, &k, None), &["[5, 32]", "[5, 16]"]);
    refused(ops::linear(&q, &tensor(7, 31), None), &["5 x 32", "from 31 to 7"]);
    refused(in_out(&q, &tensor(31, 7), None), &["5 x 32", "from 31 to 7"]);
    let adapter = Adapter { a: tensor(2, 32), b: tensor(6, 2), scale: 1.0 };
    let adapted = ops::project(&q, &[(&Weight::OutIn(tensor(7, 32)), Some(&adapter))], None);
    refused(adapted.map(|mut ys| ys.remove(0)), &["from 32 to 7", "[2, 32]", "[6, 2]"]);
    refused(ops::columns(&q, usize::MAX, 2, None), &["2 columns", "of 32"]);
    refused(ops::columns(&q, 31, 2, None), &["2 columns from 31 on of 32"]);
    refused(ops::head_columns(&q, 0, usize::MAX, 2, None), &["32"]);
    refused(ops::select_rows(&q, &[5], None), &["row 5 of a table of 5"]);
    let mut gradients = Gradients::new([&q]);
    let tape = Tape::new(&gradients);
    let y = ops::affine(&q, 2.0, 0.0, Some(&tape)).expect("fits");
    let error = tape.backward(&y, vec![1.0; 3], &mut gradients, &Cancel::default()).expect_err("too few").to_string();
    assert!(error.contains("3 gradients") && error.contains("[5, 32]"), "{error}");
}
