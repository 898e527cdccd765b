//! The files of text in a model's directory.

use std::path::Path;
use std::{fs, io};

use super::error::LoadError;
use crate::disguise;

/// The text of a file that need not be there.
pub(super) fn optional_text(directory: &Path, name: &str) -> Result<Option<String>, LoadError> {
    let damaged = |_| LoadError::Damaged { file: directory.join(name), reason: "it is not UTF-8 text".to_owned() };
    optional(directory, name)?.map(|bytes| String::from_utf8(bytes).map_err(damaged)).transpose()
}

/// The bytes of a file that has to be there.
pub(super) fn required(directory: &Path, name: &'static str) -> Result<Vec<u8>, LoadError> {
    optional(directory, name)?.ok_or_else(|| LoadError::Incomplete { directory: directory.to_owned(), missing: name })
}

/// The bytes of a file that need not be there.
pub(super) fn optional(directory: &Path, name: &str) -> Result<Option<Vec<u8>>, LoadError> {
    match read(&directory.join(name)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(LoadError::Read { reason, .. }) if reason.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads a file of text.
pub(super) fn read(file: &Path) -> Result<Vec<u8>, LoadError> {
    let bytes = fs::read(file).map_err(|reason| LoadError::Read { file: file.to_owned(), reason })?;
    match disguise::of(&bytes) {
        Some(disguise) => Err(LoadError::Disguised { file: file.to_owned(), disguise }),
        None => Ok(bytes),
    }
}
