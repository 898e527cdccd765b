//! The weights of the embedded base model along its training, decoded one after the other.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use candle_core::{Device, Tensor};

use super::random;
use crate::checkpoint::LoadError;
use crate::checkpoint::life::advance;
use crate::checkpoint::life::header::LifeFile;
use crate::decoder::layout::{self, Slot};
use crate::decoder::{Config, Weights};
use crate::source::Early;

/// The checkpoint that was decoded last, as plain values: a later one costs only what it has gained since.
struct Decoded {
    /// How many differences are in it.
    count: usize,
    values: Vec<Vec<f32>>,
}

static LAST: Mutex<Option<Decoded>> = Mutex::new(None);

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
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    let mut decoded = match last.take().filter(|decoded| decoded.count <= wanted) {
        Some(decoded) => decoded,
        None => Decoded { count: 0, values: begun(file.seed, config, &slots).map_err(of_device)? },
    };
    for (_, difference) in &file.differences[decoded.count..wanted] {
        advance(&shapes, &mut decoded.values, difference).map_err(damaged)?;
    }
    decoded.count = wanted;
    let tensor = |(slot, values): (Slot, &Vec<f32>)| {
        Ok((slot.name, Tensor::from_slice(values, slot.shape, &Device::Cpu)?.to_device(device)?))
    };
    let weights = slots.into_iter().zip(&decoded.values).map(tensor).collect::<Result<_, _>>().map_err(of_device);
    *last = Some(decoded);
    weights
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
