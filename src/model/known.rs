//! The models that have a name of their own.

use super::source::Embedded;
use super::{Source, catalogue};
use crate::sample::Sample;

/// A model that can be asked for by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub name: String,
    pub about: String,
}

/// The embedded models, then the catalogue.
pub fn known() -> Vec<Known> {
    let embedded = [
        (Embedded::TinyBase, "embedded, 3 M parameters: simple English and children's books; for texts"),
        (Embedded::TinyChat, "embedded, 3 M parameters: the same, then chats; for chats"),
    ];
    let embedded = embedded.map(|(model, about)| Known { name: model.name().into(), about: about.into() });
    let catalogue = catalogue::entries().iter().map(|entry| {
        let here = entry.path().is_ok_and(|path| path.is_file());
        let state = if here { "; downloaded" } else { "; not downloaded: lossglass models get NAME" };
        Known { name: entry.name.clone(), about: format!("{}{state}", entry.about) }
    });
    embedded.into_iter().chain(catalogue).collect()
}

impl Source {
    /// The embedded model for this kind of sample, where the user names none.
    pub fn default_for(sample: &Sample) -> Self {
        Self::Embedded(match sample {
            Sample::Text(_) => Embedded::TinyBase,
            Sample::Chat(_) => Embedded::TinyChat,
        })
    }
}
