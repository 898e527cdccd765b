//! The decoder and the scorer against PyTorch transformers, candle-transformers and finite differences.

#[path = "decoder/checkpoint.rs"]
mod checkpoint;
#[path = "decoder/generation.rs"]
mod generation;
#[path = "decoder/golden.rs"]
mod golden;
#[path = "decoder/gradients.rs"]
mod gradients;
#[path = "decoder/operations.rs"]
mod operations;
#[path = "decoder/packing.rs"]
mod packing;
#[path = "decoder/reuse.rs"]
mod reuse;
#[path = "decoder/weights.rs"]
mod weights;
