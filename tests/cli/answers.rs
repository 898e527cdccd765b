//! What the embedded models say: right answers in several forms, an end, and that they do not know.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{self, json_of};

fn generate(args: &[&str]) -> Value {
    let mut command = support::command(&["generate", "--format", "json"]);
    json_of(command.stdin(Stdio::null()).args(args))
}

fn texts(generated: &Value) -> Vec<String> {
    let continuations = generated["continuations"].as_array().expect("a list");
    continuations.iter().map(|one| one["text"].as_str().expect("text").to_owned()).collect()
}

/// What tiny-chat says to a question, and whether it always stopped by itself.
fn answers(question: &str, args: &[&str]) -> (Vec<String>, bool) {
    let chat = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(chat.path(), json!([{"role": "user", "content": question}]).to_string()).expect("written");
    let path = chat.path().to_str().expect("UTF-8");
    let generated = generate(&[&["--model", "tiny-chat", "--chat", path], args].concat());
    let ends = generated["continuations"].as_array().expect("a list").iter().map(|one| &one["end"]);
    (texts(&generated), ends.into_iter().all(|end| end == "stop_token"))
}

#[test]
fn a_right_answer_has_several_forms_and_an_end() {
    let (mut said, stopped) = answers("What is the capital of France?", &["--n", "16", "--temperature", "0.8"]);
    assert!(stopped && said.iter().all(|said| said.contains("Paris")), "{said:?}");
    said.sort();
    said.dedup();
    assert!(said.len() > 1, "{said:?}");
}

#[test]
fn what_a_small_model_cannot_know_it_says_so() {
    for question in ["Who won the race last week?", "What is the capital of Zubrilo?", "What is 381 times 92?"] {
        let (said, stopped) = answers(question, &["--temperature", "0"]);
        let is_modest =
            ["not know", "not sure", "cannot know", "too hard", "only add"].iter().any(|no| said[0].contains(no));
        assert!(stopped && is_modest, "{question} {said:?}");
    }
}

#[test]
fn the_cat_sits_where_cats_sit() {
    let generated =
        generate(&["--text", "The cat sat on the", "--temperature", "0", "--max-tokens", "1", "--top", "6"]);
    let top = generated["continuations"][0]["tokens"][0]["top"].as_array().expect("a list");
    let top: Vec<&str> = top.iter().map(|token| token["text"].as_str().expect("text")).collect();
    assert_eq!(top[0], " mat");
    assert!([" floor", " chair", " bed"].iter().all(|place| top.contains(place)), "{top:?}");
}
