//! Checks that tensors and token ids are what the config asks for.

use std::path::Path;

use candle_core::{Storage, Tensor};
use rayon::prelude::*;

use super::error::LoadError;
use crate::decoder::Config;
use crate::sequence::Vocabulary;

/// What to say of a tensor that such a decoder would leave out: the config does not describe these weights.
pub(super) fn stranger(config: &Config) -> String {
    format!("has no place in a {} decoder of {} layers as the config describes it", config.family.name(), config.layers)
}

/// Refuses a tensor of another shape or with values that are not finite.
pub(super) fn tensor(file: &Path, name: &str, tensor: &Tensor, shape: &[usize]) -> Result<(), LoadError> {
    let problem = |problem: String| LoadError::Tensor { file: file.to_owned(), tensor: name.to_owned(), problem };
    if tensor.dims() != shape {
        return Err(problem(format!("has shape {:?}, the config says {shape:?}", tensor.dims())));
    }
    match first_not_finite(tensor) {
        Ok(None) => Ok(()),
        Ok(Some((at, value))) => Err(problem(format!("holds {value} at element {at}: the weights are damaged"))),
        Err(reason) => Err(LoadError::Device { tensor: name.to_owned(), reason }),
    }
}

/// The first NaN or infinity of an f32 tensor on the CPU, with its index.
fn first_not_finite(tensor: &Tensor) -> candle_core::Result<Option<(usize, f32)>> {
    const CHUNK: usize = 1 << 16;
    let (storage, layout) = tensor.storage_and_layout();
    let values: &[f32] = match &*storage {
        Storage::Cpu(storage) => storage.as_slice()?,
        _ => candle_core::bail!("weights are checked on the CPU"),
    };
    let values = &values[layout.start_offset()..layout.start_offset() + layout.shape().elem_count()];
    let damaged = |chunk: &[f32]| !chunk.iter().fold(true, |finite, value| finite & value.is_finite());
    let Some(chunk) = values.par_chunks(CHUNK).position_first(damaged) else { return Ok(None) };
    let start = chunk * CHUNK;
    let at = values[start..].iter().position(|value| !value.is_finite());
    Ok(at.map(|at| (start + at, values[start + at])))
}

/// Ids without an embedding would read outside the model.
pub(super) fn ids(file: &Path, vocabulary: &Vocabulary, config: &Config) -> Result<(), LoadError> {
    if vocabulary.size() > config.vocab_size {
        return Err(LoadError::TokenBeyondEmbedding {
            file: file.to_owned(),
            largest: vocabulary.size() - 1,
            vocab_size: config.vocab_size,
        });
    }
    Ok(())
}
