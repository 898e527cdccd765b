//! Keys, pastes and commands in the editor. Every change is re-scored at once.

use ratatui_textarea::{Input, Key};

use crate::app::caret::Caret;
use crate::app::{App, Command, Editor, Effect, Notice, Overlay};
use crate::sample::Sample;

/// Opens the editor on the sample: as it was closed, if the sample is still what it holds.
pub fn open(app: &mut App) {
    let closed = app.closed_editor.take().filter(|editor| editor.sample() == app.sample);
    app.overlay = Some(Overlay::Editor(closed.unwrap_or_else(|| Box::new(Editor::new(&app.sample)))));
}

/// A key that no binding takes.
pub fn type_key(app: &mut App, input: Input) -> Vec<Effect> {
    let Some(Overlay::Editor(editor)) = &mut app.overlay else { return Vec::new() };
    if editor.input(input) { changed(app) } else { Vec::new() }
}

/// A paste into the editor.
pub fn paste(app: &mut App, text: &str) -> Vec<Effect> {
    let Some(Overlay::Editor(editor)) = &mut app.overlay else { return Vec::new() };
    if editor.insert(text) { changed(app) } else { Vec::new() }
}

/// A paste over a view is a new text.
pub fn paste_as_text(app: &mut App, text: &str) -> Vec<Effect> {
    app.overlay = None;
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let effects = app.open_sample(Sample::Text(text), "pasted");
    app.say("pasted as a new text; e edits it");
    effects
}

/// A turn is clicked.
pub fn focus_turn(app: &mut App, index: usize) -> Vec<Effect> {
    if let Some(Overlay::Editor(editor)) = &mut app.overlay {
        editor.focus = index.min(editor.turns.len() - 1);
    }
    Vec::new()
}

/// A command in the editor.
pub fn run(app: &mut App, command: Command) -> Vec<Effect> {
    let Some(Overlay::Editor(editor)) = &mut app.overlay else {
        return Vec::new();
    };
    let is_changed = match command {
        Command::Cancel => {
            if let Some(Overlay::Editor(editor)) = app.overlay.take() {
                app.closed_editor = Some(editor);
            }
            return Vec::new();
        }
        Command::NextTurn if !editor.is_chat => {
            editor.input(Input { key: Key::Tab, ctrl: false, alt: false, shift: false })
        }
        Command::NextTurn => {
            editor.step_focus(1);
            false
        }
        Command::PreviousTurn => {
            editor.step_focus(-1);
            false
        }
        Command::AddTurn if editor.is_chat => {
            editor.add_turn();
            true
        }
        Command::RemoveTurn if editor.remove_turn() => true,
        Command::MoveTurnUp => editor.move_turn(-1),
        Command::MoveTurnDown => editor.move_turn(1),
        Command::NextRole if editor.is_chat => {
            editor.next_role();
            true
        }
        Command::ToggleChat => {
            editor.toggle_chat();
            true
        }
        Command::Undo => editor.undo(),
        Command::Redo => editor.redo(),
        Command::AddTurn | Command::NextRole => {
            let text = "raw text has no turns; ctrl-t makes a chat of it".into();
            app.notice = Some(Notice { text, is_error: false });
            false
        }
        Command::RemoveTurn => {
            app.notice = Some(Notice { text: "the only turn stays".into(), is_error: false });
            false
        }
        _ => false,
    };
    if is_changed { changed(app) } else { Vec::new() }
}

/// The sample becomes what the editor holds.
fn changed(app: &mut App) -> Vec<Effect> {
    let Some(Overlay::Editor(editor)) = &app.overlay else {
        return Vec::new();
    };
    let sample = editor.sample();
    app.caret = Some(Caret::of(editor));
    app.notice = None;
    let name = if app.sample_name.ends_with(" (edited)") || app.sample_name == "typed" {
        app.sample_name.clone()
    } else {
        format!("{} (edited)", app.sample_name)
    };
    app.replace_sample(sample, name)
}
