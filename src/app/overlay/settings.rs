//! Keys in the form of the training settings.

mod form;

use ratatui_textarea::{Input, Key};

pub(in crate::app) use form::{HIGHEST_RATE, LOWEST_RATE, next_round};
pub use form::{Setting, SettingsForm};

use crate::app::keymap::{Binding, Context};
use crate::app::{App, Command, Effect, Overlay};

const fn bind(keys: &'static [&'static str], command: Command, help: &'static str, short: &'static str) -> Binding {
    Binding { context: Context::Settings, keys, command, help, short }
}

pub const KEYS: &[Binding] = &[
    bind(&["↑", "k"], Command::Up, "previous setting", ""),
    bind(&["↓", "j"], Command::Down, "next setting", "↑↓ choose"),
    bind(&["←", "h"], Command::Left, "lower value, previous choice", ""),
    bind(&["→", "l"], Command::Right, "higher value, next choice", "←→ change"),
    bind(&["enter"], Command::Accept, "set the value that was typed", "enter set"),
    bind(&["esc", "q"], Command::Cancel, "close", "esc close"),
    bind(&["ctrl-c"], Command::Quit, "quit", ""),
];

/// Opens the form.
pub fn open(app: &mut App) {
    app.overlay = Some(Overlay::Settings(SettingsForm::default()));
}

/// A command in the form.
pub fn run(app: &mut App, command: Command) -> Vec<Effect> {
    let Some(Overlay::Settings(form)) = &mut app.overlay else { return Vec::new() };
    app.shared.hush();
    let probe_every = app.training.probe_every;
    match command {
        Command::Up => form.step(&app.training, -1),
        Command::Down => form.step(&app.training, 1),
        Command::Left | Command::Right => {
            form.typed.clear();
            form.chosen.turn(&mut app.training, command == Command::Right);
        }
        Command::Accept if form.typed.is_empty() => {}
        Command::Accept => match form.chosen.set(&mut app.training, form.typed.text()) {
            Ok(()) => form.typed.clear(),
            Err(text) => app.shared.complain(text),
        },
        _ => app.overlay = None,
    }
    // How often they are scored goes to the trainer with the probes.
    app.asked.probes &= app.training.probe_every == probe_every;
    Vec::new()
}

/// A line is clicked.
pub fn click(app: &mut App, line: usize) {
    if let Some(Overlay::Settings(form)) = &mut app.overlay {
        form.choose(&app.training, line);
    }
}

/// A key goes to the value that is typed.
pub fn type_key(app: &mut App, input: Input) -> Vec<Effect> {
    let Some(Overlay::Settings(form)) = &mut app.overlay else { return Vec::new() };
    let is_number = |c: char| c.is_ascii_digit() || ".eE-+".contains(c);
    if matches!(input, Input { key: Key::Char(c), ctrl: false, alt: false, .. } if !is_number(c)) {
        return Vec::new();
    }
    if !form.typed.input(input) {
        return Vec::new();
    }
    app.shared.hush();
    Vec::new()
}
