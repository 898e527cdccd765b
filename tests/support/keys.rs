//! Keys by the names that the key table gives them.

use lossglass::app::{Action, App, keymap};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key as the key table writes it; one character stands for itself.
pub fn key(name: &str) -> KeyEvent {
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
        "F5" => KeyCode::F(5),
        _ => KeyCode::Char(base.chars().next().filter(|_| base.chars().count() == 1).expect(name)),
    };
    KeyEvent::new(code, modifiers)
}

/// What the run loop makes of a key.
pub fn action(app: &App, key: KeyEvent) -> Action {
    match keymap::command(app.context(), key) {
        Some(command) => Action::Do(command),
        None => Action::Type(key.into()),
    }
}
