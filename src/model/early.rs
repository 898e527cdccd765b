//! The weights of the embedded base model along its training.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use candle_core::{Device, Tensor};

use super::random;
use crate::checkpoint::LoadError;
use crate::checkpoint::life::Change;
use crate::checkpoint::life::header::LifeFile;
use crate::decoder::layout::{self, Slot};
use crate::decoder::{Config, Weights};
use crate::source::Early;

/// What was decoded so far, so that going back and forth costs little.
struct Decoded {
    /// The random weights that training began with.
    begun: Vec<Vec<f32>>,
    /// What each checkpoint has gained on the one before.
    changes: Vec<Change>,
}

static DECODED: Mutex<Option<Decoded>> = Mutex::new(None);

/// The weights of a checkpoint.
///
/// # Errors
/// If the file in the program is damaged or of other shapes, or there is no memory.
pub(super) fn weights(early: Early, config: &Config, device: &Device) -> Result<Weights, LoadError> {
    let damaged = |reason: String| LoadError::Damaged { file: Path::new(Early::FILE).to_owned(), reason };
    let of_device = |reason| LoadError::Device { tensor: early.name(), reason };
    let file = LifeFile::read(Early::bytes()).map_err(damaged)?;
    let slots: Vec<Slot> = layout::slots(config).collect();
    let shapes: Vec<Vec<usize>> = slots.iter().map(|slot| slot.shape.clone()).collect();
    let wanted = file.differences.iter().take_while(|(step, _)| *step <= early.step()).count();
    let mut held = DECODED.lock().unwrap_or_else(PoisonError::into_inner);
    let decoded = match &mut *held {
        Some(decoded) => decoded,
        none => {
            none.insert(Decoded { begun: begun(file.seed, config, &slots).map_err(of_device)?, changes: Vec::new() })
        }
    };
    for (_, difference) in file.differences[..wanted].iter().skip(decoded.changes.len()) {
        decoded.changes.push(Change::read(&shapes, difference).map_err(damaged)?);
    }
    let mut values = decoded.begun.clone();
    for change in &decoded.changes[..wanted] {
        change.add_to(&shapes, &mut values).map_err(of_device)?;
    }
    let tensor = |(slot, values): (Slot, Vec<f32>)| {
        Ok((slot.name, Tensor::from_vec(values, slot.shape, &Device::Cpu)?.to_device(device)?))
    };
    slots.into_iter().zip(values).map(tensor).collect::<Result<_, _>>().map_err(of_device)
}

/// The random weights that training began with.
fn begun(seed: u64, config: &Config, slots: &[Slot]) -> candle_core::Result<Vec<Vec<f32>>> {
    let mut drawn = random::drawn(config, seed, &Device::Cpu)?;
    let of_slot = |slot: &Slot| {
        let tensor = drawn.remove(&slot.name).ok_or_else(|| candle_core::Error::msg(format!("no {}", slot.name)))?;
        tensor.flatten_all()?.to_vec1()
    };
    slots.iter().map(of_slot).collect()
}
