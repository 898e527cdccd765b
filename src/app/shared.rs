//! What all views share: the sample, what the models say of it, the mask, the one cursor, and a line for the user.
//!
//! Everybody reads it, through [`App`](super::App) too; only this room's functions write it (`tests/layers.rs` looks).

mod analysis;
mod caret;
mod comparing;
mod cursor;
mod experiment;
mod labels;
mod painting;
mod sample;
mod scene;
mod scoring;
mod veil;

pub use analysis::{Analysis, Progress};
pub(super) use caret::Caret;
pub use comparing::Comparing;
pub use labels::Label;
pub use painting::Painting;
pub use scoring::{Difference, Scoring};
pub(super) use veil::Hidden;
use veil::Veil;

use super::Start;
use crate::engine::Experiment;
use crate::loss::{Denominator, Distribution};
use crate::mask::Policy;
use crate::mask::finding::Finding;
use crate::sample::{Form, Sample};
use crate::sequence::{EncodeOptions, PackRequest, Sequence};
use crate::source::Source;

/// What all views share.
#[derive(Clone, Debug)]
pub struct Shared {
    /// What is shown, and what it is called: a file's name, "typed".
    pub sample: Sample,
    pub sample_name: String,
    /// The form that it was found in.
    pub form: Form,
    /// How samples become tokens.
    pub encoding: EncodeOptions,
    /// The records that the sample is packed with, where it is.
    pub pack: Option<PackRequest>,
    /// The sample was just opened: the cursor is still to be placed.
    is_new_sample: bool,
    /// How many samples were opened so far.
    opened: usize,
    /// Where the editor's caret was at the last change: the cursor goes there with the next tokens.
    caret: Option<Caret>,

    /// The model the user asked for; without one the kind of sample decides.
    pub chosen_model: Option<Source>,
    /// The choice that made what is on screen: what is gone back to when another model cannot be opened.
    working_model: Option<Source>,
    /// What the sample is run under, if not what the model was trained with.
    pub experiment: Experiment,
    /// What the active model says of the sample.
    pub analysis: Analysis,
    /// The whole distribution that predicts the token under the cursor, with the position of its row.
    distribution: Option<(usize, Distribution)>,
    /// The position whose distribution was asked for last.
    distribution_asked: Option<(u64, usize)>,
    /// A second model on the same text.
    pub comparing: Comparing,

    /// Which targets count; its split is that of the sample on screen.
    pub policy: Policy,
    pub denominator: Denominator,
    /// Every mode and profile on this sequence, without paint.
    pub scorings: Vec<Scoring>,
    /// The mask that counts: the policy's, with the paint over it.
    current: Option<Scoring>,
    pub painting: Painting,
    /// What is worth a second look under the mask that counts.
    pub findings: Vec<Finding>,

    /// The token under the cursor, as a target: 0 = the first token, n = the token that would come next.
    pub cursor: usize,
    pub notice: Option<Notice>,

    /// What is hidden while it is guessed.
    veil: Option<Box<Veil>>,
}

/// A line for the user in the footer.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub text: String,
    pub is_error: bool,
}

impl Shared {
    /// What is there when the program starts.
    pub(super) fn new(start: &Start) -> Self {
        Self {
            sample: start.sample.clone(),
            sample_name: start.sample_name.clone(),
            form: start.form,
            encoding: start.encoding,
            pack: start.pack.clone(),
            is_new_sample: true,
            opened: 0,
            caret: None,
            chosen_model: start.model.clone(),
            working_model: None,
            experiment: Experiment::default(),
            analysis: Analysis::default(),
            distribution: None,
            distribution_asked: None,
            comparing: Comparing::with(start.compare.clone()),
            policy: start.policy,
            denominator: start.denominator,
            scorings: Vec::new(),
            current: None,
            painting: Painting::default(),
            findings: Vec::new(),
            cursor: 0,
            notice: start.note.clone().map(|text| Notice { text, is_error: false }),
            veil: None,
        }
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

    /// Whether the tokens on screen are those of the sample, and not of what was shown before it.
    pub fn is_current(&self) -> bool {
        self.analysis.tokenised == self.analysis.generation
    }

    /// Whether every row is there.
    pub fn is_complete(&self) -> bool {
        self.analysis.scores.len() == self.len()
    }

    /// A token of the vocabulary as it is written on screen.
    pub fn token_label(&self, id: u32) -> String {
        let bytes = self.analysis.model.as_ref().and_then(|model| model.tokens.get(id as usize));
        bytes.map_or_else(|| format!("#{id}"), |bytes| crate::sequence::visible(bytes))
    }

    /// A line in the footer until the next command.
    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), is_error: false });
    }

    /// The same of what went wrong.
    pub(super) fn complain(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), is_error: true });
    }

    /// Nothing is said any more.
    pub(super) fn hush(&mut self) {
        self.notice = None;
    }

    /// The loss is divided by this from now on.
    pub(super) fn divide_by(&mut self, denominator: Denominator) {
        self.denominator = denominator;
    }
}
