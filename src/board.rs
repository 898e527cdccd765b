//! The logs that runs leave behind, as other tools read them: event files of TensorBoard, and JSON lines.
//!
//! Values stand under the names that transformers gives them in TensorBoard: `train/loss`, `train/learning_rate`,
//! `eval/loss`.

pub mod record;
pub mod scalar;
mod write;

pub use write::{Format, Log, LogError};
