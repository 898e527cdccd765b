//! Data sets as they are shipped: layouts and forms, streamed.

use std::fmt::Write as _;
use std::path::PathBuf;

use lossglass::data::{Raw, Records};
use lossglass::sample::{Form, Record, Sample, read_record};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::parquet::parquet;

const CHAT: &str = r#"{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}"#;

fn file(content: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data");
    std::fs::write(&path, content).unwrap();
    (directory, path)
}

fn raws(content: impl AsRef<[u8]>) -> Vec<Raw> {
    let (_guard, path) = file(content);
    Records::open(&path).unwrap().map(Result::unwrap).collect()
}

/// "INDEX@PLACE first words" of each record, or what is wrong with it.
fn read(content: impl AsRef<[u8]>) -> Vec<String> {
    let line = |raw: Raw| {
        let at = format!("{}@{}", raw.index, raw.place);
        match raw.read(None) {
            Ok(Record { sample: Sample::Text(text), .. }) => format!("{at} {text}"),
            Ok(Record { sample: Sample::Chat(chat), .. }) => format!("{at} <{}>", chat.messages[0].content),
            Ok(Record { sample: Sample::Prepared(row), .. }) => format!("{at} {:?}", row.ids),
            Err(bad) => format!("{at} ! {bad}"),
        }
    };
    raws(content).into_iter().map(line).collect()
}

#[test]
fn every_layout_of_a_file() {
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(CHAT).unwrap()).unwrap();
    let messages = r#"[{"role": "user", "content": "m"}]"#;
    for (content, wanted) in [
        (format!("{CHAT}\n\n{{\"text\": \"t\"}}\n"), vec!["0@1 <a>", "1@3 t"]),
        (format!("\u{feff}\n{CHAT}"), vec!["0@2 <a>"]),
        (pretty.clone(), vec!["0@1 <a>"]),
        (format!("[{CHAT}, {{\"text\": \"t\"}}]"), vec!["0@1 <a>", "1@1 t"]),
        (format!("[\n{pretty},\n {{\"text\": \"],\\\"{{\"}}\n]\n"), vec!["0@2 <a>", "1@14 ],\"{"]),
        (messages.into(), vec!["0@1 <m>"]),
        (format!("{messages}\n{messages}\n"), vec!["0@1 <m>", "1@2 <m>"]),
        (format!("[\n{}", &messages[1..]), vec!["0@1 <m>"]),
        (format!("[{messages}, {messages}]"), vec!["0@1 <m>", "1@1 <m>"]),
        ("[]\n".into(), vec![]),
        (format!("[{CHAT},]"), vec!["0@1 <a>"]),
    ] {
        assert_eq!(read(&content), wanted, "{content}");
    }
}

#[test]
fn what_cannot_be_read_at_all_says_so() {
    let error = |content: &[u8]| {
        let (_guard, path) = file(content);
        Records::open(&path).err().expect("nothing to read").to_string()
    };
    assert!(error(b" \n").contains("is empty; give JSONL"));
    assert!(error(b"PAR1 and no more").contains("is not Parquet that can be read"));
    let missing = Records::open(&PathBuf::from("no such file")).err().expect("none").to_string();
    assert!(missing.contains("reading no such file"), "{missing}");
    let directory = Records::open(&std::env::temp_dir()).err().expect("none").to_string();
    assert!(directory.contains("it is a directory"), "{directory}");
}

