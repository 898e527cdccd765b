//! What the engine says.

use crate::app::labels::labels;
use crate::app::{App, Effect, Progress};
use crate::engine::Event;
use crate::loss::Scores;

/// Takes an event in; one of an older generation is dropped.
pub fn take(app: &mut App, event: Event) -> Vec<Effect> {
    if event.generation() != app.analysis.generation {
        return Vec::new();
    }
    // What was on its way when the user stopped it still counts, but does not go on.
    let cancelled = app.analysis.progress == Progress::Cancelled;
    match event {
        Event::Loading { .. } if cancelled => {}
        Event::Loading { name, fraction, .. } => app.analysis.progress = Progress::Loading { name, fraction },
        Event::Loaded { model, .. } => app.model = Some(model),
        Event::Tokenised { sequence, .. } => {
            // The cursor stays on its token, and at the end if it was there: so it follows what is typed.
            let at_end = app.cursor >= app.len() && !app.is_empty();
            app.analysis.labels = labels(&sequence);
            app.analysis.sequence = sequence;
            app.analysis.tokenised = app.analysis.generation;
            app.analysis.scores = Scores::default();
            app.distribution = None;
            app.cursor = if at_end { app.len() } else { app.cursor.min(app.len()) };
            if let Some(chars) = app.split_chars.take() {
                app.mask_options.split = Some(app.sequence().token_at_char(chars));
            }
            app.rescore();
            if std::mem::take(&mut app.is_new_sample) {
                app.cursor = first_of_interest(app);
            }
            if !cancelled {
                app.analysis.progress = Progress::Scoring;
            }
        }
        Event::Scored { from, rows, .. } => {
            app.analysis.scores.splice(from, rows);
            app.rescore();
        }
        Event::Finished { seconds, .. } => app.analysis.progress = Progress::Ready { seconds },
        Event::Distribution { position, distribution, .. } => app.distribution = Some((position, distribution)),
        Event::Failed { message, .. } => app.analysis.progress = Progress::Failed(message),
    }
    Vec::new()
}

/// Where a sample that was just opened is looked at first: its first scored token, or the first that is predicted.
fn first_of_interest(app: &App) -> usize {
    let scored = app.mask().and_then(|mask| (1..app.len()).find(|&t| mask.is_scored(t)));
    scored.unwrap_or(app.len().min(1))
}

impl Event {
    fn generation(&self) -> u64 {
        match self {
            Event::Loading { generation, .. }
            | Event::Loaded { generation, .. }
            | Event::Tokenised { generation, .. }
            | Event::Scored { generation, .. }
            | Event::Finished { generation, .. }
            | Event::Distribution { generation, .. }
            | Event::Failed { generation, .. } => *generation,
        }
    }
}
