//! Run-time dispatch to the vector instructions the processor has.
//!
//! The shipped binary is built for the oldest processor of its kind; the hot loops are compiled once for each [`Level`].
//! Which of them run is chosen once and here: the best that the processor executes, or what `LOSSGLASS_SIMD` says, so that
//! one machine tests them all.

use std::str::FromStr;
use std::sync::LazyLock;

use strum::{Display, EnumIter, EnumString, IntoEnumIterator};

/// The environment variable that names the [`Level`] to run.
pub const VARIABLE: &str = "LOSSGLASS_SIMD";

/// The vector instructions to use, the plainest first. Their names on the command line are in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Display, EnumIter, EnumString)]
#[strum(serialize_all = "lowercase")]
pub enum Level {
    /// Loops as the compiler vectorises them for the oldest processor of its kind; products with SSE2 on x86-64, by the
    /// `gemm` crate elsewhere.
    Portable,
    /// 4 floats at once; every aarch64 processor has it.
    Neon,
    /// AVX2 and FMA: 8 floats at once.
    Avx2,
    /// AVX-512: 16 floats at once.
    Avx512,
}

impl Level {
    /// What this processor executes, the best last. Never empty.
    pub fn here() -> impl Iterator<Item = Self> {
        Self::iter().filter(|level| level.is_here())
    }

    /// Whether this processor executes it. The detection is cached by the standard library.
    #[cfg(target_arch = "x86_64")]
    pub fn is_here(self) -> bool {
        match self {
            Self::Portable => true,
            Self::Neon => false,
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            Self::Avx512 => {
                Self::Avx2.is_here()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
            }
        }
    }

    /// Whether this processor executes it.
    #[cfg(not(target_arch = "x86_64"))]
    pub fn is_here(self) -> bool {
        self == Self::Portable || (self == Self::Neon && cfg!(target_arch = "aarch64"))
    }

    fn best() -> Self {
        Self::here().last().unwrap_or(Self::Portable)
    }
}

/// Which level runs, and whether `LOSSGLASS_SIMD` said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    pub level: Level,
    pub is_forced: bool,
}

/// `LOSSGLASS_SIMD` names what cannot run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LevelError {
    #[error("{VARIABLE} is `{0}`: give avx512, avx2, neon or portable, or unset it")]
    Unknown(String),
    #[error("{VARIABLE} is {0}, which this processor does not execute: give {here}, or unset it", here = or(Level::here()))]
    Absent(Level),
}

/// `portable, avx2 or avx512`.
fn or(levels: impl Iterator<Item = Level>) -> String {
    let mut names: Vec<String> = levels.map(|level| level.to_string()).collect();
    let last = names.pop().unwrap_or_default();
    if names.is_empty() { last } else { format!("{} or {last}", names.join(", ")) }
}

static CHOICE: LazyLock<Result<Choice, LevelError>> =
    LazyLock::new(|| choose(std::env::var_os(VARIABLE).as_deref().map(|asked| asked.to_string_lossy()).as_deref()));

fn choose(asked: Option<&str>) -> Result<Choice, LevelError> {
    let Some(asked) = asked.filter(|asked| !asked.is_empty()) else {
        return Ok(Choice { level: Level::best(), is_forced: false });
    };
    match Level::from_str(asked) {
        Err(_) => Err(LevelError::Unknown(asked.to_owned())),
        Ok(level) if !level.is_here() => Err(LevelError::Absent(level)),
        Ok(level) => Ok(Choice { level, is_forced: true }),
    }
}

/// What was chosen. The program asks before it does anything else.
///
/// # Errors
/// If `LOSSGLASS_SIMD` names a level that there is not, or that this processor does not execute.
pub fn choice() -> Result<Choice, LevelError> {
    CHOICE.clone()
}

