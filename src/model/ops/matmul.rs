//! y = x·Wᵀ for row-major x and W, the product of every projection.
//!
//! Both operands are read along their rows, so a block of W that fits the cache is multiplied with all of x and
//! nothing is packed or transposed first: packing is what a general matrix product spends its time on when a few
//! tokens meet a large W.

use rayon::prelude::*;

use super::simd::{Level, level};

/// Rows of x that a tile covers.
const TILE_ROWS: usize = 4;
/// Bytes of x that are multiplied with a block of W before the next: about half of a second-level cache.
const BLOCK_BYTES: usize = 512 * 1024;
/// Multiplications below which a second thread costs more than it brings.
const MIN_PARALLEL: usize = 256 * 1024;

/// y\[t, n\] = Σₖ x\[t, k\]·w\[n, k\], for `x [tokens, k]` and `w [n, k]`; `y [tokens, n]`.
pub fn matmul_nt(x: &[f32], w: &[f32], k: usize) -> Vec<f32> {
    let (tokens, n) = (x.len() / k, w.len() / k);
    assert!(x.len() == tokens * k && w.len() == n * k, "matrix shapes disagree");
    // Not filled with zeros first, which for many logits takes a while.
    let mut y = Vec::with_capacity(tokens * n);
    match level() {
        Level::Baseline => general(y.as_mut_ptr(), x, w, k),
        level => tiled(level, y.as_mut_ptr(), x, w, k),
    }
    // SAFETY: there is room for them, and either product has written them all.
    unsafe { y.set_len(tokens * n) };
    y
}

/// Writes the product `[tokens, n]` to y, with the tile kernel for `level`.
fn tiled(level: Level, y: *mut f32, x: &[f32], w: &[f32], k: usize) {
    let (tokens, n) = (x.len() / k, w.len() / k);
    let y = Output(y);
    let columns = |from: usize, to: usize| {
        let y = &y;
        let rows = (BLOCK_BYTES / (4 * k)).next_multiple_of(TILE_ROWS);
        for row in (0..tokens).step_by(rows) {
            let x = &x[row * k..(row + rows).min(tokens) * k];
            // SAFETY: the processor has the instructions; the part of y is within bounds and no other call writes it.
            unsafe {
                let y = y.0.add(row * n + from);
                match level {
                    #[cfg(target_arch = "x86_64")]
                    Level::Avx512 => avx512::block(y, n, x, &w[from * k..to * k], k),
                    #[cfg(target_arch = "x86_64")]
                    Level::Avx2 => avx2::block(y, n, x, &w[from * k..to * k], k),
                    _ => {}
                }
            }
        }
    };
    if tokens * n * k < MIN_PARALLEL {
        columns(0, n);
    } else {
        let step = 96.min(n.div_ceil(2));
        (0..n.div_ceil(step)).into_par_iter().for_each(|i| columns(i * step, ((i + 1) * step).min(n)));
    }
}

/// The output matrix, of which every call writes its own columns.
struct Output(*mut f32);
// SAFETY: see the calls: no two threads write the same column.
unsafe impl Sync for Output {}

/// Writes the product `[tokens, n]` to y by the `gemm` crate.
fn general(y: *mut f32, x: &[f32], w: &[f32], k: usize) {
    let (tokens, n) = (x.len() / k, w.len() / k);
    // SAFETY: strides and shapes describe the three matrices, which `matmul_nt` has checked.
    unsafe { product(y, (x.as_ptr(), k, 1), (w.as_ptr(), 1, k), [tokens, n, k], false) }
}

/// y\[t, j\] (+)= Σᵢ x\[t, i\]·w\[i, j\], for `x [tokens, n]` and `w [n, k]`; `y [tokens, k]`. With `add` the product is
/// added to what y holds.
pub fn matmul_nn(x: &[f32], w: &[f32], y: &mut [f32], n: usize, add: bool) {
    let (tokens, k) = (x.len() / n, w.len() / n);
    assert!(x.len() == tokens * n && w.len() == n * k && y.len() == tokens * k, "matrix shapes disagree");
    // SAFETY: strides and shapes describe the three matrices.
    unsafe { product(y.as_mut_ptr(), (x.as_ptr(), n, 1), (w.as_ptr(), k, 1), [tokens, k, n], add) }
}

