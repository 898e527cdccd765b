//! Whether tensors fit together: what every fused operation asks before it touches a value.

use candle_core::{Result, Tensor};

/// Refuses shapes that do not fit, by the operation's name and the shapes themselves.
pub(super) fn fit(fits: bool, op: &str, tensors: &[(&str, &Tensor)]) -> Result<()> {
    if fits {
        return Ok(());
    }
    let shapes: Vec<String> = tensors.iter().map(|(name, tensor)| format!("{name} {:?}", tensor.dims())).collect();
    candle_core::bail!("{op}: shapes do not fit: {}", shapes.join(", "))
}
