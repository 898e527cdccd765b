//! The arguments of `train`, of which `handover` has those that say what is trained and how.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use super::{InputArgs, MaskArgs, ModelArgs};
use crate::train::{Projections, Shape};

/// What is not given is the default, or under `--resume` what the saved run had.
#[derive(Debug, Args)]
pub struct TrainArgs {
    #[command(flatten)]
    pub plan: PlanArgs,
    #[command(flatten)]
    pub goal: GoalArgs,
    #[command(flatten)]
    pub save: SaveArgs,
    /// Write a log of every step into DIR, as TensorBoard reads it or as JSON lines: train/loss, train/learning_rate,
    /// train/grad_norm, train/scored, train/epoch; may be given twice
    #[arg(long, num_args = 2, value_names = ["tensorboard|jsonl", "DIR"], help_heading = "Save")]
    pub log: Vec<OsString>,
    /// Watch a run of others: the directory that a trainer of transformers, TRL, Axolotl or LLaMA-Factory writes to, or a
    /// log: event files of TensorBoard, trainer_state.json, JSON lines. On a terminal the view Train opens, and every
    /// checkpoint that appears scores the text on screen; elsewhere, and with --format json, each thing is a line as it
    /// comes
    ///
    /// The events of --format json: log (step, values by name as in TensorBoard), checkpoint (step, model; with --text,
    /// --file or --chat also loss and nll, in nats), back (the run went on from before that step), problem (message),
    /// over (steps). It ends with the run, or by Ctrl-C.
    #[arg(long, value_name = "RUN", help_heading = "Watch", conflicts_with_all = ["data", "MethodArgs", "OptimizerArgs", "RunArgs", "GoalArgs", "SaveArgs", "log"])]
    pub watch: Option<PathBuf>,
    /// Form of the output: a line a step and what changed, or one JSON object a line
    #[arg(long, value_enum, default_value_t = TrainFormat::Table)]
    pub format: TrainFormat,
}

/// What is trained, on what, and how.
#[derive(Debug, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    pub input: InputArgs,
    /// Data set to train on: JSONL or JSON with {"messages": […]}, lists of messages or {"text": "…"}; - for standard
    /// input; shuffled anew for every pass
    #[arg(long, value_name = "FILE", conflicts_with_all = ["text", "file", "chat", "index"], help_heading = "Input")]
    pub data: Option<PathBuf>,
    #[command(flatten)]
    pub model: ModelArgs,
    #[command(flatten)]
    pub mask: MaskArgs,
    #[command(flatten)]
    pub method: MethodArgs,
    #[command(flatten)]
    pub optimizer: OptimizerArgs,
    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Method")]
pub struct MethodArgs {
    /// Which weights move [default: full]
    #[arg(long, value_enum)]
    pub method: Option<MethodArg>,
    /// LoRA: rank of the adapters [default: 8]
    #[arg(long, value_name = "R", value_parser = count)]
    pub rank: Option<usize>,
    /// LoRA: the adapters' product is multiplied by X / rank [default: twice the rank]
    #[arg(long, value_name = "X", value_parser = positive)]
    pub alpha: Option<f64>,
    /// LoRA: which projections get an adapter: qv, attention, mlp, all [default: all]
    #[arg(long, value_name = "WHICH")]
    pub projections: Option<Projections>,
    /// last: how many layers, from the end [default: 1]
    #[arg(long, value_name = "N", value_parser = count)]
    pub layers: Option<usize>,
}

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Optimizer")]
pub struct OptimizerArgs {
    /// How gradients become updates [default: adamw]
    #[arg(long, value_enum)]
    pub optimizer: Option<OptimizerArg>,
    /// Learning rate [default: 5e-5]
    #[arg(long, value_name = "X", value_parser = positive)]
    pub lr: Option<f64>,
    /// SGD: momentum [default: 0]
    #[arg(long, value_name = "X", value_parser = share)]
    pub momentum: Option<f64>,
    /// Weight decay, decoupled under AdamW [default: 0]
    #[arg(long, value_name = "X", value_parser = not_negative)]
    pub weight_decay: Option<f64>,
    /// Scale gradients down to this norm, 0 = no clipping [default: 1]
    #[arg(long, value_name = "X", value_parser = not_negative)]
    pub clip: Option<f64>,
    /// What the learning rate does after the warm-up: constant, linear, cosine [default: constant]
    #[arg(long, value_name = "SHAPE")]
    pub schedule: Option<Shape>,
    /// Steps in which the learning rate rises to its height [default: 0]
    #[arg(long, value_name = "N")]
    pub warmup: Option<usize>,
}

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Run")]
pub struct RunArgs {
    /// Optimizer steps to take; under --resume, more of them [default: 10; under --resume what is left of the run]
    #[arg(long, value_name = "N", value_parser = count)]
    pub steps: Option<usize>,
    /// --data: sequences of one pass [default: 1]
    #[arg(long, value_name = "N", value_parser = count)]
    pub batch_size: Option<usize>,
    /// --data: passes whose gradients make one step [default: 1]
    #[arg(long, value_name = "N", value_parser = count)]
    pub accumulate: Option<usize>,
    /// Of the data's order and of new adapters [default: 0]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

/// What ends a run before its last step.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Run")]
pub struct GoalArgs {
    /// End once the loss before a step is below this
    #[arg(long, value_name = "X", value_parser = not_negative)]
    pub until_loss: Option<f64>,
    /// End once the loss has not fallen by a thousandth for so many steps
    #[arg(long, value_name = "N", value_parser = count)]
    pub plateau: Option<usize>,
}

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Save")]
pub struct SaveArgs {
    /// Directory to save to at the end: what transformers loads, or under LoRA what PEFT loads, and what --resume needs;
    /// an earlier save in it is replaced
    #[arg(long, value_name = "DIR")]
    pub save: Option<PathBuf>,
    /// Save after every N steps too
    #[arg(long, value_name = "N", value_parser = count, requires = "save")]
    pub save_every: Option<usize>,
    /// Save without what --resume needs: a third of the size
    #[arg(long, requires = "save")]
    pub weights_only: bool,
    /// Go on exactly from a save, with its model and settings; data and mask are to be given again
    #[arg(long, value_name = "DIR", conflicts_with = "model")]
    pub resume: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MethodArg {
    /// Every weight
    Full,
    /// Low-rank adapters beside the projections
    Lora,
    /// The last layers and what comes after them
    Last,
    /// The token embedding
    Embeddings,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OptimizerArg {
    #[value(name = "adamw")]
    AdamW,
    Sgd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TrainFormat {
    Table,
    Json,
}

pub(super) fn count(text: &str) -> Result<usize, String> {
    match usize::from_str(text) {
        Ok(0) => Err("give 1 or more".into()),
        Ok(count) => Ok(count),
        Err(error) => Err(error.to_string()),
    }
}

pub(super) fn number(text: &str, is_fine: impl Fn(f64) -> bool, wanted: &str) -> Result<f64, String> {
    match f64::from_str(text) {
        Ok(number) if number.is_finite() && is_fine(number) => Ok(number),
        _ => Err(format!("give {wanted}")),
    }
}

fn positive(text: &str) -> Result<f64, String> {
    number(text, |number| number > 0.0, "a number above 0")
}

pub(super) fn not_negative(text: &str) -> Result<f64, String> {
    number(text, |number| number >= 0.0, "0 or a number above it")
}

fn share(text: &str) -> Result<f64, String> {
    number(text, |number| (0.0..1.0).contains(&number), "a number from 0 to below 1")
}
