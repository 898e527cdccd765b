//! `mask --against`: what TRL and `datasets` made of `sample_data/chats.jsonl`, read back. `tests/prepared/prepare.py` ran
//! them once.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use crate::support::{command, json, stderr, stdout};

fn prepared(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/prepared").join(name)
}

fn against(data: &Path, template: &str, prepared: &Path, more: &[&str]) -> Output {
    let mut command = command(&["mask", "--template"]);
    command.arg(self::prepared(template)).arg(data).arg("--against").arg(prepared).args(more);
    command.output().expect("the program runs")
}

fn chats() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_data/chats.jsonl")
}

/// The chats that end with an answer: the others have no completion.
fn answered(folder: &Path) -> PathBuf {
    let text = std::fs::read_to_string(chats()).expect("the sample");
    let is_answered = |line: &&str| {
        let record: Value = serde_json::from_str(line).expect("JSON");
        record["messages"].as_array().and_then(|all| all.last()?["role"].as_str().map(str::to_owned)).as_deref()
            == Some("assistant")
    };
    let path = folder.join("answered.jsonl");
    std::fs::write(&path, text.lines().filter(is_answered).map(|line| format!("{line}\n")).collect::<String>())
        .expect("writes");
    path
}

fn explained(report: &Value) -> Vec<&str> {
    report["explained_by"].as_array().expect("names").iter().map(|name| name.as_str().expect("a name")).collect()
}

/// Verdict equal, and the mask that explains the file among those named; exit code 0.
fn is_equal(data: &Path, template: &str, file: &str, mask: &str) {
    let output = against(data, template, &prepared(file), &["--format", "json"]);
    let report = json(&output);
    assert_eq!((output.status.code(), &report["verdict"]), (Some(0), &"equal".into()), "{file}: {report}");
    assert!(explained(&report).contains(&mask), "{file}: {:?}", explained(&report));
    let records = report["records"].as_array().expect("records");
    assert!(records.iter().all(|one| one["ids_equal"] == true && one["mask_equal"] == true), "{file}");
}

#[test]
fn what_trl_prepared_is_explained() {
    let directory = tempfile::tempdir().expect("a directory");
    let (all, answered) = (chats(), answered(directory.path()));
    is_equal(&all, "stop.jinja", "stop-assistant.jsonl", "assistant");
    is_equal(&all, "newline.jinja", "newline-assistant.jsonl", "trl-qwen3");
    is_equal(&answered, "stop.jinja", "stop-completion.jsonl", "completion");
    is_equal(&answered, "newline.jinja", "newline-completion.jsonl", "completion");
    is_equal(&all, "stop.jinja", "stop-everything.jsonl", "everything");
}

/// A folder with Arrow files, as `datasets` and with it Axolotl write it; and a file of it.
#[test]
fn a_folder_of_arrow_files_is_read() {
    is_equal(&chats(), "newline.jinja", "newline-assistant", "generation-tags");
    is_equal(&chats(), "newline.jinja", "newline-assistant/data-00000-of-00001.arrow", "unsloth");
    let directory = tempfile::tempdir().expect("a directory");
    let cut = directory.path().join("cut.arrow");
    let whole = std::fs::read(prepared("newline-assistant/data-00000-of-00001.arrow")).expect("a file");
    for length in [5, 100, 3000, whole.len() / 2] {
        std::fs::write(&cut, &whole[..length]).expect("writes");
        let output = against(&chats(), "newline.jinja", &cut, &[]);
        let said = stderr(&output);
        assert!(matches!(output.status.code(), Some(1 | 2)) && !said.contains("panic"), "{length}: {said}");
    }
}

/// Rows of several chats in another order, taken apart where TRL says that they are joined.
#[test]
fn packed_rows_are_taken_apart() {
    let output = against(&chats(), "stop.jinja", &prepared("stop-packed.jsonl"), &["--format", "json"]);
    let report = json(&output);
    let totals = &report["totals"];
    assert!(totals["rows"].as_u64() < totals["documents"].as_u64(), "{totals}");
    assert_eq!((&report["verdict"], &totals["documents"]), (&"equal".into(), &24.into()), "{report}");
}

/// One label that another hand changed: the record, the token and what the trainer does there.
#[test]
fn a_flipped_label_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let flipped = directory.path().join("flipped.jsonl");
    let text = std::fs::read_to_string(prepared("stop-assistant.jsonl")).expect("the rows");
    let mut rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let write = |rows: &[Value]| {
        std::fs::write(&flipped, rows.iter().map(|row| format!("{row}\n")).collect::<String>()).expect("writes");
    };
    // The stop of the only answer of record 3 is left out, and the header of record 5's is scored.
    let stop = rows[3]["labels"].as_array().expect("labels").iter().rposition(|label| *label != -100).expect("a label");
    rows[3]["labels"][stop] = (-100).into();
    let first = rows[5]["labels"].as_array().expect("labels").iter().position(|label| *label != -100).expect("a label");
    rows[5]["labels"][first - 1] = rows[5]["input_ids"][first - 1].clone();
    write(&rows);
    let output = against(&chats(), "stop.jinja", &flipped, &["--format", "json"]);
    let report = json(&output);
    assert_eq!((output.status.code(), &report["verdict"]), (Some(1), &"differs".into()));
    assert_eq!((&report["mask"], explained(&report)), (&"assistant".into(), vec![]));
    let record = &report["records"][3];
    assert_eq!((&record["ids_equal"], &record["mask_equal"]), (&true.into(), &false.into()));
    assert_eq!(record["spans"][0]["tokens"], serde_json::json!([stop, stop + 1]));
    assert_eq!(
        record["spans"][0]["message"],
        format!("the trainer left out the stop of turn 2: token {stop}, <|im_end|>")
    );
    let header = report["records"][5]["spans"][0]["message"].as_str().expect("words");
    assert!(header.starts_with("the trainer scored the header of turn 2: token "), "{header}");
    let page = stdout(&against(&chats(), "stop.jinja", &flipped, &[]));
    assert!(page.contains("verdict   differs") && page.contains("record 3 (line 4; prepared line 4)"), "{page}");
    // A profile that the user names is the one that is compared with.
    let named = json(&against(&chats(), "stop.jinja", &flipped, &["--profile", "trl-qwen3", "--format", "json"]));
    assert_eq!((&named["mask"], &named["totals"]["masks_equal"]), (&"trl-qwen3".into(), &0.into()));
}

