//! `lossglass mask` through the binary itself.

use std::path::Path;
use std::process::Output;

use lossglass::mask::export::weights_of;
use serde_json::Value;

use crate::fixtures::fixture;
use crate::support::{self, command, json_of, lossglass, stderr, stdout};

const MIXED: &str = r#"{"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]}
{"conversations": [{"from": "human", "value": "hi"}, {"from": "gpt", "value": "hello"}]}
{"instruction": "add", "input": "1 2", "output": "3"}
{"prompt": "The capital of France is", "completion": " Paris."}
{"prompt": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}], "completion": [{"role": "assistant", "content": "d"}]}

{broken
{"messages": [{"role": "user", "content": "only the user"}]}
"#;

fn mask(args: &[&str]) -> Output {
    lossglass(&[&["mask"], args].concat())
}

fn json(args: &[&str]) -> Value {
    json_of(&mut command(&[&["mask"], args, &["--format", "json"]].concat()))
}

fn mixed() -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("mixed.jsonl");
    std::fs::write(&path, MIXED).unwrap();
    let path = path.display().to_string();
    (directory, path)
}

fn records(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).expect("a record a line")).collect()
}

#[test]
fn totals_are_the_sums_of_the_records() {
    let (_guard, path) = mixed();
    let report = json(&[&path]);
    let records = report["records"].as_array().unwrap();
    let totals = &report["totals"];
    assert_eq!(records.len(), 7);
    let sum = |key: &str| records.iter().filter_map(|record| record[key].as_u64()).sum::<u64>();
    for key in ["tokens", "targets", "scored"] {
        assert_eq!(totals[key], sum(key), "{key}");
    }
    assert_eq!((&totals["records"], &totals["unreadable"]), (&7.into(), &1.into()));
    let modes: Vec<&str> = records.iter().map(|record| record["mode"].as_str().unwrap_or("–")).collect();
    assert_eq!(modes, ["assistant", "assistant", "assistant", "completion", "custom", "–", "assistant"]);
    let scored: Vec<u64> = records.iter().map(|record| record["scored"].as_u64().unwrap_or(0)).collect();
    assert_eq!((scored[0], scored[1]), (3, 3), "the same chat in two forms");
    assert_eq!(scored[4], 2, "only the completion's turn: its content and stop");
}

#[test]
fn findings_have_record_line_token_and_fix() {
    let (_guard, path) = mixed();
    let report = json(&[&path]);
    let findings = report["findings"].as_array().unwrap();
    let found =
        |code: &str| findings.iter().find(|finding| finding["code"] == code).unwrap_or_else(|| panic!("{code}"));
    let broken = found("unreadable");
    assert_eq!((&broken["record"], &broken["line"], &broken["severity"]), (&5.into(), &7.into(), &"major".into()));
    assert!(broken["message"].as_str().unwrap().contains("is not JSON at column 2"));
    assert_eq!(found("nothing-scored")["line"], 8);
    assert_eq!(found("last-turn-not-assistant")["record"], 6);
    assert!(findings.iter().all(|finding| finding["fix"].as_str().is_some_and(|fix| !fix.is_empty())));
}

#[test]
fn a_check_fails_by_severity() {
    let (_guard, path) = mixed();
    assert_eq!(mask(&[&path]).status.code(), Some(0));
    assert_eq!(mask(&[&path, "--check"]).status.code(), Some(1));
    let chats = "sample_data/chats.jsonl";
    let takes_calls = ["--template", "chatml"];
    let check = |severity| mask(&[&[chats, severity], &takes_calls[..]].concat()).status.code();
    assert_eq!(check("--check=major"), Some(0), "only minor findings");
    assert_eq!(check("--check=minor"), Some(1));
    assert_eq!(mask(&[chats, "--check"]).status.code(), Some(1), "the embedded template drops a tool call");
    assert_eq!(mask(&[chats, "--stop", "none", "--check"]).status.code(), Some(1), "a stop that is never learned");
    assert_eq!(mask(&["no-such-file.jsonl", "--check"]).status.code(), Some(2));
}

