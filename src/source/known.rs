//! The models that can be asked for by name, and whether each is on this machine.

use super::catalogue::{self, Origin};
use super::hub::{self, Address, Stored};
use super::{Embedded, Source};
use crate::sample::Sample;

/// A model that can be asked for by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// What `--model` takes.
    pub name: String,
    /// Why one would pick it.
    pub about: String,
    pub licence: Option<String>,
    /// How many weights it has, where that is known without opening it.
    pub parameters: Option<u64>,
    /// Whether its terms have to be accepted first.
    pub is_gated: bool,
    /// The Hub's repository it is in.
    pub repository: Option<String>,
    /// Revisions along its pretraining.
    pub checkpoints: Vec<String>,
    pub place: Place,
}

/// Where a model's files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the program.
    Embedded,
    /// On this machine.
    Stored {
        bytes: u64,
        /// Of a repository on the Hub: what was downloaded of it.
        revisions: Vec<String>,
    },
    /// To be downloaded.
    Remote,
}

/// The embedded models, the catalogue, and what else the Hub's cache has. Looks at the disk, never at the network.
pub fn known() -> Vec<Known> {
    // Without a home directory nothing is stored.
    let mut stored = hub::Settings::from_env().map(|settings| hub::stored(&settings.cache)).unwrap_or_default();
    let mut models = named();
    for (model, entry) in models.iter_mut().skip(EMBEDDED.len()).zip(catalogue::entries()) {
        model.place = place(entry, &mut stored);
    }
    models.extend(stored.into_iter().map(other));
    models
}

/// The embedded models and the catalogue, without a look at the disk.
pub fn named() -> Vec<Known> {
    let embedded = EMBEDDED.iter().map(|&(model, about)| Known {
        name: model.name().to_owned(),
        about: about.to_owned(),
        licence: None,
        parameters: Some(model.parameters()),
        is_gated: false,
        repository: None,
        checkpoints: Vec::new(),
        place: Place::Embedded,
    });
    embedded.chain(catalogue::entries().iter().map(of_entry)).collect()
}

const EMBEDDED: [(Embedded, &str); 5] = [
    (Embedded::TinyBase, "simple English and children's books; for texts"),
    (Embedded::TinyChat, "the same, then chats; for chats"),
    (Embedded::Random, "the same shape with random weights: nothing is learned yet"),
    (Embedded::RandomSmall, "random weights, 4 layers of width 128: learns from nothing in minutes"),
    (Embedded::RandomMini, "random weights, 2 layers of width 64: learns from nothing in a minute"),
];

fn of_entry(entry: &catalogue::Entry) -> Known {
    let (repository, is_gated, checkpoints) = match &entry.origin {
        Origin::Pypi(_) => (None, false, Vec::new()),
        Origin::Hub(on_hub) => (Some(on_hub.repository.clone()), on_hub.gated, on_hub.checkpoints.revisions()),
    };
    Known {
        name: entry.name.clone(),
        about: entry.about.clone(),
        licence: Some(entry.licence.clone()),
        parameters: Some(entry.parameters),
        is_gated,
        repository,
        checkpoints,
        place: Place::Remote,
    }
}

/// Where a model of the catalogue is; its repository is taken out of what is `stored`.
fn place(entry: &catalogue::Entry, stored: &mut Vec<Stored>) -> Place {
    match &entry.origin {
        Origin::Pypi(package) => {
            let file = package.path().ok().and_then(|path| path.metadata().ok()).filter(std::fs::Metadata::is_file);
            file.map_or(Place::Remote, |file| Place::Stored { bytes: file.len(), revisions: Vec::new() })
        }
        Origin::Hub(on_hub) => {
            let at = stored.iter().position(|stored| stored.repository == on_hub.repository);
            at.map_or(Place::Remote, |at| in_cache(stored.remove(at)))
        }
    }
}

/// A repository that the catalogue does not have.
fn other(stored: Stored) -> Known {
    Known {
        name: stored.repository.clone(),
        about: "in the Hub's cache".to_owned(),
        licence: None,
        parameters: None,
        is_gated: false,
        repository: Some(stored.repository.clone()),
        checkpoints: Vec::new(),
        place: in_cache(stored),
    }
}

fn in_cache(stored: Stored) -> Place {
    Place::Stored { bytes: stored.bytes, revisions: stored.revisions }
}

/// What of the Hub a name means, where it means a model there.
pub fn address(name: &str) -> Option<Address> {
    match catalogue::find_at(name) {
        Some((entry, revision)) => match &entry.origin {
            Origin::Hub(place) => Some(place.address(revision)),
            Origin::Pypi(_) => None,
        },
        None => Address::parse(name),
    }
}

impl Source {
    /// The embedded model for this kind of sample, where the user names none.
    pub fn default_for(sample: &Sample) -> Self {
        Self::Embedded(match sample {
            Sample::Text(_) => Embedded::TinyBase,
            Sample::Chat(_) | Sample::Prepared(_) => Embedded::TinyChat,
        })
    }
}
