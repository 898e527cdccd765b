//! The loops with NEON, which every aarch64 processor has.

use std::arch::aarch64 as arch;

use arch::*;

use super::Sums;

super::loops::loops!(
    neon, "neon", float32x4_t in vreg, lanes 4, tile 8 x 3,
    super::zero, vld1q_f32, vst1q_f32, vdupq_n_f32, vmulq_f32, vaddq_f32, super::fma,
    super::prefetch, super::fetch, vaddvq_f32, super::transposed4, super::write_transposed
);
super::transposed::write_transposed!(
    "neon",
    4,
    zero,
    vld1q_f32,
    vst1q_f32,
    vdupq_n_f32,
    vmulq_f32,
    vaddq_f32,
    transposed4
);

#[target_feature(enable = "neon")]
#[inline]
fn zero() -> float32x4_t {
    vdupq_n_f32(0.0)
}

/// x·y + sum.
#[target_feature(enable = "neon")]
#[inline]
fn fma(x: float32x4_t, y: float32x4_t, sum: float32x4_t) -> float32x4_t {
    vfmaq_f32(sum, x, y)
}

/// Brings a line to the first-level cache. Reads nothing, so any address will do.
#[inline(always)]
fn prefetch(at: *const f32) {
    // SAFETY: the instruction only hints.
    unsafe { std::arch::asm!("prfm pldl1keep, [{}]", in(reg) at, options(nostack, readonly, preserves_flags)) };
}

/// Brings a line to the second-level cache.
#[inline(always)]
fn fetch(at: *const f32) {
    // SAFETY: as above.
    unsafe { std::arch::asm!("prfm pldl2keep, [{}]", in(reg) at, options(nostack, readonly, preserves_flags)) };
}

/// Four vectors of four, transposed.
#[target_feature(enable = "neon")]
#[inline]
fn transposed4([a, b, c, d]: [float32x4_t; 4]) -> [float32x4_t; 4] {
    // The pairs (a, b) and (c, d) of columns 0 and 2, then of 1 and 3.
    let pairs = |x, y| (vreinterpretq_f64_f32(vtrn1q_f32(x, y)), vreinterpretq_f64_f32(vtrn2q_f32(x, y)));
    let ((ab_even, ab_odd), (cd_even, cd_odd)) = (pairs(a, b), pairs(c, d));
    [
        vreinterpretq_f32_f64(vtrn1q_f64(ab_even, cd_even)),
        vreinterpretq_f32_f64(vtrn1q_f64(ab_odd, cd_odd)),
        vreinterpretq_f32_f64(vtrn2q_f64(ab_even, cd_even)),
        vreinterpretq_f32_f64(vtrn2q_f64(ab_odd, cd_odd)),
    ]
}