/// A template that fails on every record leaves nothing to report: an error, whatever is checked, behind whole output.
#[test]
fn records_none_of_which_can_be_rendered_are_an_error() {
    let (guard, path) = mixed();
    let template = guard.path().join("template.jinja");
    std::fs::write(&template, "{{ raise_exception('no such chat') }}").unwrap();
    let chats = guard.path().join("chats.jsonl");
    std::fs::write(&chats, MIXED.lines().next().unwrap()).unwrap();
    let (template, chats) = (template.to_str().unwrap(), chats.to_str().unwrap());
    for check in [None, Some("--check")] {
        let arguments: Vec<&str> =
            [chats, "--template", template, "--format", "json"].into_iter().chain(check).collect();
        let output = mask(&arguments);
        assert_eq!(output.status.code(), Some(2));
        let said = stderr(&output);
        assert!(said.starts_with(&format!("lossglass: nothing in {chats} could be masked: line 1 ")), "{said}");
        assert!(said.contains("no such chat") && said.lines().count() == 1, "{said}");
        let report = support::json(&output);
        assert_eq!((&report["totals"]["unreadable"], &report["totals"]["complete"]), (&1.into(), &true.into()));
    }
    // Raw text needs no template: one record that can be masked is a report.
    assert_eq!(mask(&[&path, "--template", template]).status.code(), Some(0));
}

#[test]
fn sarif_names_rule_level_and_line() {
    let (_guard, path) = mixed();
    let log = support::json(&mask(&[&path, "--format", "sarif"]));
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    let unreadable = results.iter().find(|result| result["ruleId"] == "unreadable").unwrap();
    assert_eq!(unreadable["level"], "error");
    assert_eq!(unreadable["locations"][0]["physicalLocation"]["region"]["startLine"], 7);
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(results.iter().all(|result| rules.iter().any(|rule| rule["id"] == result["ruleId"])));
}

#[test]
fn a_shown_record_marks_what_is_scored() {
    let (_guard, path) = mixed();
    let page = stdout(&mask(&[&path, "--show", "4"]));
    assert!(page.contains("⟦hello<|im_end|>⟧⏎"), "{page}");
    assert!(page.contains("The capital of France is⟦ Paris.⟧"), "{page}");
    let weighted = stdout(&mask(&[&path, "--show", "1", "--weights", "stop=0.5"]));
    assert!(weighted.contains("⟦hello⟧⟦<|im_end|>⟧×0.5⏎"), "{weighted}");
}

#[test]
fn exports_hold_the_masks_of_the_report() {
    let (guard, path) = mixed();
    let report = json(&[&path]);
    let weights = report["records"].as_array().unwrap().iter().filter_map(|r| r["weight"].as_f64());
    let scored: Vec<f64> = weights.filter(|&weight| weight > 0.0).collect();
    for trainer in ["trl", "axolotl", "labels"] {
        let to = guard.path().join(trainer);
        let output = mask(&[&path, "--export", trainer, "--output", to.to_str().unwrap()]);
        assert!(output.status.success(), "{}", stderr(&output));
        let sums: Vec<f64> = records(&to).iter().map(|record| weights_of(record).unwrap().1.iter().sum()).collect();
        assert_eq!(sums, scored, "{trainer}");
    }
    for trainer in ["openai", "llama-factory"] {
        let to = guard.path().join(trainer);
        let output = mask(&[&path, "--export", trainer, "--output", to.to_str().unwrap()]);
        assert!(stderr(&output).contains("left out 1 record that its form cannot say, the first: line 4 (record 3)"));
        assert_eq!(records(&to).len(), 4, "{trainer}");
    }
    // OpenAI's form is read again and masked by what it says.
    let again = json(&[guard.path().join("openai").to_str().unwrap(), "--mask", "custom"]);
    let weights = |report: &Value, of: usize| report["records"][of]["weight"].clone();
    assert_eq!(weights(&again, 0), weights(&report, 0));
    assert_eq!(weights(&again, 3), weights(&report, 4));
}

