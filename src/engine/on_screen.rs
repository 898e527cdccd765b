//! The sequence on screen, scored and learned from.

use std::sync::Arc;

use anyhow::{Result, bail};

use super::{CopyMask, CopyPlan};
use crate::cancel::Cancel;
use crate::decoder::Decoder;
use crate::loss::Row;
use crate::score::{ScoreError, ScoreOptions, Scorer};
use crate::train::Example;

/// The sequence on screen, as the engine knows it.
#[derive(Clone, Copy)]
pub(super) struct OnScreen<'a> {
    pub generation: u64,
    pub ids: &'a [u32],
    /// Under what it is scored.
    pub options: &'a ScoreOptions,
}

/// It as the one example of each copy's steps.
pub(super) struct ScreenExamples {
    generation: u64,
    weights: Vec<Arc<[f64]>>,
    examples: Vec<Arc<Example>>,
}

impl ScreenExamples {
    /// For copies that score it under weights of their own.
    pub fn new(copies: &[&CopyPlan], screen: OnScreen) -> Result<Self> {
        let mut kept = Self { generation: screen.generation, weights: Vec::new(), examples: Vec::new() };
        for copy in copies {
            let CopyMask::Weights(weights) = &copy.mask else { bail!("a mask for samples, and none is trained on") };
            if weights.len() != screen.ids.len() {
                bail!("the mask does not belong to the text on screen; run again");
            }
            let ScoreOptions { visibility, labels, .. } = screen.options.clone();
            let example = Example { ids: screen.ids.to_vec(), weights: weights.to_vec(), visibility, labels };
            kept.examples.push(Arc::new(example));
            kept.weights.push(weights.clone());
        }
        Ok(kept)
    }

    /// Whether it is made of this text under these very weights.
    pub fn is_of(&self, copies: &[&CopyPlan], screen: OnScreen) -> bool {
        let same = |(copy, kept): (&&CopyPlan, &Arc<[f64]>)| match &copy.mask {
            CopyMask::Weights(weights) => Arc::ptr_eq(weights, kept),
            CopyMask::Policy(_) => false,
        };
        self.generation == screen.generation
            && copies.len() == self.weights.len()
            && copies.iter().zip(&self.weights).all(same)
    }

    /// What each copy takes its next step on.
    pub fn batches(&self) -> Vec<Vec<Arc<Example>>> {
        self.examples.iter().map(|example| vec![example.clone()]).collect()
    }
}

/// Its rows, fewer than tokens where `cancel` kept some from being computed.
pub(super) fn score(
    scorer: &mut Scorer,
    decoder: &Decoder,
    screen: OnScreen,
    cancel: &Cancel,
) -> Result<Vec<Row>, ScoreError> {
    let mut all = Vec::new();
    let mut on_rows = |from: usize, rows: Vec<Row>| {
        all.truncate(from);
        all.extend(rows);
    };
    scorer.score_under(decoder, screen.ids, screen.options.clone(), &mut (), cancel, &mut on_rows)?;
    Ok(all)
}
