//! Doing what a step says, by ordinary actions.

use super::Awaited;
use crate::app::view::{self, compare, generate, train};
use crate::app::{
    Activity, App, Context, Demonstration, Effect, PRESETS, Progress, View, Views, keymap, training, update,
};
use crate::data::Opened;
use crate::engine::{CompareRequest, Request, TrainRequest};
use crate::lesson::{Deed, Spot, Which};
use crate::sample::{Record, Sample};
use crate::source::Source;
use crate::train::Settings;

/// Whether the deed can be done now: what it begins with is there.
pub fn is_possible(app: &App, deed: &Deed) -> bool {
    match deed {
        Deed::Open { .. } => training::is_idle(app),
        _ => is_settled(app),
    }
}

/// Whether nothing is under way: the text is read, the model rests, what was to be written is.
pub fn is_settled(app: &App) -> bool {
    let is_read = app.is_current() && matches!(app.analysis.progress, Progress::Ready { .. });
    let second = &app.comparing;
    let is_second_read = second.source.is_none() || !second.analysis.is_awaited();
    let is_written = match app.lesson.as_ref().and_then(|sitting| sitting.awaits) {
        Some(Awaited::Written(tokens)) => generate::is_done(app, tokens),
        Some(Awaited::Heard(times)) => app.views.generate.heard() >= times,
        None => true,
    };
    is_read && is_second_read && is_written && training::is_idle(app)
}

/// Does one deed.
pub fn perform(app: &mut App, deed: Deed) -> Vec<Effect> {
    if let Some(sitting) = &mut app.lesson {
        sitting.awaits = None;
    }
    match deed {
        Deed::Open { record, name, model } => return open(app, *record, &name, model.as_ref()),
        Deed::Model(which) => {
            let source = source(app, &which);
            app.shared.choose_model(source);
            return app.analyze();
        }
        Deed::Compare(Some(which)) => {
            let (view, source) = (app.view, source(app, &which));
            let effects = compare::begin(app, source);
            app.view = view;
            return effects;
        }
        Deed::Compare(None) => {
            app.shared.compare_with(None);
            return vec![Effect::Engine(Request::Compare(CompareRequest::Forget))];
        }
        Deed::View(name) => app.view = view_named(&name).unwrap_or(app.view),
        Deed::Panel(name) => show_panel(app, &name),
        Deed::Cursor(spot) => {
            let to = place(app, &spot);
            app.shared.move_cursor_to(to);
        }
        Deed::Mask(basis) => app.shared.choose_basis(basis),
        Deed::Weights(parts) => {
            let policy = crate::mask::Policy { parts, ..app.policy };
            app.shared.choose_policy(policy);
        }
        Deed::Denominator(denominator) => app.shared.divide_by(denominator),
        Deed::Attention(attention) => {
            return app.run_otherwise(|shared| shared.attend_under(attention));
        }
        Deed::Labels(labels) => {
            return app.run_otherwise(|shared| shared.shift_labels(labels));
        }
        Deed::Keys(mut keys) => {
            if keys.is_empty() {
                return Vec::new();
            }
            let key = keys.remove(0);
            push(app, Deed::Keys(keys));
            return press(app, &key);
        }
        Deed::Until { keys, claim, left } => {
            if left == 0 || super::values::holds(app, &claim) == Some(true) {
                return Vec::new();
            }
            push(app, Deed::Until { keys: keys.clone(), claim, left: left - 1 });
            push(app, Deed::Keys(keys));
        }
        Deed::Rate(lr) => app.training.settings.lr = lr,
        Deed::Train(steps) => return training::steps(app, steps),
        Deed::Reset => return training::go_back(app, TrainRequest::Reset),
        Deed::Twin(None) if app.training.twin.is_some() => return train::toggle_twin(app),
        Deed::Twin(None) => app.leave_stage(),
        Deed::Twin(Some(title)) => {
            if let Some(preset) = PRESETS.iter().find(|preset| preset.title == title) {
                return train::choose_twin(app, preset);
            }
            let demonstration = Demonstration::EVERY.into_iter().find(|demonstration| demonstration.title() == title);
            return demonstration
                .map_or_else(Vec::new, |demonstration| train::choose_demonstration(app, demonstration));
        }
        Deed::Data { name, records } => train::set_data(app, name, records),
        Deed::Write(tokens) => {
            let effects = generate::write(app, tokens);
            if let Some(sitting) = app.lesson.as_mut().filter(|_| !effects.is_empty()) {
                sitting.awaits = Some(Awaited::Written(tokens));
            }
            return effects;
        }
        Deed::Table(table) => {
            if let Some(sitting) = &mut app.lesson {
                (sitting.table, sitting.row) = (Some(table), 0);
            }
        }
        Deed::Edit { candidate, p } => {
            if let Some(table) = app.lesson.as_mut().and_then(|sitting| sitting.table.as_mut()) {
                table.set(candidate, p);
            }
        }
        Deed::Keep { name, value } => super::values::keep(app, name, &value),
    }
    Vec::new()
}

