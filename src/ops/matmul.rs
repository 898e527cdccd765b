//! Products of row-major matrices: [`matmul_nt`] for projections, [`multiply`] for everything in their backward passes.
//!
//! A general matrix product first packs both operands, and that is what it spends its time on when a few tokens meet a
//! large W. Here W is read as it lies where it can be, or packed a few columns at a time ([`blocks`]), and where a token
//! or two come alone nothing is packed at all ([`few`]). Each way adds up in the same order, so that a token's values do
//! not depend on what is computed beside it. On a processor for which there is no [`kernel`] the `gemm`
//! crate does all of it.

mod blocks;
mod kernel;

use super::simd::{Level, level};
use crate::threads;
use blocks::Squares;
use kernel::{Kernel, Sums, kernel};

/// Multiplications below which a second thread costs more than it brings.
const MIN_PARALLEL: usize = 64 * 1024;

/// y\[t, n\] = Σₖ x\[t, k\]·w\[n, k\], for `x [tokens, k]` and `w [n, k]`; `y [tokens, n]`.
pub fn matmul_nt(x: &[f32], w: &[f32], k: usize) -> Vec<f32> {
    let (tokens, n) = (x.len() / k, w.len() / k);
    assert!(x.len() == tokens * k && w.len() == n * k, "matrix shapes disagree");
    // Not filled with zeros first, which for many logits takes a while.
    let mut y = Vec::with_capacity(tokens * n);
    let parallel = tokens * n * k >= MIN_PARALLEL;
    // SAFETY: y has room for the product, and the processor the instructions.
    unsafe {
        match kernel(level()) {
            // More would leave less than half of a vector empty.
            Some(kernel) if tokens <= kernel.lanes / 2 => few(kernel, y.as_mut_ptr(), x, w, k, parallel),
            _ => Product::new(y.as_mut_ptr(), View::new(x, k), View::new(w, k).t()).run(parallel),
        }
        // All of it is written.
        y.set_len(tokens * n);
    }
    y
}

/// Rows of W that one task takes.
const FEW_ROWS: usize = 96;

/// Writes `y [tokens, n]` for few tokens: each row of W is read once.
///
/// # Safety
/// y must have room for it, and the processor the kernel's instructions.
unsafe fn few(kernel: Kernel, y: *mut f32, x: &[f32], w: &[f32], k: usize, parallel: bool) {
    let (tokens, n) = (x.len() / k, w.len() / k);
    let y = Output(y);
    let count = n.div_ceil(FEW_ROWS);
    let task = |i: usize| {
        let (y, w) = (&y, &w[i * FEW_ROWS * k..w.len().min((i + 1) * FEW_ROWS * k)]);
        for (j, w) in w.chunks(kernel.lanes * k).enumerate() {
            // SAFETY: these columns of y are nobody else's.
            unsafe {
                let start = y.0.add(i * FEW_ROWS + j * kernel.lanes);
                (kernel.few)(x.as_ptr(), tokens, w.as_ptr(), w.len() / k, k, Sums::new(start, n));
            }
        }
    };
    match parallel {
        true => threads::for_each(count, task),
        false => (0..count).for_each(task),
    }
}

/// The output matrix, of which every task writes its own part.
struct Output(*mut f32);
// SAFETY: see the calls: no two tasks write the same element.
unsafe impl Sync for Output {}

/// A matrix that is read, or its transpose.
#[derive(Clone, Copy)]
pub struct View<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    is_transposed: bool,
}

impl<'a> View<'a> {
    /// Row-major values, `columns` in a row.
    pub fn new(values: &'a [f32], columns: usize) -> Self {
        let rows = values.len() / columns;
        assert!(values.len() == rows * columns, "the last row is not whole");
        Self { values, rows, columns, is_transposed: false }
    }

    /// The transpose.
    pub fn t(self) -> Self {
        Self { rows: self.columns, columns: self.rows, is_transposed: !self.is_transposed, ..self }
    }

    /// How many rows it has.
    pub fn rows(self) -> usize {
        self.rows
    }

    /// How many columns it has.
    pub fn columns(self) -> usize {
        self.columns
    }

