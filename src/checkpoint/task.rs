//! Reading tensors one after the other, with progress and a way to stop.

use std::path::Path;

use candle_core::{Device, Tensor};

use super::check;
use super::error::LoadError;
use crate::cancel::Cancel;
use crate::decoder::Weights;
use crate::decoder::layout::Slot;
use crate::memory;
use crate::sequence::Vocabulary;

/// What every format needs besides its file.
pub struct Task<'a> {
    /// Where the tensors go.
    pub device: &'a Device,
    /// Polled between tensors.
    pub cancel: &'a Cancel,
    /// Hears the share of the tensors that was read, 0 to 1.
    pub on_progress: &'a mut dyn FnMut(f32),
    pub wants: Wants,
    /// The vocabulary of a directory that holds no tokenizer: checkpoints of a run are often such.
    pub vocabulary: Option<&'a Vocabulary>,
}

/// What files are read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    Weights,
    /// Config and vocabulary, and what the weights' headers say where they are here.
    Description,
    Tokenizer,
}

impl Task<'_> {
    /// Collects the tensors, one at a time, each with the file it was read from; checks shapes and that all
    /// values are finite, and moves them to the device.
    pub(super) fn collect<'f>(
        &mut self,
        slots: Vec<Slot>,
        mut read: impl FnMut(&Slot) -> Result<(&'f Path, Tensor), LoadError>,
    ) -> Result<Weights, LoadError> {
        if self.wants != Wants::Weights {
            return Ok(Weights::new());
        }
        if matches!(self.device, Device::Cpu) {
            let size = |shape: &[usize]| shape.iter().fold(1u64, |size, &side| size.saturating_mul(side as u64));
            memory::check(slots.iter().fold(0u64, |sum, slot| sum.saturating_add(size(&slot.shape))))?;
        }
        let count = slots.len().max(1);
        let mut weights = Weights::with_capacity(count);
        for (done, slot) in slots.into_iter().enumerate() {
            if self.cancel.is_cancelled() {
                return Err(LoadError::Cancelled);
            }
            let (file, tensor) = read(&slot)?;
            let Slot { name, shape, .. } = slot;
            check::tensor(file, &name, &tensor, &shape)?;
            let tensor =
                tensor.to_device(self.device).map_err(|reason| LoadError::Device { tensor: name.clone(), reason })?;
            weights.insert(name, tensor);
            (self.on_progress)((done + 1) as f32 / count as f32);
        }
        Ok(weights)
    }
}
