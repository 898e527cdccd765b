//! The list of records: opening a data set, walking and filtering its list, opening a record.

mod browser;

use std::path::Path;

use ratatui_textarea::Input;

pub use browser::{Browser, Filter, Prompt, Reading};

use super::picker::filter_items;
use crate::app::keymap::{Binding, Context};
use crate::app::{App, Command, Effect, FileRequest, InputLine, Overlay, Picker, PickerKind};
use crate::data::{DataSet, Opened};
use crate::engine::{Request, Survey, SurveyEvent};
use crate::loss::Denominator;
use crate::mask::Policy;
use crate::survey;

/// Rows around the list.
const AROUND: u16 = 10;

const fn bind(keys: &'static [&'static str], command: Command, help: &'static str, short: &'static str) -> Binding {
    Binding { context: Context::Records, keys, command, help, short }
}

pub const KEYS: &[Binding] = &[
    bind(&["↑", "k"], Command::Up, "previous record", ""),
    bind(&["↓", "j"], Command::Down, "next record", "↑↓ choose"),
    bind(&["pgup"], Command::PageUp, "a page up", ""),
    bind(&["pgdn", "space"], Command::PageDown, "a page down", ""),
    bind(&["home"], Command::Home, "first record", ""),
    bind(&["end", "G"], Command::End, "last record", ""),
    bind(&["enter"], Command::Accept, "open the record in all views", "enter open"),
    bind(&["f"], Command::FilterRecords, "list those with a finding, a role, longer than N", "f filter"),
    bind(&["/"], Command::Search, "list those with a text", "/ search"),
    bind(&["g"], Command::Jump, "go to a record by its number", "g jump"),
    bind(&["R"], Command::Retry, "read the file anew, under the mask in use", ""),
    bind(&["esc", "q", "B"], Command::Cancel, "stop reading; close", "esc close"),
    bind(&["ctrl-c"], Command::Quit, "quit", ""),
];

/// The keys of the line below the list, where something is typed.
pub const LINE_KEYS: &[Binding] = &[
    Binding { context: Context::RecordLine, ..bind(&["enter"], Command::Accept, "take what was typed", "enter take") },
    Binding { context: Context::RecordLine, ..bind(&["esc"], Command::Cancel, "leave it", "esc leave") },
    Binding { context: Context::RecordLine, ..bind(&["ctrl-c"], Command::Quit, "quit", "") },
];

/// What was read takes the place of what is on screen; of a data set the list opens as well.
pub fn show(app: &mut App, opened: Opened) -> Vec<Effect> {
    // An editor opened meanwhile holds the sample that this one replaces.
    app.overlay = None;
    app.shared.unpack();
    let (note, set) = (opened.note.clone(), opened.set.clone());
    let mut effects = open_record(app, opened);
    app.shared.hush();
    if let Some(note) = note.filter(|_| set.is_none()) {
        app.shared.say(note);
    }
    if let Some(set) = set {
        effects.extend(open(app, set));
        app.overlay = Some(Overlay::Records);
    }
    effects
}

fn open_record(app: &mut App, opened: Opened) -> Vec<Effect> {
    app.records.leave_record();
    app.shared.open_read(opened);
    app.analyze()
}

/// Begins to look over a data set whose first record is on screen.
pub fn open(app: &mut App, set: DataSet) -> Vec<Effect> {
    let records = &mut app.records;
    (records.filter, records.search, records.asked) = (Filter::All, String::new(), None);
    (records.opened, records.is_intact, records.wanted) = (Some(set.index), true, None);
    records.selected = 0;
    records.set = Some(set);
    look_over(app)
}

/// The same when the program starts; `lists` says whether its list is on screen.
pub fn open_at_start(app: &mut App, set: DataSet, lists: bool) -> Vec<Effect> {
    app.overlay = lists.then_some(Overlay::Records);
    open(app, set)
}

fn look_over(app: &mut App) -> Vec<Effect> {
    let terms = terms(app);
    let Some(set) = &app.records.set else { return Vec::new() };
    let file = set.file.clone();
    let number = app.records.begin(terms, app.chosen_model.clone());
    vec![Effect::Engine(Request::Survey(Survey { number, file, terms }))]
}

