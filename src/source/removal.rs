//! Removes a downloaded model from this machine.

use std::path::PathBuf;
use std::{fmt, io};

use super::cache::CacheError;
use super::catalogue::{self, Origin};
use super::hub::{self, Address, HubError, MAIN, Settings, Stored};
use super::{Source, SourceError, known};
use crate::memory::size_text;

/// What would be removed; [`fmt::Display`] names it with its size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal(Target);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    /// A file of the program's own cache.
    File(PathBuf, u64),
    /// In the Hub's cache at that place.
    Hub(PathBuf, Address, Stored),
}

/// Why a model stays.
#[derive(Debug, thiserror::Error)]
pub enum RemovalError {
    #[error("{0} is part of the program and stays")]
    Embedded(String),
    #[error("{0} is not downloaded")]
    NotDownloaded(String),
    #[error("{name} is not in the cache {}", cache.display())]
    NotCached { name: String, cache: PathBuf },
    #[error("{0} was not downloaded by lossglass: remove it yourself")]
    NotOurs(String),
    #[error("removing {}: {reason}", path.display())]
    Remove { path: PathBuf, reason: io::Error },
    #[error(transparent)]
    Hub(#[from] HubError),
    #[error(transparent)]
    Cache(#[from] CacheError),
    #[error(transparent)]
    Source(#[from] SourceError),
}

impl Removal {
    /// Finds what of that name is on this machine.
    ///
    /// # Errors
    /// If nothing is, or it is not the program's to remove.
    pub fn of(name: &str) -> Result<Self, RemovalError> {
        if let Some(entry) = catalogue::find(name)
            && let Origin::Pypi(package) = &entry.origin
        {
            let path = package.path()?;
            let file = path.metadata().map_err(|_| RemovalError::NotDownloaded(name.to_owned()))?;
            return Ok(Self(Target::File(path, file.len())));
        }
        if let Some(address) = known::address(name) {
            let cache = Settings::from_env()?.cache;
            let found = hub::stored(&cache).into_iter().find(|stored| stored.repository == address.repository);
            return match found {
                Some(stored) => Ok(Self(Target::Hub(cache, address, stored))),
                None => Err(RemovalError::NotCached { name: name.to_owned(), cache }),
            };
        }
        match Source::parse(name)? {
            Source::Embedded(_) | Source::Early(_) => Err(RemovalError::Embedded(name.to_owned())),
            _ => Err(RemovalError::NotOurs(name.to_owned())),
        }
    }

    /// Removes it; returns how many bytes that freed.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn remove(self) -> Result<u64, RemovalError> {
        match self.0 {
            Target::File(path, bytes) => match std::fs::remove_file(&path) {
                Ok(()) => Ok(bytes),
                Err(reason) => Err(RemovalError::Remove { path, reason }),
            },
            Target::Hub(cache, address, _) => Ok(hub::remove(&cache, &address)?),
        }
    }
}

impl fmt::Display for Removal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Target::File(path, bytes) => write!(f, "{} ({})", path.display(), size_text(*bytes)),
            Target::Hub(_, address, stored) if address.revision == MAIN && address.file.is_none() => {
                let revisions = match &stored.revisions[..] {
                    [] => "an unfinished download".to_owned(),
                    several => several.join(", "),
                };
                write!(f, "{} ({revisions}; {})", stored.repository, size_text(stored.bytes))
            }
            Target::Hub(_, address, _) => write!(f, "{address}"),
        }
    }
}
