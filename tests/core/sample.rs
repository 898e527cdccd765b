//! Chats as people write them, and the sentence that each mistake gets. How files are laid out: the module `data`.

use lossglass::data::Records;
use lossglass::sample::{Chat, read_record};
use lossglass::template::ChatTemplate;
use serde_json::Value;

fn read(record: &str) -> Result<Chat, String> {
    let record: Value = serde_json::from_str(record).expect("JSON");
    read_record(record, None).map(|record| record.chat().expect("a chat"))
}

#[test]
fn all_forms_of_content() {
    let text = r#"[{"role": "assistant", "content": null, "tool_calls": [{"function": {"name": "f", "arguments": {}}}]},
        {"role": "user", "content": [{"type": "text", "text": "a"}, "b", {"type": "text", "text": "c"}]},
        {"role": "assistant", "content": "d", "reasoning_content": "r", "weight": 0, "train": true, "name": null}]"#;
    let chat = read(text).unwrap();
    assert_eq!((chat.messages[0].content.as_str(), chat.messages[1].content.as_str()), ("", "abc"));
    assert_eq!(chat.messages[2].reasoning_content.as_deref(), Some("r"));
    assert_eq!((chat.messages[2].weight, chat.messages[2].train), (Some(0.0), Some(true)));
    let messages = r#"[{"role": "user", "content": "a"}]"#;
    assert_eq!(read(&format!("{{\"messages\": {messages}}}")), read(messages));
}

#[test]
fn every_mistake_gets_one_sentence() {
    let error = |record: &str| read(record).unwrap_err();
    let bad =
        |message: &str| error(&format!("{{\"messages\": [{{\"role\": \"user\", \"content\": \"a\"}}, {message}]}}"));
    let page = [
        error("[]"),
        error("3"),
        error("\"hello\""),
        error("{\"conversations\": []}"),
        error("{\"messages\": \"hello\"}"),
        error("{\"messages\": [], \"tools\": 3}"),
        bad("3"),
        bad("{\"content\": \"a\"}"),
        bad("{\"from\": \"human\", \"value\": \"a\"}"),
        bad("{\"role\": 3, \"content\": \"a\"}"),
        bad("{\"role\": \"user\"}"),
        bad("{\"role\": \"user\", \"content\": 3}"),
        bad("{\"role\": \"user\", \"content\": [{\"type\": \"image_url\", \"image_url\": {}}]}"),
        bad("{\"role\": \"user\", \"content\": [{\"type\": \"text\"}]}"),
        bad("{\"role\": \"assistant\", \"content\": \"a\", \"tool_calls\": {}}"),
        bad("{\"role\": \"assistant\", \"content\": \"a\", \"weight\": \"1\"}"),
        bad("{\"role\": \"assistant\", \"content\": \"a\", \"train\": 1}"),
    ];
    insta::assert_snapshot!(page.join("\n"));
}

#[test]
fn every_sample_reads_and_renders() {
    let chats = |name: &str| -> Vec<Chat> {
        let records = Records::open(format!("sample_data/{name}").as_ref()).unwrap();
        records.map(|raw| raw.unwrap().read(None).unwrap().chat().expect(name)).collect()
    };
    for name in ["capital.json", "turns.json", "system.json", "reasoning.json", "tool_call.json", "chats.jsonl"] {
        let chats = chats(name);
        assert!(if name == "chats.jsonl" { chats.len() == 24 } else { chats.len() == 1 }, "{name}");
        for chat in chats {
            let notes = ChatTemplate::chatml().render(&chat, false).unwrap().notes;
            assert!(notes.is_empty(), "{name}: {notes:?}");
        }
    }
}

proptest::proptest! {
    #[test]
    fn no_json_panics(record in r#"(\[|\{|\]|\}|"messages":|"role":|"content":|"user"|,|null|3|\n){0,20}"#) {
        if let Ok(record) = serde_json::from_str::<Value>(&record)
            && let Err(problem) = read_record(record, None)
        {
            proptest::prop_assert!(!problem.contains('\n'));
        }
    }
}
