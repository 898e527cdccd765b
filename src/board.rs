//! The logs that runs leave behind, read and written: event files of TensorBoard, trainer_state.json of transformers,
//! JSON lines, what was printed; and a run of others as these tell of it while it grows.
//!
//! ```text
//! event files ─▶ record ─▶ scalar ─┐
//! JSON lines, what was printed ────┼─▶ Series by name ─▶ Run (what is known so far, checkpoints among it)
//! trainer_state.json ──────────────┘
//! our own steps ─▶ write ─▶ event file, JSON lines
//! ```
//!
//! Values stand under the names that transformers gives them in TensorBoard: `train/loss`, `train/learning_rate`,
//! `eval/loss`.

mod checkpoint;
mod events;
mod json;
mod lines;
mod printed;
pub mod record;
mod run;
pub mod scalar;
mod series;
mod state;
mod write;

pub use checkpoint::Checkpoint;
pub use run::{Run, Watch, WatchError};
pub use series::Series;
pub use write::{Format, Log, LogError};
