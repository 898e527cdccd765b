//! What can happen to the screen, and what it asks for.

use std::path::PathBuf;

use ratatui_textarea::Input;

use super::overlay::{SlowPlace, StepStage};
use super::view::{View, ViewCommand};
use crate::board::Run;
use crate::data::{Opened, Place};
use crate::engine::{Event, Request};
use crate::mask::Basis;
use crate::report::page::Page;
use crate::sample::Record;
use crate::session::Session;
use crate::source::removal::Removal;
use crate::source::run::Life;
use crate::source::{Known, Source};

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Action {
    /// A command, from a key, the palette, or a click.
    Do(Command),
    /// A key that no binding takes, in a place where text is typed.
    Type(Input),
    /// A bracketed paste.
    Paste(String),
    /// The cursor goes to token `t`.
    Goto(usize),
    /// That view becomes the one keys go to, and takes what was clicked in it.
    Within(View, Box<Action>),
    /// A key was pressed, by the name the key table has for it; what it does is an action of its own.
    Heard(String),
    /// The mouse is dragged to token `t`.
    Drag(usize),
    /// This mode or profile decides from now on which targets count.
    Basis(Basis),
    /// An item of the open list or form is clicked.
    Pick(usize),
    /// A turn of the open editor is clicked.
    FocusTurn(usize),
    /// The views show what the model said after this step, if the film has it.
    ShowStep(usize),
    /// The view on screen shows its panel of that number.
    ShowPanel(usize),
    /// The step in slow motion shows this place.
    Trace(SlowPlace),
    Resize(u16, u16),
    Engine(Event),
    Files(FileOutcome),
}

/// A thing a user can do; the key tables name each with its keys and help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// What only one view has.
    In(ViewCommand),
    // In every view, and in lists and forms that have such a thing.
    Left,
    Right,
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
    Cancel,
    Quit,
    // In every view.
    NextScored,
    PreviousScored,
    Show(View),
    NextView,
    NextMode,
    PreviousMode,
    NextDenominator,
    Split,
    EscapeSpecials,
    JoinParts,
    NextPacking,
    Edit,
    Open,
    ChooseModel,
    /// A second model on the same text.
    ChooseSecond,
    Palette,
    /// A page, a picture or the session, as a file.
    HandOut,
    Help,
    NextTheme,
    /// Presenting to a class, or no longer.
    Present,
    /// Score again what is there.
    Retry,
    // Training, in every view.
    Step,
    /// A run of steps, or its end.
    Run,
    UndoStep,
    ResetWeights,
    // The checkpoints of a model's training, in every view.
    Life,
    EarlierCheckpoint,
    LaterCheckpoint,
    // With a data set, in every view.
    /// The list of its records.
    Browse,
    PreviousRecord,
    NextRecord,
    // In the list of records.
    FilterRecords,
    Search,
    Jump,
    // Where something is chosen or typed.
    Accept,
    // Where the name of a file that is handed out is typed.
    NextForm,
    /// Lessons: the list of them, or out of the one that is on, or back to it.
    Lesson,
    /// The list of what can be guessed.
    Guess,
    // In a lesson.
    GoOn,
    GoBack,
    /// Where tokens are pointed at: this one is meant, or no more.
    Mark,
    // In the list of models.
    Details,
    RemoveModel,
    // In the step in slow motion.
    ShowStage(StepStage),
    NextWeight,
    PreviousWeight,
    // In the editor.
    NextTurn,
    PreviousTurn,
    AddTurn,
    RemoveTurn,
    MoveTurnUp,
    MoveTurnDown,
    NextRole,
    ToggleChat,
    Undo,
    Redo,
}

/// Something to be done outside.
#[derive(Debug)]
pub enum Effect {
    Engine(Request),
    /// Stop the analysis under way.
    CancelEngine,
    /// Stop looking over the data set.
    CancelSurvey,
    Files(FileRequest),
    /// Draw the next frame into a file, too.
    Picture {
        path: PathBuf,
        replaces: bool,
    },
}

/// Something to be done with files, whose [`FileOutcome`] is awaited. In a path a leading `~` is the user's home.
#[derive(Debug)]
pub enum FileRequest {
    /// Write something for the teacher behind what the file has.
    Note { path: PathBuf, text: String },
    /// Look at a run of others again and again, and say when there is more of it.
    Watch(PathBuf),
    /// List a directory for the open picker.
    List(PathBuf),
    /// Read a file as a text or a chat, or list it if it is a directory.
    Read(PathBuf),
    /// Read a file as a data set, or list it if it is a directory.
    ReadSamples(PathBuf),
    /// Read a record of a data set.
    ReadRecord { file: PathBuf, at: Place },
    /// Look for a text in all records of a data set; a search under way ends.
    Search { file: PathBuf, text: String },
    /// Stop looking for the text.
    CancelSearch,
    /// See which model a name or path means.
    FindModel(String),
    /// The same for the model to compare with.
    FindSecond(String),
    /// See which weights along its training there are of a model.
    FindLife(Source),
    /// See which models are on this machine.
    ListModels,
    /// Read what a model is, without its weights.
    DescribeModel(String),
    /// See what would be removed of a model.
    WeighModel(String),
    /// Take a model off this machine.
    RemoveModel(Removal),
    /// Write something that is handed out; over a file that is there already only if it `replaces` that.
    Write { path: PathBuf, content: HandOut, replaces: bool },
}

/// What is handed out as a file.
#[derive(Debug)]
pub enum HandOut {
    /// The present state as HTML.
    Page(Box<Page>),
    /// The screen as SVG.
    Picture(String),
    /// The sitting, to go on with.
    Session(Box<Session>),
}

/// What is told of a thing: keys and values.
pub type Facts = Vec<(String, String)>;

/// What came of a [`FileRequest`].
#[derive(Clone, Debug)]
pub enum FileOutcome {
    /// The entries of a directory: name, whether it is a directory itself.
    Listed {
        directory: PathBuf,
        entries: Vec<(String, bool)>,
    },
    Read(Opened),
    /// A record of a data set, by its number.
    Record {
        file: PathBuf,
        index: usize,
        opened: Opened,
    },
    /// The numbers of the records that have a text.
    Found {
        file: PathBuf,
        text: String,
        numbers: Vec<u32>,
    },
    /// A data set and what it is called.
    Samples {
        name: String,
        samples: Vec<Record>,
    },
    /// What is known of the run that is watched.
    Watched(Box<Run>),
    Model(Source),
    /// The model to compare with.
    Second(Source),
    Models(Vec<Known>),
    /// The weights along a model's training, if any are known.
    Life(Option<Life>),
    /// What a model is: keys and values.
    Described {
        name: String,
        facts: Facts,
    },
    /// This is what would be removed.
    Weighed {
        name: String,
        removal: Removal,
    },
    /// That is removed, and so many bytes are free again.
    Removed {
        what: String,
        freed: u64,
    },
    /// A file was written, of so many bytes.
    Written {
        path: PathBuf,
        bytes: usize,
    },
    /// It was not: there is one of that name.
    Exists(PathBuf),
    Failed(String),
}
