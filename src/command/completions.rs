//! `completions`: a script with which a shell completes commands and options.

use std::io::{self, Write};

use clap::CommandFactory;

use crate::cli::Cli;
use crate::cli::setup::CompletionsArgs;

/// Prints the script.
///
/// # Errors
/// If standard output cannot be written to.
pub fn run(args: &CompletionsArgs) -> io::Result<()> {
    // Written at once: the generator panics where a pipe is closed before its end.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "lossglass", &mut script);
    io::stdout().write_all(&script)
}
