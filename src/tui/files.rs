//! Listing and reading files, off the screen's thread.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::time::Duration;

use super::Inbound;
use crate::app::{Action, Facts, FileOutcome, FileRequest, HandOut};
use crate::board;
use crate::cancel::Cancel;
use crate::data::{DataError, Opened, Place, Raw, Records};
use crate::report::file::{self, FileError};
use crate::sample::Record;
use crate::source::removal::Removal;
use crate::source::{Source, known, run};

/// Between two looks at a run.
const LOOK: Duration = Duration::from_secs(1);

/// Does what is asked with files, each on a thread of its own; outcomes arrive in the inbox.
#[derive(Debug)]
pub struct Files {
    inbox: Sender<Inbound>,
    readers: Readers,
    /// Of the search under way.
    search: Cancel,
}

impl Files {
    /// Reads files with `readers`.
    pub fn new(inbox: Sender<Inbound>, readers: Readers) -> Self {
        Self { inbox, readers, search: Cancel::default() }
    }

    /// Begins to do what is asked.
    pub fn perform(&mut self, request: FileRequest) {
        if matches!(request, FileRequest::Search { .. } | FileRequest::CancelSearch) {
            std::mem::take(&mut self.search).cancel();
        }
        let (answer, readers, cancel) = (self.inbox.clone(), self.readers, self.search.clone());
        let work = move || {
            if let FileRequest::Watch(path) = request {
                return watch(&path, &answer);
            }
            if let Some(outcome) = outcome(request, readers, &cancel) {
                let _ = answer.send(Inbound::Action(Action::Files(outcome)));
            }
        };
        if let Err(error) = std::thread::Builder::new().name("files".into()).spawn(work) {
            let failed = FileOutcome::Failed(format!("no thread to read files with: {error}"));
            let _ = self.inbox.send(Inbound::Action(Action::Files(failed)));
        }
    }
}

/// What came of it; `None` where nobody waits for that.
fn outcome(request: FileRequest, readers: Readers, search_cancel: &Cancel) -> Option<FileOutcome> {
    Some(match request {
        FileRequest::CancelSearch | FileRequest::Watch(_) => return None,
        FileRequest::Note { path, text } => return note(&from_home(path), &text),
        FileRequest::Search { file, text } => return search(file, text, search_cancel),
        FileRequest::List(directory) => list(directory),
        FileRequest::Read(path) => read(&from_home(path), |path| (readers.sample)(path).map(FileOutcome::Read)),
        FileRequest::ReadSamples(path) => read(&from_home(path), |path| {
            let name = path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into());
            (readers.set)(path).map(|samples| FileOutcome::Samples { name, samples })
        }),
        FileRequest::ReadRecord { file, at } => match (readers.record)(&file, at) {
            Ok(opened) => FileOutcome::Record { index: at.index, file, opened },
            Err(error) => FileOutcome::Failed(format!("{error:#}")),
        },
        FileRequest::FindModel(name) => find(name, FileOutcome::Model),
        FileRequest::FindSecond(name) => find(name, FileOutcome::Second),
        FileRequest::FindLife(source) => FileOutcome::Life(run::life(&source)),
        FileRequest::ListModels => FileOutcome::Models(known()),
        FileRequest::DescribeModel(name) => match (readers.model)(&name) {
            Ok(facts) => FileOutcome::Described { name, facts },
            Err(error) => FileOutcome::Failed(format!("{error:#}")),
        },
        FileRequest::WeighModel(name) => match Removal::of(&name) {
            Ok(removal) => FileOutcome::Weighed { name, removal },
            Err(error) => FileOutcome::Failed(error.to_string()),
        },
        FileRequest::Write { path, content, replaces } => write(from_home(path), content, replaces),
        FileRequest::RemoveModel(removal) => {
            let what = removal.to_string();
            match removal.remove() {
                Ok(freed) => FileOutcome::Removed { what, freed },
                Err(error) => FileOutcome::Failed(error.to_string()),
            }
        }
    })
}

/// Looks at a run until nobody listens.
fn watch(path: &Path, answer: &Sender<Inbound>) {
    let say = |outcome| answer.send(Inbound::Action(Action::Files(outcome))).is_ok();
    let mut watch = match board::Watch::begin(path) {
        Ok(watch) => watch,
        Err(error) => {
            say(FileOutcome::Failed(error.to_string()));
            return;
        }
    };
    let mut is_new = true;
    while !is_new || say(FileOutcome::Watched(Box::new(watch.run().clone()))) {
        std::thread::sleep(LOOK);
        is_new = watch.look();
    }
}

/// Writes what is handed out.
fn write(path: PathBuf, content: HandOut, replaces: bool) -> FileOutcome {
    let bytes = match content {
        HandOut::Page(page) => {
            page.html().map(String::into_bytes).ok_or("the text is not scored to its end".to_owned())
        }
        HandOut::Picture(picture) => Ok(picture.into_bytes()),
        HandOut::Session(session) => session.write().map_err(|error| error.to_string()),
    };
    match bytes.map(|bytes| (file::write(&path, &bytes, replaces), bytes.len())) {
        Ok((Ok(()), bytes)) => FileOutcome::Written { path, bytes },
        Ok((Err(FileError::Exists(path)), _)) => FileOutcome::Exists(path),
        Ok((Err(error), _)) => FileOutcome::Failed(error.to_string()),
        Err(problem) => FileOutcome::Failed(format!("{} is not written: {problem}", path.display())),
    }
}

