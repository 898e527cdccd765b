//! What a model's files say: config, f32 weights under transformers' names, vocabulary.
//!
//! ```text
//! directory    config.json + *.safetensors + tokenizer.json ─┐
//!                                                            ├─▶ check ─▶ Loaded
//! .gguf file   metadata + quantised tensors ─────────────────┘
//! ```
//!
//! A [directory with an adapter](adapter) in PEFT's layout adds to the model that it names. [`pack`](mod@pack) writes a
//! directory as one GGUF file.
//!
//! Files are memory-mapped and converted one tensor at a time, so that loading needs little more memory than the f32
//! weights themselves. Where the files come from is not known here.

pub mod adapter;
mod check;
pub mod directory;
mod error;
pub mod gguf;
pub mod index;
pub mod life;
mod loaded;
mod mapped;
mod names;
pub mod pack;
mod safetensors;
mod task;
mod text;

pub use error::LoadError;
pub use loaded::Loaded;
pub use task::{Task, Wants};
