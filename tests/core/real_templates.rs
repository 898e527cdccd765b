//! Real chat templates render as in transformers: those of PyPI's trl 1.16.0, which `.ci/run` puts into
//! `target/trl`. `tests/real_templates/reference.py` recorded what is right.

use std::collections::BTreeMap;
use std::path::Path;

use lossglass::sample::{Chat, read_record};
use lossglass::template::annotate::{Specials, annotate, probes};
use lossglass::template::{Changed, ChatTemplate, Part, Rendered, Segment};
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

fn chats() -> Vec<Chat> {
    let read =
        |line: &str| read_record(serde_json::from_str(line).expect("JSON"), None).expect(line).chat().expect(line);
    include_str!("../real_templates/chats.jsonl").lines().map(read).collect()
}

/// The characters in these spans.
fn covered<'a>(spans: impl Iterator<Item = &'a std::ops::Range<usize>>) -> Vec<usize> {
    spans.cloned().flatten().collect()
}

/// Every template without generation tags gets some, and they hold what mask `assistant` scores, of chats that the
/// annotator does not know too.
#[test]
fn real_templates_are_annotated() {
    let Ok(folder) = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/trl").read_dir() else {
        println!("skipped: the templates of trl are not in target/trl; .ci/run fetches them");
        return;
    };
    let (chats, probes) = (chats(), probes());
    let parse = |source: &str| ChatTemplate::new(source, Some("<s>"), Some("</s>"), None).expect("it parses");
    let mut count = 0;
    for path in folder.map(|entry| entry.expect("a file").path()) {
        let (name, source) = (path.display(), std::fs::read_to_string(&path).expect("a template"));
        let plain = parse(&source);
        if plain.has_generation_tags() {
            continue;
        }
        count += 1;
        let specials = Specials { bos: Some("<s>"), eos: Some("</s>"), pad: None };
        let tagged = parse(&annotate(&source, specials, &probes).unwrap_or_else(|error| panic!("{name}: {error}")));
        for (chat, prompt) in chats.iter().flat_map(|chat| [(chat, false), (chat, true)]) {
            let (Ok(plain), Ok(tagged)) = (plain.render(chat, prompt), tagged.render(chat, prompt)) else { continue };
            assert_eq!(plain.text, tagged.text, "{name}");
            let is_written = |one: &&Segment| {
                let parts = [Part::Content, Part::Reasoning, Part::ToolCall, Part::Stop];
                one.turn.is_some() && one.role.as_deref() == Some("assistant") && parts.contains(&one.part)
            };
            let written = covered(plain.segments.iter().filter(is_written).map(|one| &one.span));
            let is_list = plain.changes.iter().any(|change| change.what == Changed::PrintedAsList);
            assert!(is_list || covered(tagged.generation.iter().flatten()) == written, "{name}: {:?}", plain.text);
        }
    }
    println!("{count} templates annotated");
}

#[test]
fn real_templates_render_as_in_transformers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/trl");
    if !folder.is_dir() {
        println!("skipped: the templates of trl are not in target/trl; .ci/run fetches them");
        return;
    }
    let chats = chats();
    let expected: BTreeMap<String, Expected> =
        serde_json::from_str(include_str!("../real_templates/expected.json")).expect("the reference");
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
