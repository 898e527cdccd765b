//! The best step by a probe: which probe decides, and the way there.

use crate::app::training::go_back;
use crate::app::{App, Effect};
use crate::engine::TrainRequest;
use crate::sequence::visible_text;

/// The next probe decides.
pub fn choose_next(app: &mut App) -> Vec<Effect> {
    let training = &mut app.training;
    let count = training.probes.len();
    if count == 0 {
        app.shared.say(NO_PROBE);
        return Vec::new();
    }
    training.deciding = if training.deciding + 1 < count { training.deciding + 1 } else { 0 };
    let name = training.decider().map_or_else(String::new, |probe| visible_text(&probe.name));
    app.shared.say(match app.training.best() {
        Some((step, loss)) => format!("“{name}” decides: its best step is {step} ({loss:.3} nats)"),
        None => format!("“{name}” decides which step is best"),
    });
    app.keep_best().into_iter().collect()
}

/// The weights become those of the best step.
pub fn go(app: &mut App) -> Vec<Effect> {
    let Some(name) = app.training.decider().map(|probe| visible_text(&probe.name)) else {
        app.shared.say(NO_PROBE);
        return Vec::new();
    };
    let Some((step, loss)) = app.training.best() else {
        app.shared.say("no step is measured yet: space takes one, r runs");
        return Vec::new();
    };
    let oldest = app.training.oldest;
    if step == app.training.step {
        app.shared.say(format!("these are the weights of the best step by “{name}” ({loss:.3} nats); w saves them"));
        return Vec::new();
    }
    if step < oldest {
        app.shared.say(format!("the best step, {step}, is too long ago: {oldest} and later ones can be gone back to"));
        return Vec::new();
    }
    app.shared.say(match step {
        0 => format!("back to the base weights: no step made “{name}” better ({loss:.3} nats)"),
        _ => format!("back to step {step}, the best by “{name}” ({loss:.3} nats); w saves its weights"),
    });
    go_back(app, TrainRequest::Rewind { step })
}

const NO_PROBE: &str = "no sentence is watched that could say which step is best; p watches the one on screen";
