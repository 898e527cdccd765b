//! Arguments of `mask`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{EncodeArgs, MaskArgs, ModelArgs};
use crate::data::shard::Shard;
use crate::mask::export::Trainer;
use crate::sample::Form;

/// What the reports of shards say by themselves, or would need the records.
const OF_A_RUN: [&str; 19] = [
    "data",
    "shard",
    "format_hint",
    "EncodeArgs",
    "model",
    "template",
    "eot_token",
    "mask",
    "profile",
    "denominator",
    "split",
    "weights",
    "MaskOptionArgs",
    "show",
    "export",
    "keep_unscored",
    "export_template",
    "against",
    "card",
];

#[derive(Debug, Args)]
pub struct MaskSetArgs {
    /// Data set, of one file or several, - for standard input: JSONL, JSON, both packed with gzip or zstd too, Parquet or a
    /// folder of Arrow files, of chats (messages, ShareGPT), prompts and completions, instructions (Alpaca), text, or token
    /// ids with labels. A pattern in quotes, such as 'data/*.jsonl.gz', is the files that it matches, by name. Records are
    /// counted through all files
    #[arg(value_name = "DATA", required_unless_present_any = ["card", "merge"])]
    pub data: Vec<PathBuf>,
    /// Take every N-th record alone, from record I on, so that N machines share the work: I from 1 to N. What each writes
    /// with --format json is put together by --merge
    #[arg(long, value_name = "I/N", help_heading = "Input", conflicts_with_all = ["against", "card"])]
    pub shard: Option<Shard>,
    /// Put the JSON reports of all shards together, in any order: prints what one run over everything prints
    #[arg(long, value_name = "REPORT", num_args = 1.., help_heading = "Input", conflicts_with_all = OF_A_RUN)]
    pub merge: Vec<PathBuf>,
    /// Form of the records, where their fields do not say it: messages, sharegpt, prompt-completion, alpaca, text,
    /// prepared
    #[arg(long, value_name = "FORM", help_heading = "Input")]
    pub format_hint: Option<Form>,
    #[command(flatten)]
    pub encoding: EncodeArgs,
    #[command(flatten)]
    pub model: ModelArgs,
    #[command(flatten)]
    pub mask: MaskArgs,
    /// Form of the output
    #[arg(long, value_enum, default_value_t = MaskFormat::Table, help_heading = "Output")]
    pub format: MaskFormat,
    /// Print the first N records with scored tokens between ⟦ and ⟧ (on standard error beside json and sarif)
    #[arg(long, value_name = "N", default_value_t = 0, num_args = 0..=1, default_missing_value = "1", help_heading = "Output")]
    pub show: usize,
    /// Exit with 1 if there is a finding of this severity or worse, or a record that the export's form cannot say
    #[arg(long, value_enum, value_name = "SEVERITY", num_args = 0..=1, require_equals = true, default_missing_value = "major", help_heading = "Output")]
    pub check: Option<SeverityArg>,
    /// Write the data set as a trainer takes it: trl, axolotl, openai, llama-factory, or labels (input_ids, labels,
    /// weights)
    #[arg(long, value_name = "TRAINER", requires = "output", help_heading = "Output")]
    pub export: Option<Trainer>,
    /// File of --export: .parquet is Parquet (of token ids), all else JSONL
    #[arg(long, short, value_name = "FILE", requires = "export", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Export records in which nothing is scored too
    #[arg(long, requires = "export", help_heading = "Output")]
    pub keep_unscored: bool,
    /// Write the model's chat template with {% generation %} tags around what the mask assistant scores, proven to
    /// render as before
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub export_template: Option<PathBuf>,
    /// Compare with what a trainer prepared of DATA: input_ids with labels, assistant_masks or completion_mask, as JSONL,
    /// Parquet, or a folder that `datasets` wrote. Says which records have other tokens or other masks and which mask
    /// explains the file; exits with 1 if they differ
    #[arg(long, value_name = "PREPARED", help_heading = "Output", conflicts_with_all = ["show", "check", "export", "export_template"])]
    pub against: Option<PathBuf>,
    /// Print what the chat template can do, tried with small chats, and nothing else
    #[arg(long, help_heading = "Output", conflicts_with_all = ["data", "against", "show", "check", "export", "export_template"])]
    pub card: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MaskFormat {
    Table,
    Json,
    Sarif,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SeverityArg {
    Minor,
    Major,
}
