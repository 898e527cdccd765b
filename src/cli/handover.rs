//! The arguments of `handover`.

use std::path::PathBuf;

use clap::Args;

use super::train::PlanArgs;
use crate::handover::Recipient;

#[derive(Debug, Args)]
pub struct HandoverArgs {
    /// Folder to write, new or empty
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,
    /// Who trains: transformers (the loss exactly as here), trl, axolotl, torchtune
    #[arg(long, value_name = "TRAINER", help_heading = "Handover")]
    pub to: Recipient,
    /// Replace the run that was handed over to DIR before; what was trained there since stays
    #[arg(long, help_heading = "Handover")]
    pub force: bool,
    #[command(flatten)]
    pub plan: PlanArgs,
}
