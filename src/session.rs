//! A sitting in a file: what was looked at, by which model, under which mask, and every step that was taken, so that it
//! can be gone on with, on another day or by somebody else.
//!
//! ```text
//! App ─▶ Session ─▶ file.json ─▶ Session ─▶ Start, then the steps are taken again
//! ```
//!
//! Texts and chats stand in the file itself. Of a model there is its name: its files have to be there. Weights are not
//! kept: the steps that made them are, each with what it was taken on, and so are their losses, which say whether the
//! steps that are taken again are the same.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::engine::{Experiment, Measure};
use crate::generate::Sampling;
use crate::loss::{Denominator, Labels};
use crate::mask::{AttentionChoice, Cut, Policy};
use crate::sample::{Form, Record, Sample};
use crate::sequence::{EncodeOptions, PackOptions, PackRequest};
use crate::train::{Goal, Settings, StepReport};

/// The version of the file that this program writes and reads.
pub const VERSION: u32 = 1;

/// A sitting, as plain values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// [`VERSION`].
    pub lossglass_session: u32,
    pub model: Model,
    /// What is on screen.
    pub text: Text,
    pub loss: Loss,
    pub training: Training,
    pub screen: Screen,
    /// The data set whose list is open, if one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<Set>,
    /// The run of others that was watched; what it came to is in its own files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watched: Option<PathBuf>,
}

/// Which model speaks, by names as `--model` takes them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// `None`: the embedded one for the kind of sample.
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<String>,
    /// As `--template` and `--eot-token` give them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub eot_tokens: Vec<String>,
}

/// A sample, and how it is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Text {
    pub name: String,
    pub form: Form,
    pub sample: Sample,
    pub encoding: EncodeOptions,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pack: Option<Pack>,
    #[serde(default, with = "experiment", skip_serializing_if = "is_default")]
    pub experiment: Experiment,
}

/// The records that a sample is packed with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pack {
    pub records: Vec<Record>,
    pub index: usize,
    pub options: PackOptions,
}

/// Which targets count.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    pub policy: Policy,
    pub denominator: Denominator,
    /// Tokens that were painted, with their weights.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paint: Vec<(usize, f64)>,
}

/// How the model is trained, and how it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// Of the next steps.
    pub settings: Settings,
    pub goal: Goal,
    /// `None`: what is on screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Data>,
    pub probes: Vec<Probe>,
    /// How many probes, from the first on, came with the sample.
    pub default_probes: usize,
    pub probe_every: usize,
    /// Of what the model writes beside the film; 0 is greedy.
    pub sample_temperature: f64,
    /// The title of the twin run, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twin: Option<String>,
    /// The texts that steps were taken on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub texts: Vec<Text>,
    /// The data sets that steps were taken on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sets: Vec<Vec<Record>>,
    /// Everything that moved the weights, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<Run>,
    /// What every step said of itself: `reports[i]` is that of step i + 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<StepReport>,
    /// The same of the second copy of a twin run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub twin_reports: Vec<StepReport>,
    /// What was changed in mid-run: after which step, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<(usize, String)>,
    /// The step of the film that is shown; `None`: what the weights say now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<usize>,
}

/// A sentence that is watched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    pub name: String,
    pub sample: Sample,
    #[serde(default, skip_serializing_if = "is_default")]
    pub measure: Measure,
}

/// What the next steps are taken on, one of [`Training::sets`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Data {
    pub name: String,
    pub set: usize,
}

/// Steps that were taken in a row, all alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The first of them, counted from 1; they go up to the next run.
    pub first: usize,
    pub on: On,
    /// One for each copy of the model.
    pub copies: Vec<CopyRun>,
}

/// What steps were taken on, as a place in the lists of [`Training`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum On {
    Text(usize),
    Set { set: usize, encoding: EncodeOptions },
}

/// How one copy of the model took its steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CopyRun {
    pub settings: Settings,
    pub mask: Mask,
}

/// Which targets counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mask {
    /// One weight for each token of the text.
    Weights(Vec<f64>),
    /// Of each record of a set.
    Policy(Policy),
}

/// What stands where on the screen; names are those of the tabs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Screen {
    pub view: String,
    pub cursor: usize,
    pub attend: Attend,
    pub score: String,
    pub train: String,
    pub predict: Predict,
    pub generate: Option<Generate>,
}

/// What the view Attend shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attend {
    pub panel: String,
    pub layer: usize,
    /// `mean`, `max`, or the number of a head.
    pub pick: String,
    pub back: usize,
    pub whole: bool,
}

/// What the view Predict shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Predict {
    pub temperature: f64,
    pub top_k: usize,
    pub what_if: Option<u32>,
}

impl Default for Predict {
    fn default() -> Self {
        Self { temperature: 1.0, top_k: 10, what_if: None }
    }
}

/// How the view Generate writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Generate {
    pub sampling: Sampling,
    pub count: usize,
}

/// A data set on this machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Set {
    pub file: PathBuf,
    pub name: String,
    pub index: usize,
}