    fn matrix(self) -> Matrix {
        let start = self.values.as_ptr();
        match self.is_transposed {
            false => Matrix { start, row: self.columns, column: 1 },
            true => Matrix { start, row: 1, column: self.rows },
        }
    }
}

/// y (+)= scale·a·b for `a [m, k]`, `b [k, n]`, `y [m, n]`. With `add` the product is added to what y holds.
pub fn multiply(y: &mut [f32], a: View, b: View, scale: f32, add: bool) {
    assert!(a.columns == b.rows && y.len() == a.rows * b.columns, "matrix shapes disagree");
    let product = Product { scale, add, ..Product::new(y.as_mut_ptr(), a, b) };
    // SAFETY: y has the product's shape and is borrowed for it alone.
    unsafe { product.run(a.rows * a.columns * b.columns >= MIN_PARALLEL) };
}

/// y (+)= a·b, and Σ y² where it is found on the way; f32 within a tile of y.
pub fn multiply_measured(y: &mut [f32], a: View, b: View, add: bool) -> Option<f64> {
    assert!(a.columns == b.rows && y.len() == a.rows * b.columns, "matrix shapes disagree");
    let product = Product { add, ..Product::new(y.as_mut_ptr(), a, b) }.turned();
    let mut squares = kernel(level()).and_then(|kernel| Squares::of(&product, kernel));
    let start = squares.as_mut().map_or(std::ptr::null_mut(), Squares::start);
    // SAFETY: y has the product's shape and is borrowed for it alone, as is the room for squares.
    unsafe { Product { squares: start, ..product }.run(a.rows * a.columns * b.columns >= MIN_PARALLEL) };
    squares.map(|squares| squares.sum())
}

/// A matrix that is read: floats from row to row and from column to column.
#[derive(Clone, Copy)]
pub struct Matrix {
    pub start: *const f32,
    pub row: usize,
    pub column: usize,
}

// SAFETY: it is only read, by whoever made sure that it may be.
unsafe impl Sync for Matrix {}
// SAFETY: as above.
unsafe impl Send for Matrix {}

impl Matrix {
    /// The transpose.
    pub fn t(self) -> Self {
        Self { row: self.column, column: self.row, ..self }
    }

    /// The part from a row and a column on.
    ///
    /// # Safety
    /// They must lie in the matrix.
    unsafe fn at(self, row: usize, column: usize) -> Self {
        // SAFETY: the caller's promise.
        Self { start: unsafe { self.start.add(row * self.row + column * self.column) }, ..self }
    }
}

/// y (+)= scale·a·b for `a [rows, steps]`, `b [steps, columns]`, `y [rows, columns]` with `stride` floats between rows.
#[derive(Clone, Copy)]
pub struct Product {
    pub y: *mut f32,
    pub stride: usize,
    pub a: Matrix,
    pub b: Matrix,
    /// Rows of y, columns of y, and the sum's steps.
    pub shape: [usize; 3],
    pub scale: f32,
    /// Whether the product is added to what y holds.
    pub add: bool,
    /// Whether y is written the other way round: `[columns, rows]`, with `stride` floats between those.
    pub is_transposed: bool,
    /// Where the sums of squares of y's tiles are to be put; nowhere if null.
    pub squares: *mut f32,
}

// SAFETY: whoever runs it promises that its part of y is nobody else's.
unsafe impl Sync for Product {}

impl Product {
    /// y = a·b.
    pub fn of(y: *mut f32, stride: usize, a: Matrix, b: Matrix, shape: [usize; 3]) -> Self {
        let squares = std::ptr::null_mut();
        Self { y, stride, a, b, shape, scale: 1.0, add: false, is_transposed: false, squares }
    }

    fn new(y: *mut f32, a: View, b: View) -> Self {
        Self::of(y, b.columns, a.matrix(), b.matrix(), [a.rows, b.columns, a.columns])
    }

    /// Computes it.
    ///
    /// # Safety
    /// The pointers must be valid for the shapes and strides, and y for nobody else meanwhile.
    pub unsafe fn run(self, parallel: bool) {
        // SAFETY: the caller's promise.
        unsafe { self.at_level(level(), parallel) };
    }

