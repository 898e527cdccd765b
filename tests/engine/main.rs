//! The real engine on its thread: behind the real state, and with requests alone.

#[path = "../support/chats.rs"]
mod chats;
mod compare;
mod demonstrations;
#[path = "../support/fixtures.rs"]
mod fixtures;
mod inside;
mod learning;
mod lesson;
mod life;
mod models;
mod scratch;
#[path = "../support/session.rs"]
mod session;
mod sessions;
mod slow;
mod training;
mod watching;
mod writing;
