//! A pretraining run's folder as a model: its latest weights, and those along the way.

use std::path::{Path, PathBuf};

/// The latest weights, in a run's folder.
pub const LAST: &str = "last";
/// The weights along the way, by step.
pub const CHECKPOINTS: &str = "checkpoints";

/// Where the latest weights are, if `directory` is a run's folder.
pub fn last(directory: &Path) -> Option<PathBuf> {
    let last = directory.join(LAST);
    (!directory.join("config.json").exists() && last.join("config.json").is_file()).then_some(last)
}

/// The weights along the way and their steps, in order: those of a run's folder, or of a folder of models whose names end
/// in a number, as trainers write `checkpoint-500`.
pub fn checkpoints(directory: &Path) -> Vec<(usize, PathBuf)> {
    let inner = directory.join(CHECKPOINTS);
    let folder = if inner.is_dir() { inner.as_path() } else { directory };
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let step = |path: PathBuf| {
        let name = path.file_name()?.to_str()?;
        let digits = name.len() - name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let step = name[name.len() - digits..].parse().ok()?;
        path.join("config.json").is_file().then_some((step, path))
    };
    let mut found: Vec<_> = entries.flatten().filter_map(|entry| step(entry.path())).collect();
    found.sort();
    found
}
