//! Why a model's files cannot be read.

use std::io;
use std::path::PathBuf;

use crate::decoder::config::ConfigError;
use crate::disguise::Disguise;
use crate::memory::MemoryError;
use crate::sequence::VocabularyError;

/// Why a model's files cannot be read. `file` is the path the user can look at.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("loading was stopped")]
    Cancelled,
    #[error("cannot read {}: {reason}", file.display())]
    Read { file: PathBuf, reason: io::Error },
    #[error(transparent)]
    Memory(#[from] MemoryError),
    #[error("{} is not a model directory: it has no {missing}", directory.display())]
    Incomplete { directory: PathBuf, missing: &'static str },
    #[error("{}: the weights are Python pickles, which this version does not read; save the model as safetensors", file.display())]
    Pickle { file: PathBuf },
    #[error("{}: {reason}", file.display())]
    Config { file: PathBuf, reason: ConfigError },
    #[error("{}: {reason}", file.display())]
    Vocabulary { file: PathBuf, reason: VocabularyError },
    #[error("{} is damaged or not what its name says: {reason}", file.display())]
    Damaged { file: PathBuf, reason: String },
    #[error("{} is {disguise}", file.display())]
    Disguised { file: PathBuf, disguise: Disguise },
    #[error("{}: {reason}", file.display())]
    Unsupported { file: PathBuf, reason: String },
    #[error("{} asks for {shard}, which is not there: download it into the same directory", index.display())]
    MissingShard { index: PathBuf, shard: String },
    #[error("{}: tensor `{tensor}` {problem}", file.display())]
    Tensor { file: PathBuf, tensor: String, problem: String },
    #[error(
        "{}: the tokenizer has ids up to {largest}, but the model embeds only {vocab_size} tokens: the two do not belong together",
        file.display()
    )]
    TokenBeyondEmbedding { file: PathBuf, largest: usize, vocab_size: usize },
    #[error("not enough memory or a failing device for tensor `{tensor}`: {reason}")]
    Device { tensor: String, reason: candle_core::Error },
}
