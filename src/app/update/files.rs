//! What came of listing, reading and looking for files: whom it concerns.

use crate::app::view::{compare, train};
use crate::app::{App, Effect, FileOutcome, life, overlay, training};

/// Hands the outcome on.
pub fn take(app: &mut App, outcome: FileOutcome) -> Vec<Effect> {
    match outcome {
        FileOutcome::Listed { directory, entries } => overlay::show_directory(app, &directory, &entries),
        FileOutcome::Read(opened) => return overlay::show(app, opened),
        FileOutcome::Record { file, index, opened } => return overlay::take_record(app, &file, index, opened),
        FileOutcome::Found { file, text, numbers } => overlay::take_found(app, &file, &text, numbers),
        FileOutcome::Samples { name, samples } => {
            overlay::close_data_sets(app);
            train::set_data(app, name, samples);
        }
        FileOutcome::Watched(run) => training::take_watched(app, *run),
        FileOutcome::Life(found) => return life::take(app, found),
        FileOutcome::Model(source) => return app.take_model(source),
        FileOutcome::Second(source) => return compare::begin(app, source),
        FileOutcome::Models(_)
        | FileOutcome::Described { .. }
        | FileOutcome::Weighed { .. }
        | FileOutcome::Removed { .. } => return overlay::take_models(app, outcome),
        FileOutcome::Written { .. } | FileOutcome::Exists(_) => overlay::take_written(app, outcome),
        FileOutcome::Failed(text) => app.shared.complain(text),
    }
    Vec::new()
}
