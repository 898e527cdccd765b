//! Chats as people write them, and the sentence that each mistake gets.

use lossglass::sample::{Sample, read_chat, read_samples};
use lossglass::template::ChatTemplate;

fn contents(text: &str, index: usize) -> Vec<String> {
    let (chat, _) = read_chat(text, index).unwrap();
    chat.messages.into_iter().map(|message| message.content).collect()
}

fn error(text: &str, index: usize) -> String {
    read_chat(text, index).unwrap_err().to_string()
}

#[test]
fn all_forms_of_a_record() {
    let messages = r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]"#;
    assert_eq!(contents(messages, 0), ["a", "b"]);
    assert_eq!(contents(&format!("{{\"messages\": {messages}}}"), 0), ["a", "b"]);
    assert_eq!(contents(&format!("\u{feff}\n {{\n\"messages\":\n {messages}\n}}\n\n"), 0), ["a", "b"]);
    let lines = format!("{messages}\n\n{{\"messages\": [{{\"role\": \"user\", \"content\": \"c\"}}]}}\n");
    assert_eq!(contents(&lines, 1), ["c"]);
    assert_eq!(read_chat(&lines, 0).unwrap().1, 2);
    let list = format!("[{{\"messages\": {messages}}}, {messages}]");
    assert_eq!(contents(&list, 1), ["a", "b"]);
    assert_eq!(read_chat(&list, 1).unwrap().1, 2);
    assert_eq!(read_chat("[]", 0).unwrap().0.messages, []);
}

#[test]
fn all_forms_of_content() {
    let text = r#"[{"role": "assistant", "content": null, "tool_calls": [{"function": {"name": "f", "arguments": {}}}]},
        {"role": "user", "content": [{"type": "text", "text": "a"}, "b", {"type": "text", "text": "c"}]},
        {"role": "assistant", "content": "d", "reasoning_content": "r", "weight": 0, "train": true, "name": null}]"#;
    let (chat, total) = read_chat(text, 0).unwrap();
    assert_eq!(total, 1);
    assert_eq!((chat.messages[0].content.as_str(), chat.messages[1].content.as_str()), ("", "abc"));
    assert_eq!(chat.messages[2].reasoning_content.as_deref(), Some("r"));
    assert_eq!((chat.messages[2].weight, chat.messages[2].train), (Some(0.0), Some(true)));
}

#[test]
fn a_bad_line_does_not_hide_the_others() {
    let good = r#"[{"role": "user", "content": "a"}]"#;
    let text = format!("{good}\n{{\"messages\": [\n{good}\n");
    assert_eq!(contents(&text, 2), ["a"]);
    let text = format!("{{\"messages\": 3]}}\n{good}\n");
    assert_eq!(contents(&text, 1), ["a"]);
}

#[test]
fn a_data_set_is_read_whole() {
    let messages = r#"[{"role": "user", "content": "a"}]"#;
    let kinds = |text: &str| -> String {
        let kind = |sample: Sample| match sample {
            Sample::Text(text) => text,
            Sample::Chat(chat) => chat.messages.into_iter().map(|message| format!("<{}>", message.content)).collect(),
        };
        read_samples(text).unwrap().into_iter().map(kind).collect::<Vec<_>>().join(" ")
    };
    let record = format!("{{\"messages\": {messages}}}");
    assert_eq!(kinds(&format!("{record}\n\n{messages}\n{{\"text\": \"t\"}}\n")), "<a> <a> t");
    assert_eq!(kinds(&format!("[{{\"text\": \"t\"}}, {record}, {messages}]")), "t <a> <a>");
    assert_eq!(kinds(&record), "<a>");
    assert_eq!(kinds(messages), "<a>", "one chat is a set of one");
    assert_eq!(kinds("\u{feff}{\"text\": \"t\"}"), "t");
    let chats = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/sample_data/chats.jsonl")).unwrap();
    assert_eq!(read_samples(&chats).unwrap().len(), 24);
}

#[test]
fn a_bad_record_of_a_data_set_is_named() {
    let good = r#"{"text": "t"}"#;
    let error = |text: &str| read_samples(text).unwrap_err().to_string();
    for (bad, said) in [
        ("{\"text\": }", "line 3 (record 1) is not JSON at column 10: expected value; mend it, or leave it out"),
        ("{\"text\": 3}", "line 3 (record 1) has a number as `text`; make it a string"),
        ("[]", "line 3 (record 1) has no messages to learn from; give it some, or leave it out"),
        ("3", "line 3 (record 1) is a number, not a chat; give {\"messages\": [...]} or a list of messages"),
    ] {
        assert_eq!(error(&format!("{good}\n\n{bad}\n{good}\n")), said);
    }
    assert!(error("").contains("the text is empty"), "{}", error(""));
    assert!(error("once upon a time").contains("not JSON at line 1"), "{}", error("once"));
}

#[test]
fn every_mistake_gets_one_sentence() {
    let bad =
        |message: &str| error(&format!("{{\"messages\": [{{\"role\": \"user\", \"content\": \"a\"}}, {message}]}}"), 0);
    let page = [
        error(" \n", 0),
        error("hello", 0),
        error("{\"messages\": [\n{\"role\": \"user\",}]}", 0),
        error("[]\n[}\n", 1),
        error("[]", 1),
        error("[]\n[]", 5),
        error("[]\n3", 1),
        error("\"hello\"", 0),
        error("{\"text\": \"hello\"}", 0),
        error("{\"conversations\": []}", 0),
        error("{\"messages\": \"hello\"}", 0),
        error("{\"messages\": [], \"tools\": 3}", 0),
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
    for name in ["capital", "turns", "system", "reasoning", "tool_call"] {
        let text = std::fs::read_to_string(format!("sample_data/{name}.json")).unwrap();
        let (chat, total) = read_chat(&text, 0).unwrap();
        assert_eq!(total, 1, "{name}");
        let notes = ChatTemplate::chatml().render(&chat, false).unwrap().notes;
        assert!(notes.is_empty(), "{name}: {notes:?}");
    }
    let text = std::fs::read_to_string("sample_data/chats.jsonl").unwrap();
    let total = read_chat(&text, 0).unwrap().1;
    assert!(total >= 20);
    for index in 0..total {
        let (chat, _) = read_chat(&text, index).unwrap();
        let notes = ChatTemplate::chatml().render(&chat, false).unwrap().notes;
        assert!(notes.is_empty(), "{index}: {notes:?}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in ".{0,60}", index in 0usize..3) {
        let _ = read_chat(&text, index);
    }

    #[test]
    fn no_json_panics(line in r#"(\[|\{|\]|\}|"messages":|"role":|"content":|"user"|,|null|3|\n){0,20}"#) {
        if let Err(error) = read_chat(&line, 0) {
            proptest::prop_assert!(!error.to_string().contains('\n'));
        }
    }
}
