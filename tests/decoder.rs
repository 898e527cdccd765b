//! The decoder and the scorer against PyTorch transformers, candle-transformers and finite differences.

#[path = "decoder/checkpoint.rs"]
mod checkpoint;
#[path = "decoder/golden.rs"]
mod golden;
