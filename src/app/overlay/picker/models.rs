//! The list of models: what is on this machine, what a model is, taking it off.

use super::items::model_items;
use crate::app::keymap::{Binding, Context};
use crate::app::{App, Chosen, Command, Effect, FileOutcome, FileRequest, Overlay, Picker};
use crate::memory::size_text;
use crate::source::{Source, known};

const fn bind(keys: &'static [&'static str], command: Command, help: &'static str, short: &'static str) -> Binding {
    Binding { context: Context::Models, keys, command, help, short }
}

pub const KEYS: &[Binding] = &[
    bind(&["tab"], Command::Details, "what the model is, and the memory it takes", "tab details"),
    bind(&["ctrl-d"], Command::RemoveModel, "take it off this machine; asks once more", "ctrl-d remove"),
];

/// A command that only the list of models has, or that means something else there; `None` for all others.
pub fn run(app: &mut App, command: Command) -> Option<Vec<Effect>> {
    let picker = list(app)?;
    let was_shown = picker.details.take().is_some();
    let doomed = picker.doomed.take();
    let name = match picker.current().map(|item| &item.choice) {
        Some(Chosen::Model(name)) => name.clone(),
        _ => picker.query.text().trim().to_owned(),
    };
    match command {
        Command::Details | Command::Cancel if was_shown => Some(Vec::new()),
        Command::Details => Some(vec![Effect::Files(FileRequest::DescribeModel(name))]),
        Command::RemoveModel => Some(match doomed {
            Some(doomed) if doomed.0 == name => vec![Effect::Files(FileRequest::RemoveModel(doomed.1))],
            _ if is_active(app, &name) => {
                app.shared.say(format!("{name} is in use: choose another model, then remove this one"));
                Vec::new()
            }
            _ => vec![Effect::Files(FileRequest::WeighModel(name))],
        }),
        _ => None,
    }
}

/// What came of a look at the models.
pub fn take(app: &mut App, outcome: FileOutcome) -> Vec<Effect> {
    match outcome {
        FileOutcome::Models(models) => {
            if let Some(picker) = list(app) {
                picker.renew_items(model_items(&models));
            }
        }
        FileOutcome::Described { name, facts } => {
            if let Some(picker) = list(app) {
                picker.details = Some((name, facts));
            }
        }
        FileOutcome::Weighed { name, removal } => {
            let question = format!("ctrl-d again removes {removal}");
            if let Some(picker) = list(app) {
                picker.doomed = Some(Box::new((name, removal)));
                app.shared.say(question);
            }
        }
        FileOutcome::Removed { what, freed } => {
            app.shared.say(format!("removed {what}; {} are free again", size_text(freed)));
            return vec![Effect::Files(FileRequest::ListModels)];
        }
        _ => {}
    }
    Vec::new()
}

/// The list of models, if it is open.
fn list(app: &mut App) -> Option<&mut Picker> {
    match &mut app.overlay {
        Some(Overlay::Picker(picker)) if picker.kind.is_of_models() => Some(picker),
        _ => None,
    }
}

/// Whether the model in use is the one of that name, at any revision.
fn is_active(app: &App, name: &str) -> bool {
    match app.source() {
        Source::Hub(address) => known::address(name).is_some_and(|other| other.repository == address.repository),
        other => other.argument() == name,
    }
}
