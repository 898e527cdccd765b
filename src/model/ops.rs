//! The element-wise and reducing operations of a decoder, each differentiable.
//!
//! candle-nn's fused `rms_norm`, `layer_norm`, `softmax_last_dim` and `rope` have no backward pass and drop gradients
//! without a word; these have one. On the CPU an operation is one fused pass (`linear`, `norm`, `rope`, `activation`,
//! `attention`, `residual`); on other devices it is made of candle's primitives ([`composed`]), which also serve as the reference
//! in the tests. All tensors are f32 matrices `[tokens, features]`; heads lie side by side in the features.

mod activation;
mod attention;
pub mod composed;
mod linear;
mod matmul;
mod norm;
mod residual;
mod rope;
mod simd;
mod values;

pub use activation::{gelu, swiglu};
pub use attention::{Heads, attention};
pub use linear::linear;
pub use norm::{layer_norm, rms_norm};
pub use residual::add;
pub use rope::{Rotation, rope};
pub use simd::{count_above, exp_sums, greatest};
