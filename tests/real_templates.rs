//! Real chat templates render as in transformers: those of PyPI's trl 1.16.0, which `.ci/run` puts into
//! `target/trl`. `tests/real_templates/reference.py` recorded what is right.

use std::collections::BTreeMap;
use std::path::Path;

use lossglass::sample::{Chat, read_record};
use lossglass::template::{ChatTemplate, Rendered};
use sha2::{Digest, Sha256};

/// Noon of 29 November 2026, a day that is the same nearly everywhere, for templates that name it.
const NOON: i64 = 1_795_953_600;

#[derive(serde::Deserialize)]
struct Expected {
    sha256: String,
    /// Of each chat, without and with a generation prompt: hashes of the text and of its generation spans.
    chats: Vec<[Option<Vec<String>>; 2]>,
}

fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The hashes of what was rendered. Spans count characters.
fn hashes(rendered: &Rendered, with_spans: bool) -> Vec<String> {
    let chars = |byte: usize| rendered.text[..byte].chars().count();
    let spans = rendered.generation.iter().flatten();
    let spans: Vec<String> = spans.map(|span| format!("[{}, {}]", chars(span.start), chars(span.end))).collect();
    let mut hashes = vec![sha256(&rendered.text)];
    hashes.extend(with_spans.then(|| sha256(&format!("[{}]", spans.join(", ")))));
    hashes
}

#[test]
fn real_templates_render_as_in_transformers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/trl");
    if !folder.is_dir() {
        println!("skipped: the templates of trl are not in target/trl; .ci/run fetches them");
        return;
    }
    let chats: Vec<Chat> = include_str!("real_templates/chats.jsonl")
        .lines()
        .map(|line| read_record(serde_json::from_str(line).expect("JSON"), None).expect(line).chat().expect("a chat"))
        .collect();
    let expected: BTreeMap<String, Expected> =
        serde_json::from_str(include_str!("real_templates/expected.json")).expect("the reference");
    let (mut wrong, mut equal, mut refused) = (Vec::new(), 0, 0);
    for (name, expected) in &expected {
        let source = std::fs::read_to_string(folder.join(name)).expect(name);
        assert_eq!(sha256(&source), expected.sha256, "{name} is another one than the reference's");
        let template = ChatTemplate::new(&source, Some("<s>"), Some("</s>"), None).map(|template| template.dated(NOON));
        for (number, (chat, verdicts)) in chats.iter().zip(&expected.chats).enumerate() {
            for (prompt, verdict) in [false, true].into_iter().zip(verdicts) {
                let rendered = template.clone().and_then(|template| template.render(chat, prompt));
                let with_spans = verdict.as_ref().is_some_and(|hashes| hashes.len() == 2);
                match (&rendered, verdict) {
                    (Ok(rendered), Some(expected)) if hashes(rendered, with_spans) == *expected => equal += 1,
                    (Err(_), None) => refused += 1,
                    (Ok(_), None) => wrong.push(format!("{name}, chat {}: rendered here only", number + 1)),
                    (Ok(_), Some(_)) => wrong.push(format!("{name}, chat {}, prompt {prompt}: differs", number + 1)),
                    (Err(error), Some(_)) => wrong.push(format!("{name}, chat {}: {error}", number + 1)),
                }
            }
        }
    }
    println!("{equal} equal, {refused} refused by both, {} other", wrong.len());
    assert!(wrong.is_empty(), "{equal} equal, {refused} refused by both, but\n{}", wrong.join("\n"));
}
