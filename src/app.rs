//! All state of the screen, and [`update`], its only writer.
//!
//! Pure: no I/O, no drawing, nothing that blocks. What has to be done outside comes back as [`Effect`]s; what happened
//! outside comes in as [`Action`]s.

mod action;
mod caret;
mod comparing;
mod editor;
mod input_line;
pub mod keymap;
mod labels;
mod layers;
mod painting;
mod picker;
mod records;
mod scoring;
mod settings;
mod start;
mod training;
mod update;

use std::path::PathBuf;
use std::sync::Arc;

pub use action::{Action, Command, Effect, Facts, FileOutcome};
pub use comparing::Comparing;
pub use editor::{Editor, TurnEditor};
pub use input_line::InputLine;
pub use keymap::Context;
pub use labels::Label;
pub use painting::Painting;
pub use picker::{About, Choice, Item, Picker, PickerKind};
pub use records::{Asked as RecordPrompt, Browser, Filter, Reading};
pub use scoring::{Difference, ScorePanel, Scoring};
pub use settings::{Setting, SettingsForm};
pub use start::Start;
pub use training::{
    Activity, Change, Continuation, Film, Frame, Mover, Movers, PRESETS, Panel, Preset, Probe, SMOOTHING, Training,
    TrainingData, Twin, WRITTEN, smoothed,
};
pub use update::update;

use caret::Caret;
use training::Asked;

use crate::engine::Request;
use crate::loss::{Denominator, Distribution, Scores};
use crate::mask::Policy;
use crate::mask::finding::Finding;
use crate::model::ModelInfo;
use crate::sample::{Form, Sample};
use crate::sequence::{EncodeOptions, PackRequest, Sequence};
use crate::source::{Opening, Source};

/// How many candidates the engine keeps for every row; the row under the cursor has them all.
const ROW_TOP_K: usize = 10;

/// The views, in the order of their tabs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum View {
    #[default]
    Predict,
    Attend,
    Score,
    Train,
    Compare,
}

impl View {
    /// Every view, in order.
    pub const EVERY: [View; 5] = [View::Predict, View::Attend, View::Score, View::Train, View::Compare];

    /// The tab's title.
    pub fn title(self) -> &'static str {
        match self {
            View::Predict => "Predict",
            View::Attend => "Attend",
            View::Score => "Score",
            View::Train => "Train",
            View::Compare => "Compare",
        }
    }
}

/// Colours, by name; what they are is the screen's business.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeName {
    #[default]
    Dark,
    Light,
    /// The terminal's own sixteen colours.
    Ansi,
    /// No colour at all.
    Mono,
}

/// How far the current analysis is.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// Waiting for the engine's first word.
    Waiting,
    Loading {
        name: String,
        opening: Opening,
    },
    /// Rows are coming in.
    Scoring,
    Ready {
        seconds: f64,
    },
    /// It cannot be done; what to do is in the text.
    Failed(String),
    /// Stopped by the user.
    Cancelled,
}

/// What the user looks at: the sample, its tokens, and what the model says of them.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// Of the request whose answers count.
    pub generation: u64,
    pub progress: Progress,
    /// The request that `sequence` and `scores` answer; an older one while the new text is not tokenised yet.
    pub tokenised: u64,
    pub sequence: Arc<Sequence>,
    /// How each token is written on screen, by token.
    pub labels: Vec<Label>,
    pub scores: Scores,
    /// −log p of each token of a pack under the other packing; empty while it is not known.
    pub contrast: Vec<Option<f64>>,
}

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
    /// The records of the data set.
    Records,
    /// The weight that is painted, as it is typed.
    Weight {
        typed: InputLine,
    },
}

/// A line for the user in the footer.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub text: String,
    pub is_error: bool,
}

/// All state of the screen.
#[derive(Debug)]
pub struct App {
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    pub view: View,
    pub theme: ThemeName,
    /// Whether glyphs beyond ASCII can be shown.
    pub unicode: bool,
    /// What is shown, and what it is called: a file's name, "typed".
    pub sample: Sample,
    pub sample_name: String,
    /// The form that it was found in.
    pub form: Form,
    /// How samples become tokens.
    pub encoding: EncodeOptions,
    /// The records that the sample is packed with, where it is.
    pub pack: Option<PackRequest>,
    /// The model the user asked for; without one the kind of sample decides.
    pub chosen_model: Option<Source>,
    /// The choice that made what is on screen: what is gone back to when another model cannot be opened.
    working_model: Option<Source>,
    pub model: Option<Arc<ModelInfo>>,
    pub analysis: Analysis,
    /// Where the editor's caret was at the last change: the cursor goes there with the next tokens.
    caret: Option<Caret>,
    /// The sample was just opened: the cursor is still to be placed.
    is_new_sample: bool,
    /// The token under the cursor, as a target: 0 = the first token, n = the token that would come next.
    pub cursor: usize,
    /// Which of the model's attention masks the view Attend shows, counted on and round.
    layers_shown: usize,
    pub denominator: Denominator,
    /// Which targets count; its split is that of the sample on screen.
    pub policy: Policy,
    /// Every mode and profile on this sequence, without paint.
    pub scorings: Vec<Scoring>,
    /// The mask that counts: the current rule's, with the paint over it.
    current: Option<Scoring>,
    pub painting: Painting,
    /// What is worth a second look under the mask that counts.
    pub findings: Vec<Finding>,
    /// What the lower part of the view Score shows.
    pub score_panel: ScorePanel,
    /// The whole distribution that predicts the token under the cursor, with the position of its row.
    pub distribution: Option<(usize, Distribution)>,
    /// The position whose distribution was asked for last.
    distribution_asked: Option<(u64, usize)>,
    pub temperature: f64,
    pub top_k: usize,
    /// Another token looked at as if it were the target.
    pub what_if: Option<u32>,
    pub overlay: Option<Overlay>,
    /// The editor that was closed last, with what can be undone in it.
    closed_editor: Option<Box<Editor>>,
    pub notice: Option<Notice>,
    /// The data set that is open.
    pub records: Browser,
    /// A second model on the same text.
    pub comparing: Comparing,
    /// The run that trains the model.
    pub training: Training,
    /// What was asked of the trainer.
    asked: Asked,
    /// Where the file picker looks.
    pub directory: PathBuf,
    pub quit: bool,
}