/// The level that runs: always one that this processor executes, and the same for as long as the program runs. Costs a
/// load and a branch. Where [`choice`] fails it is the best one.
#[inline]
pub fn level() -> Level {
    match &*CHOICE {
        Ok(choice) => choice.level,
        Err(_) => Level::best(),
    }
}

/// Defines a function whose body the compiler vectorises once for each [`Level`], with dispatch at run time.
macro_rules! vectorised {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? $body:block) => {
        $(#[$meta])*
        $vis fn $name($($arg: $ty),*) $(-> $ret)? {
            #[inline(always)]
            fn body($($arg: $ty),*) $(-> $ret)? $body
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
                fn avx512($($arg: $ty),*) $(-> $ret)? { body($($arg),*) }
                #[target_feature(enable = "avx2,fma")]
                fn avx2($($arg: $ty),*) $(-> $ret)? { body($($arg),*) }
                match $crate::ops::simd::level() {
                    // SAFETY: `level` found the features.
                    $crate::ops::simd::Level::Avx512 => return unsafe { avx512($($arg),*) },
                    // SAFETY: `level` found the features.
                    $crate::ops::simd::Level::Avx2 => return unsafe { avx2($($arg),*) },
                    _ => {}
                }
            }
            body($($arg),*)
        }
    };
}
pub(crate) use vectorised;

/// e^x to about 2 units in the last place, without branches or calls so that loops over it vectorise. Below −87 it
/// stays at e^−87, about 1.6e−38.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    // Adding and subtracting 1.5·2²³ rounds to the nearest integer and leaves it in the low bits.
    const ROUND: f32 = 12_582_912.0;
    // ln 2 as the sum of a part with few bits and the rest, so that n·LN2_HIGH is exact.
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.0, 88.0);
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    let mut sum = 1.0 / 5040.0;
    for coefficient in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        sum = sum * r + coefficient;
    }
    let power = f32::from_bits((rounded.to_bits() << 23).wrapping_add(127 << 23));
    sum * power
}

/// tanh to about 1e−7, by way of [`exp`].
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    (1.0 - 2.0 / (exp(2.0 * x.abs()) + 1.0)).copysign(x)
}

vectorised! {
    /// Replaces a row of logits by their softmax.
    pub fn softmax(row: &mut [f32]) {
        let max = max(row);
        let total = exp_sum(row, max);
        let scale = 1.0 / total;
        for value in row {
            *value *= scale;
        }
    }
}

vectorised! {
    /// Σ e^(x − shift) and Σ e^(x − shift)·(x − shift), in f32 over short runs and in f64 over all.
    pub fn exp_sums(row: &[f32], shift: f32) -> (f64, f64) {
        let (mut total, mut weighted) = (0.0, 0.0);
        for run in row.chunks(512) {
            let (mut sums, mut products) = ([0.0_f32; 16], [0.0_f32; 16]);
            let (blocks, rest) = run.as_chunks::<16>();
            for block in blocks {
                for i in 0..16 {
                    let x = block[i] - shift;
                    let e = exp(x);
                    sums[i] += e;
                    products[i] += e * x;
                }
            }
            for x in rest {
                let e = exp(x - shift);
                sums[0] += e;
                products[0] += e * (x - shift);
            }
            total += sums.iter().map(|sum| f64::from(*sum)).sum::<f64>();
            weighted += products.iter().map(|product| f64::from(*product)).sum::<f64>();
        }
        (total, weighted)
    }
}

vectorised! {
    /// Σ x², in f32 over short runs and in f64 over all.
    pub fn square_sum(values: &[f32]) -> f64 {
        values.chunks(4096).map(|run| f64::from(dot(run, run))).sum()
    }
}

vectorised! {
    /// The greatest value, −∞ of nothing.
    pub fn greatest(row: &[f32]) -> f32 {
        max(row)
    }
}

/// Values of a block of [`greatest_of_blocks`].
pub const BLOCK: usize = 64;