/// How a data set is read and masked now; the split is that of the sample on screen alone.
fn terms(app: &App) -> survey::Terms {
    survey::Terms { hint: None, encoding: app.encoding, policy: Policy { split: None, ..app.policy } }
}

/// What comes of a survey; of an older one it is dropped.
pub fn take_survey(app: &mut App, number: u64, event: SurveyEvent) -> Vec<Effect> {
    let records = &mut app.records;
    if number != records.number || !matches!(records.reading, Reading::Going(_)) {
        return Vec::new();
    }
    match event {
        SurveyEvent::Begun { model } => records.model = model,
        SurveyEvent::Records { records: more, read } => {
            records.add(more);
            records.reading = Reading::Going(read);
        }
        SurveyEvent::Ended(Ok(())) => records.reading = Reading::Done,
        SurveyEvent::Ended(Err(problem)) => records.reading = Reading::Failed(problem),
    }
    Vec::new()
}

/// The record on screen was scored: its loss is known, if it is that of the model under the mask of the list.
pub fn take_loss(app: &mut App) {
    let is_model = app.training.step == 0 && app.painting.paint.is_empty() && !app.experiment.is_on();
    let Some(number) = app.records.opened.filter(|_| app.records.is_intact && is_model) else { return };
    if terms(app) == app.records.terms
        && let Some(ledger) = app.ledger()
        && let Some(loss) = ledger.loss(Denominator::default())
    {
        app.records.set_loss(number, loss);
    }
}

/// A command of all views that is for the data set.
pub fn browse(app: &mut App, command: Command) -> Vec<Effect> {
    if app.records.set.is_none() {
        app.shared.say("no data set is open; o opens a file of records: JSONL, a JSON list, Parquet");
        return Vec::new();
    }
    if command == Command::Browse {
        app.overlay = Some(Overlay::Records);
        let is_other = terms(app) != app.records.terms || app.chosen_model != app.records.source;
        return if is_other { look_over(app) } else { Vec::new() };
    }
    let by = if command == Command::PreviousRecord { -1 } else { 1 };
    match app.records.beside(by) {
        Some(number) => read(app, number),
        None => {
            let is_reading = matches!(app.records.reading, Reading::Going(_));
            app.shared.say(match by {
                1 if is_reading => "no record there yet: the file is being read",
                1 => "no further record is listed; B shows the list",
                _ => "no record is listed before this one; B shows the list",
            });
            Vec::new()
        }
    }
}

/// A command in the list, or in the line below it.
pub fn run(app: &mut App, command: Command) -> Vec<Effect> {
    app.shared.hush();
    if let Some((asked, typed)) = app.records.asked.take() {
        if command == Command::Accept {
            return answer(app, asked, typed.text());
        }
        return Vec::new();
    }
    let page = isize::try_from(app.size.1.saturating_sub(AROUND).max(1)).unwrap_or(1);
    let records = &mut app.records;
    match command {
        Command::Up => records.step(-1),
        Command::Down => records.step(1),
        Command::PageUp => records.step(-page),
        Command::PageDown => records.step(page),
        Command::Home => records.selected = 0,
        Command::End => records.step(isize::MAX),
        Command::Jump => records.asked = Some((Prompt::Jump, InputLine::default())),
        Command::Search => records.asked = Some((Prompt::Search, records.search.clone().into())),
        Command::FilterRecords => {
            let items = filter_items(records);
            app.overlay = Some(Overlay::Picker(Picker::new(PickerKind::RecordFilter, items)));
        }
        Command::Accept => return accept(app),
        Command::Retry => return look_over(app),
        _ if records.is_searching() => {
            records.list(records.filter, String::new());
            app.shared.say("the search is stopped; esc closes the list, / searches again");
            return vec![Effect::Files(FileRequest::CancelSearch)];
        }
        _ if matches!(records.reading, Reading::Going(_)) => {
            records.reading = Reading::Stopped;
            app.shared.say("reading is stopped; esc closes the list, R reads the file anew");
            return vec![Effect::CancelSurvey];
        }
        _ => app.overlay = None,
    }
    Vec::new()
}

