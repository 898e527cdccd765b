//! The arguments of `handover`.

use std::path::PathBuf;

use clap::Args;

use super::train::PlanArgs;
use crate::handover::Recipient;

/// What the long help ends with.
pub const EXAMPLE: &str = "\
Example, a run whose steps up to 8 processes share:
  lossglass handover my-run --to trl --data chats.jsonl --model smollm2 --method lora --steps 500 --accumulate 8
  cd my-run && accelerate launch --multi_gpu --num_processes 8 train.py
README.md in the folder has the other ways to start it.";

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
