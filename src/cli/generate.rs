//! The arguments of `generate`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use super::train::{count, not_negative, number};
use super::{EncodeArgs, InputArgs, ModelArgs};

/// The most continuations of one run: each has a cache of its own.
const MOST: usize = 1000;

#[derive(Debug, Args)]
pub struct GenerateArgs {
    #[command(flatten)]
    pub prompt: PromptArgs,
    #[command(flatten)]
    pub model: ModelArgs,
    #[command(flatten)]
    pub sampling: SamplingArgs,
    #[command(flatten)]
    pub end: EndArgs,
    /// How many of the most likely candidates to give for every token
    #[arg(long, value_name = "K", default_value_t = 5, help_heading = "Output")]
    pub top: usize,
    /// Form of the output; on a terminal the table is the text alone, as it comes
    #[arg(long, value_enum, default_value_t = GenerateFormat::Table, help_heading = "Output")]
    pub format: GenerateFormat,
}

/// What to continue; standard input, if it is piped, where none is given.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Input")]
pub struct PromptArgs {
    /// Text to continue
    #[arg(long, value_name = "STRING", allow_hyphen_values = true, conflicts_with_all = ["file", "chat"])]
    pub text: Option<String>,
    /// File of text to continue, - for standard input
    #[arg(long, value_name = "PATH", conflicts_with = "chat")]
    pub file: Option<PathBuf>,
    /// Chat to answer: JSON {"messages": […]}, a bare list of messages, or JSONL; - for standard input. What the
    /// assistant says last in it is left out and written anew
    #[arg(long, value_name = "PATH")]
    pub chat: Option<PathBuf>,
    /// Which record of a JSONL file, from 0 [default: 0]
    #[arg(long, value_name = "N")]
    pub index: Option<usize>,
    #[command(flatten)]
    pub encoding: EncodeArgs,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Sampling")]
pub struct SamplingArgs {
    /// What logits are divided by: 1 is the model's own distribution, 0 is greedy, always the most likely token
    #[arg(long, value_name = "T", value_parser = not_negative, default_value_t = 1.0, allow_negative_numbers = true)]
    pub temperature: f64,
    /// Draw from the K most likely tokens only
    #[arg(long, value_name = "K", value_parser = count)]
    pub top_k: Option<usize>,
    /// Draw from the most likely tokens that together have this share of what --top-k leaves
    #[arg(long, value_name = "P", value_parser = above_0_to_1, allow_negative_numbers = true)]
    pub top_p: Option<f64>,
    /// Draw from tokens that are at least P times as likely as the most likely one
    #[arg(long, value_name = "P", value_parser = from_0_to_1, allow_negative_numbers = true)]
    pub min_p: Option<f64>,
    /// Of the random numbers: the same seed gives the same text; under --n, that of the first continuation, the second
    /// has the next number, and so on
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// How many continuations
    #[arg(long, value_name = "N", value_parser = how_many, default_value_t = 1)]
    pub n: usize,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "End")]
pub struct EndArgs {
    /// The most tokens that are added
    #[arg(long, value_name = "N", value_parser = count, default_value_t = 100)]
    pub max_tokens: usize,
    /// End before this text; may be given several times. The model's own stop tokens end the text too
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = some_text)]
    pub stop: Vec<String>,
    /// Write on after the model's stop tokens
    #[arg(long)]
    pub no_stop: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GenerateFormat {
    Table,
    Json,
}

impl PromptArgs {
    /// The same as other commands take it.
    pub fn input(&self) -> InputArgs {
        let Self { text, file, chat, index, encoding } = self.clone();
        InputArgs { text, file, chat, index, encoding, ..InputArgs::default() }
    }
}

fn above_0_to_1(text: &str) -> Result<f64, String> {
    number(text, |number| number > 0.0 && number <= 1.0, "a number above 0, at most 1")
}

fn from_0_to_1(text: &str) -> Result<f64, String> {
    number(text, |number| (0.0..=1.0).contains(&number), "a number from 0 to 1")
}

fn how_many(text: &str) -> Result<usize, String> {
    match usize::from_str(text) {
        Ok(n) if (1..=MOST).contains(&n) => Ok(n),
        _ => Err(format!("give a number from 1 to {MOST}")),
    }
}

fn some_text(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("give a text; an empty one stands everywhere".into()) } else { Ok(text.to_owned()) }
}
