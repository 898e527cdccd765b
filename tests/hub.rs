//! Models from a Hub that a server on this machine plays, with everything that can go wrong on the way.

mod hub {
    mod command;
    mod download;
    mod faults;
    mod offline;
    mod server;
    mod stored;
}
