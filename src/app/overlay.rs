//! What lies over the views: its keys, and which of them a command, a key, a paste or a click goes to.
//!
//! An overlay is a file here and one of the same name in `ui::overlay`, which draws it.

mod editor;
mod hand_out;
mod handover;
mod help;
mod picker;
mod records;
mod save;
mod settings;
mod slow_step;
mod weight;

use std::path::PathBuf;

use ratatui_textarea::Input;

pub use editor::{Editor, TurnEditor};
pub(super) use editor::{focus_turn, meant, open as edit};
pub use hand_out::meaning as hand_out_meaning;
pub(super) use hand_out::{open as open_hand_out, take as take_written};
pub use handover::HandoverForm;
pub(super) use handover::open as open_handover;
pub use picker::{About, Chosen, Item, Picker, PickerKind};
pub(super) use picker::{
    choose_data_set, choose_forced, choose_what_if, close_data_sets, open as open_list, show_directory, take_models,
};
pub use records::{Browser, Filter, Prompt as RecordPrompt, Reading};
pub(super) use records::{browse, open_at_start as open_set, show, take_found, take_loss, take_record, take_survey};
pub(super) use save::open as open_save;
pub(super) use settings::{HIGHEST_RATE, LOWEST_RATE, next_round, open as open_settings};
pub use settings::{Setting, SettingsForm};
pub use slow_step::{SlowMotion, SlowPlace, StepStage};
pub(super) use slow_step::{open as open_slow_step, stop as stop_slow_step, take as take_slow_step, trace};

use super::keymap::{Binding, Context};
use super::{App, Command, Effect, InputLine};

/// What lies over the views; at most one at a time.
#[derive(Debug)]
pub enum Overlay {
    Help {
        scroll: u16,
    },
    Editor(Box<Editor>),
    Picker(Picker),
    /// How the next steps are taken.
    Settings(SettingsForm),
    /// Where the weights go, as it is typed.
    Save {
        directory: InputLine,
    },
    /// Where something that is handed out goes, as it is typed.
    HandOut {
        path: InputLine,
        /// The file of that name that is there already.
        exists: Option<PathBuf>,
    },
    /// Where a run goes that is handed over.
    Handover(HandoverForm),
    /// The records of the data set.
    Records,
    /// One optimizer step, stage by stage.
    SlowStep(SlowMotion),
    /// The weight that is painted, as it is typed.
    Weight {
        typed: InputLine,
    },
}

impl Overlay {
    /// Where keys go while it is open.
    pub fn context(&self, records: &Browser) -> Context {
        match self {
            Self::Help { .. } => Context::Help,
            Self::Editor(_) => Context::Editor,
            Self::Picker(picker) if picker.kind.is_of_models() => Context::Models,
            Self::Picker(_) => Context::Picker,
            Self::Settings(_) => Context::Settings,
            Self::Save { .. } => Context::Save,
            Self::HandOut { .. } => Context::HandOut,
            Self::Handover(_) => Context::Handover,
            Self::Records if records.asked.is_some() => Context::RecordLine,
            Self::Records => Context::Records,
            Self::SlowStep(_) => Context::SlowStep,
            Self::Weight { .. } => Context::Weight,
        }
    }
}

/// The keys of all overlays.
pub const KEYS: &[&[Binding]] = &[
    help::KEYS,
    editor::KEYS,
    picker::KEYS,
    picker::MODEL_KEYS,
    settings::KEYS,
    save::KEYS,
    slow_step::KEYS,
    hand_out::KEYS,
    handover::KEYS,
    weight::KEYS,
    records::KEYS,
    records::LINE_KEYS,
];

/// A command; `None` where nothing lies over the view.
pub(super) fn run(app: &mut App, command: Command) -> Option<Vec<Effect>> {
    Some(match app.overlay.as_ref()? {
        Overlay::Help { .. } => help::run(app, command),
        Overlay::Editor(_) => editor::run(app, command),
        Overlay::Picker(_) => picker::run(app, command),
        Overlay::Settings(_) => settings::run(app, command),
        Overlay::Save { .. } => save::run(app, command),
        Overlay::HandOut { .. } => hand_out::run(app, command),
        Overlay::Handover(_) => handover::run(app, command),
        Overlay::Records => records::run(app, command),
        Overlay::SlowStep(_) => slow_step::run(app, command),
        Overlay::Weight { .. } => weight::run(app, command),
    })
}

/// A key that no binding takes.
pub(super) fn type_key(app: &mut App, input: Input) -> Vec<Effect> {
    match app.overlay {
        Some(Overlay::Editor(_)) => editor::type_key(app, input),
        Some(Overlay::Picker(_)) => picker::type_key(app, input),
        Some(Overlay::Settings(_)) => settings::type_key(app, input),
        Some(Overlay::Save { .. }) => save::type_key(app, input),
        Some(Overlay::HandOut { .. }) => hand_out::type_key(app, input),
        Some(Overlay::Handover(_)) => handover::type_key(app, input),
        Some(Overlay::Weight { .. }) => weight::type_key(app, input),
        Some(Overlay::Records) => records::type_key(app, input),
        Some(Overlay::Help { .. } | Overlay::SlowStep(_)) | None => Vec::new(),
    }
}

/// A paste goes to where one types; over a view it is a text of its own.
pub(super) fn paste(app: &mut App, text: &str) -> Vec<Effect> {
    match app.overlay {
        Some(Overlay::Editor(_)) => return editor::paste(app, text),
        Some(Overlay::Picker(_)) => picker::paste(app, text),
        Some(Overlay::Save { .. }) => save::paste(app, text),
        Some(Overlay::HandOut { .. }) => hand_out::paste(app, text),
        Some(Overlay::Handover(_)) => handover::paste(app, text),
        Some(Overlay::Weight { .. }) => weight::paste(app, text),
        Some(Overlay::Records) => records::paste(app, text),
        // What is pasted by mistake must not take the step away.
        Some(Overlay::SlowStep(_)) => {}
        Some(Overlay::Help { .. } | Overlay::Settings(_)) | None => return editor::paste_as_text(app, text),
    }
    Vec::new()
}

/// A line of a list or a form is clicked.
pub(super) fn click(app: &mut App, line: usize) -> Vec<Effect> {
    match app.overlay {
        Some(Overlay::Settings(_)) => {
            settings::click(app, line);
            Vec::new()
        }
        Some(Overlay::Records) => records::click(app, line),
        _ => picker::click(app, line),
    }
}
