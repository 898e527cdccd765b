//! What a run is, completely: a TOML file.

mod check;

pub(super) use check::MOST_TOKENS;

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::decoder::Config;
use crate::decoder::config::{Activation, Family, Rope};
use crate::mask::Policy;
use crate::sequence::Packing;
use crate::train::{Optimizer, Schedule, Settings, Shape as Decay};

/// A run from random weights to the last stage.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Of the first weights, the order of the data and the samples.
    #[serde(default)]
    pub seed: u64,
    pub tokenizer: TokenizerRecipe,
    pub model: Shape,
    #[serde(default)]
    pub checkpoints: Checkpoints,
    #[serde(default)]
    pub watch: Watch,
    /// One after the other, on the same weights.
    #[serde(rename = "stage")]
    pub stages: Vec<Stage>,
}

/// A byte-level BPE that is trained, or the tokenizer of another model.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenizerRecipe {
    /// Tokens of the one that is trained, the 256 bytes and the three special ones included.
    pub vocab_size: Option<usize>,
    /// The model whose tokenizer it is, by a name or path that `--model` takes.
    pub of: Option<String>,
    /// The most characters that it learns from, of all sources by their weights.
    #[serde(default = "characters")]
    pub characters: usize,
}

/// The sizes of a llama.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    pub layers: usize,
    pub hidden_size: usize,
    pub intermediate_size: usize,
    pub heads: usize,
    /// Key/value heads; as many as `heads` where it does not say.
    pub kv_heads: Option<usize>,
    /// The longest sequence that it takes.
    pub context: usize,
    #[serde(default = "theta")]
    pub rope_theta: f64,
    #[serde(default = "yes")]
    pub tie_embeddings: bool,
}

/// When weights are saved; steps are counted through all stages.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Checkpoints {
    /// All that it takes to go on, after every so many steps.
    pub every: usize,
    /// The steps whose weights stay; by default 0, 1, 2, 4, 8 … and the last of each stage.
    pub keep: Option<Vec<usize>>,
}

/// What is looked at on the way.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Watch {
    /// Held-out loss and samples after every so many steps.
    pub every: usize,
    /// Held-out sequences of each source.
    pub sequences: usize,
    /// What is continued each time.
    pub prompts: Vec<String>,
    /// Tokens of a sample.
    pub tokens: usize,
}

/// Steps under one schedule and one mask.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    pub name: String,
    pub steps: usize,
    /// Sequences of a step.
    pub batch: usize,
    /// Tokens of a sequence.
    pub length: usize,
    pub lr: f64,
    #[serde(default)]
    pub warmup: usize,
    #[serde(default = "cosine")]
    pub schedule: Decay,
    #[serde(default)]
    pub weight_decay: f64,
    #[serde(default = "one")]
    pub clip: f64,
    /// The loss mask, as `--mask` names it; by default that of each record's form: all of a text, the assistant's turns of
    /// a chat.
    #[serde(default)]
    pub mask: Option<String>,
    /// Whether the documents of a sequence see each other.
    #[serde(default)]
    pub packing: Packing,
    #[serde(rename = "source")]
    pub sources: Vec<SourceRecipe>,
}

/// Texts or chats of one file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceRecipe {
    pub name: String,
    /// From the recipe's folder; JSONL, JSON, Parquet, Arrow or plain text, also packed with xz.
    pub file: PathBuf,
    /// The record's field with the text, or a list of texts; without it the record's form is found by its fields.
    #[serde(default)]
    pub field: Option<String>,
    /// Its share of the sequences, by the sum of all weights.
    #[serde(default = "one")]
    pub weight: f64,
    /// One record in so many is held out, and the loss on it told; 0 for none.
    #[serde(default = "held_out")]
    pub held_out: usize,
    /// The most characters that are read.
    #[serde(default)]
    pub characters: Option<usize>,
}

/// What is wrong with a line of a recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// From 1; 0 where the line is not there.
    pub line: usize,
    /// `stage[0].lr`; empty where the file is no TOML.
    pub key: String,
    pub problem: String,
}

/// A recipe that cannot be followed: every line that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", listed(.0))]
pub struct RecipeError(pub Vec<Problem>);

