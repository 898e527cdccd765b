//! Which models the Hub's cache holds, and how to remove one.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::address::is_commit;
use super::layout::Layout;
use super::{Address, HubError, MAIN};

/// A repository of models in the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// `owner/name`.
    pub repository: String,
    /// The branches and tags that were downloaded, and the commits that none of them names.
    pub revisions: Vec<String>,
    /// On the disk, with what has arrived of unfinished downloads.
    pub bytes: u64,
}

/// Every model repository in the cache, by name.
pub fn stored(cache: &Path) -> Vec<Stored> {
    let entries = fs::read_dir(cache).into_iter().flatten().flatten();
    let of = |folder: PathBuf| {
        let (owner, name) = folder.file_name()?.to_str()?.strip_prefix("models--")?.split_once("--")?;
        // Whatever else lies there is not ours to show or to remove.
        let address = Address::parse(&format!("{owner}/{name}"))?;
        let revisions = revisions(&folder);
        Some(Stored { repository: address.repository, revisions, bytes: size(&folder) })
    };
    let mut found: Vec<Stored> = entries.filter_map(|entry| of(entry.path())).collect();
    found.sort_by(|one, other| one.repository.cmp(&other.repository));
    found
}

/// Takes a repository out of the cache, or with a revision other than `main` that one alone with what only it uses.
/// Returns how many bytes that freed.
///
/// # Errors
/// If it is not there, or cannot be removed.
pub fn remove(cache: &Path, address: &Address) -> Result<u64, HubError> {
    let layout = Layout::new(cache, address);
    let folder = layout.folder();
    let missing = || HubError::NothingToRemove { what: address.to_string(), cache: cache.to_owned() };
    if !folder.symlink_metadata().is_ok_and(|folder| folder.is_dir()) {
        return Err(missing());
    }
    let before = size(&folder);
    if let Some(file) = &address.file {
        fs::remove_file(layout.found(true).ok_or_else(missing)?.join(file)).map_err(|_| missing())?;
    } else if address.revision != MAIN && layout.snapshots().len() > 1 {
        let snapshot = layout.found(true).ok_or_else(missing)?;
        fs::remove_dir_all(&snapshot).map_err(HubError::write(&snapshot))?;
        let name = folder.join("refs").join(&address.revision);
        if name.is_file() {
            fs::remove_file(&name).map_err(HubError::write(&name))?;
        }
    } else {
        if address.revision != MAIN {
            layout.found(true).ok_or_else(missing)?;
        }
        fs::remove_dir_all(&folder).map_err(HubError::write(&folder))?;
        let _ = fs::remove_dir_all(layout.locks()); // empty files
        return Ok(before);
    }
    remove_unused_blobs(&layout)?;
    Ok(before - size(&folder))
}

/// Blobs that no snapshot links to any more.
fn remove_unused_blobs(layout: &Layout) -> Result<(), HubError> {
    let mut used = HashSet::new();
    for snapshot in layout.snapshots() {
        walk(&snapshot, &mut |path| {
            used.extend(path.canonicalize().ok());
        });
    }
    let blobs = layout.folder().join("blobs");
    for blob in fs::read_dir(&blobs).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if blob.canonicalize().is_ok_and(|path| !used.contains(&path)) {
            fs::remove_file(&blob).map_err(HubError::write(&blob))?;
        }
    }
    Ok(())
}

/// What the snapshots are called.
fn revisions(folder: &Path) -> Vec<String> {
    let refs = folder.join("refs");
    let (mut names, mut named) = (Vec::new(), HashSet::new());
    walk(&refs, &mut |path| {
        let commit = fs::read_to_string(path).unwrap_or_default().trim().to_owned();
        let name = path.strip_prefix(&refs).ok().and_then(Path::to_str).map(|name| name.replace('\\', "/"));
        if let Some(name) = name.filter(|_| is_commit(&commit) && folder.join("snapshots").join(&commit).is_dir()) {
            names.push(name);
            named.insert(commit);
        }
    });
    let commits = fs::read_dir(folder.join("snapshots")).into_iter().flatten().flatten();
    let commits = commits.filter_map(|entry| entry.file_name().into_string().ok());
    names.extend(commits.filter(|commit| is_commit(commit) && !named.contains(commit)));
    names.sort();
    names
}

/// Bytes of all files below, links aside.
fn size(folder: &Path) -> u64 {
    let mut bytes = 0;
    walk(folder, &mut |path| {
        bytes += path.symlink_metadata().ok().filter(|file| file.is_file()).map_or(0, |file| file.len());
    });
    bytes
}

/// Every file and link below a directory; links are not followed.
fn walk(directory: &Path, on_file: &mut dyn FnMut(&Path)) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => walk(&entry.path(), on_file),
            _ => on_file(&entry.path()),
        }
    }
}