impl App {
    /// The state at start and the first things to do.
    pub fn new(start: Start) -> (Self, Vec<Effect>) {
        let mut app = Self {
            size: (80, 24),
            view: if start.compare.is_some() { View::Compare } else { View::Predict },
            theme: start.theme,
            unicode: start.unicode,
            sample: start.sample,
            sample_name: start.sample_name,
            form: start.form,
            encoding: start.encoding,
            pack: start.pack,
            chosen_model: start.model,
            working_model: None,
            caret: None,
            model: None,
            layers_shown: 0,
            analysis: Analysis {
                generation: 0,
                progress: Progress::Waiting,
                tokenised: 0,
                sequence: Arc::default(),
                labels: Vec::new(),
                scores: Scores::default(),
                contrast: Vec::new(),
            },
            is_new_sample: true,
            cursor: 0,
            denominator: start.denominator,
            policy: start.policy,
            scorings: Vec::new(),
            current: None,
            painting: Painting::default(),
            findings: Vec::new(),
            score_panel: ScorePanel::default(),
            distribution: None,
            distribution_asked: None,
            temperature: 1.0,
            top_k: 10,
            what_if: None,
            overlay: None,
            closed_editor: None,
            records: Browser::default(),
            comparing: Comparing { source: start.compare, ..Comparing::default() },
            training: Training::default(),
            asked: Asked::default(),
            notice: start.note.map(|text| Notice { text, is_error: false }),
            directory: start.directory,
            quit: false,
        };
        app.training.settings.denominator = app.denominator;
        let mut effects = app.analyze();
        if let Some(set) = start.set {
            effects.extend(update::open_set(&mut app, set, start.lists_set));
        }
        (app, effects)
    }

    /// The active model: the chosen one, the one that has learned something, or the embedded one for this kind of
    /// sample.
    pub fn source(&self) -> Source {
        let trained = || self.asked.source.clone().filter(|_| self.training.step > 0);
        self.chosen_model.clone().or_else(trained).unwrap_or_else(|| Source::default_for(&self.sample))
    }

    /// The sequence on screen.
    pub fn sequence(&self) -> &Sequence {
        &self.analysis.sequence
    }

    /// How many tokens it has.
    pub fn len(&self) -> usize {
        self.analysis.sequence.len()
    }

    /// Whether there is no token.
    pub fn is_empty(&self) -> bool {
        self.analysis.sequence.is_empty()
    }

    /// The panels that the view Score has for it.
    pub fn score_panels(&self) -> &'static [ScorePanel] {
        if self.pack.is_some() { &ScorePanel::PACKED } else { &ScorePanel::EVERY }
    }

    /// Whether the tokens on screen are those of the sample, and not of what was shown before it.
    pub fn is_current(&self) -> bool {
        self.analysis.tokenised == self.analysis.generation
    }

    /// Whether every row is there.
    pub fn is_complete(&self) -> bool {
        self.analysis.scores.len() == self.len()
    }

    /// The whole distribution that predicts the token under the cursor, once it is there.
    pub fn distribution(&self) -> Option<&Distribution> {
        let (position, distribution) = self.distribution.as_ref()?;
        (self.cursor.checked_sub(1)? == *position).then_some(distribution)
    }

    /// A token of the vocabulary as it is written on screen.
    pub fn token_label(&self, id: u32) -> String {
        let bytes = self.model.as_ref().and_then(|model| model.tokens.get(id as usize));
        bytes.map_or_else(|| format!("#{id}"), |bytes| crate::sequence::visible(bytes))
    }

    /// Where keys go.
    pub fn context(&self) -> Context {
        match &self.overlay {
            None => Context::View(self.view),
            Some(Overlay::Help { .. }) => Context::Help,
            Some(Overlay::Editor(_)) => Context::Editor,
            Some(Overlay::Picker(picker)) if picker.kind.is_of_models() => Context::Models,
            Some(Overlay::Picker(_)) => Context::Picker,
            Some(Overlay::Settings(_)) => Context::Settings,
            Some(Overlay::Save { .. }) => Context::Save,
            Some(Overlay::Records) if self.records.asked.is_some() => Context::RecordLine,
            Some(Overlay::Records) => Context::Records,
            Some(Overlay::Weight { .. }) => Context::Weight,
        }
    }

    /// Asks for the sample's tokens and scores; every answer to an earlier question is stale from now on.
    fn analyze(&mut self) -> Vec<Effect> {
        self.analysis.generation += 1;
        self.analysis.progress = Progress::Waiting;
        // What is learned is what is on screen: a run on the text before ends.
        let mut effects = if self.asked.run.is_some() { update::pause(self) } else { Vec::new() };
        effects.push(Effect::Engine(Request::Analyze {
            generation: self.analysis.generation,
            source: self.source(),
            sample: self.sample.clone(),
            encoding: self.encoding,
            pack: self.pack.clone(),
            top_k: ROW_TOP_K,
        }));
        effects.extend(self.ask_second());
        effects
    }
}
