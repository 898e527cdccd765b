//! The loops with SSE2, which every x86-64 processor has: no fused multiply-adds.

use std::arch::x86_64 as arch;

use arch::*;

use super::Sums;
use super::x86::{fetch, prefetch};

super::loops::loops!(
    sse2, "sse2", __m128 in xmm_reg, lanes 4, tile 4 x 2,
    _mm_setzero_ps, _mm_loadu_ps, _mm_storeu_ps, _mm_set1_ps, _mm_mul_ps, _mm_add_ps, super::mul_add,
    super::prefetch, super::fetch, super::total4, super::transposed4, super::write_transposed
);
super::transposed::write_transposed!(
    "sse2",
    4,
    _mm_setzero_ps,
    _mm_loadu_ps,
    _mm_storeu_ps,
    _mm_set1_ps,
    _mm_mul_ps,
    _mm_add_ps,
    transposed4
);

/// x·y + sum, rounded twice.
#[target_feature(enable = "sse2")]
#[inline]
fn mul_add(x: __m128, y: __m128, sum: __m128) -> __m128 {
    _mm_add_ps(_mm_mul_ps(x, y), sum)
}

/// The sum of the lanes.
#[target_feature(enable = "sse2")]
#[inline]
pub(super) fn total4(vector: __m128) -> f32 {
    let two = _mm_add_ps(vector, _mm_movehl_ps(vector, vector));
    _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
}

/// Four vectors of four, transposed.
#[target_feature(enable = "sse2")]
#[inline]
fn transposed4([a, b, c, d]: [__m128; 4]) -> [__m128; 4] {
    let (ab, cd) = (_mm_unpacklo_ps(a, b), _mm_unpacklo_ps(c, d));
    let (ab_high, cd_high) = (_mm_unpackhi_ps(a, b), _mm_unpackhi_ps(c, d));
    [_mm_movelh_ps(ab, cd), _mm_movehl_ps(cd, ab), _mm_movelh_ps(ab_high, cd_high), _mm_movehl_ps(cd_high, ab_high)]
}
