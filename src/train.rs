//! Training: an optimizer step on what a loss mask scores, and everything that makes a run of steps repeatable.
//!
//! ```text
//! Settings ─┐
//! Examples ─┴▶ Trainer::step ─▶ forward ─▶ loss ─▶ backward ─▶ clip ─▶ update ─▶ StepReport
//!                   │
//!                   └─▶ undo, rewind, reset (snapshots and replay), save, resume
//! ```
//!
//! A step is a pure function of weights, optimizer state, settings and examples: the same ones give the same bits.

mod example;
mod report;
mod settings;

pub use example::Example;
pub use report::{GradientNorm, StepReport};
pub use settings::{Goal, LoraSettings, Method, Optimizer, Projections, Schedule, Settings, Shape};
