//! The arguments of `bench`.

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub struct BenchArgs {
    /// The model that is measured: a directory, a .gguf file, or a name as for --model elsewhere. The bars are SmolLM2's;
    /// another model is measured without them [default: smollm2]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Fewer runs, shorter texts
    #[arg(long)]
    pub quick: bool,
    /// Measure these parts alone
    #[arg(long, value_enum, value_name = "PART,…", value_delimiter = ',')]
    pub only: Vec<Part>,
    /// Form of the output: table and markdown are for reading, json has every figure
    #[arg(long, value_enum, default_value_t = BenchFormat::Table)]
    pub format: BenchFormat,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Measure one thing in this process and print what came of it
    #[arg(long, value_name = "WORK:TOKENS:RUNS", hide = true)]
    pub alone: Option<String>,
}

/// What is measured, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Scoring, steps, generation and memory of the model
    Model,
    /// Steps of the embedded models
    Embedded,
    /// Masks and frames
    Screen,
    /// A data set's records a second
    Masks,
    /// Matrix products of one core
    Products,
    /// 1, 2, 4 … threads
    Threads,
    /// Long texts: time and memory
    Lengths,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BenchFormat {
    Table,
    Json,
    Markdown,
}

/// What `bench --help` ends with.
pub const BESIDE: &str = "\
LOSSGLASS_PYTHON=/path/to/python, one that has torch, transformers, gguf and accelerate, sets PyTorch beside it: its runs \
alternate with ours. LOSSGLASS_SIMD=avx512|avx2|neon|portable chooses the kernels. A figure is the median of its runs; a \
ratio is of medians. Close what else computes: other work on the machine goes into the figures.";
