//! `mask --merge`: the reports of all shards as that of one run.

use std::process::ExitCode;

use anyhow::{Context, Result};

use super::super::interrupt::{INTERRUPTED, Interrupt};
use super::tally::Tally;
use crate::cli::mask::MaskSetArgs;
use crate::data::{Progress, expand};
use crate::report::survey::Shards;

/// Prints what one run over everything prints.
///
/// # Errors
/// If a report cannot be read, or they are not those of all shards of one data set.
pub fn run(args: &MaskSetArgs) -> Result<ExitCode> {
    let shards = Shards::open(&expand(&args.merge)?)?;
    let interrupt = Interrupt::listen().context("catching signals")?;
    let mut tally = Tally::new(args.format, shards.about.clone(), Progress::default())?;
    for entry in shards {
        if interrupt.stop.is_cancelled() {
            tally.end(false)?;
            return Ok(ExitCode::from(INTERRUPTED));
        }
        tally.take(&mut entry?)?;
    }
    tally.end(true)?;
    tally.check_read()?;
    Ok(tally.verdict(args.check, 0))
}
