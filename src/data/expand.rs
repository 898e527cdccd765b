//! From what the user names to files: patterns such as `data/*.jsonl`, where no shell has expanded them.

use std::path::{Path, PathBuf};

use super::DataError;

/// The files that are named: of a pattern those that it matches, sorted; all else as it is.
///
/// # Errors
/// If a pattern is none, matches nothing, or a directory on the way cannot be read.
pub fn expand(named: &[PathBuf]) -> Result<Vec<PathBuf>, DataError> {
    let mut files = Vec::new();
    for path in named {
        match path.to_str().filter(|text| text.contains(['*', '?', '[']) && !path.exists()) {
            None => files.push(path.clone()),
            Some(pattern) => files.extend(matches(path, pattern)?),
        }
    }
    Ok(files)
}

fn matches(path: &Path, pattern: &str) -> Result<Vec<PathBuf>, DataError> {
    let wrong = |reason: String| DataError::Pattern { pattern: path.to_owned(), reason };
    let found = glob::glob(pattern).map_err(|error| wrong(error.msg.into()))?;
    let mut found: Vec<PathBuf> = found.collect::<Result<_, _>>().map_err(|error| wrong(error.to_string()))?;
    if found.is_empty() {
        return Err(DataError::NoMatch { pattern: path.to_owned() });
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_its_files_in_order() {
        let directory = tempfile::tempdir().expect("a directory");
        for name in ["b.jsonl", "a.jsonl", "a[1].jsonl", "c.txt"] {
            std::fs::write(directory.path().join(name), "x").expect("written");
        }
        let expanded = |names: &[&str]| {
            let named: Vec<PathBuf> = names.iter().map(|name| directory.path().join(name)).collect();
            let name = |path: PathBuf| path.file_name().expect("a name").to_string_lossy().into_owned();
            expand(&named).map(|files| files.into_iter().map(name).collect::<Vec<_>>())
        };
        assert_eq!(expanded(&["c.txt", "*.jsonl"]).expect("found"), ["c.txt", "a.jsonl", "a[1].jsonl", "b.jsonl"]);
        assert_eq!(expanded(&["a[1].jsonl"]).expect("found"), ["a[1].jsonl"], "a file's own name is no pattern");
        assert_eq!(expanded(&["none.jsonl"]).expect("for whoever opens it"), ["none.jsonl"]);
        let error = expanded(&["*.csv"]).expect_err("nothing").to_string();
        assert!(error.contains("no file matches") && error.contains("*.csv"), "{error}");
        assert!(expanded(&["a[*.jsonl"]).expect_err("no pattern").to_string().contains("is no pattern of files"));
    }
}
