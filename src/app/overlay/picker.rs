//! Lists to choose from: opening them, filtering, taking an item.

mod items;
mod list;
mod models;

use std::path::{Path, PathBuf};

use ratatui_textarea::Input;

pub(super) use items::filter_items;
use items::{file_items, forced_items, model_items, palette_items, token_items};
use list::is_from_home;
pub use list::{About, Chosen, Item, Picker, PickerKind};
pub(in crate::app) use models::take as take_models;

use crate::app::general::PAGE;
use crate::app::keymap::{Binding, Context};
use crate::app::view::{generate, train};
use crate::app::{App, Command, Effect, FileRequest, Filter, Overlay, PRESETS, guess, lesson, life, update};
use crate::sample;
use crate::source::named;

const fn bind(keys: &'static [&'static str], command: Command, help: &'static str, short: &'static str) -> Binding {
    Binding { context: Context::Picker, keys, command, help, short }
}

pub const KEYS: &[Binding] = &[
    bind(&["↑", "ctrl-k"], Command::Up, "previous line", ""),
    bind(&["↓", "ctrl-j"], Command::Down, "next line", "↑↓ choose"),
    bind(&["pgup"], Command::PageUp, "ten lines up", ""),
    bind(&["pgdn"], Command::PageDown, "ten lines down", ""),
    bind(&["enter"], Command::Accept, "take it", "enter take"),
    bind(&["esc"], Command::Cancel, "close", "esc close"),
    bind(&["ctrl-c"], Command::Quit, "quit", ""),
];

/// The keys that only the list of models has.
pub const MODEL_KEYS: &[Binding] = models::KEYS;

/// Opens the list that a command of all views stands for.
pub fn open(app: &mut App, command: Command) -> Vec<Effect> {
    match command {
        Command::ChooseModel => choose(app, PickerKind::Model, model_items(&named()), Some(FileRequest::ListModels)),
        Command::ChooseSecond => choose(app, PickerKind::Second, model_items(&named()), Some(FileRequest::ListModels)),
        Command::Open => choose_file(app, PickerKind::Open),
        _ => choose(app, PickerKind::Palette, palette_items(app.context()), None),
    }
}

/// A file of records is to be learned.
pub fn choose_data_set(app: &mut App) -> Vec<Effect> {
    choose_file(app, PickerKind::DataSet)
}

/// Another target is to be looked at.
pub fn choose_what_if(app: &mut App) {
    let items = token_items(app);
    if items.is_empty() {
        app.shared.say("nothing predicts the first token; move the cursor on, and wait until its row is scored");
    } else {
        app.overlay = Some(Overlay::Picker(Picker::new(PickerKind::WhatIf, items)));
    }
}

/// A token is to come next: any of the vocabulary, those at hand with their probability first.
pub fn choose_forced(app: &mut App, likely: &[(u32, f64)]) {
    app.overlay = Some(Overlay::Picker(Picker::new(PickerKind::Force, forced_items(app, likely))));
}

fn choose_file(app: &mut App, kind: PickerKind) -> Vec<Effect> {
    let list = FileRequest::List(app.directory.clone());
    choose(app, kind, file_items(kind, &app.directory, &[]), Some(list))
}

fn choose(app: &mut App, kind: PickerKind, items: Vec<Item>, request: Option<FileRequest>) -> Vec<Effect> {
    app.overlay = Some(Overlay::Picker(Picker::new(kind, items)));
    request.map(Effect::Files).into_iter().collect()
}

/// A key goes to the query.
pub fn type_key(app: &mut App, input: Input) -> Vec<Effect> {
    app.shared.hush();
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
        && let Some(effects) = models::run(app, command)
    {
        return effects;
    }
    let Some(Overlay::Picker(picker)) = &mut app.overlay else {
        return Vec::new();
    };
    match command {
        Command::Up => picker.step(-1),
        Command::Down => picker.step(1),
        Command::PageUp => picker.step(-PAGE),
        Command::PageDown => picker.step(PAGE),
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
    app.shared.hush();
    // The list stays until the file is read: if that fails, one can choose another.
    match choice {
        Chosen::Directory(directory) => return vec![Effect::Files(FileRequest::List(directory))],
        Chosen::File(path) => return vec![read(kind, path)],
        _ => app.overlay = None,
    }
    match choice {
        Chosen::Command(command) => update::run(app, command),
        Chosen::Sample(index) => {
            let built_in = &sample::BUILT_IN[index];
            app.open_sample(built_in.sample(), built_in.name)
        }
        Chosen::Model(name) if kind == PickerKind::Second => vec![Effect::Files(FileRequest::FindSecond(name))],
        Chosen::Model(name) => vec![Effect::Files(FileRequest::FindModel(name))],
        Chosen::Token(id) if kind == PickerKind::Force => generate::force(app, id),
        Chosen::Token(id) => {
            app.views.predict.what_if = Some(id);
            Vec::new()
        }
        Chosen::Filter(filter) => {
            super::records::choose_filter(app, filter);
            Vec::new()
        }
        Chosen::Lesson(index) => lesson::begin_shipped(app, index),
        Chosen::LessonAgain => {
            lesson::resume(app);
            Vec::new()
        }
        Chosen::Guess(guess) => guess::begin(app, guess),
        Chosen::Twin(index) => train::choose_twin(app, &PRESETS[index]),
        Chosen::Demonstration(demonstration) => train::choose_demonstration(app, demonstration),
        Chosen::Life(found) => life::begin(app, *found),
        Chosen::Directory(_) | Chosen::File(_) => Vec::new(),
    }
}

/// Reads what is to be shown, or what is to be learned.
fn read(kind: PickerKind, path: PathBuf) -> Effect {
    Effect::Files(if kind == PickerKind::DataSet { FileRequest::ReadSamples(path) } else { FileRequest::Read(path) })
}

/// Nothing matches, but a path or a model may have been typed.
fn accept_typed(app: &mut App, kind: PickerKind, query: &str) -> Vec<Effect> {
    match kind {
        kind if kind.is_of_files() && !query.is_empty() => {
            app.shared.hush();
            let path = if is_from_home(query) { query.into() } else { app.directory.join(query) };
            vec![read(kind, path)]
        }
        PickerKind::RecordFilter => {
            match query.trim().replace(',', "").parse() {
                Ok(tokens) => super::records::choose_filter(app, Filter::Longer(tokens)),
                Err(_) => app.shared.say("type how many tokens the records are to exceed, or backspace"),
            }
            Vec::new()
        }
        PickerKind::Model if !query.is_empty() => {
            app.overlay = None;
            vec![Effect::Files(FileRequest::FindModel(query.into()))]
        }
        PickerKind::Second if !query.is_empty() => {
            app.overlay = None;
            vec![Effect::Files(FileRequest::FindSecond(query.into()))]
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
