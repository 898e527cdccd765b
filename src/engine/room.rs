//! Memory for training on screen, asked for before it is taken.

use std::sync::Arc;

use anyhow::{Context, Result, bail};

use crate::decoder::Decoder;
use crate::memory::{available, size_text};
use crate::model::Model;
use crate::train::{Example, Method, Settings, Trainer, memory};

/// Bytes that may be spent on ways back, for each copy of the model, beside the base weights.
const HISTORY: u64 = 1 << 30;

/// A trainer for the copy, once what it takes is there; one that goes on with its method has it already.
///
/// # Errors
/// With the figures and what would fit, if there is too little.
pub(super) fn for_training(
    trainer: &mut Option<Trainer>,
    model: &Model,
    decoder: &Decoder,
    settings: &Settings,
    examples: &[Arc<Example>],
) -> Result<()> {
    if trainer.as_ref().is_some_and(|trainer| trainer.method() == Some(&settings.method)) {
        return Ok(());
    }
    let tokens = examples.iter().map(|example| example.ids.len()).max().unwrap_or(0);
    // The base weights are kept too, to go back to; under LoRA they do not move.
    let base = match settings.method {
        Method::Lora(_) => 0,
        _ => 4 * memory::trainable(&model.config, &settings.method) as u64,
    };
    let free = memory::room(&model.config, settings, tokens, base);
    let free = free.with_context(|| format!("{} on {tokens} tokens", model.name))?;
    let history = free.map_or(HISTORY, |free| HISTORY.min(free / 2));
    // The best step's state is one more, however large; half of what is left then is nobody's.
    let keepsake = free.map_or(HISTORY, |free| (free - history) / 2);
    let [history, keepsake] = [history, keepsake].map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
    trainer.get_or_insert_with(|| Trainer::new(decoder, Some(history)).keep_within(keepsake));
    Ok(())
}

/// Whether a second copy of the weights fits.
///
/// # Errors
/// With the figures, if it does not.
pub(super) fn for_copy(model: &Model) -> Result<()> {
    let weights = memory::Need::of_scoring(&model.config, 0).weights;
    if let Some(free) = available(weights).map_err(anyhow::Error::msg)?.filter(|&free| free < weights) {
        let (weights, free) = (size_text(weights), size_text(free));
        bail!("a second copy of {} needs {weights} more and {free} is free: choose a smaller model", model.name);
    }
    Ok(())
}
