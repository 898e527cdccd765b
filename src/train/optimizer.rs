//! From gradients to updates, both optimizers as PyTorch's `torch.optim` has them.

use rayon::prelude::*;

use super::parameters::Parameter;
use super::{Optimizer, Settings, TrainError};
use crate::ops::simd::vectorised;
use crate::ops::update_values;

/// AdamW's decay of the two moments and what keeps the divisor from zero, PyTorch's defaults.
const BETAS: (f64, f64) = (0.9, 0.999);
const EPSILON: f64 = 1e-8;
/// Values a thread takes at a time.
const CHUNK: usize = 64 * 1024;

/// What an optimizer remembers between steps.
#[derive(Clone, Debug, PartialEq)]
pub struct OptimizerState {
    optimizer: Optimizer,
    /// Updates since it began; bias correction counts them.
    pub updates: usize,
    /// By parameter: AdamW's first moments, SGD's momentum buffers. Empty until the first update.
    pub first: Vec<Vec<f32>>,
    /// By parameter: AdamW's second moments.
    pub second: Vec<Vec<f32>>,
}

impl OptimizerState {
    /// Nothing is remembered yet.
    pub fn new(optimizer: Optimizer) -> Self {
        Self { optimizer, updates: 0, first: Vec::new(), second: Vec::new() }
    }

    /// What another run remembered.
    pub fn restored(optimizer: Optimizer, updates: usize, first: Vec<Vec<f32>>, second: Vec<Vec<f32>>) -> Self {
        Self { optimizer, updates, first, second }
    }

    /// Whose memory it is.
    pub fn optimizer(&self) -> Optimizer {
        self.optimizer
    }

    /// Whether it can go on under these settings; another optimizer begins anew.
    pub fn fits(&self, optimizer: Optimizer) -> bool {
        std::mem::discriminant(&self.optimizer) == std::mem::discriminant(&optimizer)
    }

    /// Bytes of the moments.
    pub fn bytes(&self) -> usize {
        self.first.iter().chain(&self.second).map(|moment| 4 * moment.len()).sum()
    }

    /// Moves every parameter against its gradient, which is first multiplied by `scale` (clipping).
    ///
    /// # Errors
    /// If a tensor cannot be written.
    pub fn update(
        &mut self,
        parameters: &[Parameter],
        gradients: &[Vec<f32>],
        settings: &Settings,
        lr: f64,
        scale: f64,
    ) -> Result<(), TrainError> {
        let zeros = || parameters.iter().map(|parameter| written_zeros(parameter.tensor.elem_count())).collect();
        if self.first.is_empty() {
            self.first = zeros();
        }
        if self.second.is_empty() && settings.optimizer == Optimizer::AdamW {
            self.second = zeros();
        }
        self.optimizer = settings.optimizer;
        self.updates += 1;
        let is_first = self.updates == 1;
        for (i, parameter) in parameters.iter().enumerate() {
            let (first, gradient) = (&mut self.first[i], &gradients[i]);
            match settings.optimizer {
                Optimizer::AdamW => {
                    let rates = AdamW::new(self.updates, settings.weight_decay, lr, scale);
                    let second = &mut self.second[i];
                    write(parameter, |weights| rates.apply(weights, gradient, first, second))?;
                }
                Optimizer::Sgd { momentum } => {
                    let momentum = if is_first { 0.0 } else { momentum };
                    let rates = [scale, settings.weight_decay, momentum, lr].map(|rate| rate as f32);
                    write(parameter, |weights| sgd(weights, gradient, first, rates))?;
                }
            }
        }
        Ok(())
    }
}

/// Zeros in memory that is written: memory that was only promised to be zero is mapped twice, when an update first reads
/// it and when it first writes it, which takes longer than the update.
fn written_zeros(n: usize) -> Vec<f32> {
    let mut zeros = vec![0.0; n];
    zeros.par_chunks_mut(CHUNK).for_each(|chunk| chunk.fill(0.0));
    zeros
}

/// Lets `f` write a parameter's values; on a device they come here and go back.
fn write(parameter: &Parameter, f: impl FnOnce(&mut [f32]) + Send) -> Result<(), TrainError> {
    let tensor = &parameter.tensor;
    if tensor.device().is_cpu() {
        return Ok(update_values(tensor, f)?);
    }
    let mut values = tensor.flatten_all()?.to_vec1::<f32>()?;
    f(&mut values);
    super::parameters::set_values(tensor, &values)
}

/// The factors of one AdamW update (Loshchilov and Hutter 2019, algorithm 2), with the bias corrections folded in.
#[derive(Clone, Copy)]
struct AdamW {
    scale: f32,
    keep: f32,
    beta1: f32,
    beta2: f32,
    step: f32,
    root_correction: f32,
    epsilon: f32,
}

impl AdamW {
    fn new(updates: usize, weight_decay: f64, lr: f64, scale: f64) -> Self {
        let (beta1, beta2) = BETAS;
        let correction = |beta: f64| 1.0 - beta.powi(i32::try_from(updates).unwrap_or(i32::MAX));
        Self {
            scale: scale as f32,
            keep: (1.0 - lr * weight_decay) as f32,
            beta1: beta1 as f32,
            beta2: beta2 as f32,
            step: (lr / correction(beta1)) as f32,
            root_correction: (1.0 / correction(beta2).sqrt()) as f32,
            epsilon: EPSILON as f32,
        }
    }

    fn apply(self, weights: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32]) {
        let moments = first.par_chunks_mut(CHUNK).zip(second.par_chunks_mut(CHUNK));
        let chunks = weights.par_chunks_mut(CHUNK).zip(gradient.par_chunks(CHUNK)).zip(moments);
        chunks.for_each(|((weights, gradient), (first, second))| adamw_slice(weights, gradient, first, second, self));
    }
}

vectorised! {
    /// m = β₁m + (1 − β₁)g, v = β₂v + (1 − β₂)g², w = w(1 − lr·λ) − lr/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε).
    fn adamw_slice(weights: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32], rates: AdamW) {
        let n = weights.len();
        let (gradient, first, second) = (&gradient[..n], &mut first[..n], &mut second[..n]);
        for i in 0..n {
            let g = gradient[i] * rates.scale;
            first[i] += (1.0 - rates.beta1) * (g - first[i]);
            second[i] = rates.beta2 * second[i] + (1.0 - rates.beta2) * g * g;
            let root = second[i].sqrt() * rates.root_correction + rates.epsilon;
            weights[i] = weights[i] * rates.keep - rates.step * first[i] / root;
        }
    }
}

/// `rates`: gradient scale, weight decay, momentum, learning rate.
fn sgd(weights: &mut [f32], gradient: &[f32], buffer: &mut [f32], rates: [f32; 4]) {
    let chunks = weights.par_chunks_mut(CHUNK).zip(gradient.par_chunks(CHUNK)).zip(buffer.par_chunks_mut(CHUNK));
    chunks.for_each(|((weights, gradient), buffer)| sgd_slice(weights, gradient, buffer, rates));
}

vectorised! {
    /// b = μb + (g + λw), w = w − lr·b.
    fn sgd_slice(weights: &mut [f32], gradient: &[f32], buffer: &mut [f32], rates: [f32; 4]) {
        let [scale, decay, momentum, lr] = rates;
        let n = weights.len();
        let (gradient, buffer) = (&gradient[..n], &mut buffer[..n]);
        for i in 0..n {
            buffer[i] = momentum * buffer[i] + (gradient[i] * scale + decay * weights[i]);
            weights[i] -= lr * buffer[i];
        }
    }
}