#[test]
fn parquet_is_written_and_nothing_half() {
    let (guard, path) = mixed();
    let to = guard.path().join("labels.parquet");
    let output = mask(&[&path, "--export", "labels", "--output", to.to_str().unwrap()]);
    assert!(output.status.success(), "{}", stderr(&output));
    let rows: Vec<Value> = {
        use parquet::file::reader::SerializedFileReader;
        let reader = SerializedFileReader::new(std::fs::File::open(&to).unwrap()).unwrap();
        reader.into_iter().map(|row| row.unwrap().to_json_value()).collect()
    };
    let lines = guard.path().join("labels.jsonl");
    mask(&[&path, "--export", "labels", "--output", lines.to_str().unwrap()]);
    assert_eq!(rows, records(&lines));
    let refused = mask(&[&path, "--export", "openai", "--output", guard.path().join("o.parquet").to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("takes messages, which are written as JSONL"), "{}", stderr(&refused));
    let left: Vec<String> =
        std::fs::read_dir(guard.path()).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into()).collect();
    assert!(!left.iter().any(|name| name.ends_with(".part") || name == "o.parquet"), "{left:?}");
}

#[test]
fn a_weight_that_a_trainer_cannot_say_is_never_lost() {
    let (guard, path) = mixed();
    let to = guard.path().join("trl");
    let output = mask(&[&path, "--weights", "stop=0.5", "--export", "trl", "--output", to.to_str().unwrap()]);
    assert!(stderr(&output).contains("--export labels keeps weights"), "{}", stderr(&output));
    assert_eq!(records(&to).len(), 1, "the text, which has no stop");
}

#[test]
fn a_template_is_annotated() {
    let (guard, path) = mixed();
    let to = guard.path().join("annotated.jinja");
    let output = mask(&[&path, "--export-template", to.to_str().unwrap()]);
    assert!(output.status.success(), "{}", stderr(&output));
    let tagged = json(&[&path, "--template", to.to_str().unwrap(), "--mask", "generation-tags"]);
    let plain = json(&[&path]);
    for record in [0, 1, 2, 6] {
        assert_eq!(tagged["records"][record]["scored"], plain["records"][record]["scored"], "record {record}");
    }
}

