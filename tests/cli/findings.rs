//! What silently goes wrong in training data, through the program: small inputs after public reports.

use std::path::Path;

use serde_json::Value;

use crate::reports::with_another_eos;
use crate::support::{command, json, lossglass, reported, stderr};

/// `mask FILE … --format json`.
fn mask(file: &Path, more: &[&str]) -> Value {
    json(&command(&["mask", "--format", "json"]).arg(file).args(more).output().expect("the program runs"))
}

/// What `--check` says of it.
fn check(file: &Path, more: &[&str]) -> Option<i32> {
    command(&["mask", "--check"]).arg(file).args(more).output().expect("the program runs").status.code()
}

fn template(name: &str) -> String {
    reported(name).display().to_string()
}

/// The findings of that code: record and message of each.
fn found(report: &Value, code: &str) -> Vec<(u64, String)> {
    let findings = report["findings"].as_array().expect("findings").iter();
    let own = findings.filter(|finding| finding["code"] == code);
    own.map(|one| (one["record"].as_u64().expect("a record"), one["message"].as_str().expect("a message").into()))
        .collect()
}

fn records(report: &Value, code: &str) -> Vec<u64> {
    found(report, code).into_iter().map(|(record, _)| record).collect()
}

#[test]
fn a_stop_that_is_not_the_eos_is_named_with_the_profile_that_leaves_it_out() {
    let directory = with_another_eos();
    let model = directory.path().join("model").display().to_string();
    let (file, model) = (reported("01.jsonl"), ["--model", model.as_str()]);
    let report = mask(&file, &model);
    let [(0, message)] = &found(&report, "stop-not-eos")[..] else { panic!("{report}") };
    assert!(message.contains("<|im_end|>") && message.contains("--profile axolotl"), "{message}");
    assert_eq!(check(&file, &model), Some(1));
    assert_eq!(records(&mask(&file, &[]), "stop-not-eos"), [0; 0], "the embedded model's eos is its stop");
}

#[test]
fn a_think_mark_alone_is_found_and_none_where_the_template_pairs_it() {
    let file = reported("03.jsonl");
    let (both, pairs) = (template("03-both-marks.jinja"), template("thinking.jinja"));
    let report = mask(&file, &["--template", &both]);
    assert_eq!(records(&report, "think-unpaired"), [0], "{report}");
    assert_eq!(check(&file, &["--template", &both]), Some(1));
    let report = mask(&file, &["--template", &pairs]);
    assert_eq!(records(&report, "think-unpaired"), [0; 0]);
    let shown = command(&["analyze", "--format", "json", "--mask", "assistant", "--template", &pairs, "--chat"])
        .arg(&file)
        .output()
        .expect("the program runs");
    let tokens = json(&shown)["tokens"].as_array().expect("tokens").clone();
    let part = |part: &str| -> String {
        tokens
            .iter()
            .filter(|token| token["part"] == part)
            .map(|token| token["text"].as_str().expect("a text"))
            .collect()
    };
    assert!(part("reasoning").contains("Six and one make seven."), "{}", part("reasoning"));
    assert_eq!(part("content").replace('\n', ""), "What is 6 plus 1?Seven.");
}

#[test]
fn arguments_that_are_encoded_twice_or_null_or_dropped() {
    let tools = template("tools.jinja");
    let file = reported("06.jsonl");
    let report = mask(&file, &["--template", &tools]);
    let scored: Vec<&Value> = report["records"].as_array().expect("records").iter().map(|one| &one["scored"]).collect();
    assert!(scored[0] == scored[1] && scored[1] == scored[2], "null, empty and absent contents are one: {scored:?}");
    assert_eq!(records(&report, "arguments-encoded-twice"), [3, 4, 5], "{report}");
    assert_eq!(check(&file, &["--template", &tools]), Some(0), "minor");
    // The embedded model's template drops the calls.
    let report = mask(&file, &[]);
    assert!(records(&report, "data-dropped").contains(&1), "{report}");
    assert_eq!(check(&file, &[]), Some(1));

    let report = mask(&reported("07.jsonl"), &["--template", &tools]);
    assert_eq!(records(&report, "null-arguments"), [0, 1]);
    assert!(
        found(&report, "null-arguments")[0].1.contains("a tool call in message 2 has an argument that is null"),
        "{report}"
    );
}

