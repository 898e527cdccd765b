//! What goes on inside a model, against PyTorch transformers (`inspect/expected.json`, made by
//! `inspect/transformers_values.py`) and against itself.

#[path = "inspect/capture.rs"]
mod capture;
#[path = "decoder/checkpoint.rs"]
#[allow(dead_code)]
mod checkpoint;
#[path = "inspect/command.rs"]
mod command;
#[path = "inspect/heads.rs"]
mod heads;
#[path = "inspect/layers.rs"]
mod layers;
#[path = "inspect/leaning.rs"]
mod leaning;
#[path = "inspect/masks.rs"]
mod masks;
#[path = "inspect/scored.rs"]
mod scored;
