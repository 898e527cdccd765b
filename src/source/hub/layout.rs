//! How the Hub's tools lay out their cache.
//!
//! ```text
//! models--owner--name/refs/main              the commit that a branch or tag was seen at
//!                     snapshots/<commit>/…   links to
//!                     blobs/<etag>           the files' bytes; <etag>.incomplete while they arrive
//! .locks/models--owner--name/<etag>.lock     held while they do
//! ```

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use hf_hub::{Cache, Repo, RepoType};

use super::address::is_commit;
use super::{Address, HubError};

/// Where one repository is in the cache.
pub(super) struct Layout {
    cache: Cache,
    repo: Repo,
}

impl Layout {
    pub fn new(cache: &Path, address: &Address) -> Self {
        let repo = Repo::with_revision(address.repository.clone(), RepoType::Model, address.revision.clone());
        Self { cache: Cache::new(cache.to_owned()), repo }
    }

    pub fn folder(&self) -> PathBuf {
        self.cache.path().join(self.repo.folder_name())
    }

    pub fn blob(&self, etag: &str) -> PathBuf {
        self.folder().join("blobs").join(etag)
    }

    /// Where a blob's bytes are while they arrive.
    pub fn part(&self, etag: &str) -> PathBuf {
        self.folder().join("blobs").join(format!("{etag}.incomplete"))
    }

    /// The directory of locks.
    pub fn locks(&self) -> PathBuf {
        self.cache.path().join(".locks").join(self.repo.folder_name())
    }

    pub fn snapshot(&self, commit: &str) -> PathBuf {
        self.cache.repo(self.repo.clone()).pointer_path(commit)
    }

    /// The snapshots there are.
    pub fn snapshots(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder().join("snapshots")).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
    }

    /// What the cache holds of the revision: the commit itself, or what its branch or tag was last seen at. Where the
    /// Hub cannot be asked, `main` is also the only snapshot of a cache that says nothing of branches.
    pub fn found(&self, may_ask: bool) -> Option<PathBuf> {
        let revision = self.repo.revision();
        let seen = fs::read_to_string(self.folder().join("refs").join(revision)).ok();
        let commit = seen.as_deref().map(str::trim).filter(|commit| is_commit(commit));
        let snapshot = match commit {
            Some(commit) => self.snapshot(commit),
            None if is_commit(revision) => self.snapshot(revision),
            None if revision == super::MAIN && !may_ask && !self.folder().join("refs").exists() => {
                match &self.snapshots()[..] {
                    [only] => only.clone(),
                    _ => return None,
                }
            }
            None => return None,
        };
        snapshot.is_dir().then_some(snapshot)
    }

    /// Notes which commit the revision is.
    pub fn note(&self, commit: &str) -> Result<(), HubError> {
        if self.repo.revision() == commit {
            return Ok(());
        }
        let place = self.folder().join("refs").join(self.repo.revision());
        self.cache.repo(self.repo.clone()).create_ref(commit).map_err(HubError::write(place))
    }

    /// Lets a file of the snapshot be the blob.
    pub fn link(&self, commit: &str, file: &str, etag: &str) -> Result<(), HubError> {
        let link = self.snapshot(commit).join(file);
        let directory = link.parent().unwrap_or(&link);
        fs::create_dir_all(directory).map_err(HubError::write(directory))?;
        // A link whose blob is gone is in the way.
        if link.symlink_metadata().is_ok() {
            fs::remove_file(&link).map_err(HubError::write(&link))?;
        }
        let up = "../".repeat(2 + file.matches('/').count());
        point(&link, Path::new(&format!("{up}blobs/{etag}")), &self.blob(etag)).map_err(HubError::write(&link))
    }

    /// The lock of a blob, until it is dropped; `None` while another program holds it.
    pub fn lock(&self, etag: &str) -> Result<Option<File>, HubError> {
        let directory = self.locks();
        fs::create_dir_all(&directory).map_err(HubError::write(&directory))?;
        let path = directory.join(format!("{etag}.lock"));
        let lock = File::options().create(true).truncate(false).write(true).open(&path);
        let lock = lock.map_err(HubError::write(&path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(lock)),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(reason)) => Err(HubError::Write { path, reason }),
        }
    }
}

#[cfg(unix)]
fn point(link: &Path, relative: &Path, _blob: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(relative, link)
}

/// Where links need rights that few have, the file itself goes into the snapshot.
#[cfg(not(unix))]
fn point(link: &Path, _relative: &Path, blob: &Path) -> std::io::Result<()> {
    fs::rename(blob, link)
}
