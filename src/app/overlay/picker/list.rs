//! A filtered list to choose from: commands, files and samples, models, tokens.

use std::borrow::Cow;
use std::path::PathBuf;

use ratatui_textarea::Input;

use crate::app::overlay::Filter;
use crate::app::{Command, Demonstration, Facts, InputLine};
use crate::lesson::Guess;
use crate::source::removal::Removal;
use crate::source::run::Life;

/// What is being chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PickerKind {
    Palette,
    Open,
    Model,
    /// A model to compare with.
    Second,
    /// A token that is looked at as if it were the target.
    WhatIf,
    /// A token that is to come next.
    Force,
    /// A file to learn.
    DataSet,
    /// What the two copies of a twin run do otherwise, or what one shows.
    Twin,
    /// The size of a model of random weights.
    Scratch,
    /// Which checkpoints of a model are run through.
    Life,
    /// Which records of a data set are listed.
    RecordFilter,
    Lesson,
    /// What is guessed.
    Guess,
}

impl PickerKind {
    /// Whether models are chosen.
    pub fn is_of_models(self) -> bool {
        matches!(self, PickerKind::Model | PickerKind::Second)
    }

    /// Whether files are chosen.
    pub fn is_of_files(self) -> bool {
        matches!(self, PickerKind::Open | PickerKind::DataSet)
    }
}

/// What an item stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Chosen {
    Command(Command),
    /// A sample that comes with the program, by index.
    Sample(usize),
    Directory(PathBuf),
    File(PathBuf),
    /// A model, by what one would give to `--model`.
    Model(String),
    Token(u32),
    /// A twin run, by index.
    Twin(usize),
    Demonstration(Demonstration),
    Life(Box<Life>),
    Filter(Filter),
    /// A lesson that comes with the program, by index.
    Lesson(usize),
    /// The lesson that was left.
    LessonAgain,
    Guess(Guess),
}

/// One line of a picker.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub label: String,
    /// A few words beside it: keys, a description; for a token its probability.
    pub about: About,
    pub choice: Chosen,
}

/// What is said about an item. Probabilities are written out only for the lines in sight.
#[derive(Clone, Debug, PartialEq)]
pub enum About {
    Words(String),
    Probability(f64),
}

impl Item {
    /// The words beside the label.
    pub fn detail(&self) -> Cow<'_, str> {
        match &self.about {
            About::Words(words) => words.into(),
            About::Probability(p) => format!("p {p:.6}  {:>7.3} nats", -p.ln()).into(),
        }
    }
}

/// An open picker.
#[derive(Clone, Debug)]
pub struct Picker {
    pub kind: PickerKind,
    pub query: InputLine,
    /// Everything there is to choose from.
    items: Vec<Item>,
    /// Indices of the items that match the query.
    matches: Vec<usize>,
    /// Index into the matches.
    pub selected: usize,
    /// What the selected model is, in place of the list: its name, keys and values.
    pub details: Option<(String, Facts)>,
    /// The model that is removed if that is asked for once more.
    pub(in crate::app) doomed: Option<Box<(String, Removal)>>,
}

impl Picker {
    pub(in crate::app) fn new(kind: PickerKind, items: Vec<Item>) -> Self {
        let (query, matches) = (InputLine::default(), Vec::new());
        let mut picker = Self { kind, query, items, matches, selected: 0, details: None, doomed: None };
        picker.filter();
        picker
    }

    /// The items that match the query.
    pub fn shown(&self) -> impl ExactSizeIterator<Item = &Item> {
        self.matches.iter().map(|&i| &self.items[i])
    }

    /// At most `count` of them from the `first` on.
    pub fn page(&self, first: usize, count: usize) -> impl Iterator<Item = &Item> {
        let end = (first + count).min(self.matches.len());
        self.matches.get(first..end).unwrap_or_default().iter().map(|&i| &self.items[i])
    }

    /// How many items there are, matching or not.
    pub fn total(&self) -> usize {
        match self.kind {
            PickerKind::Model | PickerKind::Second => {
                self.items.iter().filter(|item| is_for(self.query.text(), item)).count()
            }
            _ => self.items.len(),
        }
    }

    /// The selected item.
    pub fn current(&self) -> Option<&Item> {
        self.matches.get(self.selected).map(|&i| &self.items[i])
    }