/// Why a file is no session.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error("the session {path} cannot be read: {problem}")]
    Unreadable { path: PathBuf, problem: std::io::Error },
    #[error("{0} is no session of this program; ctrl-s on screen writes one")]
    Other(PathBuf),
    #[error("{path} is a session of version {version}, and this program reads version {VERSION}; update lossglass")]
    Version { path: PathBuf, version: u64 },
    #[error("the session {path} is damaged: {problem}")]
    Damaged { path: PathBuf, problem: String },
}

impl Session {
    /// Reads a session.
    ///
    /// # Errors
    /// If there is no such file, or it is none.
    pub fn read(path: &Path) -> Result<Self, SessionError> {
        let unreadable = |problem| SessionError::Unreadable { path: path.to_owned(), problem };
        let damaged = |problem| SessionError::Damaged { path: path.to_owned(), problem };
        let bytes = std::fs::read(path).map_err(unreadable)?;
        let Ok(value) = serde_json::from_slice::<serde_json::Value>(&bytes) else {
            return Err(SessionError::Other(path.to_owned()));
        };
        match value.get("lossglass_session").and_then(serde_json::Value::as_u64) {
            None => return Err(SessionError::Other(path.to_owned())),
            Some(version) if version != u64::from(VERSION) => {
                return Err(SessionError::Version { path: path.to_owned(), version });
            }
            Some(_) => {}
        }
        let session: Self = serde_json::from_value(value).map_err(|error| damaged(error.to_string()))?;
        session.check().map_err(|problem| damaged(problem.into()))?;
        Ok(session)
    }

    /// The session as a file has it.
    ///
    /// # Errors
    /// Never, unless a number in it is none.
    pub fn write(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Whether its parts go together.
    fn check(&self) -> Result<(), &'static str> {
        let Training { texts, sets, runs, reports, data, .. } = &self.training;
        let is_there = |run: &Run| match run.on {
            On::Text(text) => text < texts.len(),
            On::Set { set, .. } => set < sets.len(),
        };
        let is_fit = |run: &Run| {
            let wants_weights = matches!(run.on, On::Text(_));
            let goes = |copy: &CopyRun| matches!(copy.mask, Mask::Weights(_)) == wants_weights;
            (1..=2).contains(&run.copies.len()) && run.copies.iter().all(goes)
        };
        let firsts: Vec<usize> = runs.iter().map(|run| run.first).collect();
        if !runs.iter().all(is_there) || data.as_ref().is_some_and(|data| data.set >= sets.len()) {
            return Err("a run is on a text that is not in it");
        }
        if !runs.iter().all(is_fit) {
            return Err("a run has a mask that does not go with what it is on");
        }
        let begins = firsts.first().is_none_or(|&first| first == 1);
        if !begins || !firsts.is_sorted_by(|a, b| a < b) || firsts.last().is_some_and(|&last| last > reports.len()) {
            return Err("its runs and its steps do not go together");
        }
        let is_record = |pack: &Pack| pack.index < pack.records.len();
        match texts.iter().chain([&self.text]).filter_map(|text| text.pack.as_ref()).all(is_record) {
            true => Ok(()),
            false => Err("a pack lacks the record that is shown"),
        }
    }
}

impl Session {
    /// The text that it begins with: the one that its first steps were taken on.
    pub fn first_text(&self) -> &Text {
        match self.training.runs.first().map(|run| &run.on) {
            Some(&On::Text(text)) => self.training.texts.get(text).unwrap_or(&self.text),
            _ => &self.text,
        }
    }
}

impl Text {
    /// The pack that the sample is shown in.
    pub fn pack_request(&self) -> Option<PackRequest> {
        let Pack { records, index, options } = self.pack.clone()?;
        Some(PackRequest { records: records.into(), index, options })
    }
}

impl Training {
    /// The last step of each run.
    pub fn lasts(&self) -> impl Iterator<Item = usize> {
        let ends = self.runs.iter().skip(1).map(|run| run.first - 1);
        ends.chain([self.reports.len()]).take(self.runs.len())
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// An experiment as the command line writes it.
mod experiment {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{AttentionChoice, Cut, Experiment, Labels};

    #[derive(Serialize, Deserialize)]
    struct Kept {
        attention: String,
        forbid: Vec<String>,
        labels: String,
    }

    pub fn serialize<S: Serializer>(experiment: &Experiment, serializer: S) -> Result<S::Ok, S::Error> {
        let Experiment { attention, forbidden, labels } = experiment;
        let forbid = forbidden.cuts().iter().map(ToString::to_string).collect();
        Kept { attention: attention.to_string(), forbid, labels: labels.name().into() }.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Experiment, D::Error> {
        let Kept { attention, forbid, labels } = Kept::deserialize(deserializer)?;
        let attention: AttentionChoice = attention.parse().map_err(D::Error::custom)?;
        let cuts = forbid.iter().map(|cut| cut.parse::<Cut>().map_err(D::Error::custom));
        let named = Labels::EVERY.into_iter().find(|one| one.name() == labels);
        let labels = named.ok_or_else(|| D::Error::custom(format!("unknown labels {labels:?}")))?;
        Ok(Experiment { attention, forbidden: cuts.collect::<Result<_, _>>()?, labels })
    }
}
