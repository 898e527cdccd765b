//! Listing and reading files, off the screen's thread.

use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use super::Inbound;
use crate::app::{Action, FileOutcome, Opened};

/// Does a file effect on a thread of its own; the outcome arrives in the inbox. `open` reads a sample.
pub fn perform_file_effect(
    effect: FileEffect,
    inbox: &Sender<Inbound>,
    open: impl Fn(&Path) -> anyhow::Result<Opened> + Send + 'static,
) {
    let answer = inbox.clone();
    let work = move || {
        let outcome = match effect {
            FileEffect::List(directory) => list(directory),
            FileEffect::Read(path) => match open(&path) {
                Ok(opened) => FileOutcome::Read(opened),
                Err(error) => FileOutcome::Failed(format!("{error:#}")),
            },
        };
        let _ = answer.send(Inbound::Action(Action::Files(outcome)));
    };
    if let Err(error) = std::thread::Builder::new().name("files".into()).spawn(work) {
        let failed = FileOutcome::Failed(format!("no thread to read files with: {error}"));
        let _ = inbox.send(Inbound::Action(Action::Files(failed)));
    }
}

/// What can be done with files.
#[derive(Debug)]
pub enum FileEffect {
    List(PathBuf),
    Read(PathBuf),
}

/// Directories first, each by name; hidden entries stay hidden.
fn list(directory: PathBuf) -> FileOutcome {
    let entries = match std::fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(error) => return FileOutcome::Failed(format!("listing {}: {error}", directory.display())),
    };
    let mut entries: Vec<(String, bool)> = entries
        .flatten()
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path().is_dir()))
        .filter(|(name, _)| !name.starts_with('.'))
        .collect();
    entries.sort_by(|(a, a_dir), (b, b_dir)| b_dir.cmp(a_dir).then(a.cmp(b)));
    FileOutcome::Listed { directory, entries }
}