#[test]
fn a_pipe_is_seen_as_a_file_is() {
    use std::io::Write;
    use std::process::Stdio;
    let mut command = command(&["mask", "-", "--format", "json"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = command.spawn().expect("the binary starts");
    let mut input = process.stdin.take().unwrap();
    // One record laid out over several lines, which the first bytes alone do not show.
    for piece in [
        "{\n",
        " \"messages\": [\n  {\"role\": \"user\", \"content\": \"a\"},\n",
        "  {\"role\": \"assistant\", \"content\": \"b\"}\n ]\n}\n",
    ] {
        input.write_all(piece.as_bytes()).unwrap();
        input.flush().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    drop(input);
    let output = process.wait_with_output().unwrap();
    let report = support::json(&output);
    assert_eq!((&report["totals"]["records"], &report["totals"]["unreadable"]), (&1.into(), &0.into()));
}

#[test]
fn wrong_arguments_get_one_sentence() {
    let (_guard, path) = mixed();
    for (args, said) in [
        (vec![path.as_str(), "--export", "trl"], "--output"),
        (vec![path.as_str(), "--export", "torchtune", "--output", "x"], "the exports are: trl, axolotl"),
        (vec![path.as_str(), "--format-hint", "chatml"], "the forms are: messages"),
        (vec!["sample_data"], "it is a directory without Arrow files"),
        (vec![path.as_str(), "--mask", "nonsense"], "the masks are: all"),
    ] {
        let output = mask(&args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(stderr(&output).contains(said), "{args:?}: {}", stderr(&output));
    }
}

#[test]
fn records_in_which_nothing_is_scored_are_exported_on_demand_only() {
    let (guard, path) = mixed();
    let file = guard.path().join("out.jsonl");
    let out = file.to_str().unwrap();
    let output = mask(&[&path, "--export", "labels", "--output", out]);
    assert!(stderr(&output).contains("left out 1 record in which nothing is scored"), "{}", stderr(&output));
    let output = mask(&[&path, "--export", "labels", "--output", &path]);
    assert!(stderr(&output).contains("would take the place of the data set itself"), "{}", stderr(&output));
    let scored = records(&file);
    assert!(scored.iter().all(|record| weights_of(record).unwrap().1.iter().any(|&weight| weight != 0.0)));
    let output = mask(&[&path, "--export", "labels", "--output", out, "--keep-unscored"]);
    assert!(!stderr(&output).contains("nothing is scored"), "{}", stderr(&output));
    assert_eq!(records(&file).len(), scored.len() + 1);
}

#[test]
fn what_a_trainers_form_has_no_field_for_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tools.jsonl");
    let call = r#"{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": {"x": 1}}}"#;
    let record = format!(
        r#"{{"messages": [{{"role": "user", "content": "hi"}}, {{"role": "assistant", "content": "", "tool_calls": [{call}]}},
        {{"role": "tool", "content": "2", "tool_call_id": "call_1"}}, {{"role": "assistant", "content": "two"}}]}}"#
    );
    std::fs::write(&path, record.replace('\n', "")).unwrap();
    let (path, out) = (path.to_str().unwrap().to_owned(), directory.path().join("out.jsonl"));
    let output = mask(&[&path, "--export", "llama-factory", "--output", out.to_str().unwrap()]);
    assert!(
        stderr(&output).contains("ids and names around tool calls, of which the data has 2"),
        "{}",
        stderr(&output)
    );
    assert_eq!(records(&out).len(), 1);
}

#[test]
fn special_token_text_is_escaped_on_demand() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("typed.jsonl");
    let record =
        r#"{"messages": [{"role": "user", "content": "a<|im_end|>b"}, {"role": "assistant", "content": "c"}]}"#;
    std::fs::write(&path, record).unwrap();
    let path = path.to_str().unwrap();
    let codes = |report: &Value| report["totals"]["by_code"].to_string();
    let (plain, escaped) = (json(&[path]), json(&[path, "--escape-specials"]));
    assert!(codes(&plain).contains("special-text") && !codes(&escaped).contains("special-text"), "{escaped}");
    assert!(escaped["totals"]["tokens"].as_u64() > plain["totals"]["tokens"].as_u64(), "its text is several tokens");
    assert_eq!(escaped["totals"]["scored"], plain["totals"]["scored"]);
}

#[test]
fn no_weight_of_the_model_is_read() {
    let (guard, path) = mixed();
    let model = guard.path().join("model");
    std::fs::create_dir(&model).unwrap();
    let fixture = fixture("llama");
    for file in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
        std::fs::copy(fixture.join(file), model.join(file)).unwrap();
    }
    // Behind the header every number is NaN, which nobody who reads them takes.
    let mut weights = std::fs::read(fixture.join("model.safetensors")).unwrap();
    let header = 8 + usize::try_from(u64::from_le_bytes(weights[..8].try_into().unwrap())).unwrap();
    weights[header..].fill(0xff);
    std::fs::write(model.join("model.safetensors"), weights).unwrap();
    let model = model.to_str().unwrap();
    let own = fixture.to_str().unwrap();
    assert_eq!(json(&[&path, "--model", model])["totals"], json(&[&path, "--model", own])["totals"]);
    let analyzed = lossglass(&["analyze", "--text", "a", "--model", model]);
    assert_eq!(analyzed.status.code(), Some(2), "{}", stderr(&analyzed));
}
