//! The kernels that a decoder is computed with, each differentiable. They know tensors and no model.
//!
//! candle-nn's fused `rms_norm`, `layer_norm`, `softmax_last_dim` and `rope` have no backward pass and drop gradients
//! without a word; these have one. On the CPU an operation is one fused pass and writes its backward pass down on a
//! [`Tape`], if it is given one. Where candle records a graph (a weight is a `Var`), and on other devices, it is made of
//! candle's primitives ([`composed`]), which also serve as the reference in the tests. All tensors are f32 matrices
//! `[tokens, features]`; heads lie side by side in the features.

mod activation;
mod attention;
pub mod composed;
mod cross_entropy;
mod fit;
mod head;
mod linear;
mod matmul;
mod norm;
mod peak;
mod pointwise;
mod projection;
mod residual;
mod rope;
mod rows;
pub(crate) mod simd;
mod tape;
mod values;

pub use activation::{Activation, activate, swiglu};
pub use attention::{Heads, attention, attention_weights};
pub(crate) use cross_entropy::differentiate;
pub use cross_entropy::{Counted, WatchRows, cross_entropy};
pub use head::{logits_by_slab, logits_of};
pub use linear::{add_bias, linear, project};
pub use norm::{layer_norm, rms_norm};
pub use peak::{peak_flops, peak_read};
pub use pointwise::{affine, mul};
pub use projection::{Adapter, Projection, Weight};
pub use residual::add;
pub use rope::{Rotation, rope};
pub use rows::{columns, head_columns, select_rows};
pub use simd::{BLOCK, Choice, Level, LevelError, choice, count_above, exp_sums, greatest, greatest_of_blocks};
pub use tape::{Gradients, Tape};
pub use values::{add_to, update_values, with_values};
