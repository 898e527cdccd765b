//! `--log`: what TensorBoard and scripts read of a run, while it goes and after it was killed.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use lossglass::board::record::{self, HEAD, TAIL};
use lossglass::board::scalar::Event;
use serde_json::Value;

use super::{CHAT, command, events, place, train};
use crate::support::stderr;

const RUN: [&str; 6] = ["--model", "tests/fixtures/llama", "--chat", CHAT, "--lr", "1e-3"];

/// Step, name and value, which is an f32, of every scalar in the event files of a directory, the last record perhaps half
/// written.
fn scalars(directory: &str) -> Vec<(i64, String, f32)> {
    let mut files: Vec<_> =
        fs::read_dir(directory).expect("a directory").map(|file| file.expect("a file").path()).collect();
    files.sort();
    let mut scalars = Vec::new();
    for file in files {
        let name = file.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(name.starts_with("events.out.tfevents."), "{name}");
        let bytes = fs::read(&file).expect("read");
        let mut rest = &bytes[..];
        while let Some((head, behind)) = rest.split_first_chunk::<HEAD>() {
            let length = usize::try_from(record::length(*head).expect("a head")).expect("short");
            let Some((data, behind)) = behind.split_at_checked(length) else { break };
            let Some((tail, behind)) = behind.split_first_chunk::<TAIL>() else { break };
            assert!(record::is_whole(data, *tail));
            let event = Event::decode(data).expect("an event");
            scalars.extend(event.scalars.into_iter().map(|(name, value)| (event.step, name, value as f32)));
            rest = behind;
        }
    }
    scalars
}

fn lines(directory: &str) -> Vec<Value> {
    let text = fs::read_to_string(Path::new(directory).join("log.jsonl")).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
fn both_logs_have_every_figure_of_every_step() {
    let (_guard, log) = place();
    let printed = events(&[&RUN[..], &["--steps", "4", "--log", "tensorboard", &log, "--log", "jsonl", &log]].concat());
    let lines = lines(&log);
    fs::remove_file(Path::new(&log).join("log.jsonl")).expect("removed");
    let scalars = scalars(&log);
    assert_eq!((lines.len(), scalars.len()), (4, 20));
    for (at, step) in printed.iter().filter(|event| event["event"] == "step").enumerate() {
        let wanted = [
            ("train/loss", &step["loss"]),
            ("train/grad_norm", &step["grad_norm"]),
            ("train/learning_rate", &step["lr"]),
            ("train/scored", &step["scored"].as_f64().into()),
            ("train/epoch", &(at as f64 + 1.0).into()),
        ];
        assert_eq!(lines[at]["step"], step["step"]);
        for (place, (name, value)) in wanted.into_iter().enumerate() {
            assert_eq!(&lines[at][name], value, "{name}");
            let rounded = value.as_f64().expect("a number") as f32;
            assert_eq!(scalars[5 * at + place], (at as i64 + 1, name.to_owned(), rounded));
        }
    }
}

#[test]
fn a_killed_run_can_be_read_and_gone_on_with() {
    let (_guard, log) = place();
    let (_other, save) = place();
    let logs = ["--log", "tensorboard", &log, "--log", "jsonl", &save];
    let mut run = command(&[&RUN[..], &["--steps", "100000"], &logs].concat());
    let mut process = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
    let start = Instant::now();
    while lines(&save).len() < 3 {
        assert!(start.elapsed() < Duration::from_secs(120), "no steps come");
        sleep(Duration::from_millis(20));
    }
    process.kill().expect("killed");
    process.wait().expect("over");
    let (lines, scalars) = (lines(&save), scalars(&log));
    assert!(lines.len() >= 3 && lines.iter().enumerate().all(|(at, line)| line["step"] == at + 1));
    let second = lines[1]["train/loss"].as_f64().expect("a loss") as f32;
    assert!(scalars.len() >= 15 && scalars[5] == (2, "train/loss".into(), second));
    let again = train(&[&RUN[..], &["--steps", "1"], &logs].concat());
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr(&again).contains("has the log of a run already; give another directory"), "{}", stderr(&again));
}

#[test]
fn a_resumed_run_goes_on_in_the_same_log() {
    let (_guard, log) = place();
    let (_other, save) = place();
    let logs = ["--log", "tensorboard", &log];
    events(&[&RUN[..], &["--steps", "2", "--save", &save], &logs].concat());
    events(&[&["--resume", &save, "--chat", CHAT, "--steps", "2"], &logs[..]].concat());
    let losses: Vec<i64> =
        scalars(&log).into_iter().filter(|(_, name, _)| name == "train/loss").map(|(step, ..)| step).collect();
    assert_eq!(losses, [1, 2, 3, 4]);
}

#[test]
fn what_is_no_log_is_refused_before_the_run() {
    let (_guard, log) = place();
    for (args, said) in [
        (&["--log", "csv", &log][..], "--log csv: give tensorboard or jsonl, then a directory"),
        (&["--log", "jsonl"], "2 values required"),
        (&["--log", "jsonl", "Cargo.toml"], "the log in Cargo.toml cannot be written"),
    ] {
        let output = train(&[&RUN[..], &["--steps", "1"], args].concat());
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(stderr(&output).contains(said), "{args:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "{args:?}");
    }
}
