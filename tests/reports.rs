//! Small inputs after public reports, through the program: what transformers renders, or an error where it raises.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

fn analyze(template: &str, chat: &str, index: &str, more: &[&str]) -> Output {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports");
    Command::new(env!("CARGO_BIN_EXE_lossglass"))
        .args(["analyze", "--format", "json", "--index", index, "--template"])
        .arg(folder.join(template))
        .arg("--chat")
        .arg(folder.join(chat))
        .args(more)
        .output()
        .expect("the program runs")
}

fn rendered(output: &Output) -> Option<String> {
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
    Some(json["source"]["rendered"].as_str()?.to_string())
}

#[test]
fn templates_render_as_in_transformers() {
    let expected: BTreeMap<String, Option<String>> =
        serde_json::from_str(include_str!("reports/rendered.json")).expect("the reference");
    for (name, expected) in expected {
        let [template, chat, index] = name.split(' ').collect::<Vec<_>>()[..] else { panic!("{name}") };
        let output = analyze(template, chat, index, &[]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(if expected.is_some() { 0 } else { 2 }), "{name}: {errors}");
        assert_eq!(rendered(&output), expected, "{name}");
    }
}

#[test]
fn parts_that_a_template_does_not_read_are_found_and_can_be_joined() {
    let (raises, prints) = ("templates/r07-parts-raise", "templates/r06-parts-repr");
    let file = |name: &str, end: &str| format!("{name}.{end}");
    let output = analyze(&file(raises, "jinja"), &file(raises, "json"), "0", &[]);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.contains("message 1") && errors.contains("--join-parts"), "{errors}");
    let joined = analyze(&file(raises, "jinja"), &file(raises, "json"), "0", &["--join-parts"]);
    assert_eq!(rendered(&joined).as_deref(), Some("user: Hello?\nassistant: Reply.\n"));

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports");
    let mask = |more: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_lossglass"))
            .args(["mask", "--check", "--format", "json", "--template"])
            .arg(folder.join(file(prints, "jinja")))
            .arg(folder.join(file(prints, "json")))
            .args(more)
            .output()
            .expect("the program runs")
    };
    let found = mask(&[]);
    assert_eq!(found.status.code(), Some(1));
    let report = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(report.contains("\"parts-printed\"") && report.contains("--join-parts"), "{report}");
    assert!(!String::from_utf8_lossy(&mask(&["--join-parts"]).stdout).contains("parts-printed\",\"severity"));
}

/// Data that looks like JSONL: what it is, and an error where nothing of it can be read.
#[test]
fn data_that_cannot_be_read_is_called_what_it_is() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports/23");
    for (name, code, word) in [
        ("utf16.jsonl", 2, "UTF-16"),
        ("comma.jsonl", 2, "comma"),
        ("nan.jsonl", 0, "NaN"),
        ("bom.jsonl", 0, ""),
        ("crlf.jsonl", 0, ""),
        ("blank.jsonl", 0, ""),
        ("pretty.json", 0, ""),
        ("latin1.jsonl", 0, "line"),
        ("cut.jsonl", 0, "line"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_lossglass")).arg("mask").arg(folder.join(name)).output();
        let output = output.expect("the program runs");
        let said = [&output.stdout[..], &output.stderr[..]].concat();
        let said = String::from_utf8_lossy(&said);
        assert_eq!(output.status.code(), Some(code), "{name}: {said}");
        assert!(said.contains(word), "{name}: {said}");
        assert_eq!(said.contains("unreadable"), matches!(word, "NaN" | "line" | "comma"), "{name}: {said}");
    }
}

/// The documents of a naive pack add up to it: the token at a border is predicted from the document before.
#[test]
fn naive_packs_add_up() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports/16.jsonl");
    let output = Command::new(env!("CARGO_BIN_EXE_lossglass"))
        .args(["analyze", "--pack", "64", "--packing", "naive", "--format", "json", "--mask", "all", "--chat"])
        .arg(&file)
        .output()
        .expect("the program runs");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let documents = json["packing"]["documents"].as_array().expect("documents");
    assert!(documents.len() > 1);
    let scored = |document: &serde_json::Value| document["scored"].as_f64().expect("a count");
    let sum: f64 = documents.iter().map(|one| scored(one) * one["loss"]["naive"].as_f64().unwrap_or(0.0)).sum();
    let total = json["loss"]["sum"].as_f64().expect("a sum");
    assert_eq!(documents.iter().map(scored).sum::<f64>(), json["loss"]["scored"].as_f64().expect("a count"));
    assert!((sum - total).abs() < 1e-9 * total, "{sum} {total}");
}

/// What the model itself writes between the parts of its turn is scored; what the generation prompt supplies is not.
#[test]
fn markers_inside_a_turn_are_scored_with_the_part_they_open_or_close() {
    let scored = |name: &str| {
        let output = analyze(&format!("templates/{name}.jinja"), &format!("templates/{name}.json"), "0", &[]);
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let tokens = json["tokens"].as_array().expect("tokens").iter();
        let text = |token: &serde_json::Value| token["text"].as_str().unwrap_or_default().to_string();
        tokens.filter(|token| token["weight"].as_f64() > Some(0.0)).map(text).collect::<String>()
    };
    let call = scored("m01-call-tail-without-stop");
    assert!(call.contains("<arg_key>days</arg_key>") && call.contains("2</arg_value></tool_call>"), "{call}");
    assert!(!call.contains("<|observation|>") && !call.contains("<|assistant|>"), "{call}");
    assert_eq!(scored("m05-gptoss-final-marker"), "<|channel|>final<|message|>Yo.<|return|>");
}
