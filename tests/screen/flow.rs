//! What keys do: a state, keys through the key table, the state that comes of them.

mod any;
mod attend;
mod choices;
mod demonstrations;
mod editing;
mod handing_out;
mod lists;
mod models;
mod packing;
mod painting;
mod present;
mod records;
mod slow_step;
mod training;
mod views;
mod watching;

use lossglass::app::{App, Editor, Effect, Overlay, Picker, update};
use ratatui::crossterm::event::KeyEvent;

use crate::keys::{action, key};

fn press_key(app: &mut App, key: KeyEvent) -> Vec<Effect> {
    let action = action(app, key);
    update(app, action)
}

/// Presses the keys between blanks; what they ask for, in order.
fn press(app: &mut App, keys: &str) -> Vec<Effect> {
    keys.split_whitespace().flat_map(|name| press_key(app, key(name))).collect()
}

fn editor(app: &App) -> &Editor {
    match &app.overlay {
        Some(Overlay::Editor(editor)) => editor,
        other => panic!("no editor but {other:?}"),
    }
}

fn picker(app: &App) -> &Picker {
    match &app.overlay {
        Some(Overlay::Picker(picker)) => picker,
        other => panic!("no list but {other:?}"),
    }
}

fn notice(app: &App) -> (&str, bool) {
    app.notice.as_ref().map_or(("", false), |notice| (notice.text.as_str(), notice.is_error))
}
