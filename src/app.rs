//! All state of the screen, and [`update`], its only writer.
//!
//! Pure: no I/O, no drawing, nothing that blocks. What has to be done outside comes back as [`Effect`]s; what happened
//! outside comes in as [`Action`]s.

mod action;
mod caret;
mod editor;
pub mod keymap;
mod labels;
mod picker;
mod settings;
mod training;
mod update;

use std::path::PathBuf;
use std::sync::Arc;

pub use action::{Action, Command, Effect, FileOutcome, Opened};
pub use editor::{Editor, TurnEditor};
pub use keymap::Context;
pub use labels::Label;
pub use picker::{About, Choice, Item, Picker, PickerKind};
pub use settings::{Setting, SettingsForm};
pub use training::{
    Activity, Change, Continuation, Film, Frame, Mover, Movers, PRESETS, Panel, Preset, Probe, SMOOTHING, Training,
    TrainingData, Twin, WRITTEN, smoothed,
};
pub use update::update;

use caret::Caret;
use training::Asked;

use crate::engine::{ModelInfo, Request};
use crate::loss::{Denominator, Distribution, Ledger, Scores};
use crate::mask::{LossMask, MaskError, MaskOptions, Mode, PartWeights};
use crate::model::Source;
use crate::sample::Sample;
use crate::sequence::{Kind, Prefix, Sequence};

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
}

impl View {
    /// Every view, in order.
    pub const EVERY: [View; 4] = [View::Predict, View::Attend, View::Score, View::Train];

    /// The tab's title.
    pub fn title(self) -> &'static str {
        match self {
            View::Predict => "Predict",
            View::Attend => "Attend",
            View::Score => "Score",
            View::Train => "Train",
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
        fraction: f32,
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
}

/// One row of the mode comparison.
#[derive(Clone, Debug)]
pub struct Scoring {
    pub mode: Mode,
    pub mask: Result<LossMask, MaskError>,
    /// `None` while scores are missing or where the mode does not apply.
    pub ledger: Option<Ledger>,
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
        directory: String,
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
    pub prefix: Prefix,
    /// The model the user asked for; without one the kind of sample decides.
    pub chosen_model: Option<Source>,
    /// The choice that made what is on screen: what is gone back to when another model cannot be opened.
    working_model: Option<Source>,
    pub model: Option<ModelInfo>,
    pub analysis: Analysis,
    /// Where the editor's caret was at the last change: the cursor goes there with the next tokens.
    caret: Option<Caret>,
    /// The sample was just opened: the cursor is still to be placed.
    is_new_sample: bool,
    /// The token under the cursor, as a target: 0 = the first token, n = the token that would come next.
    pub cursor: usize,
    pub denominator: Denominator,
    /// The mode the user asked for; without one the kind of sample decides.
    pub chosen_mode: Option<Mode>,
    /// Raw text: how many characters the prompt has, where there is a completion.
    pub split: Option<usize>,
    /// Chats: weights for parts of the assistant's turns.
    pub part_weights: PartWeights,
    /// Every mode on this sequence.
    pub scorings: Vec<Scoring>,
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
    /// The run that trains the model.
    pub training: Training,
    /// What was asked of the trainer.
    asked: Asked,
    /// Where the file picker looks.
    pub directory: PathBuf,
    pub quit: bool,
}

/// How the program starts.
#[derive(Clone, Debug)]
pub struct Start {
    pub sample: Sample,
    pub sample_name: String,
    /// What to say at first.
    pub note: Option<String>,
    pub prefix: Prefix,
    pub model: Option<Source>,
    pub mode: Option<Mode>,
    pub denominator: Denominator,
    /// Raw text: how many characters the prompt has.
    pub split: Option<usize>,
    /// Chats: weights for parts of the assistant's turns.
    pub part_weights: PartWeights,
    pub theme: ThemeName,
    pub unicode: bool,
    pub directory: PathBuf,
}

impl Start {
    /// On that sample, everything else as it is by default.
    pub fn on(sample: Sample, sample_name: impl Into<String>) -> Self {
        Self {
            sample,
            sample_name: sample_name.into(),
            note: None,
            prefix: Prefix::default(),
            model: None,
            mode: None,
            denominator: Denominator::default(),
            split: None,
            part_weights: PartWeights::default(),
            theme: ThemeName::default(),
            unicode: true,
            directory: PathBuf::from("."),
        }
    }
}

impl App {
    /// The state at start and the first things to do.
    pub fn new(start: Start) -> (Self, Vec<Effect>) {
        let mut app = Self {
            size: (80, 24),
            view: View::Predict,
            theme: start.theme,
            unicode: start.unicode,
            sample: start.sample,
            sample_name: start.sample_name,
            prefix: start.prefix,
            chosen_model: start.model,
            working_model: None,
            caret: None,
            model: None,
            analysis: Analysis {
                generation: 0,
                progress: Progress::Waiting,
                tokenised: 0,
                sequence: Arc::default(),
                labels: Vec::new(),
                scores: Scores::default(),
            },
            is_new_sample: true,
            cursor: 0,
            denominator: start.denominator,
            chosen_mode: start.mode,
            split: start.split,
            part_weights: start.part_weights,
            scorings: Vec::new(),
            distribution: None,
            distribution_asked: None,
            temperature: 1.0,
            top_k: 10,
            what_if: None,
            overlay: None,
            closed_editor: None,
            training: Training::default(),
            asked: Asked::default(),
            notice: start.note.map(|text| Notice { text, is_error: false }),
            directory: start.directory,
            quit: false,
        };
        app.training.settings.denominator = app.denominator;
        let effects = app.analyze();
        (app, effects)
    }

    /// The model that speaks: the chosen one, the one that has learned something, or the embedded one for this kind of
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

    /// The current mode.
    pub fn mode(&self) -> Mode {
        let kind = match self.sample {
            Sample::Text(_) => Kind::Text,
            Sample::Chat(_) => Kind::Chat,
        };
        self.chosen_mode.unwrap_or(Mode::default_for(kind))
    }

    /// The current mode's mask and ledger.
    pub fn scoring(&self) -> Option<&Scoring> {
        self.scorings.iter().find(|scoring| scoring.mode == self.mode())
    }

    /// The current mask, if the mode applies.
    pub fn mask(&self) -> Option<&LossMask> {
        self.scoring()?.mask.as_ref().ok()
    }

    /// The current loss, if everything scored is computed.
    pub fn ledger(&self) -> Option<&Ledger> {
        self.scoring()?.ledger.as_ref()
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
            Some(Overlay::Picker(_)) => Context::Picker,
            Some(Overlay::Settings(_)) => Context::Settings,
            Some(Overlay::Save { .. }) => Context::Save,
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
            prefix: self.prefix,
            top_k: ROW_TOP_K,
        }));
        effects
    }

    /// Masks and ledgers anew from what is there; no forward pass.
    fn rescore(&mut self) {
        let (sequence, scores) = (&self.analysis.sequence, &self.analysis.scores);
        let options = MaskOptions::new(sequence, self.split, self.part_weights);
        self.scorings = Mode::EVERY
            .into_iter()
            .map(|mode| {
                let mask = LossMask::new(sequence, mode, options);
                let ledger = mask.as_ref().ok().and_then(|mask| Ledger::new(sequence, mask, scores));
                Scoring { mode, mask, ledger }
            })
            .collect();
    }
}
