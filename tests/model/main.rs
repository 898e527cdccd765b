//! A model: its files as they are loaded, what its decoder computes, and how it is trained.

mod checkpoint;
mod decoder;
#[path = "../support/decoders.rs"]
mod decoders;
#[path = "../support/fixtures.rs"]
mod fixtures;
mod inspect;
mod life;
mod loading;
mod pretrain;
mod training;
