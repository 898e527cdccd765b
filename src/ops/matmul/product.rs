//! A product by its pointers: what the blocks, and attention's tiles, are told to compute.

use super::blocks;
use super::kernel::kernel;
use crate::ops::simd::{Level, level};

/// A matrix that is read: floats from row to row and from column to column.
#[derive(Clone, Copy, PartialEq, Eq)]
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
    pub unsafe fn at(self, row: usize, column: usize) -> Self {
        // SAFETY: the caller's promise.
        Self { start: unsafe { self.start.add(row * self.row + column * self.column) }, ..self }
    }
}

/// a·b, for `a [rows, steps]`, `b [steps, columns]`.
#[derive(Clone, Copy)]
pub struct Term {
    pub a: Matrix,
    pub b: Matrix,
    pub steps: usize,
}

impl Term {
    /// bᵀ·aᵀ.
    pub fn t(self) -> Self {
        Self { a: self.b.t(), b: self.a.t(), ..self }
    }
}

/// y (+)= scale·Σ a·b over some terms, `y [rows, columns]` with `stride` floats between rows.
#[derive(Clone, Copy)]
pub struct Product<'a> {
    pub y: *mut f32,
    pub stride: usize,
    /// Their sums are added in this order.
    pub terms: &'a [Term],
    /// Rows and columns of y.
    pub shape: [usize; 2],
    pub scale: f32,
    /// Whether it is added to what y holds.
    pub add: bool,
    /// Where the sums of squares of y's tiles are to be put; nowhere if null.
    pub squares: *mut f32,
}

// SAFETY: whoever runs it promises that its part of y is nobody else's.
unsafe impl Sync for Product<'_> {}

impl<'a> Product<'a> {
    /// y = Σ a·b.
    pub fn of(y: *mut f32, stride: usize, terms: &'a [Term], shape: [usize; 2]) -> Self {
        Self { y, stride, terms, shape, scale: 1.0, add: false, squares: std::ptr::null_mut() }
    }

    /// Computes it on this thread.
    ///
    /// # Safety
    /// As for [`run_all`].
    pub unsafe fn run(self) {
        // SAFETY: the caller's promise.
        unsafe { run_all(&[self], false) };
    }

    /// Steps of all terms' sums.
    pub fn steps(&self) -> usize {
        self.terms.iter().map(|term| term.steps).sum()
    }

    /// Whether it is computed as yᵀ = Σ bᵀ·aᵀ, where that is less work: bᵀ is then read as it lies, a is packed instead of
    /// it, and y is written from sums.
    pub fn is_turned(&self) -> bool {
        let ([rows, columns], steps) = (self.shape, self.steps());
        self.terms.iter().all(|term| term.b.row == 1) && rows * (columns + steps) < columns * steps
    }

    /// The product by the `gemm` crate.
    ///
    /// # Safety
    /// As for [`run_all`].
    unsafe fn general(self, parallel: bool) {
        let parallelism = if parallel { gemm::Parallelism::Rayon(0) } else { gemm::Parallelism::None };
        let [rows, columns] = self.shape;
        for (i, Term { a, b, steps }) in self.terms.iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe {
                gemm::gemm(
                    rows,
                    columns,
                    *steps,
                    self.y,
                    1,
                    self.stride as isize,
                    self.add || i > 0,
                    a.start,
                    a.column as isize,
                    a.row as isize,
                    b.start,
                    b.column as isize,
                    b.row as isize,
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
}

/// Computes products, one beside the other if `parallel`.
///
/// # Safety
/// The pointers must be valid for the shapes and strides, and each y for nobody else meanwhile.
pub unsafe fn run_all(products: &[Product], parallel: bool) {
    // SAFETY: the caller's promise.
    unsafe { run_at(level(), products, parallel) };
}

/// The same with the instructions of `level`.
///
/// # Safety
/// As for [`run_all`]; the processor must have them.
pub(super) unsafe fn run_at(level: Level, products: &[Product], parallel: bool) {
    let is_whole = |product: &Product| product.terms.iter().all(|term| term.steps > 0);
    match kernel(level) {
        // SAFETY: the caller's promise.
        Some(kernel) if products.iter().all(is_whole) => unsafe { blocks::run(products, kernel, parallel) },
        // SAFETY: as above.
        _ => products.iter().for_each(|product| unsafe { product.general(parallel) }),
    }
}