/// Tells the teacher; `None` where that is done.
fn note(path: &Path, text: &str) -> Option<FileOutcome> {
    let error = append(path, text).err()?;
    Some(FileOutcome::Failed(format!("the notes {} cannot be written: {error}", path.display())))
}

/// Writes `text` behind what the file has; a file that is not there begins with it.
///
/// # Errors
/// If the file cannot be written.
pub fn append(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(text.as_bytes())
}

/// How files are read.
#[derive(Clone, Copy, Debug)]
pub struct Readers {
    /// As one sample.
    pub sample: fn(&Path) -> anyhow::Result<Opened>,
    /// One record of a data set.
    pub record: fn(&Path, Place) -> anyhow::Result<Opened>,
    /// As a data set.
    pub set: fn(&Path) -> anyhow::Result<Vec<Record>>,
    /// What a model of that name is: keys and values.
    pub model: fn(&str) -> anyhow::Result<Facts>,
}

/// Which model a name or path means.
fn find(name: String, found: fn(Source) -> FileOutcome) -> FileOutcome {
    match Source::parse(&from_home(name.into()).to_string_lossy()) {
        Ok(source) => found(source),
        Err(error) => FileOutcome::Failed(error.to_string()),
    }
}

fn read(path: &Path, open: impl Fn(&Path) -> anyhow::Result<FileOutcome>) -> FileOutcome {
    // A folder that `datasets` wrote is a data set.
    if path.is_dir() && !path.join("state.json").exists() {
        // Without `..` in it, so that its parent is what one expects.
        return list(path.canonicalize().unwrap_or_else(|_| path.to_owned()));
    }
    open(path).unwrap_or_else(|error| FileOutcome::Failed(format!("{error:#}")))
}

/// The records that have the text; `None` after `cancel`.
fn search(file: PathBuf, text: String, cancel: &Cancel) -> Option<FileOutcome> {
    let wanted = text.to_lowercase();
    let number = |raw: Raw| raw.has(&wanted).then_some(raw.index as u32);
    let numbers = Records::open(&file).and_then(|records| {
        let wanted = records.take_while(|_| !cancel.is_cancelled());
        wanted.filter_map(|raw| raw.map(number).transpose()).collect::<Result<Vec<u32>, DataError>>()
    });
    (!cancel.is_cancelled()).then(|| match numbers {
        Ok(numbers) => FileOutcome::Found { file, text, numbers },
        Err(error) => FileOutcome::Failed(error.to_string()),
    })
}

/// The path with the user's home directory for a leading `~`, if that is known.
pub fn from_home(path: PathBuf) -> PathBuf {
    match (path.strip_prefix("~"), std::env::home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_listed_where_a_file_was_expected() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let outcome = read(&here.join("src/../src/tui/"), |_| anyhow::bail!("it is no file"));
        let FileOutcome::Listed { directory, entries } = outcome else { panic!("{outcome:?}") };
        assert!(directory.ends_with("src/tui") && !directory.ends_with("src/../src/tui"), "{directory:?}");
        assert!(entries.contains(&("files.rs".into(), false)), "{entries:?}");
        let outcome = read(&here.join("none"), |path| anyhow::bail!("reading {}", path.display()));
        assert!(matches!(&outcome, FileOutcome::Failed(text) if text.ends_with("none")), "{outcome:?}");
    }

    #[test]
    fn notes_stand_behind_each_other_and_a_problem_is_told() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("notes");
        assert!(note(&path, "one\n").is_none() && note(&path, "two\n").is_none());
        assert_eq!(std::fs::read_to_string(&path).expect("written"), "one\ntwo\n");
        assert!(matches!(note(directory.path(), "one"), Some(FileOutcome::Failed(text)) if text.contains("notes")));
    }

    #[test]
    fn a_search_ends_where_it_is_cancelled() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("set.jsonl");
        std::fs::write(&file, "{\"text\": \"one\"}\n{\"text\": \"two\"}\n").expect("written");
        let cancel = Cancel::default();
        let found = search(file.clone(), "two".into(), &cancel);
        assert!(matches!(&found, Some(FileOutcome::Found { numbers, .. }) if numbers == &[1]), "{found:?}");
        cancel.cancel();
        assert!(search(file, "two".into(), &cancel).is_none());
    }

    #[test]
    fn a_tilde_is_home_at_the_start_only() {
        let home = std::env::home_dir().unwrap_or_else(|| "~".into());
        assert_eq!(from_home("~/a".into()), home.join("a"));
        assert_eq!(from_home("~a".into()), Path::new("~a"));
        assert_eq!(from_home("/x/~/a".into()), Path::new("/x/~/a"));
    }
}