/// The same through Parquet, whose columns every call shares.
#[test]
fn nulls_that_a_table_adds_are_found() {
    use parquet::data_type::{ByteArray, ByteArrayType};
    use parquet::file::writer::SerializedFileWriter;
    let schema = "message row { optional group messages (LIST) { repeated group list { optional group element {
        optional binary role (UTF8); optional binary content (UTF8); optional group tool_calls (LIST) { repeated group list {
        optional group element { optional group function { optional binary name (UTF8); optional group arguments {
        optional binary text (UTF8); optional binary to (UTF8); } } } } } } } } }";
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("calls.parquet");
    let schema = std::sync::Arc::new(parquet::schema::parser::parse_message_type(schema).expect("a schema"));
    let mut writer =
        SerializedFileWriter::new(std::fs::File::create(&path).expect("a file"), schema, Default::default())
            .expect("a writer");
    let mut group = writer.next_row_group().expect("a group");
    // A user's message, and an answer whose call has one of the two arguments.
    let columns: [(&[&str], &[i16], &[i16]); 5] = [
        (&["user", "assistant"], &[4, 4], &[0, 1]),
        (&["a", ""], &[4, 4], &[0, 1]),
        (&["say"], &[3, 8], &[0, 1]),
        (&["hi"], &[3, 9], &[0, 1]),
        (&[], &[3, 8], &[0, 1]),
    ];
    for (texts, definitions, repetitions) in columns {
        let mut column = group.next_column().expect("a column").expect("as many as in the schema");
        let texts: Vec<ByteArray> = texts.iter().map(|text| ByteArray::from(*text)).collect();
        column.typed::<ByteArrayType>().write_batch(&texts, Some(definitions), Some(repetitions)).expect("writes");
        column.close().expect("closes");
    }
    group.close().expect("closes");
    writer.close().expect("closes");
    let report = mask(&path, &["--template", &template("tools.jinja")]);
    assert_eq!(records(&report, "null-arguments"), [0], "{report}");
}

