//! What goes on inside a model, against PyTorch transformers (`inspect/expected.json`, made by
//! `inspect/transformers_values.py`) and against itself.

mod capture;
mod command;
mod heads;
mod layers;
mod leaning;
mod masks;
mod scored;
