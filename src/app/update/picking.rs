//! Lists to choose from: opening them, filtering, taking an item.

use std::path::{Path, PathBuf};

use ratatui_textarea::Input;

use crate::app::picker::{file_items, is_from_home, model_items, token_items};
use crate::app::{
    About, App, Choice, Command, Context, Effect, Filter, Item, Overlay, PRESETS, Picker, PickerKind, keymap,
};
use crate::sample;
use crate::source::{Source, named};

/// Opens the list that `command` stands for.
pub fn open(app: &mut App, command: Command) -> Vec<Effect> {
    let (kind, items, effects) = match command {
        Command::Palette => (PickerKind::Palette, palette_items(app.context()), Vec::new()),
        Command::ChooseModel => (PickerKind::Model, model_items(&named()), vec![Effect::ListModels]),
        Command::ChooseSecond => (PickerKind::Second, model_items(&named()), vec![Effect::ListModels]),
        Command::Open | Command::DataSet => {
            let kind = if command == Command::Open { PickerKind::Open } else { PickerKind::DataSet };
            let list = Effect::ListDirectory(app.directory.clone());
            (kind, file_items(kind, &app.directory, &[]), vec![list])
        }
        _ => (PickerKind::WhatIf, token_items(app), Vec::new()),
    };
    if kind == PickerKind::WhatIf && items.is_empty() {
        app.say("nothing predicts the first token; move the cursor on, and wait until its row is scored");
        return effects;
    }
    app.overlay = Some(Overlay::Picker(Picker::new(kind, items)));
    effects
}

fn palette_items(context: Context) -> Vec<Item> {
    keymap::bindings(context)
        .filter(|binding| binding.command != Command::Palette)
        .map(|binding| Item {
            label: binding.help.into(),
            about: About::Words(binding.keys.join(" ")),
            choice: Choice::Command(binding.command),
        })
        .collect()
}

/// A key goes to the query.
pub fn type_key(app: &mut App, input: Input) -> Vec<Effect> {
    app.notice = None;
    if let Some(Overlay::Picker(picker)) = &mut app.overlay {
        (picker.details, picker.doomed) = (None, None);
        picker.input(input);
    }
    Vec::new()
}

/// A paste goes to the query.
pub fn paste(app: &mut App, text: &str) {
    if let Some(Overlay::Picker(picker)) = &mut app.overlay {
        picker.paste(text);
    }
}

/// A command in a list.
pub fn run(app: &mut App, command: Command) -> Vec<Effect> {
    let Some(Overlay::Picker(picker)) = &mut app.overlay else {
        return Vec::new();
    };
    if picker.kind.is_of_models()
        && let Some(effects) = super::models::run(app, command)
    {
        return effects;
    }
    let Some(Overlay::Picker(picker)) = &mut app.overlay else {
        return Vec::new();
    };
    match command {
        Command::Up => picker.step(-1),
        Command::Down => picker.step(1),
        Command::PageUp => picker.step(-super::PAGE),
        Command::PageDown => picker.step(super::PAGE),
        Command::Accept => return accept(app),
        _ if picker.kind == PickerKind::RecordFilter => app.overlay = Some(Overlay::Records),
        _ => app.overlay = None,
    }
    Vec::new()
}

/// An item is clicked.
pub fn click(app: &mut App, index: usize) -> Vec<Effect> {
    if let Some(Overlay::Picker(picker)) = &mut app.overlay {
        // The list may have changed since it was drawn.
        if index < picker.shown().len() {
            picker.selected = index;
            return accept(app);
        }
    }
    Vec::new()
}

fn accept(app: &mut App) -> Vec<Effect> {
    let Some(Overlay::Picker(picker)) = &app.overlay else {
        return Vec::new();
    };
    let kind = picker.kind;
    let Some(choice) = picker.current().map(|item| item.choice.clone()) else {
        let query = picker.query.text().to_owned();
        return accept_typed(app, kind, &query);
    };
    app.notice = None;
    // The list stays until the file is read: if that fails, one can choose another.
    match choice {
        Choice::Directory(directory) => return vec![Effect::ListDirectory(directory)],
        Choice::File(path) => return vec![read(kind, path)],
        _ => app.overlay = None,
    }
    match choice {
        Choice::Command(command) => super::run(app, command),
        Choice::Sample(index) => {
            let built_in = &sample::BUILT_IN[index];
            app.open_sample(built_in.sample(), built_in.name)
        }
        Choice::Model(name) if kind == PickerKind::Second => vec![Effect::FindSecond(name)],
        Choice::Model(name) => vec![Effect::FindModel(name)],
        Choice::Token(id) => {
            app.what_if = Some(id);
            Vec::new()
        }
        Choice::Filter(filter) => {
            super::records::choose_filter(app, filter);
            Vec::new()
        }
        Choice::Twin(index) => super::twin::choose(app, &PRESETS[index]),
        Choice::Directory(_) | Choice::File(_) => Vec::new(),
    }
}

/// Reads what is to be shown, or what is to be learned.
fn read(kind: PickerKind, path: PathBuf) -> Effect {
    if kind == PickerKind::DataSet { Effect::ReadSamples(path) } else { Effect::ReadFile(path) }
}

/// Nothing matches, but a path or a model may have been typed.
fn accept_typed(app: &mut App, kind: PickerKind, query: &str) -> Vec<Effect> {
    match kind {
        kind if kind.is_of_files() && !query.is_empty() => {
            app.notice = None;
            let path = if is_from_home(query) { query.into() } else { app.directory.join(query) };
            vec![read(kind, path)]
        }
        PickerKind::RecordFilter => {
            match query.trim().replace(',', "").parse() {
                Ok(tokens) => super::records::choose_filter(app, Filter::Longer(tokens)),
                Err(_) => app.say("type how many tokens the records are to exceed, or backspace"),
            }
            Vec::new()
        }
        PickerKind::Model if !query.is_empty() => {
            app.overlay = None;
            vec![Effect::FindModel(query.into())]
        }
        PickerKind::Second if !query.is_empty() => {
            app.overlay = None;
            vec![Effect::FindSecond(query.into())]
        }
        _ => Vec::new(),
    }
}

/// The list of data sets has done its work.
pub fn close_data_sets(app: &mut App) {
    if matches!(&app.overlay, Some(Overlay::Picker(picker)) if picker.kind == PickerKind::DataSet) {
        app.overlay = None;
    }
}

/// The files of a directory, where a list of files is open.
pub fn show_directory(app: &mut App, directory: &Path, entries: &[(String, bool)]) {
    app.directory = directory.to_owned();
    if let Some(Overlay::Picker(picker)) = &mut app.overlay
        && picker.kind.is_of_files()
    {
        picker.replace_items(file_items(picker.kind, directory, entries));
    }
}

/// Another model speaks, unless steps of this one would be lost: then it is to be asked for once more.
pub fn take_model(app: &mut App, source: Source) -> Vec<Effect> {
    let training = &app.training;
    let would_lose = training.step > 0 && training.saved.is_none() && source != app.source();
    if would_lose && app.asked.leaving_for.replace(source.clone()).as_ref() != Some(&source) {
        let (step, name) = (training.step, source.name());
        app.say(format!(
            "the weights after step {step} are not saved: choose {name} again to drop them, or w in Train saves"
        ));
        return Vec::new();
    }
    app.chosen_model = Some(source);
    app.analyze()
}
