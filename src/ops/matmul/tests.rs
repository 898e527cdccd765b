//! Products against the plain sum.

use proptest::prelude::*;

use super::product::run_at;
use super::*;
use crate::ops::simd::Level;

/// x·Wᵀ.
fn matmul_nt(x: &[f32], w: &[f32], k: usize) -> Vec<f32> {
    let mut y = Vec::new();
    compute(&mut [Sum::new(&mut y, View::new(x, k), View::new(w, k).t())]);
    y
}

fn sample(length: usize, step: usize) -> Vec<f32> {
    (0..length).map(|i| ((i * step) % 61) as f32 / 30.0 - 1.0).collect()
}

fn transpose(x: &[f32], columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|j| x.iter().skip(j).step_by(columns)).copied().collect()
}

/// a·bᵀ in f64.
fn plain(a: &[f32], b: &[f32], k: usize) -> Vec<f64> {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
    a.chunks(k).flat_map(|a| b.chunks(k).map(move |b| dot(a, b))).collect()
}

fn agree(ours: &[f32], expected: impl Iterator<Item = f64>, what: &str) {
    for (i, (ours, expected)) in ours.iter().zip(expected).enumerate() {
        assert!((f64::from(*ours) - expected).abs() < 1e-3, "{what}[{i}]: {ours} instead of {expected}");
    }
}

const SHAPES: [(usize, usize, usize); 13] = [
    (1, 1, 1),
    (1, 7, 48),
    (2, 13, 17),
    (3, 6, 96),
    (5, 24, 31),
    (9, 300, 130),
    (400, 20, 700),
    (8, 8, 128),
    (15, 97, 257),
    (33, 200, 385),
    (97, 49, 192),
    (130, 640, 193),
    // Rows that crowd the cache.
    (7, 160, 1024),
];

#[test]
fn few_tokens_have_the_bits_that_they_have_among_many_on_every_level() {
    for (n, k) in [(1, 1), (7, 48), (24, 31), (97, 257), (200, 385), (49, 576), (640, 193)] {
        let (x, w) = (sample(33 * k, 7), sample(n * k, 11));
        for kernel in Level::here().filter_map(kernel) {
            let mut all = vec![f32::NAN; 33 * n];
            let terms = [term(View::new(&x, k), View::new(&w, k).t())];
            let product = Product { scale: 0.3, ..Product::of(all.as_mut_ptr(), n, &terms, [33, n]) };
            // SAFETY: y has the product's shape, and the processor the instructions.
            unsafe { blocks::run(&[product], kernel, true) };
            for tokens in 1..=8 {
                let mut y = vec![f32::NAN; tokens * n];
                let few = [(Few { x: &x[..tokens * k], w: &w, steps: k, scale: 0.3 }, Output(y.as_mut_ptr()))];
                // SAFETY: as above.
                unsafe { few::run(kernel, &few, tokens % 2 == 0) };
                assert!(y == all[..tokens * n], "{tokens}x{n}x{k} with {} lanes", kernel.lanes);
            }
        }
    }
}

#[test]
fn projections_agree_with_the_plain_sum() {
    for (tokens, n, k) in SHAPES {
        let (x, w) = (sample(tokens * k, 7), sample(n * k, 11));
        agree(&matmul_nt(&x, &w, k), plain(&x, &w, k).into_iter(), &format!("{tokens}x{n}x{k}"));
    }
}

fn term(a: View, b: View) -> Term {
    Term { a: a.matrix(), b: b.matrix(), steps: a.columns }
}

