//! What the engine says: whom it concerns.

use std::sync::Arc;

use crate::app::journal::Journal;
use crate::app::view::train;
use crate::app::{App, Effect, guess, life, overlay, training};
use crate::engine::{Event, TrainEvent};
use crate::model::ModelInfo;
use crate::sequence::Sequence;

/// Takes an event in; one of an older generation is dropped.
pub fn take(app: &mut App, event: Event) -> Vec<Effect> {
    let Some(event) = guess::hold(app, event) else { return Vec::new() };
    match event {
        Event::Planned(plan) => {
            app.journal.begin(*plan);
            return Vec::new();
        }
        Event::Train(event) => {
            if let TrainEvent::At(at) = &event {
                app.journal.stand_at(at.step, !at.reports.is_empty());
            }
            return training::take(app, event);
        }
        Event::Survey { number, event } => return overlay::take_survey(app, number, event),
        Event::Compare { generation, event } => {
            app.shared.take_second(generation, event);
            return Vec::new();
        }
        Event::Look { number, step, event } => {
            app.views.attend.take(number, step, event);
            return Vec::new();
        }
        Event::Write { number, event } => {
            app.views.generate.take(number, event);
            return Vec::new();
        }
        // A newer text waits for the same load.
        Event::Loading { .. } => {}
        _ if event.generation() != Some(app.analysis.generation) => return Vec::new(),
        _ => {}
    }
    match event {
        Event::ModelFailed { message, .. } if app.shared.keep_working_model() => {
            life::stop(app);
            app.shared.complain(message);
            return app.analyze();
        }
        Event::Tokenised { model, sequence, .. } => show(app, model, sequence),
        // The engine knows the distribution of the present weights only.
        Event::Distribution { .. } if app.training.shown.is_some() => {}
        Event::Finished { .. } => {
            app.shared.take(event);
            overlay::take_loss(app);
            let mut effects = train::begin_twin_that_waits(app);
            effects.extend(life::go_on(app));
            return effects;
        }
        event => app.shared.take(event),
    }
    Vec::new()
}

/// Another sequence takes the place of the one on screen; what the run had of that goes with it.
fn show(app: &mut App, model: Arc<ModelInfo>, sequence: Arc<Sequence>) {
    life::hear(app);
    let source = app.source();
    if app.asked.source.as_ref() != Some(&source) {
        app.drop_training();
        app.journal = Journal::default();
        app.asked.source = Some(source);
    }
    if *app.analysis.sequence != *sequence {
        app.drop_film();
    }
    app.training.shown = None;
    if app.shared.show(model, sequence) {
        train::choose_probes(app);
    }
    life::recall(app);
}

impl Event {
    /// The analysis it belongs to, if to one.
    fn generation(&self) -> Option<u64> {
        match self {
            Event::Planned(_)
            | Event::Train(_)
            | Event::Survey { .. }
            | Event::Compare { .. }
            | Event::Look { .. }
            | Event::Write { .. } => None,
            Event::Loading { generation, .. }
            | Event::ModelFailed { generation, .. }
            | Event::Tokenised { generation, .. }
            | Event::Scored { generation, .. }
            | Event::Finished { generation, .. }
            | Event::Contrast { generation, .. }
            | Event::Distribution { generation, .. }
            | Event::Failed { generation, .. } => Some(*generation),
        }
    }
}
