//! Keys, pastes and commands in the editor. Every change is re-scored at once.

mod turns;

use ratatui_textarea::{Input, Key};

pub(in crate::app) use turns::meant;
pub use turns::{Editor, TurnEditor};

use crate::app::keymap::{Binding, Context};
use crate::app::shared::Caret;
use crate::app::{App, Command, Effect, Overlay};
use crate::sample::Sample;

const fn bind(keys: &'static [&'static str], command: Command, help: &'static str, short: &'static str) -> Binding {
    Binding { context: Context::Editor, keys, command, help, short }
}

pub const KEYS: &[Binding] = &[
    bind(&["esc"], Command::Cancel, "close the editor, keep the text", "esc done"),
    bind(&["tab"], Command::NextTurn, "next turn (raw text: a tab)", "tab turn"),
    bind(&["shift-tab"], Command::PreviousTurn, "previous turn", ""),
    bind(&["ctrl-n"], Command::AddTurn, "add a turn after this one", "ctrl-n add"),
    bind(&["ctrl-d"], Command::RemoveTurn, "remove this turn", "ctrl-d remove"),
    bind(&["ctrl-r"], Command::NextRole, "change the turn's role", "ctrl-r role"),
    bind(&["alt-↑", "ctrl-↑"], Command::MoveTurnUp, "move the turn up", "alt-↑↓ move"),
    bind(&["alt-↓", "ctrl-↓"], Command::MoveTurnDown, "move the turn down", ""),
    bind(&["ctrl-t"], Command::ToggleChat, "text to chat and back", "ctrl-t text/chat"),
    bind(&["ctrl-z"], Command::Undo, "undo", "ctrl-z undo"),
    bind(&["ctrl-y"], Command::Redo, "redo", ""),
    bind(&["ctrl-c"], Command::Quit, "quit", ""),
];

/// Opens the editor on the sample: as it was closed, if the sample is still what it holds.
pub fn open(app: &mut App) {
    if matches!(app.sample, Sample::Prepared(_)) {
        return app.shared.say("what a trainer prepared is ids, not text: open the records that it was made of");
    }
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
    app.shared.say("pasted as a new text; e edits it");
    effects
}

/// A turn is clicked.
pub fn focus_turn(app: &mut App, index: usize) {
    if let Some(Overlay::Editor(editor)) = &mut app.overlay {
        editor.focus = index.min(editor.turns.len() - 1);
    }
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
            app.shared.say("raw text has no turns; ctrl-t makes a chat of it");
            false
        }
        Command::RemoveTurn => {
            app.shared.say("the only turn stays");
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
    app.records.leave_record();
    app.shared.type_over(editor.sample(), Caret::of(editor));
    app.analyze()
}
