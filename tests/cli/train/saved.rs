//! What is saved: read by the program, by transformers and PEFT, and gone on from.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::{CHAT, distance, events, json, place, steps, train};
use crate::support::{command, json_of, stderr};

/// −log p of every token, by `analyze`.
fn analyzed(model: &str) -> Value {
    let report = json_of(&mut command(&["analyze", "--model", model, "--chat", CHAT, "--format", "json"]));
    report["tokens"].as_array().expect("tokens").iter().map(|token| token["nll"].clone()).collect()
}

#[test]
fn transformers_and_peft_load_what_is_saved_and_so_do_we() {
    let kept = json("tests/cli/train/transformers.json");
    for (name, case) in kept["cases"].as_object().expect("cases") {
        let (_guard, save) = place();
        let args: Vec<&str> = case["arguments"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        let events = events(&[&args[1..], &["--save", &save, "--weights-only"]].concat());
        let nll = &events.last().expect("a last line")["nll"];
        let gap = distance(nll, &case["nll"]);
        assert!(gap < 1e-3, "{name}: {gap} from transformers");
        let gap = distance(nll, &analyzed(&save));
        assert!(gap < 1e-6, "{name}: {gap} after loading it again");
        assert!(!Path::new(&save).join("trainer.json").exists());
    }
}

#[test]
fn a_resumed_run_is_the_uninterrupted_one_to_the_bit() {
    let (_guard, data) = place();
    std::fs::write(&data, (0..5).map(|i| format!("{{\"text\": \"Number {i} it is.\"}}\n")).collect::<String>())
        .expect("written");
    for settings in [
        &["--method", "full"][..],
        &["--method", "full", "--optimizer", "sgd", "--momentum", "0.9", "--schedule", "cosine", "--warmup", "2"],
        &["--method", "lora", "--rank", "2", "--weight-decay", "0.1"],
        &["--method", "lora", "--projections", "qv", "--optimizer", "sgd"],
        &["--method", "last", "--clip", "0.3"],
    ] {
        let start = ["--model", "tests/fixtures/llama", "--data", &data, "--lr", "0.003", "--batch-size", "2"];
        let whole = events(&[&start[..], settings, &["--steps", "6"]].concat());
        // The same run, ended by its first loss, gone on with for two steps, and then to its end.
        let (_guard, save) = place();
        let first = events(&[&start[..], settings, &["--steps", "6", "--until-loss", "100", "--save", &save]].concat());
        let second = events(&["--resume", &save, "--data", &data, "--steps", "2", "--save", &save]);
        let rest = events(&["--resume", &save, "--data", &data]);
        let parts = [steps(&first), steps(&second), steps(&rest)];
        assert_eq!(parts.each_ref().map(Vec::len), [1, 2, 3]);
        assert_eq!(parts.concat(), steps(&whole), "{settings:?}");
        assert_eq!(rest.last(), whole.last(), "{settings:?}");
    }
}

/// Every file of a directory.
pub fn files(directory: &str) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(directory).expect("the directory is there");
    let file = |entry: std::fs::DirEntry| {
        (entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path()).expect("readable"))
    };
    entries.map(|entry| file(entry.expect("an entry"))).collect()
}

/// The directory of a save holds nothing but it.
pub fn no_leftovers(save: &str) {
    let parent = Path::new(save).parent().expect("a parent");
    let left: Vec<_> = std::fs::read_dir(parent).expect("there").filter_map(|entry| entry.ok()).collect();
    assert!(left.iter().all(|entry| entry.file_name() == "save"), "{left:?}");
}

#[test]
fn a_save_takes_the_place_of_a_save() {
    let (_guard, save) = place();
    let args = ["--model", "tests/fixtures/llama", "--chat", CHAT, "--steps", "1", "--lr", "0.002", "--save", &save];
    events(&args);
    let before = files(&save);
    events(&[&args[..], &["--method", "lora"]].concat());
    let after = files(&save);
    assert!(before.contains_key("model.safetensors") && !after.contains_key("model.safetensors"));
    no_leftovers(&save);
    let config: Value = serde_json::from_slice(&after["adapter_config.json"]).expect("JSON");
    assert_eq!(config["peft_type"], "LORA");
    assert!(Path::new(config["base_model_name_or_path"].as_str().expect("a path")).is_absolute());
}

#[test]
fn an_adapter_without_its_base_says_so() {
    let (_guard, save) = place();
    let args = ["--model", "tests/fixtures/llama", "--chat", CHAT, "--method", "lora", "--steps", "1", "--save", &save];
    events(&args);
    let file = Path::new(&save).join("adapter_config.json");
    let mut config: Value = serde_json::from_slice(&std::fs::read(&file).expect("readable")).expect("JSON");
    config["base_model_name_or_path"] = "/no/such/base".into();
    std::fs::write(&file, config.to_string()).expect("written");
    let output = train(&["--model", &save, "--chat", CHAT]);
    let said = stderr(&output);
    assert!(output.status.code() == Some(2) && said.contains("base model") && said.contains("/no/such/base"), "{said}");
}

#[test]
fn what_a_new_adapter_stands_on_is_saved_with_it_where_it_is_nowhere_else() {
    let (_guard, first) = place();
    let (_second_guard, second) = place();
    let lora = ["--chat", CHAT, "--method", "lora", "--lr", "0.02", "--steps", "2", "--clip", "0"];
    events(&[&["--model", "tests/fixtures/llama", "--save", &first], &lora[..]].concat());
    let done = events(&[&["--model", &first, "--save", &second], &lora[..]].concat());
    let nll = &done.last().expect("a last line")["nll"];
    assert!(Path::new(&second).join("model.safetensors").exists(), "the merged weights");
    let gap = distance(nll, &analyzed(&second));
    assert!(gap < 1e-4, "{gap} after merging and loading");
}