#[test]
fn every_form_is_found_and_read() {
    let chat = |record: Value| {
        let read = read_record(record, None).unwrap();
        let Sample::Chat(chat) = read.sample else { panic!("no chat") };
        let said = |m: &lossglass::sample::Message| format!("{}:{}", m.role, m.content);
        (read.form, chat.messages.iter().map(said).collect::<Vec<_>>().join(" "), chat)
    };
    let (form, said, _) =
        chat(json!({"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}],
                                      "system": "s", "tools": "[{\"name\": \"f\"}]"}));
    assert_eq!((form, said.as_str()), (Form::ShareGpt, "system:s user:a assistant:b"));
    let (_, said, calls) = chat(json!({"conversations": [{"from": "human", "value": "a"},
        {"from": "function_call", "value": "{\"name\": \"f\", \"arguments\": {\"x\": 1}}"},
        {"from": "observation", "value": "1"}, {"from": "gpt", "value": "b", "weight": 0.5}]}));
    assert_eq!(said, "user:a assistant: tool:1 assistant:b");
    assert_eq!(calls.messages[1].tool_calls[0]["function"]["arguments"]["x"], 1);
    assert_eq!(calls.messages[3].weight, Some(0.5));
    let (form, said, _) = chat(json!({"instruction": "i", "input": "x", "output": "o", "history": [["a", "b"]]}));
    assert_eq!((form, said.as_str()), (Form::Alpaca, "user:a assistant:b user:i\nx assistant:o"));
    assert_eq!(chat(json!({"instruction": "i", "input": "", "output": "o"})).1, "user:i assistant:o");
    let (form, said, both) =
        chat(json!({"prompt": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
                                         "completion": [{"role": "assistant", "content": "c"}]}));
    assert_eq!((form, said.as_str()), (Form::PromptCompletion, "user:a assistant:b assistant:c"));
    assert_eq!((both.messages[1].train, both.messages[2].train), (Some(false), None));
    let texts = read_record(json!({"prompt": "ä b", "completion": " c"}), None).unwrap();
    assert_eq!((texts.sample, texts.split), (Sample::Text("ä b c".into()), Some(3)));
    // The fields of two forms: the hint says which is meant.
    let both = json!({"text": "t", "messages": [{"role": "user", "content": "a"}]});
    assert_eq!(read_record(both.clone(), None).unwrap().form, Form::Messages);
    assert_eq!(read_record(both, Some(Form::Text)).unwrap().sample, Sample::Text("t".into()));
}

#[test]
fn every_mistake_in_a_form_says_what_to_do() {
    for (record, hint, said) in [
        (json!({"foo": 1, "bar": 2}), None, "has foo, bar: none of the forms"),
        (json!({}), None, "has no fields: none of the forms"),
        (json!(3), None, "is a number, not a chat"),
        (json!({"conversations": 3}), None, "has a number as `conversations`"),
        (json!({"conversations": [{"from": "gpt"}]}), None, "has no value in message 1"),
        (json!({"conversations": [{"value": "a"}]}), None, "has no role in message 1"),
        (json!({"conversations": []}), None, "has no messages to learn from"),
        (json!({"conversations": [{"from": "function_call", "value": "f("}]}), None, "is not JSON"),
        (json!({"instruction": "i", "output": 3}), None, "has a number as `output`"),
        (json!({"instruction": "i", "output": "o", "history": [1]}), None, "not pairs of texts"),
        (json!({"prompt": "p", "completion": []}), None, "has a list as `completion`"),
        (json!({"prompt": [], "completion": "c"}), None, "make it a list too"),
        (
            json!({"messages": [{"role": "user", "content": "a"}], "tools": "{"}),
            None,
            "`tools` in a string that is not JSON",
        ),
        (json!({"messages": []}), Some(Form::Alpaca), "has no `instruction`"),
        (json!([]), Some(Form::Text), "is a list, not an object"),
    ] {
        let problem = read_record(record.clone(), hint).expect_err("bad");
        assert!(problem.contains(said), "{record}: {problem}");
    }
    assert!("chatml".parse::<Form>().unwrap_err().to_string().contains("the forms are: messages, sharegpt"));
}

#[test]
fn rows_of_parquet_are_records() {
    assert_eq!(read(parquet(&["a", "b", "c"], 2)), ["0@1 a", "1@2 b", "2@3 c"]);
    // As data sets on the Hub have them: a list of structs.
    let shipped = include_bytes!("../fixtures/messages.parquet");
    let first = raws(shipped).remove(0).read(None).unwrap();
    let Sample::Chat(chat) = first.sample else { panic!("a chat") };
    assert_eq!(chat.messages.iter().map(|m| m.role.as_str()).collect::<Vec<_>>(), ["user", "assistant"]);
    assert_eq!(chat.messages[1].content, "Hello there.");
}