fn answer(app: &mut App, asked: Prompt, typed: &str) -> Vec<Effect> {
    let records = &mut app.records;
    match (asked, typed.trim().parse::<usize>()) {
        (Prompt::Search, _) => {
            records.list(records.filter, typed.trim().into());
            // A search under way is for another text.
            let set = records.set.as_ref().filter(|_| records.is_searching());
            let search = |set: &DataSet| FileRequest::Search { file: set.file.clone(), text: records.search.clone() };
            return set.map(search).map(Effect::Files).into_iter().collect();
        }
        (Prompt::Jump, Ok(number)) => {
            records.choose(number);
            if records.chosen() != Some(number) {
                let (known, going) = (records.records.len(), matches!(records.reading, Reading::Going(_)));
                app.shared.say(match number < known {
                    true => format!("record {number} is not listed under this filter; f and / change it"),
                    false if going => format!("record {number} was not read yet; {known} records are known"),
                    false => format!("there is no record {number}: they go from 0 to {}", known.saturating_sub(1)),
                });
            }
        }
        (Prompt::Jump, Err(_)) if typed.trim().is_empty() => {}
        (Prompt::Jump, Err(_)) => app.shared.say("type the number of a record, from 0 on"),
    }
    Vec::new()
}

/// The whole file was searched for a text.
pub fn take_found(app: &mut App, file: &Path, text: &str, numbers: Vec<u32>) {
    let records = &mut app.records;
    if records.search == text && records.set.as_ref().is_some_and(|set| set.file == file) {
        records.find(numbers);
    }
}

/// A line of the list is clicked: it is chosen; once more opens it.
pub fn click(app: &mut App, index: usize) -> Vec<Effect> {
    if index >= app.records.len() {
        return Vec::new(); // the list may have changed since it was drawn
    }
    if std::mem::replace(&mut app.records.selected, index) == index { accept(app) } else { Vec::new() }
}

/// A filter is chosen.
pub fn choose_filter(app: &mut App, filter: Filter) {
    let search = app.records.search.clone();
    app.records.list(filter, search);
    app.overlay = Some(Overlay::Records);
}

fn accept(app: &mut App) -> Vec<Effect> {
    let Some(number) = app.records.chosen() else { return Vec::new() };
    let record = &app.records.records[number];
    if !record.is_readable() {
        app.shared.complain(format!("record {number} cannot be opened: it {}", record.title));
        return Vec::new();
    }
    read(app, number)
}

fn read(app: &mut App, number: usize) -> Vec<Effect> {
    let at = app.records.records[number].at;
    app.records.wanted = Some(number);
    let file = app.records.set.as_ref().map(|set| set.file.clone());
    file.map(|file| Effect::Files(FileRequest::ReadRecord { file, at })).into_iter().collect()
}

/// A record was read, to be shown in all views.
pub fn take_record(app: &mut App, file: &Path, index: usize, opened: Opened) -> Vec<Effect> {
    let is_open = app.records.set.as_ref().is_some_and(|set| set.file == file);
    if !is_open || app.records.wanted != Some(index) {
        return Vec::new();
    }
    if matches!(app.overlay, Some(Overlay::Records)) {
        app.overlay = None;
    }
    app.shared.pack_around(index);
    let effects = open_record(app, opened);
    let records = &mut app.records;
    records.wanted = None;
    (records.opened, records.is_intact) = (Some(index), true);
    records.choose(index);
    effects
}

/// A paste goes to the line below the list, if there is one.
pub fn paste(app: &mut App, text: &str) {
    if let Some((_, typed)) = &mut app.records.asked {
        typed.paste(text);
    }
}

/// A key goes to the line below the list.
pub fn type_key(app: &mut App, input: Input) -> Vec<Effect> {
    let Some((_, typed)) = &mut app.records.asked else { return Vec::new() };
    typed.input(input);
    Vec::new()
}