fn push(app: &mut App, deed: Deed) {
    if let Some(sitting) = &mut app.lesson {
        sitting.queue.push_front(deed);
    }
}

/// The key does what it does in the view on screen.
fn press(app: &mut App, key: &str) -> Vec<Effect> {
    let Some(command) = keymap::named(Context::View(app.view), key) else { return Vec::new() };
    let effects = update::run_in_view(app, command);
    let is_of_writing = |effect: &&Effect| matches!(effect, Effect::Engine(Request::Write(_)));
    let asked = effects.iter().filter(is_of_writing).count() as u64;
    let times = app.views.generate.heard() + asked;
    if let Some(sitting) = app.lesson.as_mut().filter(|_| asked > 0) {
        sitting.awaits = Some(Awaited::Heard(times));
    }
    effects
}

/// A scene begins: nothing is there from before.
fn open(app: &mut App, record: Record, name: &str, model: Option<&Which>) -> Vec<Effect> {
    let mut effects = rest(app);
    if app.comparing.source.is_some() {
        effects.push(Effect::Engine(Request::Compare(CompareRequest::Forget)));
    }
    app.shared.forget_choices();
    app.views.return_to(Views::default());
    app.view = View::default();
    app.drop_training();
    let settings = Settings { denominator: app.denominator, ..Settings::default() };
    app.training = crate::app::Training { settings, ..crate::app::Training::default() };
    (app.asked.default_probes, app.asked.probes) = (0, false);
    if let Some(sitting) = &mut app.lesson {
        sitting.table = None;
    }
    let which = match (model, &record.sample) {
        (Some(which), _) => which,
        (None, Sample::Text(_)) => &Which::Base,
        (None, Sample::Chat(_) | Sample::Prepared(_)) => &Which::Chat,
    };
    let source = source(app, which);
    app.records.leave_record();
    app.shared.choose_model(source);
    let Record { form, split, sample } = record;
    app.shared.open_read(Opened { form, split, ..Opened::new(name, sample, None) });
    effects.extend(app.analyze());
    effects
}

/// The model is as it was loaded, and one.
pub fn rest(app: &mut App) -> Vec<Effect> {
    app.leave_stage();
    let mut requests = Vec::new();
    if app.training.twin.is_some() {
        requests.push(TrainRequest::Twin(false));
    }
    if app.training.step > 0 || app.training.activity != Activity::Idle {
        requests.push(TrainRequest::Reset);
    }
    requests.into_iter().map(training::train).collect()
}

/// What the lesson means by a model.
fn source(app: &App, which: &Which) -> Source {
    match (which, app.lesson.as_ref().map(|sitting| &sitting.lesson)) {
        (Which::Named(source), _) => source.clone(),
        (Which::Base, Some(lesson)) => lesson.base.clone(),
        (Which::Chat, Some(lesson)) => lesson.chat.clone(),
        (_, None) => app.source(),
    }
}

/// The token that a spot means; of a text that is not there, the cursor stays.
fn place(app: &App, spot: &Spot) -> usize {
    let scored = |t: &usize| app.mask().is_some_and(|mask| mask.is_scored(*t));
    match spot {
        Spot::At(t) => *t,
        Spot::End => app.len(),
        Spot::Scored => (0..app.len()).find(scored).unwrap_or(app.cursor),
        Spot::Costliest => super::values::costliest(app).map_or(app.cursor, |(t, _)| t),
        Spot::Token { text, nth } => {
            let is_it = |t: &usize| app.sequence().tokens[*t].text().trim() == text.trim();
            (0..app.len()).filter(is_it).nth(nth - 1).unwrap_or(app.cursor)
        }
    }
}

/// The view of that name.
fn view_named(name: &str) -> Option<View> {
    View::EVERY.into_iter().find(|view| view.title().eq_ignore_ascii_case(name))
}

/// The panel of that name of the view on screen is shown.
fn show_panel(app: &mut App, name: &str) {
    let panels = app.view.panels();
    if let Some(at) = panels.iter().position(|panel| panel.eq_ignore_ascii_case(name)) {
        view::show_panel(app, at);
    }
}