    /// What the list is for, in a few words.
    pub fn title(&self) -> &'static str {
        match self.kind {
            PickerKind::Palette => "Commands",
            PickerKind::Open => "Open a sample or a file",
            PickerKind::Model => "Choose a model, or type a directory, a .gguf file, owner/name",
            PickerKind::Second => "Choose a model to compare with",
            PickerKind::WhatIf => "What if another token were the target? type it (space = ␣)",
            PickerKind::Force => "Which token comes next? type it (space = ␣)",
            PickerKind::DataSet => "Train on a data set: JSONL or JSON",
            PickerKind::RecordFilter => "Which records are listed",
            PickerKind::Lesson => "Lessons",
            PickerKind::Guess => "Guess first: what is hidden until you say",
            PickerKind::Life => "The life of the model: which checkpoints?",
            PickerKind::Scratch => "From random weights: how large a model?",
            PickerKind::Twin => "Twin runs and demonstrations, from the base weights",
        }
    }

    pub(in crate::app) fn replace_items(&mut self, items: Vec<Item>) {
        self.items = items;
        self.query.clear();
        self.filter();
    }

    /// The same items with more to say about them; what is typed and selected stays.
    pub(in crate::app) fn renew_items(&mut self, items: Vec<Item>) {
        let choice = self.current().map(|item| item.choice.clone());
        self.items = items;
        self.filter();
        let at = self.matches.iter().position(|&i| Some(&self.items[i].choice) == choice.as_ref());
        self.selected = at.unwrap_or(0);
    }

    /// A key goes to the query.
    pub(in crate::app) fn input(&mut self, input: Input) {
        if self.query.input(input) {
            self.filter();
        }
    }

    /// A paste goes to the query.
    pub(in crate::app) fn paste(&mut self, text: &str) {
        if self.query.paste(text) {
            self.filter();
        }
    }

    pub(in crate::app) fn step(&mut self, by: isize) {
        let last = self.matches.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
    }

    fn filter(&mut self) {
        let query = match self.kind {
            // Tokens are written with ␣ for a space.
            PickerKind::WhatIf | PickerKind::Force => self.query.text().replace(' ', "␣"),
            _ => self.query.text().to_lowercase(),
        };
        let rank = |item: &Item| match self.kind {
            PickerKind::WhatIf | PickerKind::Force => token_rank(&query, &item.label),
            // A path from the root or from home is none of the names here.
            kind if kind.is_of_files() && (query.starts_with('/') || is_from_home(&query)) => None,
            PickerKind::Model | PickerKind::Second if !is_for(&query, item) => None,
            _ => rank(&query, item),
        };
        let mut ranked: Vec<(u8, usize)> =
            self.items.iter().enumerate().filter_map(|(i, item)| Some((rank(item)?, i))).collect();
        if !query.is_empty() {
            // Files stand before the program's own samples where both match as well; else the order stays.
            ranked.sort_by_key(|&(rank, i)| (rank, matches!(self.items[i].choice, Chosen::Sample(_))));
        }
        self.matches = ranked.into_iter().map(|(_, i)| i).collect();
        self.selected = 0;
    }
}

/// Whether a model is to be seen: the checkpoints of one only where a revision is typed.
fn is_for(query: &str, item: &Item) -> bool {
    !item.label.contains('@') || query.contains('@')
}

/// How well `item` matches a query in lower case, 0 best: the whole label, its beginning, a part of it, or only its
/// characters in this order or the words beside it.
fn rank(query: &str, item: &Item) -> Option<u8> {
    let label = item.label.to_lowercase();
    match () {
        () if label == query || label.strip_suffix('/') == Some(query) => Some(0),
        () if label.starts_with(query) => Some(1),
        () if label.contains(query) => Some(2),
        () if is_subsequence(query, &label) || item.detail().to_lowercase().contains(query) => Some(3),
        () => None,
    }
}

/// What was typed to the letter comes before what begins like it. Most words begin with a space, which nobody thinks of
/// typing.
fn token_rank(query: &str, label: &str) -> Option<u8> {
    let bare = label.strip_prefix('␣').unwrap_or(label);
    match () {
        () if label == query || bare == query => Some(0),
        () if label.starts_with(query) || bare.starts_with(query) => Some(1),
        () => None,
    }
}

/// Whether a path starts at the user's home directory.
pub(in crate::app) fn is_from_home(path: &str) -> bool {
    path == "~" || path.starts_with("~/")
}

/// Whether the characters of `query` occur in `text` in this order.
fn is_subsequence(query: &str, text: &str) -> bool {
    let mut rest = text.chars();
    query.chars().all(|wanted| rest.any(|c| c == wanted))
}
