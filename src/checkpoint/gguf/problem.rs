//! What is wrong with a GGUF file, told where its path is not known.

use std::path::Path;

use crate::checkpoint::LoadError;

/// Why a file gives no model, as the end of a sentence that begins with the file's name. Words alone mean damage.
pub(super) enum Problem {
    Damaged(String),
    /// The file is whole, and this version does not read what it holds.
    Unsupported(String),
}

impl Problem {
    /// The same of the file at `path`.
    pub(super) fn of(self, path: &Path) -> LoadError {
        let file = path.to_owned();
        match self {
            Self::Damaged(reason) => LoadError::Damaged { file, reason },
            Self::Unsupported(reason) => LoadError::Unsupported { file, reason },
        }
    }
}

impl From<String> for Problem {
    fn from(reason: String) -> Self {
        Self::Damaged(reason)
    }
}

impl From<&str> for Problem {
    fn from(reason: &str) -> Self {
        Self::Damaged(reason.to_owned())
    }
}
