//! What the engine says of the run.

use crate::app::App;
use crate::app::Effect;
use crate::engine::TrainEvent;

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
