//! A step taken apart, with what its tokens cost before it and after it.

use std::sync::Arc;

use anyhow::Result;

use crate::cancel::Cancel;
use crate::decoder::{Decoder, DecoderError};
use crate::score::ScoreError;
use crate::train::{Example, Settings, SlowStep, TrainError, Trainer, nlls};

/// Takes the step. What every token of its sequences costs is known from a pass before it.
///
/// # Errors
/// As the ordinary step; the weights are then as they were.
pub(super) fn take(
    trainer: &mut Trainer,
    decoder: &mut Decoder,
    batch: &[Arc<Example>],
    settings: &Settings,
    cancel: &Cancel,
) -> Result<SlowStep> {
    let cancelled = || TrainError::Decoder(DecoderError::Cancelled);
    let cost = |example: &Arc<Example>| anyhow::Ok(costs(decoder, example, cancel)?.ok_or_else(cancelled)?);
    let before = batch.iter().map(cost).collect::<Result<Vec<_>>>()?;
    let mut step = trainer.step_slowly(decoder, batch, settings, cancel)?;
    for (passed, before) in step.passed.iter_mut().zip(before) {
        passed.before = before;
    }
    Ok(step)
}

/// With what its tokens cost under the new weights. What a pass after `cancel` or a failure leaves out stays unknown: the
/// step itself is taken.
pub(super) fn price_after(mut step: SlowStep, decoder: &Decoder, cancel: &Cancel) -> SlowStep {
    for passed in &mut step.passed {
        passed.after = costs(decoder, &passed.example, cancel).ok().flatten().unwrap_or_default();
    }
    step
}

/// −log p in nats of every token; `None` after `cancel`.
fn costs(decoder: &Decoder, example: &Example, cancel: &Cancel) -> Result<Option<Vec<Option<f64>>>, ScoreError> {
    nlls(decoder, &example.ids, &example.visibility, example.labels, cancel)
}