/// Another template: the first token that differs, with the text before it. A row that is not there, and one too many.
#[test]
fn other_ids_and_missing_rows_are_named() {
    let report = json(&against(
        &chats(),
        "../reports/tools.jinja",
        &prepared("stop-assistant.jsonl"),
        &["--mask", "assistant", "--format", "json"],
    ));
    assert_eq!((&report["verdict"], &report["totals"]["ids_equal"]), (&"differs".into(), &23.into()), "{report}");
    let difference = &report["records"][19]["first_difference"];
    assert_eq!(difference["there"]["text"], "<|im_end|>", "the trainer's template prints no call: {difference}");
    let directory = tempfile::tempdir().expect("a directory");
    let other = directory.path().join("other.jsonl");
    let text = std::fs::read_to_string(prepared("stop-assistant.jsonl")).expect("the rows");
    let mut rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    rows[0]["input_ids"][3] = 5.into();
    rows[0]["labels"][3] = (-100).into();
    let write = |rows: &[Value]| {
        std::fs::write(&other, rows.iter().map(|row| format!("{row}\n")).collect::<String>()).expect("writes");
    };
    write(&rows);
    let report = json(&against(&chats(), "stop.jinja", &other, &["--format", "json"]));
    let difference = &report["records"][0]["first_difference"];
    assert_eq!((&difference["token"], &difference["there"]["id"]), (&3.into(), &5.into()), "{report}");
    assert!(difference["message"].as_str().expect("words").starts_with("token 3 differs: behind …<|im_start|>user"));
    assert_eq!((&report["totals"]["ids_equal"], &report["totals"]["masks_equal"]), (&23.into(), &23.into()));

    rows.remove(0);
    rows.truncate(21);
    write(&rows);
    let output = against(&chats(), "stop.jinja", &other, &["--format", "json"]);
    let report = json(&output);
    assert_eq!((output.status.code(), &report["totals"]["not_prepared"]), (Some(1), &3.into()), "{report}");
    let no_row = against(&chats(), "stop.jinja", &chats(), &[]);
    assert_eq!(no_row.status.code(), Some(2));
    assert!(stderr(&no_row).contains("has no `input_ids`"), "{}", stderr(&no_row));
}

/// What we export is what we read back.
#[test]
fn our_own_exports_are_equal() {
    let directory = tempfile::tempdir().expect("a directory");
    for (trainer, file) in [("trl", "a.jsonl"), ("axolotl", "b.parquet"), ("labels", "c.parquet")] {
        let path = directory.path().join(file);
        let exported = command(&["mask", "sample_data/chats.jsonl", "--template", "chatml", "--keep-unscored"])
            .args(["--export", trainer, "--output"])
            .arg(&path)
            .output()
            .expect("the program runs");
        assert!(exported.status.success(), "{}", stderr(&exported));
        let output = command(&["mask", "sample_data/chats.jsonl", "--template", "chatml", "--against"])
            .arg(&path)
            .output()
            .expect("the program runs");
        assert_eq!(output.status.code(), Some(0), "{trainer}: {}{}", stdout(&output), stderr(&output));
    }
}

/// Prepared rows alone are a form: masked as their labels say, in the audit and in an analysis.
#[test]
fn prepared_rows_are_a_form_of_their_own() {
    let output = command(&["mask", "--format", "json"]).arg(prepared("newline-assistant")).output().expect("it runs");
    let report = json(&output);
    assert_eq!(
        (&report["records"][0]["form"], &report["records"][0]["mode"]),
        (&"prepared".into(), &"as-prepared".into())
    );
    let rows = std::fs::read_to_string(prepared("newline-assistant.jsonl")).expect("the rows");
    let labels = |row: &str| -> usize {
        let row: Value = serde_json::from_str(row).expect("JSON");
        row["labels"].as_array().expect("labels").iter().filter(|label| **label != -100).count()
    };
    assert_eq!(report["totals"]["scored"], rows.lines().map(labels).sum::<usize>());
    let shown = command(&["analyze", "--format", "json", "--index", "2", "--chat"])
        .arg(prepared("newline-assistant.jsonl"))
        .output()
        .expect("it runs");
    let shown = json(&shown);
    let scored: String = shown["tokens"]
        .as_array()
        .expect("tokens")
        .iter()
        .filter(|token| token["weight"] == 1.0)
        .map(|token| token["text"].as_str().expect("a text"))
        .collect();
    assert_eq!(scored, "The capital of Italy is Rome.<|im_end|>\n");
    assert!(shown["tokens"].to_string().contains("scored: its label is its own id"), "{}", shown["tokens"]);
    // Packed rows are documents apart.
    let packed = command(&["analyze", "--format", "json", "--index", "0", "--chat"])
        .arg(prepared("stop-packed.jsonl"))
        .output()
        .expect("it runs");
    assert!(json(&packed)["packing"]["documents"].as_array().is_some_and(|documents| documents.len() > 1));
}
