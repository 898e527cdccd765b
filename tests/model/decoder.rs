//! The decoder and the scorer against PyTorch transformers, candle-transformers and finite differences.

mod continuations;
mod generation;
mod golden;
mod gradients;
mod operations;
mod packing;
mod reuse;
mod sampling;
mod weights;
