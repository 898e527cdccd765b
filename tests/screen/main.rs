//! What the screen shows and what keys do: the state alone, told by hand what an engine would tell it.

mod attend;
#[path = "../support/chats.rs"]
mod chats;
mod compare;
#[path = "../support/fixtures.rs"]
mod fixtures;
mod flow;
mod frames;
#[path = "../support/keys.rs"]
mod keys;
mod lesson;
mod overlays;
mod packs;
mod present;
mod score;
mod slow_step;
mod support;
mod train;
mod watching;
