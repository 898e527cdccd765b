//! What it means when the Hub refuses, and how often to ask again.

use std::time::Duration;

use super::client::{Answer, Fault, text, wait};
use super::error::from_server;
use super::{Address, HubError, Settings};
use crate::cancel::Cancel;

/// Further tries without a byte of progress.
const TRIES: u32 = 4;
/// Nobody is made to wait longer than this for another try.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What is asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub address: &'a Address,
    /// A file of the repository, or else the revision itself.
    pub file: Option<&'a str>,
}

impl Asked<'_> {
    /// What an answer means that is neither a success nor a redirect.
    pub fn refusal(&self, answer: &Answer, settings: &Settings) -> Fault {
        let (repository, endpoint) = (self.address.repository.clone(), settings.endpoint.clone());
        let code = text(&answer.headers, "x-error-code").unwrap_or_default();
        let status = answer.status.as_u16();
        let error = match (status, code) {
            (401 | 403, "GatedRepo") => HubError::Gated { repository, endpoint },
            (401 | 404, "RepoNotFound") => HubError::NoRepository { repository, endpoint },
            (404, "RevisionNotFound") => HubError::NoRevision { repository, revision: self.address.revision.clone() },
            (401, _) if settings.token.is_some() => HubError::BadToken { endpoint },
            (401, _) => HubError::NoToken { repository, endpoint },
            (403, _) => HubError::Forbidden { repository, endpoint, reason: self.reason(answer) },
            (404, _) => match self.file {
                Some(file) => HubError::NoFile { address: Box::new(self.address.clone()), file: file.to_owned() },
                None => HubError::NoRepository { repository, endpoint },
            },
            (429, _) => return too_many(answer, endpoint),
            (408 | 500..=599, _) => {
                return Fault::Passing { error: HubError::Failing { endpoint, status }, wait: None };
            }
            _ => HubError::Answer { endpoint, reason: format!("status {status}{}", self.reason(answer)) },
        };
        Fault::Final(error)
    }

    fn reason(&self, answer: &Answer) -> String {
        let said = text(&answer.headers, "x-error-message").map(from_server).filter(|said| !said.is_empty());
        said.map_or_else(String::new, |said| format!(": {said}"))
    }
}

fn too_many(answer: &Answer, endpoint: String) -> Fault {
    let seconds = text(&answer.headers, "retry-after").and_then(|text| text.trim().parse().ok());
    let wait = seconds.map(Duration::from_secs);
    let error = HubError::TooMany { endpoint, seconds };
    match wait {
        Some(wait) if wait > LONGEST_WAIT => Fault::Final(error),
        wait => Fault::Passing { error, wait },
    }
}

/// How often a request was tried in vain.
pub(super) struct Tries {
    made: u32,
    pause: Duration,
}

impl Tries {
    pub fn new(settings: &Settings) -> Self {
        Self { made: 0, pause: settings.pause }
    }

    /// Something has arrived: the count begins anew.
    pub fn made_progress(&mut self) {
        self.made = 0;
    }

    /// Waits before the next try.
    ///
    /// # Errors
    /// With what was in the way, if there is none.
    pub fn again(&mut self, fault: Fault, cancel: &Cancel) -> Result<(), HubError> {
        match fault {
            Fault::Passing { error, .. } if self.made == TRIES => Err(error),
            Fault::Passing { wait: time, .. } => {
                let pause = self.pause * 2u32.pow(self.made);
                self.made += 1;
                wait(time.unwrap_or(pause), cancel)
            }
            Fault::Final(error) => Err(error),
        }
    }
}

/// Tries until there is an outcome.
pub(super) fn persist<T>(
    settings: &Settings,
    cancel: &Cancel,
    mut attempt: impl FnMut() -> Result<T, Fault>,
) -> Result<T, HubError> {
    let mut tries = Tries::new(settings);
    loop {
        match attempt() {
            Ok(outcome) => return Ok(outcome),
            Err(fault) => tries.again(fault, cancel)?,
        }
    }
}
