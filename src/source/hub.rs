//! Models on the Hugging Face Hub, in the cache that its tools share.
//!
//! ```text
//! owner/name@revision ─▶ cache: refs, snapshots ──────────────────────▶ a directory or .gguf file, as any other
//!                          │ not all there                                        ▲
//!                          ▼                                                      │
//!                        revision ─▶ commit and files ─▶ the model's ─▶ blobs ─▶ snapshot
//! ```
//!
//! `hf-hub` knows the layout of the cache. Its own downloads cannot be cancelled, do not check what arrives, append to
//! a part although the server sends the whole file, and read one variable of the environment; so the requests are made
//! here, with ureq.

mod address;
mod client;
mod download;
mod error;
mod files;
mod layout;
mod refusal;
mod settings;
mod stored;

use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use address::{Address, MAIN};
pub use error::HubError;
pub use settings::{Settings, Token};
pub use stored::{Stored, remove, stored};

use crate::cancel::Cancel;
use client::{Client, Method};
use download::Metadata;
use files::Parts;
use layout::Layout;
use refusal::{Asked, persist};

/// How much of a download is there, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrived {
    pub done: u64,
    pub total: u64,
}

/// The Hub and its cache.
pub struct Hub {
    client: Client,
}

impl Hub {
    pub fn new(settings: Settings) -> Self {
        Self { client: Client::new(settings) }
    }

    /// As the environment says; see [`Settings::from_env`].
    ///
    /// # Errors
    /// If there is no home directory, or a variable holds what it cannot.
    pub fn from_env() -> Result<Self, HubError> {
        Settings::from_env().map(Self::new)
    }

    fn settings(&self) -> &Settings {
        &self.client.settings
    }

    fn layout(&self, address: &Address) -> Layout {
        Layout::new(&self.settings().cache, address)
    }

    /// The model's directory or file, if the cache has all of it.
    ///
    /// # Errors
    /// With what is missing and how to get it.
    pub fn stored(&self, address: &Address) -> Result<PathBuf, HubError> {
        let layout = self.layout(address);
        self.find(address).ok_or_else(|| self.missing(address, &layout, Parts::All, false))
    }

    /// The same, where it does not matter why.
    pub fn find(&self, address: &Address) -> Option<PathBuf> {
        self.find_parts(address, Parts::All)
    }

    fn find_parts(&self, address: &Address, parts: Parts) -> Option<PathBuf> {
        let snapshot = self.layout(address).found(!self.settings().is_offline)?;
        files::lacking(address, &snapshot, parts).is_none().then(|| place(address, &snapshot))
    }

    /// The model as its directory or file, from the cache if it has all of it, else downloaded.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn open(
        &self,
        address: &Address,
        cancel: &Cancel,
        on_progress: &mut dyn FnMut(Arrived),
    ) -> Result<PathBuf, HubError> {
        self.open_parts(address, Parts::All, cancel, on_progress)
    }

    /// The same without the weights, which are not downloaded: what reads samples as the model does.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn open_reader(
        &self,
        address: &Address,
        cancel: &Cancel,
        on_progress: &mut dyn FnMut(Arrived),
    ) -> Result<PathBuf, HubError> {
        self.open_parts(address, Parts::Reader, cancel, on_progress)
    }

    fn open_parts(
        &self,
        address: &Address,
        parts: Parts,
        cancel: &Cancel,
        on_progress: &mut dyn FnMut(Arrived),
    ) -> Result<PathBuf, HubError> {
        match self.find_parts(address, parts) {
            Some(path) => Ok(path),
            None => self.get_parts(address, parts, cancel, on_progress),
        }
    }

    /// Downloads what the cache lacks of the revision as the Hub has it now, and returns the model's directory or file.
    /// After an error or `cancel`, what has arrived stays, and the next call goes on from there.
    ///
    /// # Errors
    /// The Hub is not reached, refuses, or has no such model; a file arrives damaged; the disk is full.
    pub fn get(
        &self,
        address: &Address,
        cancel: &Cancel,
        on_progress: &mut dyn FnMut(Arrived),
    ) -> Result<PathBuf, HubError> {
        self.get_parts(address, Parts::All, cancel, on_progress)
    }

    fn get_parts(
        &self,
        address: &Address,
        parts: Parts,
        cancel: &Cancel,
        on_progress: &mut dyn FnMut(Arrived),
    ) -> Result<PathBuf, HubError> {
        let layout = self.layout(address);
        if self.settings().is_offline {
            return self.find_parts(address, parts).ok_or_else(|| self.missing(address, &layout, parts, true));
        }
        let revision = self.revision(address, cancel).map_err(|error| match error {
            error @ HubError::Unreachable { .. } => {
                HubError::Of { address: Box::new(address.clone()), error: Box::new(error) }
            }
            error => error,
        })?;
        let wanted = files::wanted(address, &revision.files, parts)?;
        let snapshot = layout.snapshot(&revision.commit);
        let mut download = Download { hub: self, address, layout: &layout, commit: &revision.commit, cancel };
        download.files(&wanted, on_progress)?;
        if wanted.iter().any(|file| file == files::INDEX) {
            let shards = files::shards(&snapshot).map_err(HubError::Index)?;
            download.files(&shards, on_progress)?;
        }
        layout.note(&revision.commit)?;
        Ok(place(address, &snapshot))
    }

    fn missing(&self, address: &Address, layout: &Layout, parts: Parts, is_offline: bool) -> HubError {
        let snapshot = layout.found(!self.settings().is_offline);
        let lacking = snapshot.and_then(|snapshot| files::lacking(address, &snapshot, parts));
        let file = lacking.or_else(|| address.file.clone()).unwrap_or_else(|| "config.json".to_owned());
        let (address, cache) = (Box::new(address.clone()), self.settings().cache.clone());
        match is_offline {
            true => HubError::Offline { address, file, cache },
            false => HubError::NotCached { address, file, cache },
        }
    }

    /// What the Hub says of the revision.
    fn revision(&self, address: &Address, cancel: &Cancel) -> Result<Revision, HubError> {
        let (endpoint, repository) = (&self.settings().endpoint, &address.repository);
        let url = format!("{endpoint}/api/models/{repository}/revision/{}", encoded(&address.revision, ""));
        let asked = Asked { address, file: None };
        let text = persist(self.settings(), cancel, || {
            let answer = self.client.ask(Method::Get, &url, 0, cancel, |_| false)?;
            match answer.status.is_success() {
                true => self.client.text(&answer, cancel),
                false => Err(asked.refusal(&answer, self.settings())),
            }
        })?;
        let info: Info = serde_json::from_slice(&text)
            .map_err(|error| self.client.nonsense(&format!("no description of {repository} ({error})")))?;
        if !address::is_commit(&info.sha) {
            return Err(self.client.nonsense(&format!("`{}` is no commit", info.sha)));
        }
        Ok(Revision { commit: info.sha, files: info.siblings.into_iter().map(|file| file.rfilename).collect() })
    }
}

