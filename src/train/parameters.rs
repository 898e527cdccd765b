//! Which weights a method moves.

use candle_core::{Device, Tensor};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{LoraSettings, Method, Projections, TrainError};
use crate::decoder::layout::Part;
use crate::decoder::{Adapter, Decoder, Projection};
use crate::ops::update_values;

/// A weight that moves.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// As in the model's files; an adapter's is its projection's with `.lora_A.weight` or `.lora_B.weight`.
    pub name: String,
    pub tensor: Tensor,
    pub part: Part,
}

/// The weights that `method` moves, in the order of the forward pass; the adapters of LoRA have to be attached.
///
/// # Errors
/// If the method does not fit the decoder.
pub fn parameters(decoder: &Decoder, method: &Method) -> Result<Vec<Parameter>, TrainError> {
    let layers = decoder.config().layers;
    let of_parts = |wanted: &dyn Fn(Part) -> bool| {
        let named = decoder.named_tensors().iter().filter(|named| wanted(named.part));
        named.map(|n| Parameter { name: n.name.clone(), tensor: n.tensor.clone(), part: n.part }).collect()
    };
    match *method {
        Method::Full => Ok(of_parts(&|_| true)),
        Method::Embeddings => Ok(of_parts(&|part| part == Part::Embedding)),
        Method::Last { layers: last } if last == 0 || last > layers => Err(TrainError::Method(format!(
            "the last {last} layers of {layers} cannot be trained: choose 1 to {layers}"
        ))),
        Method::Last { layers: last } => Ok(of_parts(&|part| part >= Part::Layer(layers - last))),
        Method::Lora(_) => Ok(of_adapters(decoder)),
    }
}

fn of_adapters(decoder: &Decoder) -> Vec<Parameter> {
    let projections = decoder.projections();
    let part = |name: &str| projections.iter().find(|projection| projection.name == name).map(|found| found.part);
    let both = decoder.adapters().into_iter().flat_map(|(name, adapter)| {
        let part = part(&name).unwrap_or(Part::Layer(0));
        [("A", adapter.a), ("B", adapter.b)].map(|(letter, tensor)| Parameter {
            name: format!("{name}.lora_{letter}.weight"),
            tensor,
            part,
        })
    });
    both.collect()
}

impl Projections {
    /// Whether this choice means the projection.
    pub fn includes(self, projection: &Projection) -> bool {
        match self {
            Self::QueryValue => matches!(projection.short_name(), "q_proj" | "v_proj" | "c_attn" | "query_key_value"),
            Self::Attention => !projection.is_mlp,
            Self::Mlp => projection.is_mlp,
            Self::All => true,
        }
    }
}

/// New adapters: A uniform within ±1/√in (PEFT's Kaiming initialisation with a = √5), B zero, so that they change
/// nothing at first.
///
/// # Errors
/// A rank of 0, or a tensor that cannot be made.
pub fn new_adapters(decoder: &Decoder, lora: &LoraSettings, seed: u64) -> Result<Vec<(String, Adapter)>, TrainError> {
    if lora.rank == 0 {
        return Err(TrainError::Method("an adapter of rank 0 learns nothing: choose a rank of 1 or more".into()));
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let chosen = decoder.projections().into_iter().filter(|projection| lora.projections.includes(projection));
    let adapter = |Projection { name, features_in, features_out, .. }: Projection| {
        let bound = 1.0 / (features_in as f32).sqrt();
        let a = (0..lora.rank * features_in).map(|_| random.random_range(-bound..bound)).collect();
        let tensor =
            |values: Vec<f32>, shape| Tensor::from_vec(values, shape, &Device::Cpu)?.to_device(decoder.device());
        let adapter = Adapter {
            a: tensor(a, (lora.rank, features_in))?,
            b: tensor(vec![0.0; features_out * lora.rank], (features_out, lora.rank))?,
            scale: lora.alpha / lora.rank as f64,
        };
        Ok((name, adapter))
    };
    chosen.map(adapter).collect()
}

/// A tensor's values, row by row.
pub(super) fn values(tensor: &Tensor) -> Result<Vec<f32>, TrainError> {
    Ok(tensor.flatten_all()?.to_vec1()?)
}

/// Exchanges a tensor's values with `values`, in place; twice is as never.
pub(super) fn exchange_values(tensor: &Tensor, values: &mut [f32]) -> Result<(), TrainError> {
    if tensor.device().is_cpu() {
        return Ok(update_values(tensor, |old| old.swap_with_slice(values))?);
    }
    let old: Vec<f32> = tensor.flatten_all()?.to_vec1()?;
    set_values(tensor, values)?;
    values.copy_from_slice(&old);
    Ok(())
}

/// Writes a tensor's values in place, so that every tensor that shares them sees it.
pub(super) fn set_values(tensor: &Tensor, values: &[f32]) -> Result<(), TrainError> {
    if tensor.device().is_cpu() {
        return Ok(update_values(tensor, |old| old.copy_from_slice(values))?);
    }
    let new = Tensor::from_slice(values, tensor.shape(), tensor.device())?;
    Ok(tensor.slice_set(&new, 0, 0)?)
}
