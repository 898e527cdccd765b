//! Writing a file that is handed out: as a whole or not at all, and over another one only where that is wanted.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Why a file is not written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("{0} is there already")]
    Exists(PathBuf),
    #[error("{path} cannot be written: {problem}")]
    Unwritable { path: PathBuf, problem: String },
}

/// Writes `content` to `path`; a file that is there already is replaced if `replaces`, and stays as it is otherwise.
///
/// # Errors
/// If there is one, or nothing can be written there; then everything is as it was.
pub fn write(path: &Path, content: &[u8], replaces: bool) -> Result<(), FileError> {
    let written = if replaces { replace(path, content) } else { create(path, content) };
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => FileError::Exists(path.to_owned()),
        kind => FileError::Unwritable { path: path.to_owned(), problem: problem(path, kind, &error) },
    })
}

/// Creates the file; what is half written is removed.
///
/// # Errors
/// If there is one already, or it cannot be written.
pub fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(content).inspect_err(|_| drop(fs::remove_file(path)))
}

fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    if path.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    fs::write(&part, content).and_then(|()| fs::rename(&part, path)).inspect_err(|_| drop(fs::remove_file(&part)))
}

/// What is wrong, as one would say it.
fn problem(path: &Path, kind: ErrorKind, error: &io::Error) -> String {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match kind {
        ErrorKind::NotFound => format!("there is no directory {}", parent.display()),
        ErrorKind::PermissionDenied => format!("you may not write in {}", parent.display()),
        ErrorKind::IsADirectory => "it is a directory; give the name of a file".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_only_where_that_is_wanted() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("page.html");
        write(&path, b"one", false).expect("written");
        let error = write(&path, b"two", false).expect_err("it is there").to_string();
        assert!(error.ends_with("page.html is there already"), "{error}");
        assert_eq!(fs::read(&path).expect("read"), b"one");
        write(&path, b"two", true).expect("replaced");
        assert_eq!(fs::read(&path).expect("read"), b"two");
        assert_eq!(fs::read_dir(directory.path()).expect("listed").count(), 1, "nothing else is left there");
    }

    #[test]
    fn what_cannot_be_written_says_why() {
        let directory = tempfile::tempdir().expect("a directory");
        let error = write(&directory.path().join("none/page.html"), b"", false).expect_err("no such place").to_string();
        assert!(error.contains("there is no directory") && error.contains("none"), "{error}");
        let error = write(directory.path(), b"", true).expect_err("a directory").to_string();
        assert!(error.contains("it is a directory"), "{error}");
    }
}
