//! The second model: choosing it, what it says, letting it go.

use crate::app::{App, Comparing, Effect, Progress, View};
use crate::engine::{CompareEvent, CompareRequest, Request};
use crate::loss::Scores;
use crate::source::Source;

/// `source` stands beside the active model from now on.
pub fn choose(app: &mut App, source: Source) -> Vec<Effect> {
    app.view = View::Compare;
    app.comparing = Comparing { source: Some(source), ..Comparing::default() };
    app.ask_second().into_iter().collect()
}

/// Nothing is compared any more.
pub fn end(app: &mut App) -> Vec<Effect> {
    if app.comparing.source.is_none() {
        app.say("there is no second model; M chooses one");
        return Vec::new();
    }
    app.comparing = Comparing::default();
    vec![Effect::Engine(Request::Compare(CompareRequest::Forget))]
}

/// Takes in what the second model says; of an older sample, or after it was let go, it is dropped.
pub fn take(app: &mut App, generation: u64, event: CompareEvent) -> Vec<Effect> {
    let comparing = &mut app.comparing;
    if comparing.source.is_none() {
        return Vec::new();
    }
    if let CompareEvent::Loading { name, opening } = event {
        // A newer text waits for the same load.
        comparing.progress = Progress::Loading { name, opening };
        return Vec::new();
    }
    if generation != app.analysis.generation {
        return Vec::new();
    }
    match event {
        CompareEvent::Loading { .. } => {}
        CompareEvent::Tokenised { model, sequence } => {
            (comparing.model, comparing.sequence) = (Some(model), sequence);
            comparing.tokenised = generation;
            comparing.scores = Scores::default();
            comparing.progress = Progress::Scoring;
        }
        CompareEvent::Scored { from, rows } => comparing.scores.splice(from, rows),
        CompareEvent::Finished { seconds } => comparing.progress = Progress::Ready { seconds },
        CompareEvent::Failed(message) => comparing.progress = Progress::Failed(message),
    }
    app.compare();
    Vec::new()
}
