//! `update`, the only writer of [`App`]: whom an action concerns.

mod engine;
mod files;

use super::training::{follow, pause};
use super::{Action, App, Command, Effect, general, overlay, present, view};

/// Takes one action into the state; what has to be done outside comes back.
pub fn update(app: &mut App, action: Action) -> Vec<Effect> {
    let place = app.place();
    present::hear(app, &action);
    let mut effects = take(app, action);
    if app.place() != place {
        app.views.leave_place();
    }
    app.presenting.note_view(app.view);
    effects.extend(follow(app));
    effects.extend(view::follow(app));
    // Of a past step only the rows are known.
    if app.training.shown.is_none() {
        effects.extend(app.shared.ask_for_distribution());
    }
    effects
}

fn take(app: &mut App, action: Action) -> Vec<Effect> {
    match action {
        Action::Do(command) => return run(app, command),
        Action::Type(input) => return overlay::type_key(app, input),
        Action::Paste(text) => return overlay::paste(app, &text),
        Action::Pick(line) => return overlay::click(app, line),
        Action::FocusTurn(index) => overlay::focus_turn(app, index),
        Action::Goto(t) => {
            app.shared.end_selection();
            app.shared.move_cursor_to(t);
        }
        Action::Within(view, inner) => {
            app.view = view;
            return take(app, *inner);
        }
        Action::Heard(_) => {}
        Action::Drag(t) => view::drag(app, t),
        Action::Basis(basis) => app.shared.choose_basis(basis),
        Action::ShowStep(step) => {
            let frame = app.training.film.at_step(step);
            app.show_step(frame);
        }
        Action::ShowPanel(panel) => view::show_panel(app, panel),
        Action::Trace(place) => overlay::trace(app, place),
        Action::Resize(columns, rows) => app.size = (columns, rows),
        Action::Engine(event) => return engine::take(app, event),
        Action::Files(outcome) => return files::take(app, outcome),
    }
    Vec::new()
}

/// A command goes to what lies over the view, else to the view, else to what all views do.
pub(super) fn run(app: &mut App, command: Command) -> Vec<Effect> {
    if command == Command::Quit {
        app.quit = true;
        let mut effects = pause(app);
        effects.push(Effect::CancelEngine);
        return effects;
    }
    if let Some(effects) = overlay::run(app, command) {
        return effects;
    }
    app.shared.hush();
    general::run(app, command)
}
