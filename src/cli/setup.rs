//! What is done once on a machine: completions, man pages, a look at what is there.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use super::models::ListFormat;

#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell that is to complete commands and options
    pub shell: Shell,
}

#[derive(Debug, Args)]
pub struct ManArgs {
    /// The command whose page is printed, such as `mask` or `models get` [default: the program itself]
    #[arg(value_name = "COMMAND", conflicts_with = "to")]
    pub command: Vec<String>,
    /// Write the pages of all commands into this directory
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Form of the output
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub format: ListFormat,
}