/// Every product of the shape on `level`, written and added, as it is and turned, against the plain sum; operands
/// and y start `offset` floats from where they were allocated.
fn check(level: Level, (m, n, k): (usize, usize, usize), offset: usize) {
    let (a, b) = (sample(offset + m * k, 7), sample(offset + n * k, 11));
    let (a, b) = (&a[offset..], &b[offset..]);
    let (a_t, b_t) = (transpose(a, k), transpose(b, k));
    let product = plain(a, b, k);
    let old = sample(m * n, 13);
    for (layout, a, b) in [
        ("n·n", View::new(a, k), View::new(&b_t, n)),
        ("n·t", View::new(a, k), View::new(b, k).t()),
        ("t·n", View::new(&a_t, m).t(), View::new(&b_t, n)),
        ("t·t", View::new(&a_t, m).t(), View::new(b, k).t()),
    ] {
        for (scale, add, parallel) in [(1.0, false, true), (1.0, true, false), (0.5, true, true), (2.0, false, false)] {
            let mut y = vec![f32::NAN; offset + m * n + 1];
            let y = &mut y[offset..];
            if add {
                y[..m * n].copy_from_slice(&old);
            }
            let terms = [term(a, b)];
            let product_ = Product { scale, add, ..Product::of(y.as_mut_ptr(), n, &terms, [m, n]) };
            // SAFETY: y has the product's shape, and the processor the instructions.
            unsafe { run_at(level, &[product_], parallel) };
            let what = format!("{level} {layout} {m}x{n}x{k} at {offset}, {scale}, added: {add}");
            let before = |i: usize| if add { f64::from(old[i]) } else { 0.0 };
            agree(&y[..m * n], (0..m * n).map(|i| f64::from(scale) * product[i] + before(i)), &what);
            assert!(y[m * n].is_nan(), "{what}: written beyond its end");
        }
    }
}

