//! Where models come from: what the user calls a model, resolved to files on this machine.
//!
//! ```text
//!            ┌─▶ embedded in the program, also as it was earlier (`tiny-base@64`)
//! a name ────┼─▶ a directory or .gguf file
//!            ├─▶ catalogue ─▶ hub or pypi ─▶ cache
//! owner/name ┴─▶ hub ─▶ cache
//! ```
//!
//! What the files hold is the business of [`checkpoint`](crate::checkpoint).

pub mod cache;
pub mod catalogue;
mod early;
mod embedded;
pub mod hub;
pub mod known;
mod opening;
pub mod pair;
pub mod pypi;
pub mod removal;
pub mod run;

use std::path::{Path, PathBuf};

pub use early::Early;
pub use embedded::{Embedded, Sizes};
pub use known::{Known, Place, known, named};
pub use opening::Opening;

use cache::CacheError;
use catalogue::Origin;
use hub::{Address, Hub, MAIN};

/// Where to load a model from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Embedded(Embedded),
    /// The embedded base model as it was earlier.
    Early(Early),
    /// A directory as transformers saves it.
    Directory(PathBuf),
    /// A GGUF file.
    Gguf(PathBuf),
    /// On the Hugging Face Hub, or in its cache.
    Hub(Address),
}

/// Why a name is no model.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    #[error(
        "no model `{0}`: give tiny-base, tiny-chat, random, a name that `lossglass models` lists, a directory with config.json, a .gguf file, or owner/name on the Hugging Face Hub"
    )]
    Unknown(String),
    #[error("{name} is not downloaded yet: run `{get}`")]
    NotDownloaded { name: String, get: String },
    #[error("no such file or directory: {0}")]
    Missing(String),
    #[error("{0} is neither a directory nor a .gguf file")]
    NotAModelFile(String),
    #[error("{0}")]
    Cache(#[from] CacheError),
}

impl Source {
    /// Finds what `name` means: an embedded model, a catalogue name, a directory, a `.gguf` file, or a model on the Hub.
    /// Only looks whether the path is there; it is read, or downloaded from the Hub, when the
    /// [model is loaded](crate::model::Model::load).
    pub fn parse(name: &str) -> Result<Self, SourceError> {
        for embedded in Embedded::EVERY {
            if name == embedded.name() {
                return Ok(Self::Embedded(embedded));
            }
        }
        if let Some(early) = Early::parse(name) {
            return Ok(Self::Early(early));
        }
        if let Some((entry, revision)) = catalogue::find_at(name) {
            return match &entry.origin {
                Origin::Hub(place) => Ok(Self::Hub(place.address(revision))),
                Origin::Pypi(package) if package.path()?.is_file() => Ok(Self::Gguf(package.path()?)),
                Origin::Pypi(_) => Err(SourceError::NotDownloaded { name: name.to_owned(), get: entry.get() }),
            };
        }
        let path = Path::new(name);
        if path.is_dir() {
            // `.` and `..` have no name of their own.
            let named = path.file_name().map(|_| path.to_owned());
            Ok(Self::Directory(named.or_else(|| path.canonicalize().ok()).unwrap_or_else(|| path.to_owned())))
        } else if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gguf")) && path.exists() {
            Ok(Self::Gguf(path.to_owned()))
        } else if path.exists() {
            Err(SourceError::NotAModelFile(name.to_owned()))
        } else if let Some(address) = Address::parse(name) {
            Ok(Self::Hub(address))
        } else if name.contains(['/', '\\']) || name.ends_with(".gguf") {
            Err(SourceError::Missing(name.to_owned()))
        } else {
            Err(SourceError::Unknown(name.to_owned()))
        }
    }

    /// The model at `address`, whose directory or file is at `path`.
    pub fn downloaded(address: &Address, path: PathBuf) -> Self {
        if address.file.is_some() { Self::Gguf(path) } else { Self::Directory(path) }
    }

    /// What `--model` takes to mean this source, from any directory.
    pub fn argument(&self) -> String {
        let absolute =
            |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string();
        match self {
            Self::Embedded(embedded) => embedded.name().to_owned(),
            Self::Early(early) => early.name(),
            Self::Directory(path) => absolute(path),
            Self::Gguf(path) => catalogue::at(path).map_or_else(|| absolute(path), |entry| entry.name.clone()),
            Self::Hub(address) => address.to_string(),
        }
    }

    /// The directory with the model's files, where it has one on this machine.
    pub fn directory(&self) -> Option<PathBuf> {
        match self {
            Self::Directory(path) => Some(path.clone()),
            Self::Hub(address) if address.file.is_none() => Hub::from_env().ok()?.find(address),
            Self::Embedded(_) | Self::Early(_) | Self::Gguf(_) | Self::Hub(_) => None,
        }
    }

    /// How the header calls the model: its name or title, or the last part of the path.
    pub fn name(&self) -> String {
        match self {
            Self::Embedded(embedded) => embedded.name().to_owned(),
            Self::Early(early) => early.name(),
            Self::Directory(path) => run::name(path).unwrap_or_else(|| {
                path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
            }),
            Self::Gguf(path) => match catalogue::at(path) {
                Some(entry) => entry.title.clone(),
                None => stem(path),
            },
            Self::Hub(address) => {
                let last = address.repository.rsplit('/').next().unwrap_or(&address.repository);
                let name = address.file.as_ref().map_or_else(|| last.to_owned(), |file| stem(Path::new(file)));
                match address.revision.as_str() {
                    MAIN => name,
                    revision => format!("{name}@{revision}"),
                }
            }
        }
    }
}

/// A file's name without its ending.
fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_embedded_models() {
        assert_eq!(Source::parse("tiny-base"), Ok(Source::Embedded(Embedded::TinyBase)));
        assert_eq!(Source::parse("tiny-chat").expect("embedded").name(), "tiny-chat");
    }

    #[test]
    fn what_is_not_there_is_named_with_what_could_be() {
        let unknown = Source::parse("tinny-base").expect_err("a typo").to_string();
        assert!(
            unknown.contains("`tinny-base`") && unknown.contains("lossglass models") && unknown.contains(".gguf"),
            "{unknown}"
        );
        for path in ["./nothing/here", "models/missing.gguf", "/no/such/model"] {
            assert_eq!(Source::parse(path), Err(SourceError::Missing(path.to_owned())));
        }
    }

    #[test]
    fn models_on_the_hub() {
        for (text, name) in [
            ("HuggingFaceTB/SmolLM2-135M", "SmolLM2-135M"),
            ("EleutherAI/pythia-14m@step512", "pythia-14m@step512"),
            ("owner/some-GGUF/some.Q8_0.gguf", "some.Q8_0"),
        ] {
            let source = Source::parse(text).expect(text);
            assert!(matches!(source, Source::Hub(_)), "{text}");
            assert_eq!((source.argument().as_str(), source.name().as_str()), (text, name));
        }
        assert_eq!(Source::parse("pythia-14m@step512"), Source::parse("EleutherAI/pythia-14m@step512"));
    }

    #[test]
    fn a_file_that_is_no_gguf() {
        assert_eq!(Source::parse("Cargo.toml"), Err(SourceError::NotAModelFile("Cargo.toml".to_owned())));
        assert_eq!(Source::parse("src"), Ok(Source::Directory("src".into())));
    }
}
