//! What the machine can do at most: a core's operations, against which matrix products are measured, and how fast memory
//! is read.

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::simd::{Level, greatest, level};
use crate::threads::{for_each, together};

/// Chains of multiply-adds that do not wait for each other: more than the units times their latency, and with their
/// two factors no more than 16 registers.
const CHAINS: usize = 12;
/// Multiply-adds of a chain between two looks at the clock.
const ROUNDS: usize = 100_000;

/// The most floating-point operations a second that this thread reached with the chosen [`Level`]'s instructions, in
/// about so long a time: a multiply-add is two for each float, and no memory is touched.
pub fn peak_flops(time: Duration) -> f64 {
    let start = Instant::now();
    let mut best = 0.0_f64;
    while start.elapsed() < time {
        let run = Instant::now();
        let lanes = chains(level(), ROUNDS);
        best = best.max((2 * CHAINS * ROUNDS * lanes) as f64 / run.elapsed().as_secs_f64());
    }
    best
}

/// Floats that are read to find [`peak_read`], 512 MB: more than caches hold.
const READ: usize = 128 << 20;
/// Floats a thread takes at a time.
const PIECE: usize = 256 << 10;

/// The most bytes a second that all threads together read from memory, each piece once, from its first to its last.
pub fn peak_read(rounds: usize) -> f64 {
    let memory = vec![1.0_f32; READ];
    let seconds = (0..rounds).map(|_| {
        let run = Instant::now();
        together(|| for_each(READ / PIECE, |i| _ = black_box(greatest(&memory[i * PIECE..][..PIECE]))));
        run.elapsed().as_secs_f64()
    });
    (READ * size_of::<f32>()) as f64 / seconds.fold(f64::INFINITY, f64::min)
}

/// Runs the chains; returns how many floats a vector has.
fn chains(level: Level, rounds: usize) -> usize {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => {
            // SAFETY: `level` is one that the processor executes.
            unsafe { avx512::run(rounds) };
            16
        }
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => {
            // SAFETY: as above.
            unsafe { avx2::run(rounds) };
            8
        }
        _ => {
            portable(rounds);
            4
        }
    }
}

/// What every chain begins with: other values in each, so that they are not found to be one.
fn seeds() -> [f32; CHAINS] {
    black_box(std::array::from_fn(|i| i as f32))
}

/// The factors s·a + b, which leave s near 1.
fn factors() -> (f32, f32) {
    black_box((0.999, 0.001))
}

/// Four floats at once, as SSE2 and NEON have them. Where the processor it was built for has no multiply-add, a product
/// and a sum.
fn portable(rounds: usize) {
    let (a, b) = factors();
    let mut sums = seeds().map(|seed| [seed; 4]);
    for _ in 0..rounds {
        for sum in sums.as_flattened_mut() {
            *sum = if cfg!(target_arch = "aarch64") { sum.mul_add(a, b) } else { *sum * a + b };
        }
    }
    black_box(sums);
}

#[cfg(target_arch = "x86_64")]
macro_rules! fused {
    ($module:ident, $features:literal, $set:ident, $fma:ident) => {
        mod $module {
            use std::arch::x86_64::*;
            use std::hint::black_box;

            #[target_feature(enable = $features)]
            pub fn run(rounds: usize) {
                let (a, b) = super::factors();
                let (a, b) = ($set(a), $set(b));
                let mut sums = super::seeds().map(|seed| $set(seed));
                for _ in 0..rounds {
                    for sum in &mut sums {
                        *sum = $fma(*sum, a, b);
                    }
                }
                black_box(sums);
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
fused!(avx512, "avx512f", _mm512_set1_ps, _mm512_fmadd_ps);
#[cfg(target_arch = "x86_64")]
fused!(avx2, "avx2,fma", _mm256_set1_ps, _mm256_fmadd_ps);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_has_a_peak_and_wider_vectors_more_lanes() {
        let lanes: Vec<usize> = Level::here().map(|level| chains(level, 10)).collect();
        assert!(lanes.is_sorted() && lanes[0] == 4, "{lanes:?}");
        assert!(peak_flops(Duration::from_millis(1)) > 1e6);
    }

    #[test]
    fn memory_is_read_again_in_each_round() {
        let [one, several] = [1, 3].map(peak_read);
        assert!(one > 1e6 && several > 1e6, "{one} and {several} bytes a second");
    }
}
