//! What lies over the views: which of them a command, a key, a paste or a click goes to.

use ratatui_textarea::Input;

use super::{PAGE, editing, painting, picking, records, saving, settings};
use crate::app::{App, Command, Effect, Overlay, keymap};

/// Lines of the help that are no bindings, in a narrow terminal.
const HELP_HEADINGS: usize = 30;

/// A command; `None` where nothing lies over the view.
pub fn run(app: &mut App, command: Command) -> Option<Vec<Effect>> {
    Some(match app.overlay.as_ref()? {
        Overlay::Help { .. } => scroll_help(app, command),
        Overlay::Editor(_) => editing::run(app, command),
        Overlay::Picker(_) => picking::run(app, command),
        Overlay::Settings(_) => settings::run(app, command),
        Overlay::Save { .. } => saving::run(app, command),
        Overlay::Records => records::run(app, command),
        Overlay::Weight { .. } => painting::run_in_prompt(app, command),
    })
}

/// A key that no binding takes.
pub fn type_key(app: &mut App, input: Input) -> Vec<Effect> {
    match app.overlay {
        Some(Overlay::Editor(_)) => editing::type_key(app, input),
        Some(Overlay::Picker(_)) => picking::type_key(app, input),
        Some(Overlay::Settings(_)) => settings::type_key(app, input),
        Some(Overlay::Save { .. }) => saving::type_key(app, input),
        Some(Overlay::Weight { .. }) => painting::type_key(app, input),
        Some(Overlay::Records) => records::type_key(app, input),
        Some(Overlay::Help { .. }) | None => Vec::new(),
    }
}

/// A paste goes to where one types; over a view it is a text of its own.
pub fn paste(app: &mut App, text: &str) -> Vec<Effect> {
    match app.overlay {
        Some(Overlay::Editor(_)) => return editing::paste(app, text),
        Some(Overlay::Picker(_)) => picking::paste(app, text),
        Some(Overlay::Save { .. }) => saving::paste(app, text),
        Some(Overlay::Weight { .. }) => painting::paste(app, text),
        Some(Overlay::Records) => records::paste(app, text),
        Some(Overlay::Help { .. } | Overlay::Settings(_)) | None => return editing::paste_as_text(app, text),
    }
    Vec::new()
}

/// A line of a list or a form is clicked.
pub fn click(app: &mut App, line: usize) -> Vec<Effect> {
    match app.overlay {
        Some(Overlay::Settings(_)) => {
            settings::click(app, line);
            Vec::new()
        }
        Some(Overlay::Records) => records::click(app, line),
        _ => picking::click(app, line),
    }
}

fn scroll_help(app: &mut App, command: Command) -> Vec<Effect> {
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
    let most = (keymap::BINDINGS.len() + HELP_HEADINGS).saturating_sub(usize::from(app.size.1));
    *scroll = scroll.saturating_add_signed(by as i16).min(most as u16);
    Vec::new()
}
