//! One file into the cache: resumed, checked, and only then given its name.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use sha2::{Digest, Sha256};
use ureq::http::header;

use super::HubError;
use super::client::{Answer, Client, Fault, Method, text, wait};
use super::layout::Layout;
use super::refusal::{Asked, Tries, persist};
use crate::cancel::Cancel;

/// What the Hub says of a file.
pub(super) struct Metadata {
    /// Names the blob: its sha256 for large files.
    pub etag: String,
    pub size: u64,
}

impl Metadata {
    /// The digest that the bytes must have, where the etag is one.
    fn sha256(&self) -> Option<&str> {
        (self.etag.len() == 64 && self.etag.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(&self.etag)
    }
}

/// Asks what the file at `url` is.
pub(super) fn metadata(client: &Client, asked: Asked<'_>, url: &str, cancel: &Cancel) -> Result<Metadata, HubError> {
    let attempt = || {
        // A large file is elsewhere; what the Hub itself says of it stands in the first redirect.
        let mut linked = (None, None);
        let answer = client.ask(Method::Head, url, 0, cancel, |headers| {
            linked.0 = linked.0.take().or_else(|| etag(text(headers, "x-linked-etag")?));
            linked.1 = linked.1.or_else(|| text(headers, "x-linked-size")?.parse().ok());
            linked.0.is_some() && linked.1.is_some()
        })?;
        if !answer.status.is_success() && !answer.status.is_redirection() {
            return Err(asked.refusal(&answer, &client.settings));
        }
        let headers = &answer.headers;
        let own = || text(headers, "x-linked-etag").or_else(|| text(headers, "etag")).and_then(etag);
        let length = || text(headers, "x-linked-size").or_else(|| text(headers, "content-length"))?.parse().ok();
        let file = asked.file.unwrap_or_default();
        match (linked.0.take().or_else(own), linked.1.or_else(length)) {
            (Some(etag), Some(size)) => Ok(Metadata { etag, size }),
            (None, _) => Err(client.nonsense(&format!("{file} has no etag")).into()),
            (_, None) => Err(client.nonsense(&format!("the length of {file} is not said")).into()),
        }
    };
    persist(&client.settings, cancel, attempt)
}

/// An etag without its quotes, if it can be a file's name.
fn etag(text: &str) -> Option<String> {
    let bare = text.trim().trim_start_matches("W/").trim_matches('"');
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (!bare.is_empty() && bare.len() <= 128 && bare.chars().all(is_name)).then(|| bare.to_owned())
}

/// Fetches the file into its blob. `on_bytes` hears how much of it is there; after `cancel` what has arrived stays.
pub(super) fn fetch(
    client: &Client,
    layout: &Layout,
    asked: Asked<'_>,
    url: &str,
    metadata: &Metadata,
    cancel: &Cancel,
    on_bytes: &mut dyn FnMut(u64),
) -> Result<(), HubError> {
    let blob = layout.blob(&metadata.etag);
    let _lock = locked(client, layout, asked, &metadata.etag, cancel)?;
    if blob.metadata().is_ok_and(|found| found.len() == metadata.size) {
        return Ok(());
    }
    let part_path = layout.part(&metadata.etag);
    let mut part = Part::open(&part_path, metadata, cancel)?;
    on_bytes(part.length);
    let mut tries = Tries::new(&client.settings);
    while part.length < metadata.size {
        let before = part.length;
        let outcome = part.extend(client, asked, url, cancel, on_bytes);
        if part.length > before {
            tries.made_progress();
        }
        if let Err(fault) = outcome {
            tries.again(fault, cancel)?;
        }
    }
    if let Some(found) = part.difference() {
        let _ = fs::remove_file(&part_path); // a part that stays is found out the next time
        let file = format!("{} of {}", asked.file.unwrap_or_default(), asked.address.repository);
        return Err(HubError::Damaged { file, found, expected: metadata.etag.clone() });
    }
    part.file.sync_all().map_err(HubError::write(&part_path))?;
    fs::rename(&part_path, &blob).map_err(HubError::write(blob))
}

/// Waits until no other program fetches the same.
fn locked(client: &Client, layout: &Layout, asked: Asked<'_>, etag: &str, cancel: &Cancel) -> Result<File, HubError> {
    const GLANCE: Duration = Duration::from_millis(100);
    let mut waited = Duration::ZERO;
    loop {
        if let Some(lock) = layout.lock(etag)? {
            return Ok(lock);
        }
        if waited >= client.settings.patience {
            return Err(HubError::Busy { file: asked.file.unwrap_or_default().to_owned() });
        }
        wait(GLANCE, cancel)?;
        waited += GLANCE;
    }
}

/// The bytes that have arrived.
struct Part<'a> {
    path: &'a Path,
    file: File,
    metadata: &'a Metadata,
    length: u64,
    digest: Sha256,
}