fn listed(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, key, problem } = self;
        if *line > 0 {
            write!(f, "line {line}: ")?;
        }
        if !key.is_empty() {
            write!(f, "{key}: ")?;
        }
        f.write_str(problem)
    }
}

impl Recipe {
    /// Reads a recipe whose files are named from `folder`.
    ///
    /// # Errors
    /// With every line that is wrong and its key; of what is no recipe at all the first.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, RecipeError> {
        let mut recipe: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |Range { start, .. }| line_of(text, start));
            let key = error.span().map_or_else(String::new, |span| check::key_at(text, span.start));
            RecipeError(vec![Problem { line, key, problem: error.message().trim().replace('\n', "; ") }])
        })?;
        for source in recipe.stages.iter_mut().flat_map(|stage| &mut stage.sources) {
            source.file = folder.join(&source.file);
        }
        let problems = check::problems(&recipe, text);
        if problems.is_empty() { Ok(recipe) } else { Err(RecipeError(problems)) }
    }

    /// The config of a model with so many tokens.
    pub fn config(&self, vocab_size: usize) -> Config {
        self.model.config(vocab_size)
    }

    /// Steps of all stages together.
    pub fn steps(&self) -> usize {
        self.stages.iter().map(|stage| stage.steps).sum()
    }

    /// Steps of the stages before this one.
    pub fn before(&self, stage: usize) -> usize {
        self.stages[..stage].iter().map(|stage| stage.steps).sum()
    }

    /// Whether the weights after so many steps of the whole run are kept.
    pub fn keeps(&self, step: usize) -> bool {
        match &self.checkpoints.keep {
            Some(keep) => keep.contains(&step),
            None => step == 0 || step.is_power_of_two() || (1..=self.stages.len()).any(|n| step == self.before(n)),
        }
    }
}

impl Shape {
    /// The llama of these sizes.
    pub fn config(&self, vocab_size: usize) -> Config {
        let head_dim = self.hidden_size / self.heads.max(1);
        Config {
            family: Family::Llama,
            vocab_size,
            hidden_size: self.hidden_size,
            intermediate_size: self.intermediate_size,
            layers: self.layers,
            heads: self.heads,
            kv_heads: self.kv_heads.unwrap_or(self.heads),
            head_dim,
            context: self.context,
            norm_eps: 1e-5,
            activation: Activation::Silu,
            rope: Some(Rope { theta: self.rope_theta, scaling: None, partial: 1.0 }),
            window_rope: None,
            window: None,
            query_scalar: head_dim as f64,
            parallel_residual: false,
            tie_embeddings: self.tie_embeddings,
            qkv_bias: false,
            output_bias: false,
            mlp_bias: false,
        }
    }
}

impl Stage {
    /// How its steps are taken. All of a step's sequences are in the examples that it gets.
    pub fn settings(&self, seed: u64) -> Settings {
        Settings {
            optimizer: Optimizer::AdamW,
            lr: self.lr,
            schedule: Schedule { shape: self.schedule, warmup: self.warmup, total: self.steps },
            weight_decay: self.weight_decay,
            clip: self.clip,
            seed,
            ..Settings::default()
        }
    }

    /// Which targets count.
    pub fn policy(&self) -> Policy {
        let mode = self.mask.as_ref().and_then(|mask| mask.parse::<crate::mask::Mode>().ok());
        mode.map_or_else(Policy::default, Policy::from)
    }
}

impl Default for Checkpoints {
    fn default() -> Self {
        Self { every: 200, keep: None }
    }
}

impl Default for Watch {
    fn default() -> Self {
        Self { every: 100, sequences: 16, prompts: Vec::new(), tokens: 32 }
    }
}

fn characters() -> usize {
    20_000_000
}

fn theta() -> f64 {
    10_000.0
}

fn yes() -> bool {
    true
}

fn one() -> f64 {
    1.0
}

fn cosine() -> Decay {
    Decay::Cosine
}

fn held_out() -> usize {
    50
}

/// The line, from 1, of a place in a text.
fn line_of(text: &str, at: usize) -> usize {
    1 + text.as_bytes()[..at.min(text.len())].iter().filter(|&&byte| byte == b'\n').count()
}
