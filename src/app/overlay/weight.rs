//! The line where a weight is typed that is to be painted.

use ratatui_textarea::Input;

use crate::app::keymap::{Binding, Context};
use crate::app::{App, Command, Effect, Overlay};

const fn bind(keys: &'static [&'static str], command: Command, help: &'static str, short: &'static str) -> Binding {
    Binding { context: Context::Weight, keys, command, help, short }
}

pub const KEYS: &[Binding] = &[
    bind(&["enter"], Command::Accept, "paint the weight that was typed", "enter paint"),
    bind(&["esc"], Command::Cancel, "paint nothing", "esc cancel"),
    bind(&["ctrl-c"], Command::Quit, "quit", ""),
];

/// A command in the line.
pub fn run(app: &mut App, command: Command) -> Vec<Effect> {
    let Some(Overlay::Weight { typed }) = &app.overlay else { return Vec::new() };
    if command != Command::Accept {
        app.overlay = None;
        return Vec::new();
    }
    match weight(typed.text()) {
        Ok(weight) => {
            app.overlay = None;
            let mut paint = app.painting.paint.clone();
            paint.set(app.sequence(), &app.chosen_tokens(), weight);
            app.shared.paint(paint);
        }
        Err(text) => app.shared.complain(text),
    }
    Vec::new()
}

/// A key goes to the weight that is typed.
pub fn type_key(app: &mut App, input: Input) -> Vec<Effect> {
    let Some(Overlay::Weight { typed }) = &mut app.overlay else { return Vec::new() };
    typed.input(input);
    app.shared.hush();
    Vec::new()
}

/// A paste goes to it.
pub fn paste(app: &mut App, text: &str) {
    if let Some(Overlay::Weight { typed }) = &mut app.overlay {
        typed.paste(text.trim());
    }
}

fn weight(typed: &str) -> Result<f64, String> {
    let number = typed.trim().parse().ok().filter(|weight: &f64| weight.is_finite() && *weight >= 0.0);
    number.ok_or_else(|| match typed.trim() {
        "" => "type a weight: a number from 0 on, such as 0.5".into(),
        typed => format!("{typed:?} is no weight: a weight is a number from 0 on, such as 0.5"),
    })
}
