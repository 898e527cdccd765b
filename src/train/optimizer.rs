//! From gradients to updates, both optimizers as PyTorch's `torch.optim` has them.

use rayon::prelude::*;

use super::parameters::Parameter;
use super::recorder::{Moves, Recorder};
use super::{Optimizer, Settings, TrainError};
use crate::ops::simd::vectorised;
use crate::ops::update_values;

/// AdamW's decay of the two moments and what keeps the divisor from zero, PyTorch's defaults.
pub(super) const BETAS: (f64, f64) = (0.9, 0.999);
pub(super) const EPSILON: f64 = 1e-8;
/// Values a thread takes at a time.
const CHUNK: usize = 64 * 1024;
/// Values that are copied at a time to see what becomes of them.
const WATCHED: usize = 16 * CHUNK;

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

    /// Moves every parameter against its gradient at the rate `lr`; the gradient is first multiplied by `scale`
    /// (clipping). `recorder` keeps what becomes of some weights.
    ///
    /// # Errors
    /// If a tensor cannot be written.
    pub(super) fn update(
        &mut self,
        parameters: &[Parameter],
        gradients: &[Vec<f32>],
        settings: &Settings,
        [lr, scale]: [f64; 2],
        mut recorder: Option<&mut Recorder>,
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
        let rates = Rates::new(self.updates, settings, lr, scale);
        for (i, parameter) in parameters.iter().enumerate() {
            let (first, gradient) = (&mut self.first[i], &gradients[i]);
            let second = self.second.get_mut(i).map_or(&mut [][..], Vec::as_mut_slice);
            match &mut recorder {
                None => write(parameter, |weights| rates.apply(weights, gradient, first, second))?,
                Some(recorder) => {
                    let mut moves = Moves::of(gradient.len());
                    write(parameter, |weights| rates.apply_watched(weights, gradient, first, second, &mut moves))?;
                    recorder.take_moves(parameter, moves);
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

/// The factors of one update.
#[derive(Clone, Copy)]
enum Rates {
    AdamW(AdamW),
    /// Gradient scale, weight decay, momentum, learning rate.
    Sgd([f32; 4]),
}

impl Rates {
    fn new(updates: usize, settings: &Settings, lr: f64, scale: f64) -> Self {
        match settings.optimizer {
            Optimizer::AdamW => Self::AdamW(AdamW::new(updates, settings.weight_decay, lr, scale)),
            Optimizer::Sgd { momentum } => {
                let momentum = if updates == 1 { 0.0 } else { momentum };
                Self::Sgd([scale, settings.weight_decay, momentum, lr].map(|rate| rate as f32))
            }
        }
    }

    /// `second` is empty for SGD.
    fn apply(self, weights: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32]) {
        match self {
            Self::AdamW(rates) => rates.apply(weights, gradient, first, second),
            Self::Sgd(rates) => sgd(weights, gradient, first, rates),
        }
    }

    /// The same in pieces, each seen before and after it. Every value is computed by itself, so that pieces change nothing.
    fn apply_watched(
        self,
        weights: &mut [f32],
        gradient: &[f32],
        first: &mut [f32],
        second: &mut [f32],
        moves: &mut Moves,
    ) {
        for from in (0..weights.len()).step_by(WATCHED) {
            let piece = from..weights.len().min(from + WATCHED);
            let of_second = if second.is_empty() { 0..0 } else { piece.clone() };
            let (weights, gradient) = (&mut weights[piece.clone()], &gradient[piece.clone()]);
            let (first, second) = (&mut first[piece], &mut second[of_second]);
            let before = [&*weights, &*first, &*second].map(<[f32]>::to_vec);
            self.apply(weights, gradient, first, second);
            moves.see(from, gradient, &before, [weights, first, second]);
        }
    }
}

/// The factors of one AdamW update (Loshchilov and Hutter 2019, algorithm 2), with the bias corrections folded in.
#[derive(Clone, Copy)]
struct AdamW {
    scale: f32,
    keep: f32,
    beta2: f32,
    /// 1 − β₁ and 1 − β₂, rounded once: in f32, 1 − 0.999 is off in the fifth digit.
    rests: [f32; 2],
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
            beta2: beta2 as f32,
            rests: [beta1, beta2].map(|beta| (1.0 - beta) as f32),
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
            first[i] += rates.rests[0] * (g - first[i]);
            second[i] = rates.beta2 * second[i] + rates.rests[1] * g * g;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_that_is_watched_is_the_same_to_the_bit() {
        let n = 2 * WATCHED + 37;
        let values = |seed: usize| -> Vec<f32> {
            (0..n).map(|i| ((i * 7919 + seed * 104_729) % 10_007) as f32 * 1e-4 - 0.5).collect()
        };
        for optimizer in [Optimizer::AdamW, Optimizer::Sgd { momentum: 0.9 }] {
            let settings = Settings { optimizer, weight_decay: 0.1, ..Settings::default() };
            let rates = Rates::new(3, &settings, 1e-2, 0.7);
            let second =
                || if optimizer == Optimizer::AdamW { values(4).iter().map(|v| v * v).collect() } else { vec![] };
            let (mut plain, mut watched) = ([values(1), values(3), second()], [values(1), values(3), second()]);
            let (mut gradient, before, mut moves) = (values(2), plain[0].clone(), Moves::of(n));
            gradient[n - 1] = 9.0;
            let [weights, first, second] = &mut plain;
            rates.apply(weights, &gradient, first, second);
            let [weights, first, second] = &mut watched;
            rates.apply_watched(weights, &gradient, first, second, &mut moves);
            assert!(plain == watched, "{optimizer}");
            let kept = moves.finish();
            assert_eq!(kept[0].index, n - 1, "the last piece is seen too");
            for moved in kept {
                assert_eq!([before[moved.index], plain[0][moved.index]], moved.weight);
                assert_eq!(moved.first[1], plain[1][moved.index]);
            }
        }
    }
}