/// A commit and the names of its files.
struct Revision {
    commit: String,
    files: Vec<String>,
}

/// The part of the Hub's description of a revision that is read.
#[derive(Deserialize)]
struct Info {
    sha: String,
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
}

/// What a model is opened by: its directory, or its one file.
fn place(address: &Address, snapshot: &Path) -> PathBuf {
    address.file.as_ref().map_or_else(|| snapshot.to_owned(), |file| snapshot.join(file))
}

/// A path or revision as it stands in an address; the characters of `kept` stay.
fn encoded(text: &str, kept: &str) -> String {
    let mut address = String::new();
    for byte in text.bytes() {
        let c = char::from(byte);
        match c.is_ascii_alphanumeric() || "-_.~".contains(c) || kept.contains(c) {
            true => address.push(c),
            false => address.push_str(&format!("%{byte:02X}")),
        }
    }
    address
}

/// Files of one commit on their way.
struct Download<'a> {
    hub: &'a Hub,
    address: &'a Address,
    layout: &'a Layout,
    commit: &'a str,
    cancel: &'a Cancel,
}

impl Download<'_> {
    /// Fetches the files that the snapshot lacks.
    fn files(&mut self, names: &[String], on_progress: &mut dyn FnMut(Arrived)) -> Result<(), HubError> {
        let snapshot = self.layout.snapshot(self.commit);
        let mut missing: Vec<(&String, String, Metadata)> = Vec::new();
        for file in names.iter().filter(|file| !snapshot.join(file).is_file()) {
            let url = self.url(file);
            let metadata = download::metadata(&self.hub.client, self.asked(file), &url, self.cancel)?;
            missing.push((file, url, metadata));
        }
        let total = missing.iter().map(|(_, _, metadata)| metadata.size).sum();
        let mut before = 0;
        for (file, url, metadata) in &missing {
            let mut on_bytes = |bytes| on_progress(Arrived { done: before + bytes, total });
            let (client, asked) = (&self.hub.client, self.asked(file));
            download::fetch(client, self.layout, asked, url, metadata, self.cancel, &mut on_bytes)?;
            self.layout.link(self.commit, file, &metadata.etag)?;
            before += metadata.size;
            on_progress(Arrived { done: before, total });
        }
        Ok(())
    }

    fn asked<'f>(&'f self, file: &'f str) -> Asked<'f> {
        Asked { address: self.address, file: Some(file) }
    }

    fn url(&self, file: &str) -> String {
        let (endpoint, repository) = (&self.hub.settings().endpoint, &self.address.repository);
        format!("{endpoint}/{repository}/resolve/{}/{}", self.commit, encoded(file, "/"))
    }
}
