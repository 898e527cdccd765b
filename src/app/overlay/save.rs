//! Where the weights are saved: a line to type.

use ratatui_textarea::Input;

use crate::app::keymap::{Binding, Context};
use crate::app::training::train;
use crate::app::{App, Command, Effect, Overlay};
use crate::engine::TrainRequest;

const fn bind(keys: &'static [&'static str], command: Command, help: &'static str, short: &'static str) -> Binding {
    Binding { context: Context::Save, keys, command, help, short }
}

pub const KEYS: &[Binding] = &[
    bind(&["enter"], Command::Accept, "save the weights there", "enter save"),
    bind(&["esc"], Command::Cancel, "do not save", "esc cancel"),
    bind(&["ctrl-c"], Command::Quit, "quit", ""),
];

/// Opens the line, with a directory of its own for every model and step.
pub fn open(app: &mut App) {
    let Some(model) = app.analysis.model.as_ref().filter(|_| app.training.step > 0) else {
        return app.shared.say("nothing to save yet: the weights are those of the model; space takes a step");
    };
    let name: String =
        model.name.chars().map(|c| if c.is_alphanumeric() || "._".contains(c) { c } else { '-' }).collect();
    let directory = format!("./lossglass-{name}-step{}", app.training.step);
    app.overlay = Some(Overlay::Save { directory: directory.into() });
}

/// A command in the line.
pub fn run(app: &mut App, command: Command) -> Vec<Effect> {
    let Some(Overlay::Save { directory }) = &app.overlay else { return Vec::new() };
    let directory = directory.text().trim().to_owned();
    match command {
        Command::Accept if directory.is_empty() => {
            app.shared.say("type a directory to save in, or esc");
            Vec::new()
        }
        Command::Accept => {
            app.overlay = None;
            vec![train(TrainRequest::Save { directory: directory.into() })]
        }
        _ => {
            app.overlay = None;
            Vec::new()
        }
    }
}

/// A key goes to the line.
pub fn type_key(app: &mut App, input: Input) -> Vec<Effect> {
    let Some(Overlay::Save { directory }) = &mut app.overlay else { return Vec::new() };
    directory.input(input);
    Vec::new()
}

/// A paste goes to the line.
pub fn paste(app: &mut App, text: &str) {
    if let Some(Overlay::Save { directory }) = &mut app.overlay {
        directory.paste(text);
    }
}
