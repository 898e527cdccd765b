//! The help: how far it is scrolled.

use crate::app::general::PAGE;
use crate::app::keymap::{self, Binding, Context};
use crate::app::{App, Command, Effect, Overlay};

/// Lines of the help that are no bindings, in a narrow terminal.
const HEADINGS: usize = 30;

const fn bind(keys: &'static [&'static str], command: Command, help: &'static str, short: &'static str) -> Binding {
    Binding { context: Context::Help, keys, command, help, short }
}

pub const KEYS: &[Binding] = &[
    bind(&["↓", "j"], Command::Down, "scroll down", "↑↓ scroll"),
    bind(&["↑", "k"], Command::Up, "scroll up", ""),
    bind(&["pgdn", "space"], Command::PageDown, "page down", ""),
    bind(&["pgup"], Command::PageUp, "page up", ""),
    bind(&["esc", "q", "?", "F1", "enter"], Command::Cancel, "close help", "esc close"),
    bind(&["ctrl-c"], Command::Quit, "quit", ""),
];

/// A command in the help.
pub fn run(app: &mut App, command: Command) -> Vec<Effect> {
    let Some(Overlay::Help { scroll }) = &mut app.overlay else { return Vec::new() };
    let by = match command {
        Command::Up => -1,
        Command::Down => 1,
        Command::PageUp => -PAGE,
        Command::PageDown => PAGE,
        _ => {
            app.overlay = None;
            return Vec::new();
        }
    };
    // What is drawn stops at the last line; this keeps the way back from there short.
    let most = (keymap::all().count() + HEADINGS).saturating_sub(usize::from(app.size.1));
    *scroll = scroll.saturating_add_signed(by as i16).min(most as u16);
    Vec::new()
}
