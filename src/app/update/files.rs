//! What came of listing, reading and looking for files: whom it concerns.

use super::{collecting, comparing, models, picking, records};
use crate::app::{App, Effect, FileOutcome, Notice};

/// Hands the outcome on.
pub fn take(app: &mut App, outcome: FileOutcome) -> Vec<Effect> {
    match outcome {
        FileOutcome::Listed { directory, entries } => picking::show_directory(app, &directory, &entries),
        FileOutcome::Read(opened) => return records::show(app, opened),
        FileOutcome::Record { file, index, opened } => return records::take_record(app, &file, index, opened),
        FileOutcome::Found { file, text, numbers } => records::take_found(app, &file, &text, numbers),
        FileOutcome::Samples { name, samples } => {
            picking::close_data_sets(app);
            collecting::set_data(app, name, samples);
        }
        FileOutcome::Model(source) => return picking::take_model(app, source),
        FileOutcome::Second(source) => return comparing::choose(app, source),
        FileOutcome::Models(_)
        | FileOutcome::Described { .. }
        | FileOutcome::Weighed { .. }
        | FileOutcome::Removed { .. } => return models::take(app, outcome),
        FileOutcome::Failed(text) => app.notice = Some(Notice { text, is_error: true }),
    }
    Vec::new()
}
