//! What `report` takes.

use std::path::PathBuf;

use clap::Args;

use super::inside::InsideArgs;
use super::{InputArgs, MaskArgs, ModelArgs};

#[derive(Debug, Args)]
pub struct ReportArgs {
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub model: ModelArgs,
    #[command(flatten)]
    pub mask: MaskArgs,
    #[command(flatten)]
    pub inside: InsideArgs,
    /// How many of the most likely candidates to give for every token
    #[arg(long, value_name = "K", default_value_t = 10)]
    pub top_k: usize,
    /// File to write the page to
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    pub output: PathBuf,
    /// Replace the file if it is there already
    #[arg(long, help_heading = "Output")]
    pub force: bool,
}
