//! Runs of others, as transformers and TRL left them, and as they look while they grow or after they were killed.

use std::fs;
use std::path::Path;

use lossglass::board::{Run, Watch, WatchError};
use serde_json::Value;

use crate::fixtures::fixture;

fn steps(run: &Run, name: &str) -> Vec<usize> {
    run.series.of(name).iter().map(|(step, _)| *step).collect()
}

fn checkpoints(run: &Run) -> Vec<usize> {
    run.checkpoints.iter().map(|checkpoint| checkpoint.step).collect()
}

/// What the event files say is what `trainer_state.json` has of the same run, as f32.
fn agrees_with_the_state(run: &Run, state: &Path) {
    let state: Value = serde_json::from_slice(&fs::read(state).expect("a state")).expect("JSON");
    let names = [
        ("loss", "train/loss"),
        ("grad_norm", "train/grad_norm"),
        ("learning_rate", "train/learning_rate"),
        ("eval_loss", "eval/loss"),
    ];
    let mut compared = 0;
    for entry in state["log_history"].as_array().expect("a history") {
        let step = entry["step"].as_u64().expect("a step") as usize;
        for (key, name) in names {
            let Some(expected) = entry[key].as_f64() else { continue };
            let (at, value) = run.series.at(name, step).expect("logged");
            assert_eq!((at, value as f32), (step, expected as f32), "{name}");
            compared += 1;
        }
    }
    assert!(compared >= 12, "{compared}");
}

#[test]
fn a_run_of_transformers_that_was_killed_and_resumed_is_one_run() {
    let directory = fixture("runs/transformers");
    let mut watch = Watch::begin(&directory).expect("a run");
    let run = watch.run().clone();
    assert_eq!(steps(&run, "train/loss"), (1..=16).collect::<Vec<_>>());
    assert_eq!(steps(&run, "eval/loss"), [4, 8, 12, 16]);
    // Killed after step 10, it went on from checkpoint-8.
    assert_eq!((run.went_back.as_slice(), checkpoints(&run)), (&[9][..], vec![8, 16]));
    assert_eq!((run.total, run.step(), run.is_over()), (Some(16), Some(16), true));
    assert_eq!(run.problems, [] as [String; 0]);
    agrees_with_the_state(&run, &directory.join("checkpoint-16/trainer_state.json"));
    assert!(!watch.look(), "nothing came since");
}

#[test]
fn a_run_of_trl_has_its_own_values_too() {
    let directory = fixture("runs/trl");
    let watch = Watch::begin(&directory).expect("a run");
    let run = watch.run();
    assert_eq!((steps(run, "train/loss"), checkpoints(run), run.total), (vec![2, 4, 6, 8], vec![4, 8], Some(8)));
    assert_eq!(steps(run, "train/entropy"), [2, 4, 6, 8]);
    agrees_with_the_state(run, &directory.join("checkpoint-8/trainer_state.json"));
}

/// Without event files there is what the newest checkpoint tells of the steps before it.
#[test]
fn a_state_alone_is_a_log() {
    for path in ["runs/transformers/checkpoint-8/trainer_state.json", "runs/transformers/checkpoint-8"] {
        let watch = Watch::begin(&fixture(path)).expect("a run");
        let run = watch.run();
        assert_eq!((steps(run, "train/loss"), run.total), ((1..=8).collect(), Some(16)), "{path}");
        assert!(!run.is_over());
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("a directory").flatten() {
        let (path, copied) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &copied);
        } else {
            fs::copy(&path, &copied).expect("copied");
        }
    }
}

fn events(directory: &Path) -> Vec<std::path::PathBuf> {
    let runs = fs::read_dir(directory.join("runs")).expect("logs").flatten();
    let mut files: Vec<_> =
        runs.flat_map(|run| fs::read_dir(run.path()).expect("logs").flatten()).map(|file| file.path()).collect();
    files.sort();
    files
}

/// From an empty directory to the end, with the kill and the checkpoint that is half written at that moment.
#[test]
fn a_run_is_followed_while_it_grows_is_killed_and_goes_on() {
    let (source, here) = (fixture("runs/transformers"), tempfile::tempdir().expect("a directory"));
    let run = here.path();
    let mut watch = Watch::begin(run).expect("an empty directory is a run that has not begun");
    assert!(watch.run().step().is_none() && !watch.look());
    let files = events(&source);
    let first = fs::read(&files[0]).expect("read");
    let to = |file: &Path| run.join(file.strip_prefix(&source).expect("inside"));
    for file in &files {
        fs::create_dir_all(to(file).parent().expect("a directory")).expect("made");
    }
    let mut seen = Vec::new();
    for end in (0..first.len()).step_by(500).chain([first.len()]) {
        fs::write(to(&files[0]), &first[..end]).expect("written");
        watch.look();
        seen.push(steps(watch.run(), "train/loss").len());
    }
    assert!(seen.is_sorted() && seen.contains(&4) && seen.last() == Some(&10), "{seen:?}");
    // The end of the file is lost, as a killed process leaves it.
    fs::write(to(&files[0]), &first[..first.len() - 11]).expect("written");
    assert!(watch.look() && watch.run().problems.is_empty());
    let checkpoint = run.join("checkpoint-8");
    copy(&source.join("checkpoint-8"), &checkpoint);
    let weights = fs::read(checkpoint.join("model.safetensors")).expect("read");
    fs::write(checkpoint.join("model.safetensors"), &weights[..weights.len() / 2]).expect("written");
    watch.look();
    assert!(watch.run().checkpoints.is_empty(), "half a checkpoint is none");
    fs::write(checkpoint.join("model.safetensors"), &weights).expect("written");
    assert!(watch.look());
    assert_eq!((checkpoints(watch.run()), watch.run().went_back.len()), (vec![8], 0));
    fs::copy(&files[1], to(&files[1])).expect("copied");
    assert!(watch.look());
    assert_eq!((watch.run().went_back.clone(), steps(watch.run(), "train/loss")), (vec![9], (1..=16).collect()));
    fs::remove_dir_all(&checkpoint).expect("removed");
    assert!(watch.look() && watch.run().checkpoints.is_empty(), "a trainer keeps only its last ones");
}

#[test]
fn a_damaged_event_file_is_said_and_the_rest_is_read() {
    let here = tempfile::tempdir().expect("a directory");
    copy(&fixture("runs/transformers"), here.path());
    let files = events(here.path());
    let mut bytes = fs::read(&files[1]).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 40].fill(0xee);
    fs::write(&files[1], &bytes).expect("written");
    let mut watch = Watch::begin(here.path()).expect("a run");
    watch.look();
    let run = watch.run();
    let [problem] = &run.problems[..] else { panic!("{:?}", run.problems) };
    assert!(problem.contains("1796056213") && problem.contains("damaged"), "{problem}");
    assert_eq!((steps(run, "train/loss")[..9].to_vec(), checkpoints(run)), ((1..=9).collect(), vec![8, 16]));
}

#[test]
fn what_is_no_run_is_refused_with_what_to_give() {
    let refused = |path: &str| Watch::begin(&fixture(path)).map(|_| ()).unwrap_err();
    assert!(matches!(refused("no-such-run"), WatchError::Missing(_)));
    let error = refused("messages.parquet");
    assert!(matches!(error, WatchError::NoLog(_)) && error.to_string().contains("trainer_state.json"), "{error}");
}
