//! y = a·b for any strides: a few columns of b at a time, a panel, are packed side by side for the first-level cache
//! and every row of a is multiplied with them, in sums that stay in registers.

use std::mem::MaybeUninit;

use rayon::prelude::*;

use super::{Output, Product};
use crate::model::ops::simd::Level;

/// Vectors side by side in a panel.
const VECTORS: usize = 3;
/// Floats in the widest panel.
const WIDTH: usize = VECTORS * 16;
/// Rows of b in a panel: with [`WIDTH`] three quarters of a first-level cache.
const STEPS: usize = 128;
/// Rows of a that one task multiplies with a panel at most; what they hold of a stays in the second-level cache.
const ROWS: usize = 384;
/// Tasks that there are at least where the rows suffice.
const TASKS: usize = 8;

/// A packed panel: `[steps, vectors · lanes]`.
#[repr(align(64))]
struct Panel(MaybeUninit<[f32; STEPS * WIDTH]>);

impl Product {
    /// The product with the instructions of `level`, on all threads if `parallel`. Every element of y is summed in the
    /// same order, however many threads there are.
    ///
    /// # Safety
    /// As for [`Product::run`]; the processor must have the instructions.
    pub(super) unsafe fn by_panels(self, level: Level, parallel: bool) {
        let width = if level == Level::Avx512 { WIDTH } else { WIDTH / 2 };
        let [rows, columns, steps] = self.shape;
        let panels = columns.div_ceil(width);
        let least = if parallel { TASKS } else { 1 };
        let height = (rows * panels / least).next_multiple_of(8).clamp(8, ROWS);
        let y = Output(self.y);
        // Neighbouring tasks share their rows of a.
        let task = |i: usize| {
            let (row, column) = (i / panels * height, i % panels * width);
            let y = &y;
            let part = Product {
                // SAFETY: the task's rows and columns lie within the matrices, and no other task writes its part of y.
                y: unsafe { y.0.add(row * self.stride + column) },
                // SAFETY: as above.
                a: unsafe { self.a.at(row, 0) },
                // SAFETY: as above.
                b: unsafe { self.b.at(0, column) },
                shape: [height.min(rows - row), width.min(columns - column), steps],
                ..self
            };
            // SAFETY: the caller's promise.
            unsafe { part.panel(level) };
        };
        let tasks = panels * rows.div_ceil(height);
        if parallel {
            (0..tasks).into_par_iter().for_each(task);
        } else {
            (0..tasks).for_each(task);
        }
    }

    /// One panel's columns.
    unsafe fn panel(self, level: Level) {
        let mut panel = Panel(MaybeUninit::uninit());
        let panel: *mut f32 = panel.0.as_mut_ptr().cast();
        let [rows, columns, steps] = self.shape;
        for from in (0..steps).step_by(STEPS) {
            let block = Product {
                // SAFETY: step `from` exists.
                a: unsafe { self.a.at(0, from) },
                // SAFETY: as above.
                b: unsafe { self.b.at(from, 0) },
                shape: [rows, columns, STEPS.min(steps - from)],
                add: self.add || from > 0,
                ..self
            };
            // SAFETY: the panel has room for `steps` rows of `vectors` vectors, and the matrices for the block.
            unsafe {
                match level {
                    Level::Avx512 => avx512::multiply(&block, panel),
                    _ => avx2::multiply(&block, panel),
                }
            }
        }
    }
}