impl<'a> Part<'a> {
    /// Takes up what an earlier try has left.
    fn open(path: &'a Path, metadata: &'a Metadata, cancel: &Cancel) -> Result<Self, HubError> {
        let directory = path.parent().unwrap_or(path);
        fs::create_dir_all(directory).map_err(HubError::write(directory))?;
        let file = File::options().create(true).truncate(false).read(true).write(true).open(path);
        let file = file.map_err(HubError::write(path))?;
        let mut part = Self { path, file, metadata, length: 0, digest: Sha256::new() };
        part.take_up(cancel)?;
        Ok(part)
    }

    fn take_up(&mut self, cancel: &Cancel) -> Result<(), HubError> {
        let mut block = vec![0; 1 << 20];
        loop {
            if cancel.is_cancelled() {
                return Err(HubError::Cancelled);
            }
            let length = self.file.read(&mut block).map_err(HubError::write(self.path))?;
            if length == 0 {
                break;
            }
            self.digest.update(&block[..length]);
            self.length += length as u64;
        }
        if self.length > self.metadata.size { self.restart() } else { Ok(()) }
    }

    fn restart(&mut self) -> Result<(), HubError> {
        let empty = |file: &mut File| -> io::Result<()> {
            file.set_len(0)?;
            file.seek(SeekFrom::Start(0)).map(drop)
        };
        empty(&mut self.file).map_err(HubError::write(self.path))?;
        (self.length, self.digest) = (0, Sha256::new());
        Ok(())
    }

    /// Asks for what is missing and takes what comes.
    fn extend(
        &mut self,
        client: &Client,
        asked: Asked<'_>,
        url: &str,
        cancel: &Cancel,
        on_bytes: &mut dyn FnMut(u64),
    ) -> Result<(), Fault> {
        let answer = client.ask(Method::Get, url, self.length, cancel, |_| false)?;
        match answer.status.as_u16() {
            206 if starts_at(&answer, self.length) => {}
            // The server sends all of it, or something else than what was asked for.
            200 if self.length == 0 => {}
            200 => self.restart()?,
            206 | 416 => {
                self.restart()?;
                return Err(passing(client, "it does not send the rest of a file"));
            }
            _ => return Err(asked.refusal(&answer, &client.settings)),
        }
        while let Some(bytes) = client.bytes(&answer, cancel)? {
            if self.length + bytes.len() as u64 > self.metadata.size {
                self.restart()?;
                return Err(client
                    .nonsense(&format!("{} is longer than it said", asked.file.unwrap_or_default()))
                    .into());
            }
            self.file.write_all(&bytes).map_err(HubError::write(self.path))?;
            self.digest.update(&bytes);
            self.length += bytes.len() as u64;
            on_bytes(self.length);
        }
        match self.length < self.metadata.size {
            true => Err(passing(client, "the connection was cut")),
            false => Ok(()),
        }
    }

    /// The digest of the bytes, if it is not the one they should have.
    fn difference(&self) -> Option<String> {
        let expected = self.metadata.sha256()?;
        let found: String = self.digest.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        (!found.eq_ignore_ascii_case(expected)).then_some(found)
    }
}

fn passing(client: &Client, reason: &str) -> Fault {
    let error = HubError::Unreachable { endpoint: client.settings.endpoint.clone(), reason: reason.to_owned() };
    Fault::Passing { error, wait: None }
}

/// Whether the part that is sent begins where it was asked to.
fn starts_at(answer: &Answer, from: u64) -> bool {
    let range = text(&answer.headers, header::CONTENT_RANGE.as_str());
    let start = range.and_then(|range| range.trim().strip_prefix("bytes ")?.split('-').next()?.trim().parse().ok());
    start == Some(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_etag_is_a_file_name_or_nothing() {
        assert_eq!(etag("\"abc-1\"").as_deref(), Some("abc-1"));
        assert_eq!(etag("W/\"abc\"").as_deref(), Some("abc"));
        for bad in ["", "\"\"", "../x", "a/b", "a\u{7f}", "a.lock", "a b"] {
            assert_eq!(etag(bad), None, "{bad:?}");
        }
    }
}