#[test]
fn every_product_agrees_with_the_plain_sum_on_every_level() {
    for level in Level::here() {
        for (i, shape) in SHAPES.into_iter().enumerate() {
            check(level, shape, i % 3);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_product_agrees_with_the_plain_sum_on_every_level(
        shape in (1usize..80, 1usize..120, 1usize..420), offset in 0usize..16,
    ) {
        for level in Level::here() {
            check(level, shape, offset);
        }
    }
}

/// Products that share a matrix, each of two terms, computed together: each as if it were alone.
#[test]
fn products_that_are_computed_together_are_those_computed_alone_on_every_level() {
    for (tokens, k, rank, widths) in [(1, 20, 3, [5, 9, 40]), (33, 200, 8, [200, 64, 7]), (130, 48, 1, [300, 17, 96])] {
        let (x, low) = (sample(tokens * k, 7), sample(tokens * rank, 5));
        let ws = widths.map(|n| (sample(n * k, 11), sample(n * rank, 3)));
        for level in Level::here() {
            let terms = |w: &(Vec<f32>, Vec<f32>)| {
                let low = term(View::new(&low, rank), View::new(&w.1, rank).t());
                [term(View::new(&x, k), View::new(&w.0, k).t()), low]
            };
            let terms = ws.each_ref().map(terms);
            let mut together = widths.map(|n| vec![f32::NAN; tokens * n]);
            let mut alone = together.clone();
            let products = |ys: &mut [Vec<f32>; 3]| {
                let of = |i: usize, y: *mut f32| Product::of(y, widths[i], &terms[i], [tokens, widths[i]]);
                [0, 1, 2].map(|i| of(i, ys[i].as_mut_ptr()))
            };
            // SAFETY: each y has its product's shape, and the processor the instructions.
            unsafe { run_at(level, &products(&mut together), true) };
            for product in products(&mut alone) {
                // SAFETY: as above.
                unsafe { run_at(level, &[product], false) };
            }
            assert!(together == alone, "{level}: {tokens} tokens, {k} and {rank} to {widths:?}");
            for (n, (y, w)) in widths.into_iter().zip(alone.iter().zip(&ws)) {
                let (first, second) = (plain(&x, &w.0, k), plain(&low, &w.1, rank));
                agree(y, first.iter().zip(&second).map(|(a, b)| a + b), &format!("{level} {tokens}x{n}"));
            }
        }
    }
}

#[test]
fn a_few_tokens_with_an_adapter_have_the_bits_that_they_have_among_many() {
    let (k, n, rank) = (130, 70, 8);
    let (x, w, b) = (sample(33 * k, 7), sample(n * k, 11), sample(n * rank, 3));
    let (a, mut low, mut y) = (sample(rank * k, 5), Vec::new(), Vec::new());
    let mut of = |tokens: usize| {
        let x = View::new(&x[..tokens * k], k);
        compute(&mut [Sum { scale: 0.7, ..Sum::new(&mut low, x, View::new(&a, k).t()) }]);
        let mut sum = Sum::new(&mut y, x, View::new(&w, k).t());
        sum.terms.push([View::new(&low, rank), View::new(&b, rank).t()]);
        compute(&mut [sum]);
        y.clone()
    };
    let all = of(33);
    assert!((1..=8).all(|tokens| of(tokens) == all[..tokens * n]));
}

fn measured(y: &mut [f32], a: View, b: View, add: bool) -> Option<f64> {
    let to = if add { To::Added(y) } else { To::Over(y) };
    compute(&mut [Sum { is_measured: true, ..Sum::to(to, vec![[a, b]]) }])[0]
}

/// What lies between padded rows is neither read nor, unless it is new, written.
#[test]
fn padded_rows_are_read_and_written_as_if_they_were_not() {
    for (m, n, k, pad) in [(3, 70, 40, 1), (40, 21, 200, 16), (130, 300, 33, 5)] {
        let (a, b) = (sample(m * k, 7), sample(n * k, 11));
        let pad_rows = |x: &[f32], with: f32| {
            x.chunks(k).flat_map(|row| row.iter().copied().chain(std::iter::repeat_n(with, pad))).collect::<Vec<_>>()
        };
        let (padded_a, padded_b) = (pad_rows(&a, f32::NAN), pad_rows(&b, f32::NAN));
        let views = [View::padded(&padded_a, k, pad), View::padded(&padded_b, k, pad).t()];
        let mut new = Vec::new();
        compute(&mut [Sum { pad, ..Sum::new(&mut new, views[0], views[1]) }]);
        let mut over = vec![7.0; m * (n + pad)];
        compute(&mut [Sum { pad, ..Sum::to(To::Over(&mut over), vec![views]) }]);
        let expected = matmul_nt(&a, &b, k);
        let mut whole = Vec::new();
        compute(&mut [Sum::new(&mut whole, views[0], views[1])]);
        assert!(whole == expected, "{m}x{n}x{k}");
        for (y, between) in [(&new, 0.0), (&over, 7.0)] {
            for (row, expected) in y.chunks(n + pad).zip(expected.chunks(n)) {
                assert!(row[..n] == *expected && row[n..].iter().all(|x| *x == between), "{m}x{n}x{k}");
            }
        }
    }
}

#[test]
fn squares_are_those_of_what_was_written() {
    // The last are not made of whole vectors: nobody says anything then, or the truth.
    for (rows, columns, steps) in [(64, 48, 8), (61, 96, 400), (300, 144, 33), (9, 64, 1), (50, 61, 20)] {
        let (a, b) = (sample(rows * steps, 7), sample(steps * columns, 11));
        let mut y = sample(rows * columns, 13);
        for add in [true, false] {
            let Some(squares) = measured(&mut y, View::new(&a, steps), View::new(&b, columns), add) else {
                assert!(columns == 61 || kernel(level()).is_none(), "nothing of {rows}x{columns}x{steps}");
                continue;
            };
            let expected: f64 = y.iter().map(|y| f64::from(*y).powi(2)).sum();
            assert!((squares / expected - 1.0).abs() < 1e-6, "{squares} of {rows}x{columns}x{steps}, {expected}");
        }
    }
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let (a, b) = (sample(70 * 300, 7), sample(300 * 240, 11));
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let mut y = vec![0.0; 70 * 240];
        let squares = pool.install(|| measured(&mut y, View::new(&a, 300), View::new(&b, 240), false));
        let nt = pool.install(|| matmul_nt(&a, &b, 300));
        (y, squares, nt)
    };
    let one = run(1);
    assert!((2..=5).all(|threads| run(threads) == one));
}
