//! A token or two times the rows of a matrix: each row is read once, as it lies.

use super::Output;
use super::kernel::{Kernel, Sums};
use crate::threads;

/// Rows of W that one task takes.
const ROWS: usize = 96;

/// y = scale·x·Wᵀ for `x [tokens, steps]`, `w [n, steps]`, `y [tokens, n]`.
pub(super) struct Few<'a> {
    pub x: &'a [f32],
    pub w: &'a [f32],
    pub steps: usize,
    pub scale: f32,
}

/// Computes them.
///
/// # Safety
/// Each y must have room for its product, there must be so few tokens that the kernel takes them, and the processor must
/// have its instructions.
pub(super) unsafe fn run(kernel: Kernel, all: &[(Few, Output)], parallel: bool) {
    let counts: Vec<_> = all.iter().map(|(few, _)| (few.w.len() / few.steps).div_ceil(ROWS)).collect();
    threads::for_each_of(&counts, parallel, |which, i| {
        let (few, y) = &all[which];
        // SAFETY: these columns of y are nobody else's.
        unsafe { few.columns(kernel, y, i) };
    });
}

impl Few<'_> {
    /// The columns of y that are the [`ROWS`] rows of W from `i` times as many on.
    ///
    /// # Safety
    /// As for [`run`]; nobody else may use that part of y.
    unsafe fn columns(&self, kernel: Kernel, y: &Output, i: usize) {
        let Self { x, w, steps, scale } = *self;
        let (tokens, n) = (x.len() / steps, w.len() / steps);
        let rows = i * ROWS..n.min((i + 1) * ROWS);
        for (j, w) in w[rows.start * steps..rows.end * steps].chunks(kernel.lanes * steps).enumerate() {
            // SAFETY: the caller's promise.
            unsafe {
                let start = y.0.add(rows.start + j * kernel.lanes);
                (kernel.few)(x.as_ptr(), tokens, w.as_ptr(), w.len() / steps, steps, Sums::new(start, n));
            }
        }
        if scale != 1.0 {
            for token in 0..tokens {
                // SAFETY: they were written above.
                let part = unsafe { std::slice::from_raw_parts_mut(y.0.add(token * n + rows.start), rows.len()) };
                part.iter_mut().for_each(|y| *y *= scale);
            }
        }
    }
}