/// y\[i, j\] (+)= Σₜ a\[t, i\]·b\[t, j\], for `a [tokens, n]` and `b [tokens, k]`; `y [n, k]`. With `add` the product is
/// added to what y holds.
pub fn matmul_tn(a: &[f32], b: &[f32], y: &mut [f32], n: usize, add: bool) {
    let (tokens, k) = (a.len() / n, y.len() / n);
    assert!(a.len() == tokens * n && b.len() == tokens * k && y.len() == n * k, "matrix shapes disagree");
    // SAFETY: strides and shapes describe the three matrices.
    unsafe { product(y.as_mut_ptr(), (a.as_ptr(), 1, n), (b.as_ptr(), k, 1), [n, k, tokens], add) }
}

/// A matrix that is read: pointer, floats from row to row and from column to column.
type Matrix = (*const f32, usize, usize);

/// y (+)= a·b for `a [m, k]`, `b [k, n]`, `y [m, n]` row by row, by the `gemm` crate.
///
/// # Safety
/// The pointers must be valid for the shapes and strides, and y for nobody else.
unsafe fn product(y: *mut f32, a: Matrix, b: Matrix, [m, n, k]: [usize; 3], add: bool) {
    let parallelism = if m * n * k < MIN_PARALLEL { gemm::Parallelism::None } else { gemm::Parallelism::Rayon(0) };
    let stride = |n: usize| n as isize;
    let (a, a_row, a_column) = (a.0, stride(a.1), stride(a.2));
    let (b, b_row, b_column) = (b.0, stride(b.1), stride(b.2));
    // SAFETY: the caller's promise.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            y,
            1,
            stride(n),
            add,
            a,
            a_column,
            a_row,
            b,
            b_column,
            b_row,
            1.0,
            1.0,
            false,
            false,
            false,
            parallelism,
        );
    }
}

