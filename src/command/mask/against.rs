//! `mask --against`: a data set beside what a trainer prepared of it.

use std::io::{self, BufWriter};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use super::super::interrupt::{INTERRUPTED, Interrupt};
use super::{FOUND, name};
use crate::cli::mask::MaskFormat;
use crate::model::Reader;
use crate::report::against::{json, table};
use crate::report::survey::About;
use crate::survey::Terms;
use crate::survey::against::compare;

/// Compares the two files, prints what differs, and exits with 1 where something does.
///
/// # Errors
/// If one of them cannot be read, the form of output is none of these, or writing fails.
pub fn run(
    reader: &Reader,
    terms: &Terms,
    [data, prepared]: [&Path; 2],
    about: &About,
    format: MaskFormat,
) -> Result<ExitCode> {
    if [data, prepared].iter().any(|path| path.as_os_str() == "-") {
        bail!("--against reads both files more than once; give files instead of standard input")
    }
    let interrupt = Interrupt::listen().context("catching signals")?;
    let outcome = compare(reader, terms, data, prepared, &interrupt.stop)?;
    let mut out = BufWriter::new(io::stdout().lock());
    match format {
        MaskFormat::Table => table(&outcome, about, &name(prepared), &mut out)?,
        MaskFormat::Json => json(&outcome, about, &name(prepared), &mut out)?,
        MaskFormat::Sarif => bail!("--against prints a table or --format json"),
    }
    Ok(match (outcome.is_stopped, outcome.is_equal()) {
        (true, _) => ExitCode::from(INTERRUPTED),
        (false, true) => ExitCode::SUCCESS,
        (false, false) => ExitCode::from(FOUND),
    })
}
