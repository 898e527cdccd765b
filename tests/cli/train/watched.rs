//! `train --watch` without a terminal.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use super::{command, lines, stderr, stdout, train};

const RUN: &str = "tests/fixtures/runs/transformers";

#[test]
fn a_run_is_printed_as_json_and_each_checkpoint_scores_the_text() {
    let text = "The cat sat on the mat.";
    let output = train(&["--watch", RUN, "--format", "json", "--text", text, "--model", "tests/fixtures/llama"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let events = lines(&output);
    let of = |kind: &str| events.iter().filter(|event| event["event"] == kind).cloned().collect::<Vec<_>>();
    let logs = of("log");
    assert_eq!((logs.len(), logs[3]["step"].as_u64()), (16, Some(4)));
    assert_eq!(logs[0]["values"]["train/loss"].as_f64(), Some(6.2590895));
    assert!(logs[3]["values"]["eval/loss"].is_number() && logs[2]["values"].get("eval/loss").is_none());
    assert_eq!(of("back")[0]["step"], 9);
    let checkpoints = of("checkpoint");
    let steps: Vec<_> = checkpoints.iter().map(|event| event["step"].as_u64().expect("a step")).collect();
    let losses: Vec<_> = checkpoints.iter().map(|event| event["loss"].as_f64().expect("a loss")).collect();
    assert_eq!(steps, [0, 8, 16]);
    assert!(losses[0] > losses[1] && losses[1] > losses[2], "{losses:?}");
    // The same as of the checkpoint by itself.
    let analyzed = crate::support::json_of(&mut crate::support::command(&[
        "analyze",
        "--model",
        "tests/fixtures/runs/transformers/checkpoint-16",
        "--text",
        text,
        "--format",
        "json",
    ]));
    let tokens = analyzed["tokens"].as_array().expect("tokens");
    for (nll, token) in checkpoints[2]["nll"].as_array().expect("values").iter().zip(tokens) {
        let (nll, token) = (nll.as_f64(), token["nll"].as_f64());
        assert!((nll.unwrap_or(0.0) - token.unwrap_or(0.0)).abs() < 1e-5 && nll.is_some() == token.is_some());
    }
    assert_eq!((of("over")[0]["steps"].as_u64(), events.last()), (Some(16), of("over").last()));
}

#[test]
fn words_are_printed_where_nothing_is_said_of_the_form() {
    let output = train(&["--watch", "tests/fixtures/runs/trl"]);
    let text = stdout(&output);
    assert!(output.status.success() && text.starts_with("step 2: train/entropy 6.0538836 · "), "{text}");
    assert!(text.contains("\ncheckpoint 8, tests/fixtures/runs/trl/checkpoint-8\n"), "{text}");
    assert!(text.ends_with("the run is over after 8 steps\n"), "{text}");
}

/// What comes later is printed when it comes.
#[test]
fn a_run_that_grows_is_printed_as_it_grows() {
    let here = tempfile::tempdir().expect("a directory");
    let log = here.path().join("trainer_log.jsonl");
    fs::write(&log, "{\"current_steps\": 1, \"total_steps\": 2, \"loss\": 3.5}\n").expect("written");
    let path = here.path().to_str().expect("UTF-8");
    let mut child =
        command(&["--watch", path, "--format", "json"]).stdout(Stdio::piped()).spawn().expect("the binary starts");
    let mut out = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut next = || out.next().expect("a line").expect("text");
    assert_eq!(next(), r#"{"event":"log","step":1,"values":{"train/loss":3.5}}"#);
    std::thread::sleep(Duration::from_millis(300));
    let more = "{\"current_steps\": 2, \"total_steps\": 2, \"loss\": NaN, \"eval_loss\": 3.25}\n";
    fs::write(&log, fs::read_to_string(&log).expect("read") + more).expect("written");
    assert_eq!(next(), r#"{"event":"log","step":2,"values":{"eval/loss":3.25}}"#);
    assert_eq!(next(), r#"{"event":"over","steps":2}"#);
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn what_cannot_be_watched_is_refused_in_a_sentence() {
    for (args, words) in [
        (&["--watch", "no-such-run"][..], "no-such-run is not there: give the directory that the trainer writes to"),
        (&["--watch", "Cargo.toml"], "Cargo.toml is no log of a run"),
        (&["--watch", RUN, "--steps", "3"], "cannot be used with"),
    ] {
        let output = train(args);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(words), "{args:?}: {}", stderr(&output));
    }
}