    /// Computes it with the instructions of `level`.
    ///
    /// # Safety
    /// As for [`run`](Self::run); the processor must have them.
    unsafe fn at_level(self, level: Level, parallel: bool) {
        match kernel(level) {
            // SAFETY: the caller's promise.
            Some(kernel) if self.shape[2] > 0 => unsafe { self.turned().by_blocks(kernel, parallel) },
            // SAFETY: as above.
            _ => unsafe { self.general(parallel) },
        }
    }

    /// The same product as yᵀ = bᵀ·aᵀ where that is less work: bᵀ is then read as it lies, a is packed instead of it, and
    /// y is written from sums.
    fn turned(self) -> Self {
        let [rows, columns, steps] = self.shape;
        if self.b.row != 1 || rows * (columns + steps) >= columns * steps || self.is_transposed {
            return self;
        }
        let (a, b) = (self.b.t(), self.a.t());
        Self { a, b, shape: [columns, rows, steps], is_transposed: true, ..self }
    }

    /// The product by the `gemm` crate.
    ///
    /// # Safety
    /// As for [`run`](Self::run).
    unsafe fn general(self, parallel: bool) {
        let parallelism = if parallel { gemm::Parallelism::Rayon(0) } else { gemm::Parallelism::None };
        let [rows, columns, steps] = self.shape;
        let strides = |matrix: Matrix| (matrix.row as isize, matrix.column as isize);
        let ((a_row, a_column), (b_row, b_column)) = (strides(self.a), strides(self.b));
        let (y_row, y_column) = if self.is_transposed { (1, self.stride as isize) } else { (self.stride as isize, 1) };
        // SAFETY: the caller's promise.
        unsafe {
            gemm::gemm(
                rows,
                columns,
                steps,
                self.y,
                y_column,
                y_row,
                self.add,
                self.a.start,
                a_column,
                a_row,
                self.b.start,
                b_column,
                b_row,
                1.0,
                self.scale,
                false,
                false,
                false,
                parallelism,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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

    const SHAPES: [(usize, usize, usize); 12] = [
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
    ];

    #[test]
    fn few_tokens_have_the_bits_that_they_have_among_many_on_every_level() {
        for (n, k) in [(1, 1), (7, 48), (24, 31), (97, 257), (200, 385), (49, 576), (640, 193)] {
            let (x, w) = (sample(33 * k, 7), sample(n * k, 11));
            for kernel in Level::here().filter_map(kernel) {
                let mut all = vec![f32::NAN; 33 * n];
                let product = Product::new(all.as_mut_ptr(), View::new(&x, k), View::new(&w, k).t());
                // SAFETY: y has the product's shape, and the processor the instructions.
                unsafe { product.by_blocks(kernel, true) };
                for tokens in 1..=8 {
                    let mut y = vec![f32::NAN; tokens * n];
                    // SAFETY: as above.
                    unsafe { few(kernel, y.as_mut_ptr(), &x[..tokens * k], &w, k, tokens % 2 == 0) };
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
            for (scale, add, parallel) in
                [(1.0, false, true), (1.0, true, false), (0.5, true, true), (2.0, false, false)]
            {
                let mut y = vec![f32::NAN; offset + m * n + 1];
                let y = &mut y[offset..];
                if add {
                    y[..m * n].copy_from_slice(&old);
                }
                let product_ = Product { scale, add, ..Product::new(y.as_mut_ptr(), a, b) };
                // SAFETY: y has the product's shape, and the processor the instructions.
                unsafe { product_.at_level(level, parallel) };
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

    #[test]
    fn squares_are_those_of_what_was_written() {
        // The last are not made of whole vectors: nobody says anything then, or the truth.
        for (rows, columns, steps) in [(64, 48, 8), (61, 96, 400), (300, 144, 33), (9, 64, 1), (50, 61, 20)] {
            let (a, b) = (sample(rows * steps, 7), sample(steps * columns, 11));
            let mut y = sample(rows * columns, 13);
            for add in [true, false] {
                let Some(squares) = multiply_measured(&mut y, View::new(&a, steps), View::new(&b, columns), add) else {
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
            let squares = pool.install(|| multiply_measured(&mut y, View::new(&a, 300), View::new(&b, 240), false));
            let nt = pool.install(|| matmul_nt(&a, &b, 300));
            (y, squares, nt)
        };
        let one = run(1);
        assert!((2..=5).all(|threads| run(threads) == one));
    }
}
