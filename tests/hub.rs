//! Models from a Hub that a server on this machine plays, with everything that can go wrong on the way.

#[path = "pty/terminal.rs"]
#[allow(dead_code)]
mod terminal;

mod hub {
    mod command;
    mod download;
    mod faults;
    mod offline;
    mod screen;
    mod server;
    mod stored;
}
