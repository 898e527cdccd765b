//! What keys do: a state, keys through the key table, the state that comes of them.

#[path = "flow/any.rs"]
mod any;
#[path = "flow/choices.rs"]
mod choices;
#[path = "flow/editing.rs"]
mod editing;
#[path = "flow/lists.rs"]
mod lists;
#[path = "flow/models.rs"]
mod models;
#[path = "flow/packing.rs"]
mod packing;
#[path = "flow/painting.rs"]
mod painting;
#[path = "flow/records.rs"]
mod records;
#[path = "screens/sample.rs"]
#[allow(dead_code)]
mod sample;
#[path = "flow/training.rs"]
mod training;
#[path = "flow/views.rs"]
mod views;

use lossglass::app::{Action, App, Editor, Effect, Overlay, Picker, keymap, update};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key as the key table writes it; one character stands for itself.
fn key(name: &str) -> KeyEvent {
    let shifted = name.strip_prefix("shift-").filter(|base| *base != "tab");
    let (modifiers, base) = match (name.strip_prefix("ctrl-"), name.strip_prefix("alt-")) {
        _ if shifted.is_some() => (KeyModifiers::SHIFT, shifted.unwrap_or(name)),
        (Some(base), _) => (KeyModifiers::CONTROL, base),
        (_, Some(base)) => (KeyModifiers::ALT, base),
        _ => (KeyModifiers::NONE, name),
    };
    let code = match base {
        "←" => KeyCode::Left,
        "→" => KeyCode::Right,
        "↑" => KeyCode::Up,
        "↓" => KeyCode::Down,
        "pgup" => KeyCode::PageUp,
        "pgdn" => KeyCode::PageDown,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "enter" => KeyCode::Enter,
        "tab" => KeyCode::Tab,
        "shift-tab" => KeyCode::BackTab,
        "esc" => KeyCode::Esc,
        "backspace" => KeyCode::Backspace,
        "space" => KeyCode::Char(' '),
        "F1" => KeyCode::F(1),
        _ => KeyCode::Char(base.chars().next().filter(|_| base.chars().count() == 1).expect(name)),
    };
    KeyEvent::new(code, modifiers)
}

/// What the run loop makes of a key.
fn press_key(app: &mut App, key: KeyEvent) -> Vec<Effect> {
    match keymap::command(app.context(), key) {
        Some(command) => update(app, Action::Do(command)),
        None => update(app, Action::Type(key.into())),
    }
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
