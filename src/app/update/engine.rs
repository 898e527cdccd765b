//! What the engine says.

use std::sync::Arc;

use crate::app::caret::same_place;
use crate::app::labels::labels;
use crate::app::{App, Effect, Notice, Painting, Progress};
use crate::engine::Event;
use crate::loss::Scores;
use crate::mask::{Basis, Mode};
use crate::model::ModelInfo;
use crate::sequence::Sequence;

/// Takes an event in; one of an older generation is dropped.
pub fn take(app: &mut App, event: Event) -> Vec<Effect> {
    if let Event::Loading { name, opening, .. } = event {
        // A newer text waits for the same load.
        if matches!(app.analysis.progress, Progress::Waiting | Progress::Loading { .. }) {
            app.analysis.progress = Progress::Loading { name, opening };
        }
        return Vec::new();
    }
    if let Event::Train(event) = event {
        return super::training::take(app, event);
    }
    if let Event::Compare { generation, event } = event {
        return super::comparing::take(app, generation, event);
    }
    if let Event::Survey { number, event } = event {
        return super::records::take(app, number, event);
    }
    if event.generation() != Some(app.analysis.generation) {
        return Vec::new();
    }
    // What was on its way when the user stopped it still counts, but does not go on.
    let cancelled = app.analysis.progress == Progress::Cancelled;
    match event {
        Event::Loading { .. } | Event::Train(_) | Event::Survey { .. } | Event::Compare { .. } => {}
        Event::ModelFailed { message, .. } if app.chosen_model != app.working_model => {
            app.chosen_model = app.working_model.clone();
            app.notice = Some(Notice { text: message, is_error: true });
            return app.analyze();
        }
        Event::ModelFailed { message, .. } => app.analysis.progress = Progress::Failed(message),
        Event::Tokenised { model, sequence, .. } => {
            show(app, model, sequence);
            if !cancelled {
                app.analysis.progress = Progress::Scoring;
            }
        }
        Event::Scored { from, rows, .. } => {
            app.analysis.scores.splice(from, rows);
            app.reprice();
        }
        Event::Finished { seconds, .. } => {
            app.analysis.progress = Progress::Ready { seconds };
            super::records::take_loss(app);
            if let Some(preset) = app.asked.twin.take() {
                return super::twin::begin(app, preset);
            }
        }
        Event::Contrast { nlls, .. } => app.analysis.contrast = nlls,
        Event::Distribution { position, distribution, .. } => {
            if app.training.shown.is_none() {
                app.distribution = Some((position, distribution));
            }
        }
        Event::Failed { message, .. } => app.analysis.progress = Progress::Failed(message),
    }
    Vec::new()
}

/// Another sequence takes the place of the one on screen; everything that belonged to that goes with it.
fn show(app: &mut App, model: Arc<ModelInfo>, sequence: Arc<Sequence>) {
    let at_end = app.cursor >= app.len();
    if app.model.as_ref().is_none_or(|before| before.name != model.name) {
        app.what_if = None; // ids mean other tokens now
    }
    let is_read_otherwise = app.model.as_ref().is_some_and(|before| before.tokens != model.tokens);
    if is_read_otherwise && !at_end && !app.is_new_sample {
        app.cursor = same_place(&app.analysis.sequence, app.cursor, &sequence);
    }
    let source = app.source();
    if app.asked.source.as_ref() != Some(&source) {
        app.drop_training();
        app.asked.source = Some(source);
    }
    if *app.analysis.sequence != *sequence {
        app.drop_film();
    }
    carry_paint(app, &model, &sequence);
    app.training.shown = None;
    app.model = Some(model);
    app.working_model = app.chosen_model.clone();
    app.analysis.labels = labels(&sequence);
    app.analysis.sequence = sequence;
    app.analysis.tokenised = app.analysis.generation;
    app.analysis.scores = Scores::default();
    app.analysis.contrast = Vec::new();
    app.distribution = None;
    app.rescore();
    if let Some(Err(error)) = app.scoring().map(|scoring| scoring.mask.clone()) {
        app.notice = Some(Notice { text: error.to_string(), is_error: true });
        // What the form asks for may be what does not apply.
        app.policy.basis = match app.policy.basis {
            Basis::Automatic => Mode::default_for(app.sequence().kind).into(),
            _ => Basis::Automatic,
        };
        app.repaint();
    }
    // The cursor goes where the editor's caret is; else it stays on its token, and at the end if it was there.
    let cursor = if std::mem::take(&mut app.is_new_sample) {
        super::collecting::choose_probes(app);
        first_of_interest(app)
    } else if let Some(caret) = app.caret.take() {
        caret.token(app.sequence())
    } else if at_end {
        app.len()
    } else {
        app.cursor
    };
    app.move_cursor_to(cursor);
}

/// The paint stays on the tokens that it was put on, as long as they are there and mean the same.
fn carry_paint(app: &mut App, model: &ModelInfo, sequence: &Sequence) {
    if app.is_new_sample {
        app.painting = Painting::default();
        return;
    }
    let same_tokens = app.model.as_ref().is_none_or(|before| before.tokens == model.tokens);
    if same_tokens {
        app.painting.carry(&app.analysis.sequence, sequence);
    } else if !std::mem::take(&mut app.painting).paint.is_empty() {
        app.say("the paint is gone: this model has other tokens");
    }
}

/// Where a sample that was just opened is looked at first: its first scored token, or the first that is predicted.
fn first_of_interest(app: &App) -> usize {
    let scored = app.mask().and_then(|mask| (1..app.len()).find(|&t| mask.is_scored(t)));
    scored.unwrap_or(app.len().min(1))
}

impl Event {
    /// The analysis it belongs to, if to one.
    fn generation(&self) -> Option<u64> {
        match self {
            Event::Train(_) | Event::Survey { .. } | Event::Compare { .. } => None,
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
