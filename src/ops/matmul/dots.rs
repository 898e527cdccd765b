//! y = x·Wᵀ, both read along their rows: a block of W that fits the cache is multiplied with all of x and nothing is
//! packed or transposed first.

/// Rows of x that a tile covers.
pub const TILE_ROWS: usize = 4;

/// The tile kernel for one set of vector instructions: `TILE_ROWS` rows of x times `$columns` rows of W, summed in
/// registers along k.
macro_rules! tiles {
    ($module:ident, $features:literal, $vector:ident, $lanes:literal, $columns:literal, $zero:ident, $load:ident, $fma:ident, $fold:ident) => {
        pub mod $module {
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
tiles!(avx2, "avx2,fma", __m256, 8, 3, _mm256_setzero_ps, _mm256_loadu_ps, _mm256_fmadd_ps, whole);

use std::arch::x86_64::{__m256, __m512};

/// Sixteen lanes folded to eight.
#[target_feature(enable = "avx512f,avx512dq,avx2,fma")]
#[inline]
fn halves(x: __m512) -> __m256 {
    use std::arch::x86_64::*;
    _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps::<1>(x))
}

/// Eight lanes are eight lanes.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn whole(x: __m256) -> __m256 {
    x
}