/// The tile kernel for one set of vector instructions: `TILE_ROWS` rows of x times `$columns` rows of W, summed in
/// registers along k.
#[cfg(target_arch = "x86_64")]
macro_rules! tiles {
    ($module:ident, $features:literal, $vector:ident, $lanes:literal, $columns:literal, $zero:ident, $load:ident, $fma:ident, $fold:ident) => {
        mod $module {
            use std::arch::x86_64::*;

            use super::TILE_ROWS;

            const COLUMNS: usize = $columns;

            /// Writes y\[t, j\] = x\[t\]·w\[j\] with `stride` floats between rows of y.
            ///
            /// # Safety
            /// y must have a row of `stride` floats for every row of x, but for the last, and nobody else may use what
            /// is written.
            #[target_feature(enable = $features)]
            pub unsafe fn block(y: *mut f32, stride: usize, x: &[f32], w: &[f32], k: usize) {
                let (tokens, n) = (x.len() / k, w.len() / k);
                for j in (0..n - n % COLUMNS).step_by(COLUMNS) {
                    // SAFETY: rows j..j + COLUMNS of W exist.
                    unsafe { column::<COLUMNS>(y.add(j), stride, x.as_ptr(), w.as_ptr().add(j * k), k, tokens) };
                }
                for j in n - n % COLUMNS..n {
                    // SAFETY: row j of W exists.
                    unsafe { column::<1>(y.add(j), stride, x.as_ptr(), w.as_ptr().add(j * k), k, tokens) };
                }
            }

            /// All of x times N rows of W.
            #[target_feature(enable = $features)]
            unsafe fn column<const N: usize>(
                y: *mut f32,
                stride: usize,
                x: *const f32,
                w: *const f32,
                k: usize,
                tokens: usize,
            ) {
                for t in (0..tokens).step_by(TILE_ROWS) {
                    // SAFETY: rows t..t + min(TILE_ROWS, tokens - t) of x exist.
                    unsafe {
                        let (y, x) = (y.add(t * stride), x.add(t * k));
                        match (tokens - t, t) {
                            (1, 0) => tile::<1, N, true>(y, stride, x, w, k),
                            (2, 0) => tile::<2, N, true>(y, stride, x, w, k),
                            (3, 0) => tile::<3, N, true>(y, stride, x, w, k),
                            (_, 0) => tile::<4, N, true>(y, stride, x, w, k),
                            (1, _) => tile::<1, N, false>(y, stride, x, w, k),
                            (2, _) => tile::<2, N, false>(y, stride, x, w, k),
                            (3, _) => tile::<3, N, false>(y, stride, x, w, k),
                            (_, _) => tile::<4, N, false>(y, stride, x, w, k),
                        }
                    }
                }
            }

            /// M rows of x times N rows of W. The first tile of a column fetches the next column's W (`AHEAD`).
            #[target_feature(enable = $features)]
            unsafe fn tile<const M: usize, const N: usize, const AHEAD: bool>(
                y: *mut f32,
                stride: usize,
                x: *const f32,
                w: *const f32,
                k: usize,
            ) {
                let mut sums = [[$zero(); N]; M];
                let whole = k - k % $lanes;
                // SAFETY: the caller owns M rows of x and y and N rows of W; fetching ahead reads nothing.
                unsafe {
                    let mut i = 0;
                    while i < whole {
                        let mut b = [$zero(); N];
                        for j in 0..N {
                            b[j] = $load(w.add(j * k + i));
                            if AHEAD {
                                _mm_prefetch::<_MM_HINT_T0>(w.wrapping_add((j + N) * k + i).cast());
                            }
                        }
                        for t in 0..M {
                            let a = $load(x.add(t * k + i));
                            for j in 0..N {
                                sums[t][j] = $fma(a, b[j], sums[t][j]);
                            }
                        }
                        i += $lanes;
                    }
                    let mut totals = [[0.0; N]; M];
                    lane_sums(sums.as_flattened(), totals.as_flattened_mut());
                    for t in 0..M {
                        for j in 0..N {
                            for i in whole..k {
                                totals[t][j] += *x.add(t * k + i) * *w.add(j * k + i);
                            }
                            *y.add(t * stride + j) = totals[t][j];
                        }
                    }
                }
            }

            /// The sum of each vector's lanes, four vectors at a time.
            #[target_feature(enable = $features)]
            #[inline]
            fn lane_sums(vectors: &[$vector], totals: &mut [f32]) {
                for (vectors, totals) in vectors.chunks(4).zip(totals.chunks_mut(4)) {
                    let at = |i: usize| super::$fold(if i < vectors.len() { vectors[i] } else { $zero() });
                    let four = _mm256_hadd_ps(_mm256_hadd_ps(at(0), at(1)), _mm256_hadd_ps(at(2), at(3)));
                    let sums = _mm_add_ps(_mm256_castps256_ps128(four), _mm256_extractf128_ps::<1>(four));
                    let mut out = [0.0; 4];
                    // SAFETY: four floats fit.
                    unsafe { _mm_storeu_ps(out.as_mut_ptr(), sums) };
                    totals.copy_from_slice(&out[..totals.len()]);
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
tiles!(
    avx512,
    "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma",
    __m512,
    16,
    6,
    _mm512_setzero_ps,
    _mm512_loadu_ps,
    _mm512_fmadd_ps,
    halves
);
#[cfg(target_arch = "x86_64")]
tiles!(avx2, "avx2,fma", __m256, 8, 3, _mm256_setzero_ps, _mm256_loadu_ps, _mm256_fmadd_ps, whole);

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256, __m512};

/// Sixteen lanes folded to eight.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx2,fma")]
#[inline]
fn halves(x: __m512) -> __m256 {
    use std::arch::x86_64::*;
    _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps::<1>(x))
}

/// Eight lanes are eight lanes.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
#[inline]
fn whole(x: __m256) -> __m256 {
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(length: usize, step: usize) -> Vec<f32> {
        (0..length).map(|i| ((i * step) % 61) as f32 / 30.0 - 1.0).collect()
    }

    #[test]
    fn every_kernel_agrees_with_the_plain_sum() {
        for (tokens, n, k) in
            [(1, 1, 1), (1, 7, 48), (2, 13, 17), (3, 6, 96), (5, 24, 31), (9, 300, 130), (400, 20, 700)]
        {
            let (x, w) = (sample(tokens * k, 7), sample(n * k, 11));
            let mut expected = vec![0.0; tokens * n];
            for t in 0..tokens {
                for j in 0..n {
                    let sum: f64 = (0..k).map(|i| f64::from(x[t * k + i]) * f64::from(w[j * k + i])).sum();
                    expected[t * n + j] = sum as f32;
                }
            }
            let agrees = |y: &[f32], what: &str| {
                for (y, expected) in y.iter().zip(&expected) {
                    assert!((y - expected).abs() < 1e-3, "{what} {tokens}x{n}x{k}: {y} instead of {expected}");
                }
            };
            agrees(&matmul_nt(&x, &w, k), "the chosen kernel");
            let mut y = vec![f32::NAN; tokens * n];
            general(y.as_mut_ptr(), &x, &w, k);
            agrees(&y, "gemm");
            #[cfg(target_arch = "x86_64")]
            if level() != Level::Baseline {
                y.fill(f32::NAN);
                // SAFETY: every level above the baseline has AVX2 and FMA.
                unsafe { avx2::block(y.as_mut_ptr(), n, &x, &w, k) };
                agrees(&y, "avx2");
            }
        }
    }
}
