//! Where a model comes from: a name the user gave, resolved to files.

use std::path::{Path, PathBuf};

use super::cache::CacheError;
use super::catalogue;

/// A model that ships inside the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Embedded {
    /// Continues texts.
    TinyBase,
    /// Answers chats.
    TinyChat,
}

impl Embedded {
    /// The name after `--model`.
    pub fn name(self) -> &'static str {
        match self {
            Self::TinyBase => "tiny-base",
            Self::TinyChat => "tiny-chat",
        }
    }
}

/// Where to load a model from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Embedded(Embedded),
    /// A directory as transformers saves it.
    Directory(PathBuf),
    /// A GGUF file.
    Gguf(PathBuf),
}

/// Why a name is no model.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    #[error(
        "no model `{0}`: give tiny-base, tiny-chat, a catalogue name ({names}), a directory with config.json, or a .gguf file",
        names = catalogue::names()
    )]
    Unknown(String),
    #[error("{name} is not downloaded yet: run `{get}`")]
    NotDownloaded { name: String, get: String },
    #[error(
        "`{0}` names a model on the Hugging Face Hub, which this version cannot download from: download its files yourself and give the directory, or use one of {names}",
        names = catalogue::names()
    )]
    Hub(String),
    #[error("no such file or directory: {0}")]
    Missing(String),
    #[error("{0} is neither a directory nor a .gguf file")]
    NotAModelFile(String),
    #[error("{0}")]
    Cache(#[from] CacheError),
}

impl Source {
    /// Finds what `name` means: an embedded model, a catalogue name whose file is in the cache, a directory or a
    /// `.gguf` file. Only looks whether the path is there; reading it is [`load`](super::load::load)'s.
    pub fn parse(name: &str) -> Result<Self, SourceError> {
        for embedded in [Embedded::TinyBase, Embedded::TinyChat] {
            if name == embedded.name() {
                return Ok(Self::Embedded(embedded));
            }
        }
        if let Some(entry) = catalogue::find(name) {
            let path = entry.path()?;
            return if path.is_file() {
                Ok(Self::Gguf(path))
            } else {
                Err(SourceError::NotDownloaded { name: name.to_owned(), get: entry.get() })
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
        } else if looks_like_hub(name) {
            Err(SourceError::Hub(name.to_owned()))
        } else if name.contains(['/', '\\']) || name.ends_with(".gguf") {
            Err(SourceError::Missing(name.to_owned()))
        } else {
            Err(SourceError::Unknown(name.to_owned()))
        }
    }

    /// What `--model` takes to mean this source, from any directory.
    pub fn argument(&self) -> String {
        let absolute =
            |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string();
        match self {
            Self::Embedded(embedded) => embedded.name().to_owned(),
            Self::Directory(path) => absolute(path),
            Self::Gguf(path) => catalogue::at(path).map_or_else(|| absolute(path), |entry| entry.name.clone()),
        }
    }

    /// How the header calls the model: its name or title, or the last part of the path.
    pub fn name(&self) -> String {
        match self {
            Self::Embedded(embedded) => embedded.name().to_owned(),
            Self::Directory(path) => {
                path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
            }
            Self::Gguf(path) => match catalogue::at(path) {
                Some(entry) => entry.title.clone(),
                None => path
                    .file_stem()
                    .map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned()),
            },
        }
    }
}

/// `owner/name`, perhaps with `@revision`: exactly one slash, and no way to mean a path.
fn looks_like_hub(name: &str) -> bool {
    let repository = name.split('@').next().unwrap_or(name);
    let plain = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    match repository.split_once('/') {
        Some((owner, model)) => plain(owner) && plain(model) && !model.ends_with(".gguf"),
        None => false,
    }
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
            unknown.contains("`tinny-base`") && unknown.contains("smollm2") && unknown.contains(".gguf"),
            "{unknown}"
        );
        for hub in ["HuggingFaceTB/SmolLM2-135M", "openai-community/gpt2@main"] {
            assert_eq!(Source::parse(hub), Err(SourceError::Hub(hub.to_owned())));
        }
        for path in ["./nothing/here", "models/missing.gguf", "/no/such/model"] {
            assert_eq!(Source::parse(path), Err(SourceError::Missing(path.to_owned())));
        }
    }

    #[test]
    fn a_file_that_is_no_gguf() {
        assert_eq!(Source::parse("Cargo.toml"), Err(SourceError::NotAModelFile("Cargo.toml".to_owned())));
        assert_eq!(Source::parse("src"), Ok(Source::Directory("src".into())));
    }
}
