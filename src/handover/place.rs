//! Where a trainer finds the model.

use std::path::Path;

use super::Recipient;
use crate::model::Model;
use crate::source::Source;

/// Where the trainer finds the weights that the run begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the folder itself.
    Here,
    /// In this directory of this machine.
    Directory(String),
    /// On the Hugging Face Hub.
    Hub { repository: String, revision: String },
}

impl Place {
    /// The model's own place, if the trainer can read it there, else the folder: embedded models, GGUF files, weights
    /// with an adapter.
    pub fn of(model: &Model, to: Recipient) -> Self {
        if !model.decoder.adapters().is_empty() || to == Recipient::Torchtune {
            return Self::Here;
        }
        match &model.source {
            Source::Directory(_) => Self::Directory(model.source.argument()),
            Source::Hub(address) if address.file.is_none() => {
                let revision = model.source.directory().and_then(|place| commit(&place));
                let revision = revision.unwrap_or_else(|| address.revision.clone());
                Self::Hub { repository: address.repository.clone(), revision }
            }
            _ => Self::Here,
        }
    }

    /// What `from_pretrained` is given.
    pub fn name(&self) -> &str {
        match self {
            Self::Here => "model",
            Self::Directory(path) => path,
            Self::Hub { repository, .. } => repository,
        }
    }

    /// The revision on the Hub.
    pub fn revision(&self) -> Option<&str> {
        match self {
            Self::Hub { revision, .. } => Some(revision),
            _ => None,
        }
    }
}

/// The commit that a place in the Hub's cache is of: `…/snapshots/COMMIT`.
fn commit(place: &Path) -> Option<String> {
    let name = place.file_name()?.to_str()?;
    (name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| name.to_owned())
}