vectorised! {
    /// The greatest value of each [`BLOCK`]; the last may be shorter.
    pub fn greatest_of_blocks(row: &[f32]) -> Vec<f32> {
        row.chunks(BLOCK).map(max).collect()
    }
}

vectorised! {
    /// How many values are greater than `bound`.
    pub fn count_above(row: &[f32], bound: f32) -> usize {
        row.iter().map(|value| u32::from(*value > bound)).sum::<u32>() as usize
    }
}

/// The greatest value, −∞ of nothing.
#[inline(always)]
fn max(row: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; 32];
    let (blocks, rest) = row.as_chunks::<32>();
    for block in blocks {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *lane = if *value > *lane { *value } else { *lane };
        }
    }
    let most = lanes.into_iter().fold(f32::NEG_INFINITY, f32::max);
    rest.iter().fold(most, |most, value| most.max(*value))
}

/// Replaces every x by e^(x − shift) and returns their sum.
#[inline(always)]
fn exp_sum(row: &mut [f32], shift: f32) -> f32 {
    let mut lanes = [0.0; 16];
    let (blocks, rest) = row.as_chunks_mut::<16>();
    for block in blocks {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *value = exp(*value - shift);
            *lane += *value;
        }
    }
    let mut total = lanes.iter().sum();
    for value in rest {
        *value = exp(*value - shift);
        total += *value;
    }
    total
}

/// Σ aᵢ·bᵢ.
#[inline(always)]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0; 32];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<32>(), b.as_chunks::<32>());
    for (a, b) in a.iter().zip(b) {
        for i in 0..32 {
            lanes[i] += a[i] * b[i];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    lanes.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_runs_or_is_refused() {
        let best = Level::here().last().expect("portable at least");
        for nothing in [None, Some("")] {
            assert_eq!(choose(nothing), Ok(Choice { level: best, is_forced: false }));
        }
        for level in Level::iter() {
            let chosen = choose(Some(&level.to_string()));
            let expected =
                if level.is_here() { Ok(Choice { level, is_forced: true }) } else { Err(LevelError::Absent(level)) };
            assert_eq!(chosen, expected);
        }
        let refused = choose(Some("sse9")).expect_err("no such level").to_string();
        assert_eq!(refused, "LOSSGLASS_SIMD is `sse9`: give avx512, avx2, neon or portable, or unset it");
        assert!(level().is_here());
    }

    #[test]
    fn levels_are_listed_as_a_person_lists_them() {
        use Level::{Avx2, Avx512, Portable};
        assert_eq!(or([Portable].into_iter()), "portable");
        assert_eq!(or([Portable, Avx2, Avx512].into_iter()), "portable, avx2 or avx512");
    }

    #[test]
    fn exp_agrees_with_the_standard_library() {
        for i in -8700..=8800 {
            let x = i as f32 / 100.0;
            let (ours, exact) = (f64::from(super::exp(x)), f64::from(x).exp());
            assert!((ours / exact - 1.0).abs() < 3e-7, "e^{x}: {ours} instead of {exact}");
        }
    }

    #[test]
    fn tanh_agrees_with_the_standard_library() {
        for i in -2000..=2000 {
            let x = i as f32 / 100.0;
            let (ours, exact) = (f64::from(super::tanh(x)), f64::from(x).tanh());
            assert!((ours - exact).abs() < 1.5e-7, "tanh {x}: {ours} instead of {exact}");
        }
    }

    #[test]
    fn softmax_sums_to_one_and_keeps_ratios() {
        for length in [1, 15, 16, 17, 67] {
            let mut row: Vec<f32> = (0..length).map(|i| ((i * 7919) % 31) as f32 / 5.0 + 1000.0).collect();
            let before = row.clone();
            super::softmax(&mut row);
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            for i in 1..length {
                assert!((row[i] / row[0] / (before[i] - before[0]).exp() - 1.0).abs() < 1e-4);
            }
        }
    }
}
