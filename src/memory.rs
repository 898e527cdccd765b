//! How much memory is free, checked before any of it is taken.

mod available;

pub use available::{MEMORY_VARIABLE, available, installed};

/// The program, its vocabulary and its threads.
pub const PROGRAM: u64 = 50_000_000;

/// There is too little memory for a model's weights.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemoryError {
    #[error(
        "its weights need {} and {} is free: choose a smaller model or free memory ({MEMORY_VARIABLE}=SIZE overrules what is free)",
        size_text(*needed), size_text(*free)
    )]
    TooLittle { needed: u64, free: u64 },
    #[error(
        "its weights need {} and {MEMORY_VARIABLE} leaves {} beside the program itself: raise it, or choose a smaller model",
        size_text(*needed), size_text(*left)
    )]
    Limit { needed: u64, left: u64 },
    #[error("{0}")]
    Variable(String),
}

/// Whether so many weights fit as f32.
///
/// # Errors
/// With the figures, if they do not.
pub fn check(weights: u64) -> Result<(), MemoryError> {
    let free = available(PROGRAM).map_err(MemoryError::Variable)?;
    fits(weights.saturating_mul(4), free).map_err(|error| match error {
        MemoryError::TooLittle { needed, free: left } if std::env::var_os(MEMORY_VARIABLE).is_some() => {
            MemoryError::Limit { needed, left }
        }
        error => error,
    })
}

fn fits(needed: u64, free: Option<u64>) -> Result<(), MemoryError> {
    match free {
        Some(free) if needed > free => Err(MemoryError::TooLittle { needed, free }),
        _ => Ok(()),
    }
}

/// Bytes as a person reads them, in decimal units: `2.4 GB`, `13 MB`.
pub fn size_text(bytes: u64) -> String {
    match bytes as f64 {
        bytes if bytes >= 99_950_000.0 => format!("{:.1} GB", bytes / 1e9),
        bytes if bytes >= 999_500.0 => format!("{:.0} MB", bytes / 1e6),
        bytes => format!("{:.0} kB", bytes / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_told_with_figures() {
        assert_eq!(fits(1_000_000_000, Some(1_000_000_000)), Ok(()));
        assert_eq!(fits(u64::MAX, None), Ok(()));
        let refused = fits(2_384_000_000, Some(512_000_000)).expect_err("too little").to_string();
        assert_eq!(
            refused,
            "its weights need 2.4 GB and 0.5 GB is free: choose a smaller model or free memory (LOSSGLASS_MEMORY=SIZE overrules what is free)"
        );
    }
}