/// The kernel for one set of vector instructions: `$rows` rows of a at most times a panel.
macro_rules! kernel {
    ($module:ident, $features:literal, $vector:ident, $lanes:literal, $rows:literal, $zero:ident, $load:ident, $store:ident, $set:ident, $mul:ident, $add:ident, $fma:ident) => {
        mod $module {
            use std::arch::x86_64::*;

            use super::{Product, WIDTH};

            const LANES: usize = $lanes;
            const ROWS: usize = $rows;

            /// y (+)= a·b by way of the panel.
            ///
            /// # Safety
            /// As for [`Product::run`]; the panel has room for `steps` rows of as many vectors as hold `columns`.
            #[target_feature(enable = $features)]
            pub unsafe fn multiply(product: &Product, panel: *mut f32) {
                // SAFETY: the caller's promise.
                unsafe {
                    match product.shape[1].div_ceil(LANES) {
                        1 => rows::<1>(product, panel),
                        2 => rows::<2>(product, panel),
                        _ => rows::<3>(product, panel),
                    }
                }
            }

            /// Copies scale·b to the panel, with zeros up to its width.
            #[target_feature(enable = $features)]
            unsafe fn pack(product: &Product, panel: *mut f32, width: usize) {
                let Product { b, shape: [_, columns, steps], scale, .. } = *product;
                for step in 0..steps {
                    // SAFETY: the panel has `steps` rows of `width` floats, b `steps` rows of `columns`.
                    unsafe {
                        let (from, to) = (b.start.add(step * b.row), panel.add(step * width));
                        if b.column == 1 && columns == width {
                            for i in (0..width).step_by(LANES) {
                                $store(to.add(i), $mul($set(scale), $load(from.add(i))));
                            }
                        } else {
                            for i in 0..width {
                                *to.add(i) = if i < columns { scale * *from.add(i * b.column) } else { 0.0 };
                            }
                        }
                    }
                }
            }

            #[target_feature(enable = $features)]
            unsafe fn rows<const N: usize>(product: &Product, panel: *mut f32) {
                // SAFETY: the caller's promise.
                unsafe { pack(product, panel, N * LANES) };
                let (mut row, end) = (0, product.shape[0]);
                while row < end {
                    // SAFETY: as many rows are left as the tile takes.
                    row += unsafe {
                        match end - row {
                            left if left >= ROWS => tile::<ROWS, N>(product, row, panel),
                            4.. => tile::<4, N>(product, row, panel),
                            2.. => tile::<2, N>(product, row, panel),
                            _ => tile::<1, N>(product, row, panel),
                        }
                    };
                }
            }

            /// M rows of a from `row` on times N vectors; returns M. Their part of y is fetched ahead, and along
            /// with the first rows the panel that is packed next.
            #[target_feature(enable = $features)]
            unsafe fn tile<const M: usize, const N: usize>(p: &Product, row: usize, panel: *const f32) -> usize {
                let [_, columns, steps] = p.shape;
                let mut sums = [[$zero(); N]; M];
                let is_first = row == 0;
                let mut next = p.b.start.wrapping_add(steps * p.b.row);
                // SAFETY: a has M rows from `row` on; the panel has `steps` rows of N vectors.
                unsafe {
                    let a = p.a.at(row, 0);
                    for i in 0..M {
                        for j in 0..N {
                            _mm_prefetch::<_MM_HINT_T0>(p.y.wrapping_add((row + i) * p.stride + j * LANES).cast());
                        }
                    }
                    let (mut x, mut b) = (a.start, panel);
                    for _ in 0..steps {
                        let mut vectors = [$zero(); N];
                        for j in 0..N {
                            vectors[j] = $load(b.add(j * LANES));
                        }
                        for i in 0..M {
                            let x = $set(*x.add(i * a.row));
                            for j in 0..N {
                                sums[i][j] = $fma(x, vectors[j], sums[i][j]);
                            }
                        }
                        if is_first {
                            for j in 0..N {
                                _mm_prefetch::<_MM_HINT_T1>(next.wrapping_add(j * LANES).cast());
                            }
                            next = next.wrapping_add(p.b.row);
                        }
                        (x, b) = (x.add(a.column), b.add(N * LANES));
                    }
                }
                for (i, sums) in sums.into_iter().enumerate() {
                    // SAFETY: y has M rows from `row` on.
                    unsafe { write(p.y.add((row + i) * p.stride), sums, columns, p.add) };
                }
                M
            }

            /// Writes or adds the sums to the `columns` floats of a row of y.
            #[target_feature(enable = $features)]
            #[inline]
            unsafe fn write<const N: usize>(y: *mut f32, sums: [$vector; N], columns: usize, add: bool) {
                // SAFETY: the row has as many floats; where it ends within a vector, `edge` takes its place.
                unsafe {
                    if columns == N * LANES {
                        return write_vectors(y, sums, add);
                    }
                    let mut edge = [0.0; WIDTH];
                    y.copy_to_nonoverlapping(edge.as_mut_ptr(), if add { columns } else { 0 });
                    write_vectors(edge.as_mut_ptr(), sums, add);
                    y.copy_from_nonoverlapping(edge.as_ptr(), columns);
                }
            }

            #[target_feature(enable = $features)]
            #[inline]
            unsafe fn write_vectors<const N: usize>(y: *mut f32, sums: [$vector; N], add: bool) {
                for (j, sum) in sums.into_iter().enumerate() {
                    // SAFETY: y has room for N vectors.
                    unsafe {
                        let y = y.add(j * LANES);
                        $store(y, if add { $add($load(y), sum) } else { sum });
                    }
                }
            }
        }
    };
}

kernel!(
    avx512,
    "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma",
    __m512,
    16,
    8,
    _mm512_setzero_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_set1_ps,
    _mm512_mul_ps,
    _mm512_add_ps,
    _mm512_fmadd_ps
);
kernel!(
    avx2,
    "avx2,fma",
    __m256,
    8,
    4,
    _mm256_setzero_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_set1_ps,
    _mm256_mul_ps,
    _mm256_add_ps,
    _mm256_fmadd_ps
);
