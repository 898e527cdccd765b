//! What the machine can do at most: a core's operations, against which matrix products are measured, and how fast memory
//! is read.

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::simd::{Level, level, vectorised};
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

/// Bytes that are read to find [`peak_read`]: more than caches hold.
const READ: usize = 512 << 20;
/// Bytes a thread takes at a time.
const PIECE: usize = 1 << 20;

/// The most bytes a second that all threads together read from memory, each piece once, from its first to its last.
///
/// # Errors
/// If there is not so much memory.
pub fn peak_read(rounds: usize) -> std::io::Result<f64> {
    // Not the allocator's, which would hand what is left of it to whatever is measured next.
    let mut memory = memmap2::MmapMut::map_anon(READ)?;
    #[cfg(target_os = "linux")]
    memory.advise(memmap2::Advice::HugePage).ok();
    memory.fill(1); // before that there is nothing to be read
    let seconds = (0..rounds).map(|_| {
        let run = Instant::now();
        together(|| for_each(READ / PIECE, |i| _ = black_box(sum(&memory[i * PIECE..][..PIECE]))));
        run.elapsed().as_secs_f64()
    });
    Ok(READ as f64 / seconds.fold(f64::INFINITY, f64::min))
}

vectorised! {
    fn sum(bytes: &[u8]) -> u64 {
        bytes.as_chunks::<8>().0.iter().fold(0, |sum: u64, bytes| sum.wrapping_add(u64::from_ne_bytes(*bytes)))
    }
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
        let [one, several] = [1, 3].map(|rounds| peak_read(rounds).expect("memory"));
        assert!(one > 1e6 && several > 1e6, "{one} and {several} bytes a second");
    }
}
