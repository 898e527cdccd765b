//! The projection y = x·Wᵀ, with a backward pass that skips what nobody asked for.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};

use super::composed;
use super::matmul::matmul_nt;
use super::values::{fusable, values};

/// y = x·Wᵀ for `x [tokens, in]`, `weight [out, in]`.
pub fn linear(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    if fusable(&[x, weight]) && weight.is_contiguous() {
        x.contiguous()?.apply_op2(weight, Linear)
    } else {
        composed::linear(x, weight)
    }
}

struct Linear;

impl CustomOp2 for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn cpu_fwd(&self, x: &CpuStorage, lx: &Layout, w: &CpuStorage, lw: &Layout) -> Result<(CpuStorage, Shape)> {
        let ((tokens, k), (n, width)) = (lx.shape().dims2()?, lw.shape().dims2()?);
        if k != width || k == 0 {
            candle_core::bail!("linear: {tokens} x {k} activations do not fit {n} x {width} weights");
        }
        let y = matmul_nt(values(x, lx)?, values(w, lw)?, k);
        Ok((CpuStorage::F32(y), Shape::from((tokens, n))))
    }

    /// dx = g·W, dW = gᵀ·x; a frozen weight's gradient is not computed.
    fn bwd(&self, x: &Tensor, w: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let dx = if x.track_op() { Some(grad.matmul(w)?) } else { None };
        let dw = if w.track_op() { Some(grad.t()?.matmul(x)?) } else { None };
        Ok((dx, dw))
    }
}