#[test]
fn bad_records_by_the_thousand_are_each_named_with_their_line() {
    let bad = ["{", "nope", "[1", "{\"messages\": 3}", "{\"text\": 1}", "\u{1b}[31m", "{\"messages\": [{}]}", "null"];
    let mut content = String::new();
    for line in 0..4000 {
        let record = if line % 3 == 0 { CHAT } else { bad[line % bad.len()] };
        writeln!(content, "{record}").unwrap();
    }
    let lines = read(&content);
    assert_eq!(lines.len(), 4000);
    for (index, line) in lines.iter().enumerate() {
        let start = format!("{index}@{} ", index + 1);
        let said = line.strip_prefix(&start).unwrap_or_else(|| panic!("{line}"));
        match index % 3 {
            0 => assert_eq!(said, "<a>"),
            _ => assert!(said.starts_with(&format!("! line {} (record {index}) ", index + 1)), "{line}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_to_their_end(content in proptest::collection::vec(
        prop_oneof![Just(b'['), Just(b']'), Just(b'{'), Just(b'}'), Just(b'"'), Just(b'\\'), Just(b','), Just(b'\n'), any::<u8>()], 0..200)
    ) {
        let (_guard, path) = file(&content);
        if let Ok(records) = Records::open(&path) {
            for (index, raw) in records.enumerate() {
                let raw = raw.unwrap();
                prop_assert_eq!(raw.index, index);
                let _ = raw.read(None);
            }
        }
    }

    #[test]
    fn a_list_and_lines_hold_the_same(texts in proptest::collection::vec(".{0,20}", 1..20)) {
        let records: Vec<String> = texts.iter().map(|text| json!({"text": text}).to_string()).collect();
        let strip = |lines: Vec<String>| -> Vec<String> {
            lines.into_iter().map(|line| line.split_once(' ').unwrap().1.to_string()).collect()
        };
        let as_lines = strip(read(records.join("\n")));
        let as_list = strip(read(format!("[{}]", records.join(",\n"))));
        prop_assert_eq!(&as_lines, &texts);
        prop_assert_eq!(as_list, as_lines);
    }
}

/// `printf '{"text": "one"}\n{"text": "two"}\n' | xz -9e`
const PACKED: &str = concat!(
    "fd377a585a000004e6d6b446020021011c00000010cf58cce0001f001b5d003d888a86948813e0f38724b7683609cc4c",
    "77525eaa817cd91dd50000000c5d8e09a55904ae00013720d735ef8b1fb6f37d010000000004595a"
);

#[test]
fn a_file_packed_with_xz_is_read_as_what_is_in_it() {
    let bytes: Vec<u8> =
        (0..PACKED.len()).step_by(2).map(|at| u8::from_str_radix(&PACKED[at..at + 2], 16).unwrap()).collect();
    assert_eq!(read(&bytes), ["0@1 one", "1@2 two"]);
    // Of several packed files one behind the other all; and a record again, by its place.
    let twice = [bytes.clone(), bytes.clone()].concat();
    assert_eq!(read(&twice).len(), 4);
    let (_guard, path) = file(&bytes);
    let second = Records::open(&path).unwrap().nth(1).unwrap().unwrap().at();
    let again = lossglass::data::record_at(&path, second).unwrap().text("text").unwrap();
    assert_eq!(again, "two");
    // What is cut or changed is told, and nothing panics.
    let (_guard, path) = file(&bytes[..bytes.len() - 20]);
    let damaged = match Records::open(&path) {
        Ok(mut records) => records.find_map(Result::err).map(|error| error.to_string()),
        Err(error) => Some(error.to_string()),
    };
    assert!(damaged.is_some_and(|error| error.contains("xz")));
}

#[test]
fn a_field_is_a_text_or_the_lines_of_a_list() {
    let texts = |line: &str| raws(line).remove(0).text("turns").map_err(|bad| bad.to_string());
    assert_eq!(texts(r#"{"turns": ["Hello.", "Hi!"]}"#), Ok("Hello.\nHi!".into()));
    assert_eq!(texts(r#"{"turns": "Hello."}"#), Ok("Hello.".into()));
    for wrong in [r#"{"turns": ["a", 1]}"#, r#"{"turns": 3}"#, r#"{"text": "a"}"#] {
        let problem = texts(wrong).expect_err(wrong);
        assert_eq!(problem, "line 1 (record 0) has no text, and no list of texts, in `turns`");
    }
}
