//! Models from a Hub that a server on this machine plays, with everything that can go wrong on the way.

mod command;
mod download;
mod faults;
#[path = "../support/fixtures.rs"]
mod fixtures;
mod life;
mod offline;
mod screen;
mod server;
mod stored;
#[path = "../support/terminal.rs"]
mod terminal;
