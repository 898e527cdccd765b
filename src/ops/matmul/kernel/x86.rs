//! The loops with AVX2 and with AVX-512.

use std::arch::x86_64 as arch;

use arch::*;

use super::Sums;

super::loops::loops!(
    avx512, "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma", __m512 in zmm_reg, lanes 16, tile 8 x 3,
    _mm512_setzero_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_set1_ps, _mm512_mul_ps, _mm512_add_ps, _mm512_fmadd_ps,
    super::prefetch, super::fetch, _mm512_reduce_add_ps, super::transposed16, super::write_transposed
);
super::loops::loops!(
    avx2, "avx2,fma", __m256 in ymm_reg, lanes 8, tile 6 x 2,
    _mm256_setzero_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_set1_ps, _mm256_mul_ps, _mm256_add_ps, _mm256_fmadd_ps,
    super::prefetch, super::fetch, super::total8, super::transposed8, super::write_transposed
);
// A tile has at most eight rows, which would not fill squares of sixteen: both write in squares of eight.
super::transposed::write_transposed!(
    "avx2,fma",
    8,
    _mm256_setzero_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_set1_ps,
    _mm256_mul_ps,
    _mm256_add_ps,
    transposed8
);

/// Brings a line to the first-level cache. Reads nothing, so any address will do.
#[inline(always)]
pub(super) fn prefetch(at: *const f32) {
    // SAFETY: SSE belongs to every x86-64 processor.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) };
}

/// Brings a line to the second-level cache.
#[inline(always)]
pub(super) fn fetch(at: *const f32) {
    // SAFETY: as above.
    unsafe { _mm_prefetch::<_MM_HINT_T1>(at.cast()) };
}

/// The sum of the lanes.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn total8(vector: __m256) -> f32 {
    let four = _mm_add_ps(_mm256_castps256_ps128(vector), _mm256_extractf128_ps::<1>(vector));
    super::sse2::total4(four)
}

/// Eight vectors of eight, transposed.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn transposed8(rows: [__m256; 8]) -> [__m256; 8] {
    // What is in each half of columns j and j + 4 of four rows, for j from 0 to 3.
    let fours = |i: usize| {
        let [a, b, c, d] = [rows[i], rows[i + 1], rows[i + 2], rows[i + 3]];
        let (ab, cd) = (_mm256_unpacklo_ps(a, b), _mm256_unpacklo_ps(c, d));
        let (ab_high, cd_high) = (_mm256_unpackhi_ps(a, b), _mm256_unpackhi_ps(c, d));
        [
            _mm256_shuffle_ps::<0x44>(ab, cd),
            _mm256_shuffle_ps::<0xEE>(ab, cd),
            _mm256_shuffle_ps::<0x44>(ab_high, cd_high),
            _mm256_shuffle_ps::<0xEE>(ab_high, cd_high),
        ]
    };
    let (first, last) = (fours(0), fours(4));
    let mut columns = [_mm256_setzero_ps(); 8];
    for j in 0..4 {
        columns[j] = _mm256_permute2f128_ps::<0x20>(first[j], last[j]);
        columns[j + 4] = _mm256_permute2f128_ps::<0x31>(first[j], last[j]);
    }
    columns
}

/// Sixteen vectors of sixteen, transposed.
#[target_feature(enable = "avx512f,avx512dq,avx2,fma")]
#[inline]
fn transposed16(rows: [__m512; 16]) -> [__m512; 16] {
    // What is in quarter q of column 4q + j of four rows, for j from 0 to 3.
    let fours = |i: usize| {
        let [a, b, c, d] = [rows[i], rows[i + 1], rows[i + 2], rows[i + 3]];
        let (ab, cd) = (_mm512_unpacklo_ps(a, b), _mm512_unpacklo_ps(c, d));
        let (ab_high, cd_high) = (_mm512_unpackhi_ps(a, b), _mm512_unpackhi_ps(c, d));
        [
            _mm512_shuffle_ps::<0x44>(ab, cd),
            _mm512_shuffle_ps::<0xEE>(ab, cd),
            _mm512_shuffle_ps::<0x44>(ab_high, cd_high),
            _mm512_shuffle_ps::<0xEE>(ab_high, cd_high),
        ]
    };
    let quarters = [fours(0), fours(4), fours(8), fours(12)];
    let mut columns = [_mm512_setzero_ps(); 16];
    for j in 0..4 {
        let [a, b, c, d] = quarters.map(|four| four[j]);
        let even = (_mm512_shuffle_f32x4::<0x88>(a, b), _mm512_shuffle_f32x4::<0x88>(c, d));
        let odd = (_mm512_shuffle_f32x4::<0xDD>(a, b), _mm512_shuffle_f32x4::<0xDD>(c, d));
        columns[j] = _mm512_shuffle_f32x4::<0x88>(even.0, even.1);
        columns[j + 4] = _mm512_shuffle_f32x4::<0x88>(odd.0, odd.1);
        columns[j + 8] = _mm512_shuffle_f32x4::<0xDD>(even.0, even.1);
        columns[j + 12] = _mm512_shuffle_f32x4::<0xDD>(odd.0, odd.1);
    }
    columns
}
