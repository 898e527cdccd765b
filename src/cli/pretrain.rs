//! The arguments of `pretrain`.

use std::path::PathBuf;

use clap::Args;

use super::train::TrainFormat;

#[derive(Debug, Args)]
pub struct PretrainArgs {
    /// What to train, on what, and how: a TOML file
    #[arg(value_name = "RECIPE")]
    pub recipe: PathBuf,
    /// Folder for the weights; a run of the same recipe that is there is gone on with. It opens with --model DIR
    #[arg(long, value_name = "DIR", required_unless_present = "evaluate")]
    pub out: Option<PathBuf>,
    /// Only say what would be trained, and whether the recipe holds
    #[arg(long)]
    pub check: bool,
    /// Train nothing: measure this model on what the recipe holds out of each source, in bits per byte. Any model is given
    /// the same passages
    #[arg(long, value_name = "MODEL", conflicts_with_all = ["out", "check", "life"])]
    pub evaluate: Option<String>,
    /// Train nothing more: write the weights that the run in --out has kept so far into this one small file, each as
    /// coarsely as its held-out loss allows
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    pub life: Option<PathBuf>,
    /// Form of the output: a line a look and what the model writes, or one JSON object a line
    #[arg(long, value_enum, default_value_t = TrainFormat::Table)]
    pub format: TrainFormat,
}

/// What stands under the help.
pub const RECIPE: &str = "\
A recipe:
  seed = 0

  [tokenizer]
  vocab_size = 2048            # byte-level BPE, trained on the sources; or the tokenizer of
                               # a model: of = \"tiny-base\"

  [model]                      # a llama
  layers = 4
  hidden_size = 128
  intermediate_size = 344
  heads = 4
  kv_heads = 2                 # default: as many as heads
  context = 512

  [checkpoints]
  every = 200                  # steps between saves to go on from
  keep = [0, 10, 100, 1000]    # steps whose weights stay; default: 0, 1, 2, 4, 8 …

  [watch]
  every = 100                  # steps between looks: held-out loss, samples
  prompts = [\"Once upon a time\"]
  tokens = 32

  [[stage]]
  name = \"base\"
  steps = 1000
  batch = 16                   # sequences a step
  length = 256                 # tokens of a sequence
  lr = 2e-3
  warmup = 50
  schedule = \"cosine\"          # or linear, constant
  weight_decay = 0.1
  clip = 1.0
  packing = \"block\"            # documents of a sequence do not see each other; or naive
  mask = \"all\"                 # default: all of a text, the assistant's turns of a chat

  [[stage.source]]
  name = \"stories\"
  file = \"stories.jsonl.xz\"    # from the recipe's folder: JSONL, JSON, Parquet, Arrow, .txt; xz too
  field = \"text\"               # default: by the record's form
  weight = 0.7                 # share of the sequences
  held_out = 50                # every 50th record is held out
  characters = 10_000_000      # the most that are read; default: all

  [[stage]]                    # a further stage goes on from there
  name = \"chat\"
  …";
