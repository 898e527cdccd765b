//! All state of the screen, and [`update`], its only writer.
//!
//! Pure: no I/O, no drawing, nothing that blocks. What has to be done outside comes back as [`Effect`]s; what happened
//! outside comes in as [`Action`]s.
//!
//! ```text
//! Shared      the sample, what the models say of it, the mask, the cursor: every view shows it
//! Training    the run that trains the model, a mirror of what the engine says
//! life        the weights along a model's training, one checkpoint after another on the same text
//! view/*      a room for each view: what it remembers, its keys, what it does with a command
//! overlay/*   the same for what lies over the views: help, editor, lists, forms, lines to type in
//! general     the keys and commands of all views
//! hand_out    the present state as a page
//! session     the sitting as a session, and back; journal has the steps that were taken
//! present     in front of a class: several views at once, and each key in words
//! ```
//! How a room is drawn stands under the same name in [`ui`](crate::ui).

mod action;
mod asking;
mod general;
mod guess;
mod hand_out;
mod input_line;
mod journal;
pub mod keymap;
mod lesson;
mod life;
pub mod overlay;
mod present;
mod session;
mod shared;
mod start;
mod training;
mod update;
pub mod view;

use std::ops::Deref;
use std::path::PathBuf;

pub use action::{Action, Command, Effect, Facts, FileOutcome, FileRequest, HandOut};
pub use guess::Guessing;
pub use input_line::InputLine;
pub use keymap::Context;
pub use lesson::{Judged, Sitting, Standing, shipped, terms};
pub use life::{Life, Reel};
pub use overlay::{
    About, Browser, Chosen, Editor, Filter, HandoverForm, Item, Overlay, Picker, PickerKind, Reading, RecordPrompt,
    Setting, SettingsForm, SlowMotion, SlowPlace, StepStage, TurnEditor,
};
pub use present::{Presenting, Subject, Told, WAYS};
pub use shared::{Analysis, Comparing, Difference, Label, Notice, Painting, Progress, Scoring, Shared};
pub use start::Start;
pub use training::{
    Activity, Change, Continuation, Course, Demonstration, EarlierRun, Film, Frame, LastTenth, Mover, Movers, PRESETS,
    Preset, Probe, SMOOTHING, Stage, Training, TrainingData, Twin, Verdict, WRITTEN, Watching, smoothed,
};
pub use update::update;
pub use view::{AttendPanel, ScorePanel, TrainPanel, View, ViewCommand, Views};

use journal::Journal;
use session::Reopening;

use crate::lesson::Tally;
use training::Asked;

/// How many candidates the engine keeps for every row; the row under the cursor has them all.
const ROW_TOP_K: usize = 10;

/// Colours, by name; what they are is the screen's business.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeName {
    #[default]
    Dark,
    Light,
    /// For a projector: full colours on black.
    Contrast,
    /// The terminal's own sixteen colours.
    Ansi,
    /// No colour at all.
    Mono,
}

impl ThemeName {
    /// Every theme, in the order of the key that changes them.
    pub const EVERY: [Self; 5] = [Self::Dark, Self::Light, Self::Contrast, Self::Ansi, Self::Mono];

    /// As `--theme` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Contrast => "contrast",
            Self::Ansi => "ansi",
            Self::Mono => "mono",
        }
    }
}

/// All state of the screen. To readers it is what it shares, too: `app.cursor` is `app.shared.cursor`.
#[derive(Debug)]
pub struct App {
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    pub theme: ThemeName,
    /// Whether glyphs beyond ASCII can be shown.
    pub unicode: bool,
    /// What all views share.
    pub shared: Shared,
    /// The run that trains the model.
    pub training: Training,
    /// The checkpoints that the text is run through.
    pub life: Option<Box<Life>>,
    /// What was asked of the trainer.
    asked: Asked,
    /// The run of others that is watched.
    pub watching: Option<Watching>,
    /// What moved the weights.
    journal: Journal,
    /// The session whose steps are being taken again.
    reopening: Option<Reopening>,
    /// The data set that is open.
    pub records: Browser,
    /// The view on screen.
    pub view: View,
    /// What each view remembers by itself.
    pub views: Views,
    pub overlay: Option<Overlay>,
    pub presenting: Presenting,
    /// Whether the ways to begin are shown.
    pub welcomes: bool,
    /// The lesson that is on, or was left.
    pub lesson: Option<Box<Sitting>>,
    /// What is there for the teacher, and where it is written.
    notes: lesson::Notes,
    /// What is being guessed.
    pub guess: Option<Box<Guessing>>,
    /// How the guesses came out so far.
    pub tally: Tally,
    /// The editor that was closed last, with what can be undone in it.
    closed_editor: Option<Box<Editor>>,
    /// Where the file picker looks.
    pub directory: PathBuf,
    /// The chat template and the turn-ending tokens that take the place of the model's own, as they were given.
    template: Option<String>,
    eot_tokens: Vec<String>,
    pub quit: bool,
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl App {
    /// The state at start and the first things to do.
    pub fn new(start: Start) -> (Self, Vec<Effect>) {
        let mut app = Self {
            size: (80, 24),
            theme: start.theme,
            unicode: start.unicode,
            shared: Shared::new(&start),
            training: Training::default(),
            life: None,
            asked: Asked::default(),
            watching: None,
            journal: Journal::default(),
            reopening: None,
            records: Browser::default(),
            view: if start.compare.is_some() { View::Compare } else { View::default() },
            views: Views::default(),
            overlay: None,
            presenting: Presenting::new(start.presents),
            welcomes: start.welcomes,
            lesson: None,
            notes: lesson::Notes::new(start.notes),
            guess: None,
            tally: Tally::default(),
            closed_editor: None,
            directory: start.directory,
            template: start.template,
            eot_tokens: start.eot_tokens,
            quit: false,
        };
        app.training.settings.denominator = app.denominator;
        // A lesson opens a text of its own; this one is read when it is left.
        let mut effects = if start.lesson.is_none() { app.analyze() } else { Vec::new() };
        if let Some(session) = start.session {
            app.reopening = Some(Reopening::of(session, app.chosen_model.clone()));
        }
        if let Some(set) = start.set {
            effects.extend(overlay::open_set(&mut app, set, start.lists_set));
        }
        if let Some(watching) = start.watching {
            effects.push(Effect::Files(FileRequest::Watch(watching.path().to_owned())));
            app.view = View::Train;
            app.watching = Some(watching);
        }
        if let Some(lesson) = start.lesson {
            lesson::begin(&mut app, lesson);
        }
        (app, effects)
    }

    /// Where keys go.
    pub fn context(&self) -> Context {
        match &self.overlay {
            Some(overlay) => overlay.context(&self.records),
            None => guess::context(self).or(lesson::context(self)).unwrap_or(Context::View(self.view)),
        }
    }
}

/// The element `by` places after `current`, round and round.
fn next<T: Copy + PartialEq>(all: &[T], current: T, by: isize) -> T {
    let at = all.iter().position(|&one| one == current).unwrap_or(0) as isize;
    all[(at + by).rem_euclid(all.len() as isize) as usize]
}
