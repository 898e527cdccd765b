//! Keys in the form of the training settings.

use ratatui_textarea::{Input, Key};

use crate::app::settings::SettingsForm;
use crate::app::{App, Command, Effect, Notice, Overlay};

/// Opens the form.
pub fn open(app: &mut App) {
    app.overlay = Some(Overlay::Settings(SettingsForm::default()));
}

/// A command in the form.
pub fn run(app: &mut App, command: Command) -> Vec<Effect> {
    let Some(Overlay::Settings(form)) = &mut app.overlay else { return Vec::new() };
    app.notice = None;
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
            Err(text) => app.notice = Some(Notice { text, is_error: true }),
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
    app.notice = None;
    Vec::new()
}
