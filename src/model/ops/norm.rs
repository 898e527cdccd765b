//! Row-wise normalisation, fused.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Device, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::composed;
use super::simd::{dot, vectorised};
use super::values::{fusable, shaped_like, values, with_values};

/// x / √(mean x² + ε) · weight over each row of `x [tokens, features]` (Zhang and Sennrich 2019).
pub fn rms_norm(x: &Tensor, weight: &Tensor, eps: f64) -> Result<Tensor> {
    if fusable(&[x, weight]) {
        x.contiguous()?.apply_op2(&weight.contiguous()?, RmsNorm { eps })
    } else {
        composed::rms_norm(x, weight, eps)
    }
}

/// (x − mean) / √(variance + ε) · weight + bias over each row of `x [tokens, features]`, with the biased variance
/// (Ba et al. 2016).
pub fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor, eps: f64) -> Result<Tensor> {
    if fusable(&[x, weight, bias]) {
        x.contiguous()?.apply_op3(&weight.contiguous()?, &bias.contiguous()?, LayerNorm { eps })
    } else {
        composed::layer_norm(x, weight, bias, eps)
    }
}

struct RmsNorm {
    eps: f64,
}

impl CustomOp2 for RmsNorm {
    fn name(&self) -> &'static str {
        "rms-norm"
    }

    fn cpu_fwd(&self, x: &CpuStorage, lx: &Layout, w: &CpuStorage, lw: &Layout) -> Result<(CpuStorage, Shape)> {
        let (x, weight) = (values(x, lx)?, values(w, lw)?);
        let mut y = vec![0.0; x.len()];
        y.par_chunks_mut(weight.len()).zip(x.par_chunks(weight.len())).with_min_len(16).for_each(|(y, x)| {
            rms_norm_row(y, x, weight, self.eps as f32);
        });
        Ok((CpuStorage::F32(y), lx.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, w: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (dx, dw) = with_values([x, w, grad], |[x, weight, grad]| {
            let mut dx = vec![0.0; x.len()];
            let mut dw = vec![0.0; weight.len()];
            for ((dx, x), grad) in
                dx.chunks_mut(weight.len()).zip(x.chunks(weight.len())).zip(grad.chunks(weight.len()))
            {
                rms_norm_row_grad(dx, &mut dw, x, weight, grad, self.eps as f32);
            }
            (dx, dw)
        })?;
        Ok((Some(shaped_like(dx, x)?), Some(shaped_like(dw, w)?)))
    }
}

vectorised! {
    fn rms_norm_row(y: &mut [f32], x: &[f32], weight: &[f32], eps: f32) {
        let inverse = 1.0 / (dot(x, x) / x.len() as f32 + eps).sqrt();
        for ((y, x), w) in y.iter_mut().zip(x).zip(weight) {
            *y = x * inverse * w;
        }
    }
}

vectorised! {
    /// With r = 1/√(mean x² + ε): dx = r·(g·w − x·r²·mean(g·w·x)), dw += g·x·r.
    fn rms_norm_row_grad(dx: &mut [f32], dw: &mut [f32], x: &[f32], weight: &[f32], grad: &[f32], eps: f32) {
        let n = x.len() as f32;
        let inverse = 1.0 / (dot(x, x) / n + eps).sqrt();
        for i in 0..x.len() {
            dx[i] = grad[i] * weight[i];
            dw[i] += grad[i] * x[i] * inverse;
        }
        let shift = dot(dx, x) / n * inverse * inverse;
        for (dx, x) in dx.iter_mut().zip(x) {
            *dx = inverse * (*dx - x * shift);
        }
    }
}

struct LayerNorm {
    eps: f64,
}

impl CustomOp3 for LayerNorm {
    fn name(&self) -> &'static str {
        "layer-norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        w: &CpuStorage,
        lw: &Layout,
        b: &CpuStorage,
        lb: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, weight, bias) = (values(x, lx)?, values(w, lw)?, values(b, lb)?);
        let mut y = vec![0.0; x.len()];
        y.par_chunks_mut(weight.len()).zip(x.par_chunks(weight.len())).with_min_len(16).for_each(|(y, x)| {
            layer_norm_row(y, x, weight, bias, self.eps as f32);
        });
        Ok((CpuStorage::F32(y), lx.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        _: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (dx, dw, db) = with_values([x, w, grad], |[x, weight, grad]| {
            let n = weight.len();
            let (mut dx, mut dw, mut db) = (vec![0.0; x.len()], vec![0.0; n], vec![0.0; n]);
            for ((dx, x), grad) in dx.chunks_mut(n).zip(x.chunks(n)).zip(grad.chunks(n)) {
                layer_norm_row_grad(dx, &mut dw, &mut db, x, weight, grad, self.eps as f32);
            }
            (dx, dw, db)
        })?;
        let db = Tensor::from_vec(db, w.shape(), &Device::Cpu)?;
        Ok((Some(shaped_like(dx, x)?), Some(shaped_like(dw, w)?), Some(db)))
    }
}

/// Mean and 1/√(variance + ε).
#[inline(always)]
fn moments(x: &[f32], eps: f32) -> (f32, f32) {
    let n = x.len() as f32;
    let mean = x.iter().sum::<f32>() / n;
    let variance = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / n;
    (mean, 1.0 / (variance + eps).sqrt())
}

vectorised! {
    fn layer_norm_row(y: &mut [f32], x: &[f32], weight: &[f32], bias: &[f32], eps: f32) {
        let (mean, inverse) = moments(x, eps);
        for i in 0..x.len() {
            y[i] = (x[i] - mean) * inverse * weight[i] + bias[i];
        }
    }
}

vectorised! {
    /// With x̂ = (x − mean)·r: dx = r·(g·w − mean(g·w) − x̂·mean(g·w·x̂)), dw += g·x̂, db += g.
    fn layer_norm_row_grad(
        dx: &mut [f32],
        dw: &mut [f32],
        db: &mut [f32],
        x: &[f32],
        weight: &[f32],
        grad: &[f32],
        eps: f32,
    ) {
        let n = x.len() as f32;
        let (mean, inverse) = moments(x, eps);
        let (mut sum, mut product) = (0.0, 0.0);
        for i in 0..x.len() {
            let normed = (x[i] - mean) * inverse;
            dx[i] = grad[i] * weight[i];
            dw[i] += grad[i] * normed;
            db[i] += grad[i];
            sum += dx[i];
            product += dx[i] * normed;
        }
        for (dx, x) in dx.iter_mut().zip(x) {
            *dx = inverse * (*dx - sum / n - (x - mean) * inverse * product / n);
        }
    }
}