#[test]
fn a_completion_without_an_end_is_found_and_ended() {
    let file = reported("11.jsonl");
    let report = mask(&file, &[]);
    assert_eq!(records(&report, "end-absent"), [0], "{report}");
    assert_eq!(check(&file, &[]), Some(1));
    let tokens = |report: &Value| report["totals"]["tokens"].as_u64().expect("a count");
    let directory = tempfile::tempdir().expect("a directory");
    let out = directory.path().join("labels.jsonl").display().to_string();
    for ended in [&["--append-eos"][..], &["--profile", "axolotl"], &["--profile", "trl-qwen3"]] {
        let ends = mask(&file, ended);
        assert_eq!(records(&ends, "end-absent"), [0; 0], "{ended:?}");
        assert_eq!(check(&file, ended), Some(0));
        assert_eq!(tokens(&ends), tokens(&report) + 1, "{ended:?}");
        json(
            &command(&["mask", "--format", "json", "--export", "labels", "--output", &out])
                .arg(&file)
                .args(ended)
                .output()
                .expect("the program runs"),
        );
        let row: Value = serde_json::from_str(&std::fs::read_to_string(&out).expect("a file")).expect("a row");
        let last = |key: &str| row[key].as_array().and_then(|list| list.last().cloned()).expect("a token");
        assert_eq!(last("labels"), last("input_ids"), "the end is scored");
    }
    let refused =
        command(&["mask", "--profile", "openai", "--mask", "all"]).arg(&file).output().expect("the program runs");
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn a_border_inside_a_token_says_what_a_cut_at_the_prompt_would_score() {
    let report = mask(&reported("13.jsonl"), &[]);
    let straddlers = found(&report, "straddler-at-border");
    let records_of: Vec<u64> = straddlers.iter().map(|(record, _)| *record).collect();
    assert_eq!(records_of, [1, 2], "{report}");
    assert!(straddlers.iter().all(|(_, message)| message.contains("would score nothing")), "{straddlers:?}");
    assert_eq!(records(&report, "trailing-space"), [1]);
}

#[test]
fn weights_of_the_data_that_the_mask_ignores() {
    let file = reported("e1.jsonl");
    let report = mask(&file, &[]);
    let [(0, message)] = &found(&report, "weight-ignored")[..] else { panic!("{report}") };
    assert!(message.starts_with("message 2 has the weight 0"), "{message}");
    assert_eq!(records(&mask(&file, &["--mask", "custom"]), "weight-ignored"), [0; 0]);
}

#[test]
fn a_stop_mark_in_a_scored_answer_is_major() {
    let file = reported("e5.jsonl");
    assert_eq!(records(&mask(&file, &[]), "stop-typed"), [0]);
    assert_eq!(check(&file, &[]), Some(1));
    assert_eq!(check(&file, &["--escape-specials"]), Some(0));
}

#[test]
fn records_that_repeat_others_are_found() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("twice.jsonl");
    let chat = |user: &str, answer: &str| serde_json::json!({"messages": [{"role": "user", "content": user}, {"role": "assistant", "content": answer}]});
    let lines = [
        chat("a", "b"),
        chat("c", "d"),
        chat("a", "e"),
        chat("c", "d"),
        serde_json::json!({"prompt": "one", "completion": " two"}),
        serde_json::json!({"prompt": "one", "completion": " three"}),
        serde_json::json!({"messages": [{"role": "assistant", "content": "only"}]}),
        serde_json::json!({"messages": [{"role": "assistant", "content": "answers"}]}),
    ];
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(&file, text).expect("writes");
    let report = mask(&file, &[]);
    assert_eq!(
        found(&report, "prompt-repeated"),
        [
            (2, "its prompt is that of record 0, its answer another".into()),
            (5, "its prompt is that of record 4, its answer another".into()),
        ]
    );
    assert_eq!(found(&report, "duplicate"), [(3, "it says what record 1 says".into())]);
}

/// What is found of data that is as it should be: nothing of all that.
#[test]
fn the_samples_are_no_false_alarms() {
    let silent = [
        "stop-not-eos",
        "stop-typed",
        "end-absent",
        "data-dropped",
        "think-unpaired",
        "weight-ignored",
        "arguments-encoded-twice",
        "null-arguments",
        "prompt-repeated",
        "duplicate",
    ];
    let samples = ["capital.json", "turns.json", "system.json", "reasoning.json", "tool_call.json", "chats.jsonl"];
    let clean = ["01.jsonl", "08.jsonl", "16.jsonl", "parts.jsonl"].map(reported);
    let samples = samples.map(|name| Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_data").join(name));
    for file in samples.iter().chain(&clean) {
        // What only repeats itself on purpose is no sample of it.
        let more = if file.ends_with("08.jsonl") { &silent[..8] } else { &silent[..] };
        // Two of the samples have weights of their own.
        let report = mask(file, &["--template", "chatml", "--join-parts", "--mask", "custom"]);
        let by_code = report["totals"]["by_code"].as_array().expect("codes");
        let found: Vec<&Value> = by_code.iter().filter(|one| more.iter().any(|code| one["code"] == *code)).collect();
        assert!(found.is_empty(), "{}: {found:?}", file.display());
    }
    let unused = lossglass(&["mask", "sample_data/chats.jsonl", "--check", "--template", "chatml"]);
    assert_eq!(unused.status.code(), Some(0), "{}", stderr(&unused));
}
