//! Plain slices of CPU tensors, for the fused operations.

use std::mem::MaybeUninit;
use std::sync::Mutex;

use candle_core::{CpuStorage, Device, InplaceOp1, Layout, Result, Shape, Storage, Tensor};
use rayon::prelude::*;

use super::simd::vectorised;

/// Values a thread takes at a time.
pub(super) const CHUNK: usize = 32 * 1024;

/// The values of a contiguous f32 storage.
fn values<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&storage.as_slice::<f32>()?[start..end]),
        None => Err(candle_core::Error::RequiresContiguous { op: "fused operation" }.bt()),
    }
}

/// Calls `f` with the values of CPU tensors, which are made contiguous where they are not.
pub fn with_values<const N: usize, R>(tensors: [&Tensor; N], f: impl FnOnce([&[f32]; N]) -> R) -> Result<R> {
    with_all_values(&tensors, |all| {
        let mut slices = [[].as_slice(); N];
        slices.copy_from_slice(all);
        f(slices)
    })
}

/// The same for any number of them.
pub(super) fn with_all_values<R>(tensors: &[&Tensor], f: impl FnOnce(&[&[f32]]) -> R) -> Result<R> {
    let tensors = tensors.iter().map(|tensor| tensor.contiguous()).collect::<Result<Vec<_>>>()?;
    let guards: Vec<_> = tensors.iter().map(Tensor::storage_and_layout).collect();
    let mut slices = Vec::with_capacity(guards.len());
    for (storage, layout) in &guards {
        match &**storage {
            Storage::Cpu(storage) => slices.push(values(storage, layout)?),
            _ => candle_core::bail!("a fused operation was given a tensor that is not on the cpu"),
        }
    }
    Ok(f(&slices))
}

/// Lets `f` write the values of a contiguous f32 CPU tensor, which every tensor that shares them sees.
///
/// # Errors
/// If the tensor is elsewhere or of another kind.
pub fn update_values<R: Send>(tensor: &Tensor, f: impl FnOnce(&mut [f32]) -> R + Send) -> Result<R> {
    struct Update<F, R>(Mutex<(Option<F>, Option<R>)>);
    impl<R: Send, F: FnOnce(&mut [f32]) -> R + Send> InplaceOp1 for Update<F, R> {
        fn name(&self) -> &'static str {
            "update values"
        }

        fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
            let (CpuStorage::F32(all), Some((start, end))) = (storage, layout.contiguous_offsets()) else {
                candle_core::bail!("only contiguous f32 tensors are updated in place");
            };
            if let Ok(mut guard) = self.0.lock()
                && let Some(f) = guard.0.take()
            {
                guard.1 = Some(f(&mut all[start..end]));
            }
            Ok(())
        }
    }
    let update = Update(Mutex::new((Some(f), None)));
    tensor.inplace_op1(&update)?;
    match update.0.into_inner() {
        Ok((_, Some(result))) => Ok(result),
        _ => candle_core::bail!("a tensor's values could not be updated"),
    }
}

/// A CPU tensor.
pub(super) fn tensor(values: Vec<f32>, shape: impl Into<Shape>) -> Result<Tensor> {
    Tensor::from_vec(values, shape.into(), &Device::Cpu)
}

/// `len` new values, which `write` writes `chunk` after `chunk`, on all threads, each with its part of `with`. A chunk is
/// zeros before it, filled by who writes it: all of them at once by one thread would take longer.
pub(super) fn written<T: Send>(
    len: usize,
    chunk: usize,
    with: impl IndexedParallelIterator<Item = T>,
    write: impl Fn(&mut [f32], T) + Sync,
) -> Vec<f32> {
    let mut values = Vec::with_capacity(len);
    let chunks = values.spare_capacity_mut()[..len].par_chunks_mut(chunk);
    assert!(chunks.len() == with.len(), "a chunk would be left out");
    chunks.zip(with).for_each(|(room, part)| {
        room.fill(MaybeUninit::new(0.0));
        // SAFETY: they are zeros.
        write(unsafe { &mut *(std::ptr::from_mut(room) as *mut [f32]) }, part);
    });
    // SAFETY: every chunk was filled.
    unsafe { values.set_len(len) };
    values
}

/// Whether the fused operation may run: every tensor is f32 on the CPU, and candle records no graph, into which the
/// fused operations do not enter.
pub(super) fn fusable(tensors: &[&Tensor]) -> bool {
    let is_plain =
        |tensor: &&Tensor| tensor.device().is_cpu() && tensor.dtype() == candle_core::DType::F32 && !tensor.track_op();
    tensors.iter().all(is_plain)
}

/// sum += x.
pub fn add_to(sum: &mut [f32], x: &[f32]) {
    sum.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(|(sum, x)| add_slice(sum, x));
}

vectorised! {
    fn add_slice(sum: &mut [f32], x: &[f32]) {
        for (sum, x) in sum.iter_mut().zip(x) {
            *sum += x;
        }
    }
}
