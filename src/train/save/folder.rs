//! A directory that appears as a whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::SaveError;
use super::tensors::{self, Entry, Reader, Task};

/// Everything that a save may hold. A directory with anything else in it is not ours to replace.
const FILES: [&str; 16] = [
    "adapter_config.json",
    "adapter_model.safetensors",
    "added_tokens.json",
    "chat_template.jinja",
    "config.json",
    "generation_config.json",
    "merges.txt",
    "model.safetensors",
    "optimizer.safetensors",
    "pretrain.json",
    "recipe.toml",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "trainer.json",
    "vocab.json",
];

/// Whether a save may take the place of what is there: nothing, an empty directory, or a save.
pub(super) fn check(directory: &Path) -> Result<(), SaveError> {
    let not_a_save = |found: String| SaveError::NotASave { directory: directory.to_owned(), found };
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(SaveError::NotADirectory(directory.to_owned()));
        }
        Err(reason) => return Err(SaveError::Read { file: directory.to_owned(), reason }),
    };
    let mut is_empty = true;
    for entry in entries {
        let entry = entry.map_err(|reason| SaveError::Read { file: directory.to_owned(), reason })?;
        is_empty = false;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !FILES.contains(&name.as_str()) {
            return Err(not_a_save(name));
        }
    }
    let weights = ["model.safetensors", "adapter_model.safetensors"].map(|name| directory.join(name));
    let is_ours = |path: &PathBuf| Reader::open(path).is_ok_and(|file| file.is_marked());
    match is_empty || weights.iter().any(is_ours) {
        true => Ok(()),
        false => Err(not_a_save("a model that lossglass did not save".into())),
    }
}

/// A directory under way; dropped before it is finished, it is gone.
pub(super) struct Folder {
    /// Where it is to be.
    place: PathBuf,
    /// Where it is until then.
    path: PathBuf,
    bytes: u64,
}

impl Folder {
    /// Begins a directory beside `directory`, on the same disk.
    pub fn beside(directory: &Path) -> Result<Self, SaveError> {
        let failed = |reason: io::Error| SaveError::Write { file: directory.to_owned(), reason };
        // A link stays one: what it points to is replaced.
        let place = match directory.canonicalize() {
            Ok(place) => place,
            Err(_) => std::path::absolute(directory).map_err(failed)?,
        };
        let (Some(parent), Some(name)) = (place.parent(), place.file_name()) else {
            return Err(failed(io::Error::other("a root directory cannot be replaced")));
        };
        fs::create_dir_all(parent).map_err(failed)?;
        let path = parent.join(format!(".{}.{}.partial", name.to_string_lossy(), std::process::id()));
        let _ = fs::remove_dir_all(&path); // of a run that was killed and had the same id
        remove_left_overs(parent, &name.to_string_lossy());
        fs::create_dir(&path).map_err(failed)?;
        Ok(Self { place, path, bytes: 0 })
    }

    /// Adds a file.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), SaveError> {
        self.write(name, |out, file| {
            out.write_all(bytes).map_err(|reason| SaveError::Write { file: file.to_owned(), reason })
        })
    }

    /// Adds a JSON file.
    pub fn add_json(&mut self, name: &str, value: &impl serde::Serialize) -> Result<(), SaveError> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| SaveError::Write { file: self.place.join(name), reason: error.into() })?;
        self.add(name, format!("{text}\n").as_bytes())
    }

    /// Adds a safetensors file.
    pub fn add_tensors(&mut self, name: &str, entries: &[Entry], task: &mut Task<'_>) -> Result<(), SaveError> {
        self.write(name, |out, file| tensors::write(out, file, entries, task))
    }

    fn write(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut File, &Path) -> Result<(), SaveError>,
    ) -> Result<(), SaveError> {
        let shown = self.place.join(name);
        let failed = |reason: io::Error| SaveError::Write { file: shown.clone(), reason };
        let mut out = File::create_new(self.path.join(name)).map_err(failed)?;
        write(&mut out, &shown)?;
        out.sync_all().map_err(failed)?;
        self.bytes += out.metadata().map_err(failed)?.len();
        Ok(())
    }

    /// Puts the directory in its place, in one step where the system can; returns the bytes of its files.
    pub fn finish(self) -> Result<u64, SaveError> {
        let failed = |reason: io::Error| SaveError::Write { file: self.place.clone(), reason };
        sync_directory(&self.path).map_err(failed)?;
        if self.place.exists() {
            exchange(&self.path, &self.place).map_err(failed)?;
        } else {
            fs::rename(&self.path, &self.place).map_err(failed)?;
        }
        if let Some(parent) = self.place.parent() {
            sync_directory(parent).map_err(failed)?;
        }
        Ok(self.bytes)
    }
}

impl Drop for Folder {
    /// Removes what is not finished; after [`Folder::finish`] the old directory, which has come here.
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Removes what saves to this place left that were killed. Where nobody can tell whether a process lives, all stays.
fn remove_left_overs(parent: &Path, name: &str) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    let start = format!(".{name}.");
    for entry in entries.flatten() {
        let entry_name = entry.file_name();
        let id = entry_name.to_str().and_then(|name| name.strip_prefix(&start)?.strip_suffix(".partial"));
        if id.and_then(|id| id.parse::<u32>().ok()).is_some_and(is_gone) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether no process has that id.
fn is_gone(id: u32) -> bool {
    cfg!(target_os = "linux") && Path::new("/proc/self").exists() && !Path::new(&format!("/proc/{id}")).exists()
}

/// Two directories change places.
fn exchange(new: &Path, place: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        if renameat_with(CWD, new, CWD, place, RenameFlags::EXCHANGE).is_ok() {
            return Ok(());
        }
    }
    // A disk that cannot do it at once: the old one steps aside and comes back if the new one cannot take its place.
    let aside = new.with_extension("old");
    fs::rename(place, &aside)?;
    if let Err(error) = fs::rename(new, place) {
        fs::rename(&aside, place)?;
        return Err(error);
    }
    fs::rename(&aside, new)
}

/// Brings a directory's entries to the disk, where a directory can be opened.
fn sync_directory(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_save_left_is_removed_and_a_living_ones_stays() {
        let parent = tempfile::tempdir().expect("a directory");
        let of = |name: &str, id: u32| parent.path().join(format!(".{name}.{id}.partial"));
        let (dead, living, other) = (of("run", u32::MAX), of("run", 1), of("other", u32::MAX));
        for path in [&dead, &living, &other] {
            fs::create_dir(path).expect("made");
        }
        drop(Folder::beside(&parent.path().join("run")).expect("begun"));
        assert!(!dead.exists() && living.exists() && other.exists());
    }
}
