//! What each subcommand does.

mod analyze;
mod bar;
pub mod bench;
mod card;
mod completions;
mod doctor;
mod generate;
mod handover;
mod input;
mod interrupt;
mod lesson;
mod log;
mod machine;
mod man;
mod mask;
mod models;
mod pretrain;
mod report;
mod screen;
mod terminal;
mod train;
mod version;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::cli::inside::InsideArgs;
use crate::cli::{AnalyzeArgs, Cli, Format, Subcommands};
use crate::ops;

/// Runs the command line.
///
/// # Errors
/// With one clear chain of causes; the exit code is 2 then.
pub fn run(cli: Cli) -> Result<ExitCode> {
    if cli.program.version && !cli.program.verbose {
        version::print()?;
        return Ok(ExitCode::SUCCESS);
    }
    ops::choice()?;
    machine::use_threads(cli.program.threads)?;
    match cli.command {
        Some(Subcommands::Analyze(args)) => analyze::run(&args)?,
        Some(Subcommands::Mask(args)) => return mask::run(&args),
        Some(Subcommands::Train(args)) => return train::run(&args),
        Some(Subcommands::Handover(args)) => return handover::run(&args),
        Some(Subcommands::Pretrain(args)) => return pretrain::run(&args),
        Some(Subcommands::Generate(args)) => return generate::run(&args),
        Some(Subcommands::Bench(args)) => return bench::run(&args),
        Some(Subcommands::Models(args)) => return models::run(&args),
        Some(Subcommands::Report(args)) => report::run(*args)?,
        Some(Subcommands::Lesson(args)) => return lesson::run(args),
        Some(Subcommands::Doctor(args)) => return doctor::run(&args),
        Some(Subcommands::Completions(args)) => completions::run(&args)?,
        Some(Subcommands::Man(args)) => man::run(&args)?,
        None if cli.program.version => version::print_all(cli.program.threads)?,
        None if terminal::has_screen() => screen::run(cli, None, None)?,
        None if cli.session.is_some() || cli.screen.record.is_some() || !cli.screen.log.is_empty() => {
            bail!("--session, --record and --log are for the screen, and standard output is no terminal")
        }
        None => {
            let Cli { input, model, mask, compare, .. } = cli;
            let (inside, top_k, format) = (InsideArgs::default(), 5, Format::Table);
            analyze::run(&AnalyzeArgs { input, model, mask, compare, inside, top_k, format })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
