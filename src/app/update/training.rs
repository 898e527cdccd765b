//! What the engine says of the run.

use crate::app::App;
use crate::app::Effect;
use crate::engine::TrainEvent;

/// Shows what the model said after `step` in every view, if the film has it.
pub fn show_step(app: &mut App, step: usize) {
    let frames = &app.training.film.frames;
    let Ok(index) = frames.binary_search_by_key(&step, |frame| frame.step) else { return };
    app.training.shown = (index + 1 < frames.len()).then_some(index);
    app.analysis.scores = (*frames[index].scores).clone();
    app.rescore();
}

/// Takes an event in.
pub fn take(_app: &mut App, event: TrainEvent) -> Vec<Effect> {
    match event {
        TrainEvent::At(_)
        | TrainEvent::Ended(_)
        | TrainEvent::Busy { .. }
        | TrainEvent::Continued { .. }
        | TrainEvent::Saved { .. }
        | TrainEvent::Refused(_) => Vec::new(),
    }
}
