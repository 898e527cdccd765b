//! "Score it as …": what trainers score, as a mode with options.
//!
//! The profiles are data (`assets/profiles.json`), each with the source that it was read from.

use std::sync::LazyLock;

use serde_json::{Map, Value};
use thiserror::Error;

use super::{Choices, LossMask, MaskError, MaskOptions, Mode, PartWeights};
use crate::sequence::{Kind, Sequence};

/// What one trainer scores.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// Its name on the command line and in JSON.
    pub name: String,
    /// Whose rule it is.
    pub title: String,
    pub mode: Mode,
    pub choices: Choices,
    /// The trainer takes raw text too, puts the end of sequence behind it, and scores all of it, or its completion.
    pub appends_eos: bool,
    pub source: Source,
}

/// Where a profile was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// A file of a repository, at a commit where it is known, or the address of a document.
    pub place: String,
    /// What it says there, in a few words.
    pub says: String,
}

/// Why a profile cannot be read or found.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProfileError {
    #[error("unknown profile {given:?}; the profiles are: {names}", names = names())]
    Unknown { given: String },
    #[error("profile {name:?}: {problem}")]
    Form { name: String, problem: String },
}

static PROFILES: LazyLock<Vec<Profile>> =
    LazyLock::new(|| read(include_str!("../../assets/profiles.json")).expect("a constant that a test reads"));

/// Every profile, in the order of the comparison.
pub fn every() -> &'static [Profile] {
    &PROFILES
}

/// The profile of that name.
///
/// # Errors
/// If there is none; the message lists those there are.
pub fn find(name: &str) -> Result<&'static Profile, ProfileError> {
    every().iter().find(|profile| profile.name == name).ok_or_else(|| ProfileError::Unknown { given: name.into() })
}

fn names() -> String {
    every().iter().map(|profile| profile.name.as_str()).collect::<Vec<_>>().join(", ")
}

impl Profile {
    /// The weights that the trainer gives `sequence`.
    ///
    /// # Errors
    /// If it is raw text: profiles are about chats.
    pub fn mask(&self, sequence: &Sequence) -> Result<LossMask, MaskError> {
        if sequence.kind == Kind::Text {
            return Err(MaskError::NeedsChat(self.mode));
        }
        LossMask::new(sequence, self.mode, self.options(sequence, None))
    }

    /// The mode that holds for that kind of sequence: of raw text, where the trainer takes it, all or the completion
    /// behind a prompt of `split` characters.
    pub fn mode_for(&self, kind: Kind, split: Option<usize>) -> Mode {
        match (kind, split) {
            (Kind::Text, Some(_)) if self.appends_eos => Mode::Completion,
            (Kind::Text, None) if self.appends_eos => Mode::All,
            _ => self.mode,
        }
    }

    /// The options of its mode that apply to `sequence`; of raw text the prompt has `split` characters.
    pub fn options(&self, sequence: &Sequence, split: Option<usize>) -> MaskOptions {
        MaskOptions::new(sequence, split, PartWeights::default()).with(sequence, self.choices)
    }
}

/// Reads profiles from JSON.
///
/// # Errors
/// If one lacks a field, has a mode or an option that does not exist, or a name that another has.
pub fn read(json: &str) -> Result<Vec<Profile>, ProfileError> {
    let form = |name: &str, problem: String| ProfileError::Form { name: name.into(), problem };
    let entries: Vec<Map<String, Value>> = serde_json::from_str(json).map_err(|error| form("", error.to_string()))?;
    let mut profiles: Vec<Profile> = Vec::with_capacity(entries.len());
    for entry in entries {
        let name = entry.get("name").and_then(Value::as_str).unwrap_or_default();
        let profile = profile(name, &entry).map_err(|problem| form(name, problem))?;
        if profiles.iter().any(|other| other.name == name) {
            return Err(form(name, "its name is taken".into()));
        }
        profiles.push(profile);
    }
    Ok(profiles)
}

fn profile(name: &str, entry: &Map<String, Value>) -> Result<Profile, String> {
    let (mut mode, mut choices) = (None, Choices::default());
    let mask = entry.get("mask").and_then(Value::as_object).ok_or("it has no `mask`")?;
    for (option, value) in mask {
        let value = value.as_str().ok_or_else(|| format!("{option} is no string"))?;
        match option.as_str() {
            "mode" => mode = Some(value.parse().map_err(|error: MaskError| error.to_string())?),
            option => choices.set(option, value).map_err(|error| error.to_string())?,
        }
    }
    Ok(Profile {
        name: name.into(),
        title: text(entry, "title")?,
        mode: mode.ok_or("its mask has no `mode`")?,
        choices,
        appends_eos: entry.get("appends_eos").and_then(Value::as_bool).unwrap_or(false),
        source: source(entry.get("source").and_then(Value::as_object).ok_or("it has no `source`")?)?,
    })
}

fn source(entry: &Map<String, Value>) -> Result<Source, String> {
    let place = match text(entry, "document") {
        Ok(document) => document,
        Err(_) => {
            let commit = text(entry, "commit").map_or_else(|_| String::new(), |commit| format!(" at {commit}"));
            format!("{}, {}{commit}", text(entry, "repository")?, text(entry, "file")?)
        }
    };
    Ok(Source { place, says: text(entry, "says")? })
}

fn text(entry: &Map<String, Value>, key: &str) -> Result<String, String> {
    let text = entry.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.map(str::to_string).ok_or_else(|| format!("it has no `{key}`"))
}
