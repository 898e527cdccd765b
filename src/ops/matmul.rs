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
const MIN_PARALLEL: usize = 128 * 1024;

/// y\[t, n\] = Σₖ x\[t, k\]·w\[n, k\], for `x [tokens, k]` and `w [n, k]`; `y [tokens, n]`.
pub fn matmul_nt(x: &[f32], w: &[f32], k: usize) -> Vec<f32> {
    let (tokens, n) = (x.len() / k, w.len() / k);
    assert!(x.len() == tokens * k && w.len() == n * k, "matrix shapes disagree");
    let parallel = tokens * n * k >= MIN_PARALLEL;
    // SAFETY: y has room for the product, all of which is written, and the processor has the instructions.
    unsafe {
        written(tokens * n, |y| match kernel(level()) {
            // More would leave less than half of a vector empty.
            Some(kernel) if tokens <= kernel.lanes / 2 => few(kernel, y, x, w, k, parallel),
            _ => Product::new(y, View::new(x, k), View::new(w, k).t()).run(parallel),
        })
    }
}

/// So many floats as `write` leaves them: they are not filled with zeros first, which takes a while.
///
/// # Safety
/// It must write all of them.
unsafe fn written(count: usize, write: impl FnOnce(*mut f32)) -> Vec<f32> {
    let mut values = Vec::with_capacity(count);
    write(values.as_mut_ptr());
    // SAFETY: there is room for them, and the caller's promise.
    unsafe { values.set_len(count) };
    values
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

/// scale·a·b, `[rows of a, columns of b]`.
pub fn product(a: View, b: View, scale: f32) -> Vec<f32> {
    assert!(a.columns == b.rows && a.columns > 0, "matrix shapes disagree");
    let parallel = a.rows * a.columns * b.columns >= MIN_PARALLEL;
    // SAFETY: y has room for the product, all of which is written.
    unsafe { written(a.rows * b.columns, |y| Product { scale, ..Product::new(y, a, b) }.run(parallel)) }
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
mod tests;
