//! "Score it as …": what each trainer scores, on every template of the set.

use lossglass::mask::{MaskError, Mode, profile};
use lossglass::sequence::Sequence;
use lossglass::template::Part;

use crate::support::templates::{bracketed, template};
use crate::support::text;

/// The chats that trainers are compared on.
const CHATS: [(&str, &str); 7] = [
    (
        "two turns",
        r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"},
            {"role": "user", "content": "c"}, {"role": "assistant", "content": "d"}]"#,
    ),
    (
        "reasoning history",
        r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "reasoning_content": "x"},
            {"role": "user", "content": "c"}, {"role": "assistant", "content": "d", "reasoning_content": "y"}]"#,
    ),
    (
        "tool loop",
        r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "",
            "tool_calls": [{"id": "abcdefghi", "type": "function", "function": {"name": "f", "arguments": {"x": 1}}}]},
            {"role": "tool", "content": "b", "tool_call_id": "abcdefghi"}, {"role": "assistant", "content": "c"}]"#,
    ),
    ("empty content", r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": ""}]"#),
    ("trimmed content", r#"[{"role": "user", "content": " a\n"}, {"role": "assistant", "content": "  b \n"}]"#),
    (
        "system",
        r#"[{"role": "system", "content": "s"}, {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]"#,
    ),
    (
        "weights",
        r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "weight": 0},
            {"role": "user", "content": "c"}, {"role": "assistant", "content": "d", "weight": 1}]"#,
    ),
];

/// Whether the assistant's start, role, header newline, content, stop and last newline are scored: `●`, `–`.
fn row(sequence: &Sequence, name: &str) -> String {
    let mask = profile::find(name).expect(name).mask(sequence).expect("a chat");
    let of_turn: Vec<usize> = (0..sequence.len()).filter(|&t| sequence.tokens[t].turn == Some(1)).collect();
    let group = |t: usize| {
        let token = &sequence.tokens[t];
        match token.part {
            Part::Header if token.special => 0,
            Part::Header if token.text() != "\n" => 1,
            Part::Header => 2,
            Part::Content => 3,
            Part::Stop => 4,
            _ => 5,
        }
    };
    (0..6)
        .map(|wanted| {
            let tokens: Vec<usize> = of_turn.iter().copied().filter(|&t| group(t) == wanted).collect();
            let scored = tokens.iter().filter(|&&t| mask.is_scored(t)).count();
            assert!(!tokens.is_empty() && (scored == 0 || scored == tokens.len()), "{name}: {wanted}");
            if scored > 0 { '●' } else { '–' }
        })
        .collect()
}

#[test]
fn the_table_of_profiles_holds_on_a_chatml_turn() {
    let chatml = template("chatml").of(r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "Hi"}]"#);
    for (name, wanted) in [
        ("axolotl", "–––●●–"),
        ("trl-qwen3", "–––●●●"),
        ("llama-factory", "–––●●●"),
        ("unsloth", "–––●●●"),
        ("trl-qwen2.5", "––●●●●"),
        ("no-stop", "–––●––"),
        ("header", "●●●●●●"),
        ("openai", "–––●●–"),
        ("everything", "●●●●●●"),
        ("no-tags", "––––––"),
    ] {
        assert_eq!(row(&chatml, name), wanted, "{name}");
    }
    assert_eq!(profile::every().len(), 10, "each profile is in the table");
    let default = crate::support::mask(&chatml, Mode::Assistant);
    assert_eq!(
        profile::find("axolotl").expect("a profile").mask(&chatml).expect("a chat").weights(),
        default.weights()
    );
}

/// Every profile on every chat; profiles that agree share a line.
fn page(name: &str) -> String {
    let mut page = String::new();
    for (title, chat) in CHATS {
        let chat = crate::support::templates::chat_of(chat);
        let Some(sequence) = template(name).encode(&chat) else {
            page += &format!("== {title}\nrefused\n");
            continue;
        };
        let mut lines: Vec<(Vec<&str>, String)> = Vec::new();
        for profile in profile::every() {
            let mask = profile.mask(&sequence).expect("a chat");
            assert_eq!(mask.weight(0), 0.0, "{}: nothing predicts the first token", profile.name);
            let marked = bracketed(&sequence, |t| mask.is_scored(t));
            match lines.iter_mut().find(|(_, line)| *line == marked) {
                Some((names, _)) => names.push(&profile.name),
                None => lines.push((vec![&profile.name], marked)),
            }
        }
        page += &format!("== {title}\n");
        lines.iter().for_each(|(names, marked)| page += &format!("{}\n    {marked}\n", names.join(" ")));
    }
    page
}

#[test]
fn profiles_on_every_template() {
    for name in ["chatml", "smollm2", "llama3", "llama31", "gemma", "mistral", "qwen3", "zephyr"] {
        insta::assert_snapshot!(format!("profiles_{name}"), page(name));
    }
}

#[test]
fn every_profile_names_its_source() {
    for profile in profile::every() {
        assert!(profile.source.place.contains('/') && profile.source.says.len() > 20, "{profile:?}");
        assert!(!profile.title.is_empty());
    }
}

#[test]
fn profiles_that_cannot_be_read_say_why() {
    let whole =
        r#"[{"name": "n", "title": "t", "mask": {"mode": "assistant"}, "source": {"document": "d", "says": "s"}}]"#;
    assert_eq!(profile::read(whole).expect("one profile").len(), 1);
    for (from, to, problem) in [
        ("\"title\": \"t\",", "", "it has no `title`"),
        ("\"mode\": \"assistant\"", "", "its mask has no `mode`"),
        ("assistant", "assistants", "unknown mask \"assistants\""),
        ("\"assistant\"}", "\"assistant\", \"eos\": \"on\"}", "unknown option \"eos\""),
        ("\"assistant\"}", "\"assistant\", \"stop\": \"on\"}", "stop cannot be \"on\""),
        ("\"document\": \"d\", ", "", "it has no `repository`"),
        ("\"s\"}}]", "\"s\"}}", "EOF"),
    ] {
        let error = profile::read(&whole.replace(from, to)).expect_err(problem).to_string();
        assert!(error.contains(problem), "{error}");
    }
    let twice = format!("{},{}", &whole[..whole.len() - 1], &whole[1..]);
    assert!(profile::read(&twice).expect_err("twice").to_string().contains("its name is taken"));
    let unknown = profile::find("trl").expect_err("no such profile").to_string();
    assert!(unknown.contains("the profiles are: axolotl, trl-qwen3, "), "{unknown}");
    let raw = text("a b");
    for profile in profile::every() {
        assert_eq!(profile.mask(&raw).expect_err("raw text"), MaskError::NeedsChat(profile.mode));
    }
}

/// Axolotl trains a stop where it is the tokenizer's eos, and no other one.
#[test]
fn axolotl_trains_no_stop_that_is_not_the_eos() {
    let mut sequence =
        template("chatml").of(r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]"#);
    let stop = sequence.tokens.iter().rposition(|token| token.part == Part::Stop).expect("a stop");
    let profile = profile::find("axolotl").expect("there");
    let own = sequence.tokens[stop].id;
    for (ends, is_scored) in [(vec![], true), (vec![own], true), (vec![0], false), (vec![0, own], true)] {
        sequence.ends = ends.clone();
        assert_eq!(profile.mask(&sequence).expect("a chat").is_scored(stop), is_scored, "{ends:?}");
    }
}
