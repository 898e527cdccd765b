//! Weights along a training run: the folder of one's own run as a model, and the checkpoints of a model.

use std::path::{Path, PathBuf};

use super::catalogue::{self, Origin};
use super::hub::Address;
use super::{Embedded, Source, early, known::Place};

/// The latest weights, in a run's folder.
pub const LAST: &str = "last";
/// The weights along the way, by step.
pub const CHECKPOINTS: &str = "checkpoints";
/// What stands before the step in the names of checkpoints: ours, and those of other trainers.
const STEMS: [&str; 4] = ["", "checkpoint-", "step", "step-"];

/// The weights along a model's training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// What the model is called.
    pub name: String,
    /// By step, ascending.
    pub checkpoints: Vec<Checkpoint>,
    /// What is to be known of them, if they are not all of one run.
    pub note: Option<String>,
}

/// A model's weights after some steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub step: usize,
    pub source: Source,
    /// Whether they are on this machine.
    pub is_here: bool,
}

/// Where the latest weights are, if `directory` is a run's folder.
pub fn last(directory: &Path) -> Option<PathBuf> {
    let last = directory.join(LAST);
    (!directory.join("config.json").exists() && last.join("config.json").is_file()).then_some(last)
}

/// The weights along the way and their steps, in order: those of a run's folder, or of a folder of models whose names say
/// the step, as trainers write `checkpoint-500`.
pub fn checkpoints(directory: &Path) -> Vec<(usize, PathBuf)> {
    let inner = directory.join(CHECKPOINTS);
    let folder = if inner.is_dir() { inner.as_path() } else { directory };
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let with_step = |path: PathBuf| Some((step(&path)?, path)).filter(|(_, path)| path.join("config.json").is_file());
    let mut found: Vec<_> = entries.flatten().filter_map(|entry| with_step(entry.path())).collect();
    found.sort();
    found
}

/// The step that a checkpoint's name says.
fn step(path: &Path) -> Option<usize> {
    let name = path.file_name()?.to_str()?;
    let digits = name.trim_start_matches(|c: char| !c.is_ascii_digit());
    let stem = name.strip_suffix(digits)?;
    STEMS.contains(&stem).then(|| digits.parse().ok()).flatten()
}

/// What a checkpoint of a run is called: the run's name and the step.
pub(super) fn name(path: &Path) -> Option<String> {
    let folder = path.parent().filter(|folder| folder.file_name().is_some_and(|name| name == CHECKPOINTS))?;
    let run = folder.parent()?.file_name()?.to_string_lossy().into_owned();
    Some(format!("{run}@{}", step(path)?))
}

/// The weights along the training of `source`, as far as any are known: those of its run's folder, of the catalogue,
/// or inside the program.
/// Looks at the disk, never at the network.
pub fn life(source: &Source) -> Option<Life> {
    match source {
        Source::Directory(path) => of_folder(path),
        Source::Hub(address) => of_hub(address),
        Source::Embedded(embedded) => early::life(*embedded),
        Source::Early(_) => early::life(Embedded::TinyBase),
        Source::Gguf(_) => None,
    }
}

fn of_folder(path: &Path) -> Option<Life> {
    let path = path.canonicalize().ok()?;
    let folders = [Some(path.as_path()), path.parent()].into_iter().flatten();
    let (folder, found) = folders.map(|folder| (folder, checkpoints(folder))).find(|(_, found)| found.len() > 1)?;
    let named = match folder.file_name() {
        Some(name) if name == CHECKPOINTS => folder.parent()?.file_name(),
        name => name,
    };
    let checkpoint = |(step, path)| Checkpoint { step, source: Source::Directory(path), is_here: true };
    let checkpoints = found.into_iter().map(checkpoint).collect();
    Some(Life { name: named?.to_string_lossy().into_owned(), checkpoints, note: None })
}

fn of_hub(address: &Address) -> Option<Life> {
    let is_it = |on_hub: &catalogue::OnHub| on_hub.repository == address.repository;
    let (entry, on_hub) = catalogue::entries().iter().find_map(|entry| match &entry.origin {
        Origin::Hub(on_hub) if is_it(on_hub) => Some((entry, on_hub)),
        _ => None,
    })?;
    let revisions = on_hub.checkpoints.revisions();
    if revisions.is_empty() {
        return None;
    }
    let stored = super::known().into_iter().find(|known| known.name == entry.name).map(|known| known.place);
    let is_here = |revision: &String| match &stored {
        Some(Place::Stored { revisions, .. }) => revisions.contains(revision),
        _ => false,
    };
    let of_step = |revision: String| {
        let step = step(Path::new(&revision))?;
        let source = Source::Hub(on_hub.address(Some(&revision)));
        Some(Checkpoint { step, is_here: is_here(&revision), source })
    };
    let checkpoints = sparse(revisions.into_iter().filter_map(of_step).collect());
    Some(Life { name: entry.name.clone(), checkpoints, note: None })
}

/// Of many checkpoints those at four times the steps of the one before, the first and the last: most is learned early.
fn sparse(all: Vec<Checkpoint>) -> Vec<Checkpoint> {
    let count = all.len();
    let mut kept: Vec<Checkpoint> = Vec::new();
    for (i, checkpoint) in all.into_iter().enumerate() {
        let before = kept.last().map(|last| last.step);
        if i + 1 == count || before.is_none_or(|before| checkpoint.step >= 4 * before && checkpoint.step > before) {
            kept.push(checkpoint);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_the_step() {
        let steps =
            ["000100", "checkpoint-500", "step143000", "gpt-2", "last", "llama-7b"].map(|name| step(Path::new(name)));
        assert_eq!(steps, [Some(100), Some(500), Some(143_000), None, None, None]);
        assert_eq!(name(Path::new("runs/mine/checkpoints/000100")), Some("mine@100".into()));
        assert_eq!(name(Path::new("runs/mine/last")), None);
    }

    #[test]
    fn a_model_with_step_revisions_has_a_life_of_some_of_them() {
        let source = Source::parse("pythia-14m").expect("in the catalogue");
        let life = life(&source).expect("it has steps");
        let steps: Vec<usize> = life.checkpoints.iter().map(|checkpoint| checkpoint.step).collect();
        assert_eq!(steps, [0, 1, 4, 16, 64, 256, 2000, 8000, 32000, 128_000, 143_000]);
        assert_eq!(life.checkpoints[3].source.argument(), "EleutherAI/pythia-14m@step16");
        assert_eq!(super::life(&Source::parse("random").expect("embedded")), None);
    }
}
