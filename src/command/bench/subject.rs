//! A model that is measured, and one run of everything that is done with it.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use serde_json::{Value, json};

use super::rounds::{finished, time};
use crate::cancel::Cancel;
use crate::decoder::Decoder;
use crate::generate::{Continuations, GenerateError, Sampling};
use crate::model::Model;
use crate::score::Scorer;
use crate::source::Source;
use crate::train::{Example, LoraSettings, Method, Settings, TrainError, Trainer};

/// Candidates of each row, as a screen asks for them.
const TOP_K: usize = 10;
/// Tokens of the prompt that generation goes on from; pytorch.py has the same.
const PROMPT: usize = 32;
/// Ids below it are special tokens of the small models; pytorch.py has the same.
const FIRST_ID: u32 = 20;

/// A model and what stops its runs.
pub struct Subject {
    pub name: String,
    pub decoder: Decoder,
    /// Where PyTorch reads it from.
    path: Option<PathBuf>,
    cancel: Cancel,
}

impl Subject {
    pub fn new(model: Model, cancel: &Cancel) -> Self {
        let path = match &model.source {
            Source::Gguf(path) => Some(path.clone()),
            source => source.directory(),
        };
        Self { name: model.name, decoder: model.decoder, path, cancel: cancel.clone() }
    }

    /// The ids that both sides run.
    pub fn ids(&self, tokens: usize) -> Vec<u32> {
        let vocabulary = self.decoder.config().vocab_size as u32 - FIRST_ID;
        (0..tokens as u32).map(|i| FIRST_ID + (i * 7919) % vocabulary).collect()
    }

    /// What PyTorch is to run; `None` where it cannot read the model.
    pub fn order(&self, run: &str, tokens: usize) -> Option<Value> {
        let vocabulary = self.decoder.config().vocab_size;
        self.path.as_ref().map(|path| json!({"run": run, "model": path, "vocabulary": vocabulary, "tokens": tokens}))
    }

    /// Seconds of scoring so many tokens afresh.
    ///
    /// # Errors
    /// If it is interrupted.
    pub fn score(&self, tokens: usize) -> Result<f64> {
        let ids = self.ids(tokens);
        time(|| self.score_with(&mut Scorer::new(), &ids))
    }

    /// Seconds of scoring one token more than the `tokens` that are scored.
    ///
    /// # Errors
    /// If it is interrupted.
    pub fn append(&self, tokens: usize) -> Result<f64> {
        let (ids, mut scorer) = (self.ids(tokens + 1), Scorer::new());
        self.score_with(&mut scorer, &ids[..tokens])?;
        time(|| self.score_with(&mut scorer, &ids))
    }

    fn score_with(&self, scorer: &mut Scorer, ids: &[u32]) -> Result<()> {
        let mut on_rows = |_, rows| drop(std::hint::black_box(rows));
        finished(scorer.score(&self.decoder, ids, TOP_K, &self.cancel, &mut on_rows)?)
    }

    /// Seconds of writing so many tokens, always the most likely one, none of which ends the text; the prompt's pass is
    /// part of it.
    ///
    /// # Errors
    /// If it is interrupted.
    pub fn generate(&self, tokens: usize) -> Result<f64> {
        let (prompt, greedy) =
            (self.ids(PROMPT), Sampling { temperature: 0.0, max_tokens: tokens, ..Sampling::default() });
        let write = || -> Result<(), GenerateError> {
            let mut all = Continuations::start(&self.decoder, &prompt, &[], TOP_K, &self.cancel)?;
            all.add(greedy)?;
            while all.step(&self.decoder, &self.cancel)? > 0 {}
            Ok(())
        };
        time(|| match write() {
            Err(error) if error.is_cancelled() => finished(false),
            done => Ok(done?),
        })
    }
}

/// Full fine-tuning, and LoRA of rank 8 on all projections.
pub fn methods() -> [(&'static str, Method); 2] {
    [("full", Method::Full), ("LoRA r8", Method::Lora(LoraSettings::default()))]
}

/// Training that goes nowhere: the same text again and again at a learning rate that moves hardly anything.
pub struct Training {
    decoder: Decoder,
    trainer: Trainer,
    settings: Settings,
    example: [Arc<Example>; 1],
    cancel: Cancel,
}

impl Training {
    /// On so many tokens, all of whose targets are scored, with weights of its own.
    pub fn new(subject: &Subject, method: Method, tokens: usize) -> Self {
        let weights = (0..tokens).map(|t| if t == 0 { 0.0 } else { 1.0 }).collect();
        let (visibility, labels) = Default::default();
        let example = Example { ids: subject.ids(tokens), weights, visibility, labels };
        Self {
            decoder: subject.decoder.clone(),
            trainer: Trainer::new(&subject.decoder, None),
            settings: Settings { method, lr: 1e-9, clip: 0.0, ..Settings::default() },
            example: [Arc::new(example)],
            cancel: subject.cancel.clone(),
        }
    }

    /// Seconds of one step: forward, backward, AdamW.
    ///
    /// # Errors
    /// If it is interrupted.
    pub fn step(&mut self) -> Result<f64> {
        let Self { decoder, trainer, settings, example, cancel } = self;
        time(|| match trainer.step(decoder, example, settings, cancel) {
            Err(error @ TrainError::Decoder(_)) if error.is_cancelled() => finished(false),
            done => Ok(done.map(drop)?),
        })
    }
}
