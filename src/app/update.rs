//! `update`, the only writer of [`App`]: whom an action concerns.

mod engine;
mod files;

pub(super) use engine::take as take_engine;

use ratatui_textarea::{Input, Key};

use super::keymap::Context;
use super::training::{follow, follow_watched, pause};
use super::{Action, App, Command, Effect, general, guess, journal, lesson, life, overlay, present, session, view};

/// Takes one action into the state; what has to be done outside comes back.
pub fn update(app: &mut App, action: Action) -> Vec<Effect> {
    present::hear(app, &action);
    let mut effects =
        followed(app, |app| if session::holds_back(app, &action) { Vec::new() } else { take(app, action) });
    // A guess is told, and a lesson does what its step says, as soon as what they wait for is there.
    while guess::is_due(app) || lesson::is_due(app) {
        let go_on = if guess::is_due(app) { guess::go_on } else { lesson::go_on };
        effects.extend(followed(app, go_on));
    }
    effects.extend(lesson::tell_teacher(app));
    effects
}

/// Something changes the state; what follows from it everywhere is done, too.
fn followed(app: &mut App, change: impl FnOnce(&mut App) -> Vec<Effect>) -> Vec<Effect> {
    let place = app.place();
    let mut effects = change(app);
    if app.place() != place {
        app.views.leave_place();
    }
    app.presenting.note_view(app.view);
    effects.extend(follow(app));
    effects.extend(follow_watched(app));
    effects.extend(view::follow(app));
    // Of a past step only the rows are known.
    if app.training.shown.is_none() {
        effects.extend(app.shared.ask_for_distribution());
    }
    effects.extend(session::follow(app));
    journal::note(app, &effects);
    effects
}

fn take(app: &mut App, action: Action) -> Vec<Effect> {
    let Some(action) = guess::admit(app, action) else { return Vec::new() };
    match action {
        Action::Do(command) => return run(app, command),
        Action::Type(input) if app.context() == Context::Answer => return answer(app, input),
        Action::Type(input) => return overlay::type_key(app, input),
        Action::Paste(text) if app.context() == Context::Answer => paste_answer(app, &text),
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
        Action::ShowStep(step) if app.reel().is_of_life => return life::show(app, step),
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
    let taken = overlay::run(app, command).or_else(|| guess::run(app, command)).or_else(|| lesson::run(app, command));
    if let Some(effects) = taken {
        return effects;
    }
    run_in_view(app, command)
}

/// The same where nothing lies over the view, whatever is beside it.
pub(super) fn run_in_view(app: &mut App, command: Command) -> Vec<Effect> {
    app.shared.hush();
    if !app.offers(command) {
        app.shared.say("this run is trained elsewhere; here it is only watched");
        return Vec::new();
    }
    general::run(app, command)
}

/// The line in which an answer is typed: of what is guessed, else of the lesson.
fn line(app: &mut App) -> Option<&mut super::InputLine> {
    match (&mut app.guess, &mut app.lesson) {
        (Some(guess), _) => Some(&mut guess.line),
        (None, Some(lesson)) => Some(&mut lesson.line),
        (None, None) => None,
    }
}

/// A key goes to it; backspace where nothing is typed goes back in the lesson.
fn answer(app: &mut App, input: Input) -> Vec<Effect> {
    app.shared.hush();
    let Some(line) = line(app) else { return Vec::new() };
    if input.key == Key::Backspace && line.is_empty() {
        return lesson::run(app, Command::GoBack).unwrap_or_default();
    }
    line.input(input);
    Vec::new()
}

fn paste_answer(app: &mut App, text: &str) {
    if let Some(line) = line(app) {
        line.paste(text);
    }
}
