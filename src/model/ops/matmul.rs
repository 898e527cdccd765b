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

/// y\[t, n\] = Σₖ x\[t, k\]·w\[n, k\], for `x [tokens, k]`, `w [n, k]`, `y [tokens, n]`.
pub fn matmul_nt(y: &mut [f32], x: &[f32], w: &[f32], k: usize) {
    let (tokens, n) = (x.len() / k, w.len() / k);
    assert!(x.len() == tokens * k && w.len() == n * k && y.len() == tokens * n, "matrix shapes disagree");
    let level = level();
    if level == Level::Baseline {
        return general(y, x, w, k);
    }
    let y = Output(y.as_mut_ptr());
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

/// The same product by the `gemm` crate.
fn general(y: &mut [f32], x: &[f32], w: &[f32], k: usize) {
    let (tokens, n) = (x.len() / k, w.len() / k);
    let parallelism = gemm::Parallelism::Rayon(0);
    let (k_, n_) = (k as isize, n as isize);
    // SAFETY: strides and shapes describe the three slices, which `matmul_nt` has checked.
    unsafe {
        gemm::gemm(
            tokens,
            n,
            k,
            y.as_mut_ptr(),
            1,
            n_,
            false,
            x.as_ptr(),
            1,
            k_,
            w.as_ptr(),
            k_,
            1,
            0.0,
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
    ($module:ident, $features:literal, $lanes:literal, $columns:literal, $zero:ident, $load:ident, $fma:ident, $sum:path) => {
        mod $module {
            use std::arch::x86_64::*;

            use super::TILE_ROWS;

            const COLUMNS: usize = $columns;

            /// Writes y\[t, j\] = x\[t\]·w\[j\] with `stride` floats between rows of y.
            #[target_feature(enable = $features)]
            pub unsafe fn block(y: *mut f32, stride: usize, x: &[f32], w: &[f32], k: usize) {
                let (tokens, n) = (x.len() / k, w.len() / k);
                let (x, w) = (x.as_ptr(), w.as_ptr());
                let mut j = 0;
                while j < n {
                    let wide = j + COLUMNS <= n;
                    let mut t = 0;
                    while t < tokens {
                        let rows = TILE_ROWS.min(tokens - t);
                        // SAFETY: tokens t..t + rows and rows j..j + (COLUMNS or 1) of W exist.
                        unsafe {
                            let (y, x, w) = (y.add(t * stride + j), x.add(t * k), w.add(j * k));
                            match (rows, wide) {
                                (4, true) => tile::<4, COLUMNS>(y, stride, x, w, k),
                                (3, true) => tile::<3, COLUMNS>(y, stride, x, w, k),
                                (2, true) => tile::<2, COLUMNS>(y, stride, x, w, k),
                                (_, true) => tile::<1, COLUMNS>(y, stride, x, w, k),
                                (4, false) => tile::<4, 1>(y, stride, x, w, k),
                                (3, false) => tile::<3, 1>(y, stride, x, w, k),
                                (2, false) => tile::<2, 1>(y, stride, x, w, k),
                                (_, false) => tile::<1, 1>(y, stride, x, w, k),
                            }
                        }
                        t += rows;
                    }
                    j += if wide { COLUMNS } else { 1 };
                }
            }

            #[target_feature(enable = $features)]
            unsafe fn tile<const M: usize, const N: usize>(
                y: *mut f32,
                stride: usize,
                x: *const f32,
                w: *const f32,
                k: usize,
            ) {
                // SAFETY: the caller owns M rows of x and y and N rows of W.
                unsafe {
                    let mut sums = [[$zero(); N]; M];
                    let whole = k - k % $lanes;
                    let mut i = 0;
                    while i < whole {
                        let mut b = [$zero(); N];
                        for j in 0..N {
                            b[j] = $load(w.add(j * k + i));
                        }
                        for t in 0..M {
                            let a = $load(x.add(t * k + i));
                            for j in 0..N {
                                sums[t][j] = $fma(a, b[j], sums[t][j]);
                            }
                        }
                        i += $lanes;
                    }
                    for t in 0..M {
                        for j in 0..N {
                            let mut sum = $sum(sums[t][j]);
                            for i in whole..k {
                                sum += *x.add(t * k + i) * *w.add(j * k + i);
                            }
                            *y.add(t * stride + j) = sum;
                        }
                    }
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
tiles!(
    avx512,
    "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma",
    16,
    6,
    _mm512_setzero_ps,
    _mm512_loadu_ps,
    _mm512_fmadd_ps,
    _mm512_reduce_add_ps
);
#[cfg(target_arch = "x86_64")]
tiles!(avx2, "avx2,fma", 8, 3, _mm256_setzero_ps, _mm256_loadu_ps, _mm256_fmadd_ps, super::sum8);

/// The sum of eight lanes.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn sum8(x: std::arch::x86_64::__m256) -> f32 {
    use std::arch::x86_64::*;
    let four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps::<1>(x));
    let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
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
            let mut y = vec![f32::NAN; tokens * n];
            matmul_nt(&mut y, &x, &w, k);
            agrees(&y, "the chosen kernel");
            general(&mut y, &x, &w, k);
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
