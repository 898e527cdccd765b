//! What each subcommand does.

mod analyze;
mod bar;
mod card;
mod generate;
mod input;
mod interrupt;
mod lesson;
mod mask;
mod models;
mod pretrain;
mod report;
mod screen;
mod train;

use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::cli::inside::InsideArgs;
use crate::cli::{AnalyzeArgs, Cli, Format, Subcommands};

/// Runs the command line.
///
/// # Errors
/// With one clear chain of causes; the exit code is 2 then.
pub fn run(cli: Cli) -> Result<ExitCode> {
    match cli.command {
        Some(Subcommands::Analyze(args)) => analyze::run(&args)?,
        Some(Subcommands::Mask(args)) => return mask::run(&args),
        Some(Subcommands::Train(args)) => return train::run(&args),
        Some(Subcommands::Pretrain(args)) => return pretrain::run(&args),
        Some(Subcommands::Generate(args)) => return generate::run(&args),
        Some(Subcommands::Models(args)) => return models::run(&args),
        Some(Subcommands::Report(args)) => report::run(*args)?,
        Some(Subcommands::Lesson(args)) => return lesson::run(args),
        None if has_screen() => screen::run(cli, None)?,
        None if cli.session.is_some() || cli.screen.record.is_some() => {
            bail!("--session and --record are for the screen, and standard output is no terminal")
        }
        None => {
            let Cli { input, model, mask, compare, .. } = cli;
            let (inside, top_k, format) = (InsideArgs::default(), 5, Format::Table);
            analyze::run(&AnalyzeArgs { input, model, mask, compare, inside, top_k, format })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether standard output is a terminal that can be drawn on.
fn has_screen() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}
