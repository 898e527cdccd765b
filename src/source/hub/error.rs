//! What can go wrong on the way to a model on the Hub.

use std::io;
use std::path::PathBuf;

use super::Address;
use crate::sequence::visible_text;

/// Each says in a sentence what is wrong and what to do.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    #[error("the download was stopped; what has arrived is kept")]
    Cancelled,
    #[error("no home directory to keep models in: set HF_HOME to a directory")]
    NoHome,
    #[error("HF_ENDPOINT is `{}`: give an address that begins with https:// or http://, or unset it", visible_text(_0))]
    Endpoint(String),
    #[error("HF_TOKEN holds characters that no token has: copy it again from the Hub's settings")]
    Token,
    #[error(
        "{file} of {} at revision {} is not in {}, and HF_HUB_OFFLINE keeps the network away: run `{}` where the Hub is reached, or unset HF_HUB_OFFLINE",
        address.repository, address.revision, cache.display(), address.get()
    )]
    Offline { address: Box<Address>, file: String, cache: PathBuf },
    #[error(
        "{endpoint} has no repository {repository}, or it is private: check the name, or set HF_TOKEN to a token that may read it"
    )]
    NoRepository { repository: String, endpoint: String },
    #[error("{repository} has no revision `{revision}`: give a branch, a tag or a commit that it has")]
    NoRevision { repository: String, revision: String },
    #[error("{} at revision {} has no {file}", address.repository, address.revision)]
    NoFile { address: Box<Address>, file: String },
    #[error(
        "{repository} is gated: accept its terms at {endpoint}/{repository} with your account, then set HF_TOKEN or run `hf auth login`"
    )]
    Gated { repository: String, endpoint: String },
    #[error("{endpoint} does not accept the token: renew HF_TOKEN, or unset it for models that are open")]
    BadToken { endpoint: String },
    #[error("{endpoint} wants to know who asks for {repository}: set HF_TOKEN or run `hf auth login`")]
    NoToken { repository: String, endpoint: String },
    #[error("{endpoint} does not let you read {repository}{reason}")]
    Forbidden { repository: String, endpoint: String, reason: String },
    #[error("{endpoint} has had too many requests{}: wait, or set HF_TOKEN, which raises the limit", within(*seconds))]
    TooMany { endpoint: String, seconds: Option<u64> },
    #[error("{endpoint} failed with status {status} each time it was asked; try again later")]
    Failing { endpoint: String, status: u16 },
    #[error(
        "cannot reach {endpoint} ({reason}): check the network and HF_ENDPOINT, then try again; what has arrived is kept"
    )]
    Unreachable { endpoint: String, reason: String },
    #[error("{address}: {error}")]
    Of { address: Box<Address>, error: Box<HubError> },
    #[error("{endpoint} gave an answer that makes no sense: {reason}")]
    Answer { endpoint: String, reason: String },
    #[error("{file} arrived with sha256 {found}, expected {expected}: it was deleted; try again")]
    Damaged { file: String, found: String, expected: String },
    #[error("{repository} holds GGUF files and no model directory: name one of them, such as {repository}/{}", files.join(", "))]
    OnlyGguf { repository: String, files: Vec<String> },
    #[error(
        "{address} has its weights as {found} and not as safetensors: choose a revision or a model that has safetensors"
    )]
    NoSafetensors { address: Box<Address>, found: String },
    #[error("{0}")]
    Index(String),
    #[error("{} is being downloaded by another program: wait for it, or stop it", file)]
    Busy { file: String },
    #[error("cannot keep a file of the Hub at {}: {reason}", path.display())]
    Write { path: PathBuf, reason: io::Error },
    #[error("{file} of {} at revision {} is not in {}: run `{}`", address.repository, address.revision, cache.display(), address.get())]
    NotCached { address: Box<Address>, file: String, cache: PathBuf },
    #[error("{} is not in the cache {}", what, cache.display())]
    NothingToRemove { what: String, cache: PathBuf },
}

impl HubError {
    pub(super) fn write(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |reason| Self::Write { path, reason }
    }
}

fn within(seconds: Option<u64>) -> String {
    seconds.map_or_else(String::new, |seconds| format!(" and asks to wait {seconds} s"))
}

/// Text of a server as it may stand in a message: one line, without control characters, not too long.
pub(super) fn from_server(text: &str) -> String {
    const LONGEST: usize = 200;
    let line = visible_text(text.trim());
    match line.char_indices().nth(LONGEST) {
        None => line,
        Some((end, _)) => format!("{}…", &line[..end]),
    }
}
