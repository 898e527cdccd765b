//! The weights along a training run in one small file: what each checkpoint has gained on the one before it.
//!
//! ```text
//! LGLIFE1, a line of JSON, then for each checkpoint and tensor
//!     rank                           directions that are kept
//!     gain of each, f32
//!     Σ gain · side · directionᵀ     whole numbers, coded as they are expected
//! ```
//!
//! What training adds to a matrix lies in few directions, the fewer the earlier. So each difference is turned into those
//! directions, the widest first, and rounded to steps of one size there: a narrow direction is all zeros, and left out.
//! The next difference is that to what was decoded, so that errors do not add up. The random weights of the beginning cost
//! nothing: they are drawn again.

mod coder;
mod difference;
mod directions;
pub mod header;

pub use difference::{Change, Gained, advance};
