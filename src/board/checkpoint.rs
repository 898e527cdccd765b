//! The checkpoints of a run: directories that a trainer writes while somebody may be looking.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::state::State;

/// What transformers calls them, before the step.
const NAME: &str = "checkpoint-";
/// How long nothing may have changed in a checkpoint that has no state beside its weights.
const QUIET: Duration = Duration::from_secs(15);
/// Bytes of a header that is read.
const HEADER: u64 = 64 << 20;

/// A checkpoint that is written to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub step: usize,
    pub directory: PathBuf,
    /// When it was written; the same step may be reached again, with other weights.
    pub written: SystemTime,
}

/// Those that are whole, by step. `known` are those that were whole before.
pub fn find(run: &Path, known: &[Checkpoint]) -> Vec<Checkpoint> {
    let entries = fs::read_dir(run).into_iter().flatten().flatten();
    let steps = entries.filter_map(|entry| Some((step(&entry.file_name().to_string_lossy())?, entry.path())));
    let mut found: Vec<Checkpoint> = steps.filter_map(|(step, directory)| whole(step, directory, known)).collect();
    found.sort_by_key(|checkpoint| checkpoint.step);
    found
}

/// The step of a checkpoint of that name.
pub fn step(name: &str) -> Option<usize> {
    name.strip_prefix(NAME)?.parse().ok()
}

fn whole(step: usize, directory: PathBuf, known: &[Checkpoint]) -> Option<Checkpoint> {
    let state = directory.join("trainer_state.json");
    let written = modified(&state).or_else(|| latest(&directory).filter(|&latest| is_quiet(latest)))?;
    let checkpoint = Checkpoint { step, directory, written };
    if known.contains(&checkpoint) {
        return Some(checkpoint);
    }
    let is_said = match fs::read(&state) {
        Ok(text) => State::read(&text).is_some_and(|state| state.step == step),
        Err(_) => true,
    };
    (is_said && has_weights(&checkpoint.directory)).then_some(checkpoint)
}

/// Whether the weights, all of them, are as long as they say.
fn has_weights(directory: &Path) -> bool {
    let files: Vec<PathBuf> = match fs::read(directory.join("model.safetensors.index.json")) {
        Ok(index) => {
            let Ok(index) = serde_json::from_slice::<Value>(&index) else { return false };
            let shards = index["weight_map"].as_object().into_iter().flat_map(|map| map.values());
            shards.filter_map(Value::as_str).map(|shard| directory.join(shard)).collect()
        }
        Err(_) => {
            let names = ["model.safetensors", "adapter_model.safetensors"].map(|name| directory.join(name));
            names.into_iter().filter(|file| file.is_file()).collect()
        }
    };
    !files.is_empty() && files.iter().all(|file| is_whole(file).unwrap_or(false))
}

/// Whether a safetensors file is as long as its header says.
fn is_whole(file: &Path) -> Option<bool> {
    let mut file = File::open(file).ok()?;
    let mut length = [0; 8];
    file.read_exact(&mut length).ok()?;
    let length = u64::from_le_bytes(length);
    let mut header = Vec::new();
    (&mut file).take(length.min(HEADER)).read_to_end(&mut header).ok()?;
    let header: Value = serde_json::from_slice(&header).ok()?;
    let tensors = header.as_object()?.iter().filter(|(name, _)| *name != "__metadata__");
    let ends = tensors.map(|(_, tensor)| tensor["data_offsets"][1].as_u64());
    let data = ends.collect::<Option<Vec<u64>>>()?.into_iter().max()?;
    Some(file.metadata().ok()?.len() == 8 + length + data)
}

fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|file| file.modified()).ok()
}

/// When something in it was written last.
fn latest(directory: &Path) -> Option<SystemTime> {
    fs::read_dir(directory).ok()?.flatten().filter_map(|entry| modified(&entry.path())).max()
}

fn is_quiet(latest: SystemTime) -> bool {
    SystemTime::now().duration_since(latest).is_ok_and(|age| age > QUIET)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights() -> Vec<u8> {
        let header = br#"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}"#;
        [&(header.len() as u64).to_le_bytes()[..], header, &[0; 8]].concat()
    }

    #[test]
    fn a_checkpoint_counts_once_it_is_written_to_its_end() {
        let run = tempfile::tempdir().expect("a directory");
        let folder = run.path().join("checkpoint-8");
        let found = || find(run.path(), &[]).iter().map(|checkpoint| checkpoint.step).collect::<Vec<_>>();
        fs::create_dir(&folder).expect("made");
        fs::create_dir(run.path().join("checkpoint-best")).expect("made");
        assert!(found().is_empty());
        let all = weights();
        fs::write(folder.join("model.safetensors"), &all[..all.len() - 1]).expect("written");
        fs::write(folder.join("trainer_state.json"), "{\"global_step\": 8, \"log_his").expect("written");
        assert!(found().is_empty(), "both are half written");
        fs::write(folder.join("model.safetensors"), &all).expect("written");
        assert!(found().is_empty(), "the state is still");
        fs::write(folder.join("trainer_state.json"), "{\"global_step\": 8, \"log_history\": []}").expect("written");
        assert_eq!(found(), [8]);
        fs::remove_file(folder.join("trainer_state.json")).expect("removed");
        assert!(found().is_empty(), "without a state it is waited until nothing changes");
    }

    #[test]
    fn every_shard_is_there() {
        let run = tempfile::tempdir().expect("a directory");
        let folder = run.path().join("checkpoint-2");
        fs::create_dir(&folder).expect("made");
        fs::write(folder.join("trainer_state.json"), "{\"global_step\": 2, \"log_history\": []}").expect("written");
        let index = "{\"weight_map\": {\"a\": \"one.safetensors\", \"b\": \"two.safetensors\"}}";
        fs::write(folder.join("model.safetensors.index.json"), index).expect("written");
        fs::write(folder.join("one.safetensors"), weights()).expect("written");
        assert!(find(run.path(), &[]).is_empty());
        fs::write(folder.join("two.safetensors"), weights()).expect("written");
        assert_eq!(find(run.path(), &[]).len(), 1);
    }
}
