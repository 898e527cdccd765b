//! Lessons by name or from files, and the files beside them.

use std::path::{Component, Path, PathBuf};

use anyhow::{Result, bail};

use crate::app::{shipped, terms};
use crate::command::input;
use crate::lesson::{Lesson, Mistake, SHIPPED, Shelf, named, parse};
use crate::sample::Record;

/// Reads the lesson of that name, else the file; or every mistake in it.
///
/// # Errors
/// If there is no such lesson, or its file cannot be read.
pub fn read(name: &str) -> Result<Result<Lesson, Vec<Mistake>>> {
    if let Some(lesson) = named(name) {
        return Ok(shipped(lesson.source));
    }
    let path = Path::new(name);
    if !path.exists() {
        let names: Vec<&str> = SHIPPED.iter().map(|lesson| lesson.name).collect();
        bail!("there is no lesson {name:?} and no such file; the lessons are {}", names.join(", "));
    }
    let text = input::read_text(path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = |name: &str| beside(folder, name);
    Ok(parse(&text, &Shelf { terms: &terms(), file: &file }))
}

/// The records of a file in the lesson's own folder. A link that leads out of it is refused as well.
fn beside(folder: &Path, name: &str) -> Result<Vec<Record>, String> {
    let is_plain = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    let outside =
        || format!("{name:?} is outside the lesson's folder: a lesson opens files that lie beside it, no others");
    if !is_plain {
        return Err(outside());
    }
    let place = |path: PathBuf| path.canonicalize().map_err(|error| format!("{name}: {error}"));
    let (folder, file) = (place(folder.to_owned())?, place(folder.join(name))?);
    if !file.starts_with(&folder) || !file.is_file() {
        return Err(outside());
    }
    input::records(&file).map_err(|error| format!("{error:#}"))
}
