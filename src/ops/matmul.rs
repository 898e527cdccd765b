//! Products of row-major matrices, several at once: [`compute`].
//!
//! A general matrix product first packs both operands, and that is what it spends its time on when a few tokens meet a
//! large W. Here W is read as it lies where it can be, or packed a few columns at a time ([`blocks`]), and where a token
//! or two come alone nothing is packed at all ([`few`]). Each way adds up in the same order, so that a token's values do
//! not depend on what is computed beside it. On a processor for which there is no [`kernel`] the `gemm`
//! crate does all of it.

mod blocks;
mod few;
mod kernel;
mod product;
mod squares;

pub use self::product::{Matrix, Product, Term};

use std::mem::MaybeUninit;

use self::few::Few;
use self::kernel::{Kernel, kernel};
use self::product::run_all;
use self::squares::Squares;
use super::simd::level;

/// Multiplications below which a second thread costs more than it brings.
const MIN_PARALLEL: usize = 128 * 1024;

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
    /// Floats from row to row, or from column to column of the transpose.
    stride: usize,
    is_transposed: bool,
}

impl<'a> View<'a> {
    /// Row-major values, `columns` in a row.
    pub fn new(values: &'a [f32], columns: usize) -> Self {
        Self::padded(values, columns, 0)
    }

    /// The same with `pad` floats after each row that do not belong to it.
    pub fn padded(values: &'a [f32], columns: usize, pad: usize) -> Self {
        let stride = columns + pad;
        let rows = values.len() / stride;
        assert!(values.len() == rows * stride, "the last row is not whole");
        Self { values, rows, columns, stride, is_transposed: false }
    }

    /// The transpose.
    pub fn t(self) -> Self {
        Self { rows: self.columns, columns: self.rows, is_transposed: !self.is_transposed, ..self }
    }

    /// How many columns it has.
    pub fn columns(self) -> usize {
        self.columns
    }

    fn matrix(self) -> Matrix {
        let start = self.values.as_ptr();
        match self.is_transposed {
            false => Matrix { start, row: self.stride, column: 1 },
            true => Matrix { start, row: 1, column: self.stride },
        }
    }
}

/// scale·Σ a·b over some terms `[a, b]`, which are all `[rows, columns]`, and where it goes.
pub struct Sum<'a> {
    pub to: To<'a>,
    pub terms: Vec<[View<'a>; 2]>,
    pub scale: f32,
    /// Floats after each row of the result that do not belong to it; zeros in a new one.
    pub pad: usize,
    /// Whether Σ y² is to be found on the way, for the y that is written.
    pub is_measured: bool,
}

