//! `--version`, and with `--verbose` what this build computes with on this machine.

use std::io::{self, Write};

use anyhow::Result;
use clap::CommandFactory;

use super::machine;
use crate::cli::Cli;
use crate::memory::{self, PROGRAM, size_text};
use crate::ops::{self, Choice, Level};
use crate::sequence::visible_text;

/// The name and the number.
///
/// # Errors
/// If standard output cannot be written.
pub fn print() -> io::Result<()> {
    write!(io::stdout().lock(), "{}", Cli::command().render_version())
}

/// These, and processor, kernels, threads (`asked` for on the command line), memory and features.
///
/// # Errors
/// If `LOSSGLASS_SIMD` or `LOSSGLASS_MEMORY` says what cannot be, or standard output cannot be written.
pub fn print_all(asked: Option<usize>) -> Result<()> {
    let lines = [
        ("processor", machine::processor().unwrap_or_else(|| format!("one of {}", std::env::consts::ARCH))),
        ("kernels", kernels(ops::choice()?)),
        ("threads", format!("{}, {}", rayon::current_num_threads(), machine::threads_reason(asked))),
        ("memory", memory()?),
        ("features", features()),
    ];
    print()?;
    let mut out = io::stdout().lock();
    for (key, value) in lines {
        writeln!(out, "{key:<12}{}", visible_text(&value))?;
    }
    Ok(())
}

/// Which run, and why.
fn kernels(choice: Choice) -> String {
    let here: Vec<String> = Level::here().map(|level| level.to_string()).collect();
    let (level, here) = (choice.level, here.join(", "));
    match choice.is_forced {
        false => format!("{level}, the best of {here}"),
        true => format!("{level}, as LOSSGLASS_SIMD says; this processor executes {here}"),
    }
}

fn memory() -> Result<String> {
    let free = memory::available(PROGRAM).map_err(anyhow::Error::msg)?;
    let text = |bytes: Option<u64>| bytes.map_or_else(|| "unknown".to_owned(), size_text);
    Ok(format!("{}, {} free", text(memory::installed()), text(free)))
}

/// What this build has beside the processor.
fn features() -> String {
    let built = [("cuda", cfg!(feature = "cuda")), ("metal", cfg!(feature = "metal"))];
    let names: Vec<&str> = built.into_iter().filter_map(|(name, is_built)| is_built.then_some(name)).collect();
    if names.is_empty() { "none: it computes on the processor".to_owned() } else { names.join(", ") }
}
