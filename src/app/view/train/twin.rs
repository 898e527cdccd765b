//! Twin runs and demonstrations: the list of them, beginning one, ending one.

use super::demonstrating;
use crate::app::training::{Demonstration, PRESETS, Preset, Twin, go_back, train};
use crate::app::{About, App, Chosen, Effect, Item, Overlay, Picker, PickerKind};
use crate::engine::TrainRequest;
use crate::source::{Embedded, Source};

/// Opens the list of presets, or ends the twin run or the demonstration.
pub fn toggle(app: &mut App) -> Vec<Effect> {
    if app.training.twin.is_some() {
        return end(app);
    }
    if app.training.stage.is_some() {
        return demonstrating::end(app);
    }
    let twins = PRESETS.iter().enumerate().map(|(i, preset)| Item {
        label: preset.title.into(),
        about: About::Words(preset.about.into()),
        choice: Chosen::Twin(i),
    });
    let demonstrations = Demonstration::EVERY.into_iter().map(demonstrating::item);
    let items = twins.chain(demonstrations).collect();
    app.overlay = Some(Overlay::Picker(Picker::new(PickerKind::Twin, items)));
    Vec::new()
}

/// Both copies begin at the base weights, of a model that does not know yet what it is to learn.
pub fn choose(app: &mut App, preset: &'static Preset) -> Vec<Effect> {
    match preset.untaught {
        Some(lr) if app.source() == Source::Embedded(Embedded::TinyChat) => {
            app.shared.choose_model(Source::Embedded(Embedded::TinyBase));
            app.training.settings.lr = lr;
            app.asked.twin = Some(preset);
            app.analyze()
        }
        _ => begin(app, preset),
    }
}

/// The text is scored: a twin run or a demonstration that waited for that begins.
pub fn begin_that_waits(app: &mut App) -> Vec<Effect> {
    if let Some(demonstration) = app.asked.demonstration.take() {
        // What was opened meanwhile may be another sample.
        let is_there = demonstration.sample().is_none_or(|(sample, _)| sample == app.sample);
        return if is_there { demonstrating::begin(app, demonstration) } else { Vec::new() };
    }
    app.asked.twin.take().map_or_else(Vec::new, |preset| begin(app, preset))
}

/// Both copies begin at the base weights.
fn begin(app: &mut App, preset: &'static Preset) -> Vec<Effect> {
    let kind = app.sequence().kind;
    let policies = preset.policies(kind, app.policy);
    if let Some([first, second]) = policies {
        let weights = |policy| app.mask_under(policy).map(|mask| mask.weights().to_vec());
        let problem = match (weights(first), weights(second)) {
            (Err(error), _) | (_, Err(error)) => error.to_string(),
            (Ok(first), Ok(second)) if first == second => {
                format!("\"{}\" makes no difference here: both copies would score the same tokens", preset.title)
            }
            _ => String::new(),
        };
        if !problem.is_empty() {
            app.shared.complain(problem);
            return Vec::new();
        }
        app.shared.choose_policy(first);
    }
    let [first, second] = preset.settings(&app.training.settings);
    app.training.settings = first;
    let policy = policies.map_or(app.policy, |[_, second]| second);
    let names = preset.names.map(str::to_owned);
    app.training.twin = Some(Twin { names, settings: second, policy, steps: Vec::new() });
    app.asked.preset = Some(preset);
    let mut effects = go_back(app, TrainRequest::Reset);
    effects.push(train(TrainRequest::Twin(true)));
    app.shared.say(format!("{} or {}: space and r take steps of both; t ends it", preset.names[0], preset.names[1]));
    effects
}

/// The first copy stays as it is.
fn end(app: &mut App) -> Vec<Effect> {
    let effects = go_back(app, TrainRequest::Twin(false));
    app.training.twin = None;
    app.asked.preset = None;
    app.training.film.frames.iter_mut().for_each(|frame| frame.twin = None);
    app.training.probes.iter_mut().for_each(|probe| probe.twin_losses.clear());
    for written in [&mut app.training.before, &mut app.training.now].into_iter().flatten() {
        written.texts.truncate(1);
    }
    app.shared.say("the twin run is over; the first copy goes on");
    effects
}