/// Where a sum of products goes.
pub enum To<'a> {
    /// To a new matrix, in the place of what is here.
    New(&'a mut Vec<f32>),
    /// Over what is here.
    Over(&'a mut [f32]),
    /// Added to what is here.
    Added(&'a mut [f32]),
}

impl<'a> Sum<'a> {
    /// a·b in a new matrix.
    pub fn new(y: &'a mut Vec<f32>, a: View<'a>, b: View<'a>) -> Self {
        Self::to(To::New(y), vec![[a, b]])
    }

    /// Σ a·b.
    pub fn to(to: To<'a>, terms: Vec<[View<'a>; 2]>) -> Self {
        Self { to, terms, scale: 1.0, pad: 0, is_measured: false }
    }

    /// Rows and columns.
    fn shape(&self) -> [usize; 2] {
        self.terms.first().map_or([0; 2], |[a, b]| [a.rows, b.columns])
    }

    fn multiplications(&self) -> usize {
        self.terms.iter().map(|[a, b]| a.rows * a.columns * b.columns).sum()
    }

    /// Where its values go, with room for them.
    fn start(&mut self) -> *mut f32 {
        let [rows, columns] = self.shape();
        let fits = |[a, b]: &[View; 2]| a.columns == b.rows && [a.rows, b.columns] == [rows, columns];
        assert!(self.terms.iter().all(fits), "matrix shapes disagree");
        match &mut self.to {
            To::New(y) => {
                assert!(self.terms.iter().any(|[a, _]| a.columns > 0), "nothing is written");
                y.clear();
                y.reserve(rows * (columns + self.pad));
                y.as_mut_ptr()
            }
            To::Over(y) | To::Added(y) => {
                assert!(y.len() == rows * (columns + self.pad), "matrix shapes disagree");
                y.as_mut_ptr()
            }
        }
    }

    /// The first term, if it is a few tokens times the rows of a matrix.
    fn few(&self, kernel: Option<Kernel>) -> Option<Few<'a>> {
        let (kernel, [x, w]) = (kernel?, *self.terms.first()?);
        // More would leave less than half of a vector empty.
        let is_whole = x.columns > 0 && x.stride == x.columns && w.stride == w.rows;
        let is_few = x.rows <= kernel.lanes / 2 && !x.is_transposed && w.is_transposed && is_whole;
        let is_written = !matches!(self.to, To::Added(_)) && self.pad == 0;
        let is_plain = is_written && (self.scale == 1.0 || self.terms.len() == 1);
        (is_few && is_plain).then_some(Few { x: x.values, w: w.values, steps: x.columns, scale: self.scale })
    }
}

/// Computes sums of products together; for each, Σ y² where it was asked for and found, in f32 within a tile of y.
pub fn compute(sums: &mut [Sum]) -> Vec<Option<f64>> {
    let parallel = sums.iter().map(Sum::multiplications).sum::<usize>() >= MIN_PARALLEL;
    compute_on(sums, parallel)
}

/// The same on this thread alone.
pub fn compute_here(sums: &mut [Sum]) {
    compute_on(sums, false);
}

fn compute_on(sums: &mut [Sum], parallel: bool) -> Vec<Option<f64>> {
    let kernel = kernel(level());
    let as_term = |[a, b]: &[View; 2]| Term { a: a.matrix(), b: b.matrix(), steps: a.columns };
    let terms: Vec<Vec<Term>> = sums.iter().map(|sum| sum.terms.iter().map(as_term).collect()).collect();
    let (mut few, mut products, mut squares) = (Vec::new(), Vec::new(), Vec::new());
    for (sum, terms) in sums.iter_mut().zip(&terms) {
        let (start, [_, columns]) = (sum.start(), sum.shape());
        let first = sum.few(kernel).map(|first| few.push((first, Output(start)))).is_some();
        let terms = &terms[usize::from(first)..];
        let add = first || matches!(sum.to, To::Added(_));
        let product = Product { scale: sum.scale, add, ..Product::of(start, columns + sum.pad, terms, sum.shape()) };
        let mut of_sum = kernel.filter(|_| sum.is_measured).and_then(|kernel| Squares::of(&product, kernel));
        let start = of_sum.as_mut().map_or(std::ptr::null_mut(), Squares::start);
        products.push(Product { squares: start, ..product });
        squares.push(of_sum);
    }
    products.retain(|product| !product.terms.is_empty());
    // SAFETY: each y has room for its sum, and is borrowed for it alone, as is the room for squares; the processor has the
    // instructions.
    unsafe {
        if let Some(kernel) = kernel {
            few::run(kernel, &few, parallel);
        }
        run_all(&products, parallel);
    }
    for sum in sums {
        let [rows, columns] = sum.shape();
        if let To::New(y) = &mut sum.to {
            let stride = columns + sum.pad;
            for row in y.spare_capacity_mut()[..rows * stride].chunks_mut(stride) {
                row[columns..].fill(MaybeUninit::new(0.0));
            }
            // SAFETY: all of it was written.
            unsafe { y.set_len(rows * stride) };
        }
    }
    squares.into_iter().map(|squares| squares.map(|squares| squares.sum())).collect()
}

#[cfg(test)]
mod tests;
