//! Any chat through every template: what was written stays where it belongs.

use std::sync::LazyLock;

use lossglass::sample::{Chat, Message};
use lossglass::template::{ChatTemplate, Part, Rendered};
use proptest::prelude::*;

static TEMPLATES: LazyLock<Vec<(String, ChatTemplate)>> = LazyLock::new(super::templates);

const WRITTEN: [Part; 4] = [Part::Content, Part::Reasoning, Part::ToolCall, Part::ToolResult];

const READERS: [&str; 5] = [
    "{% for m in messages %}<{{ m.role }}>{{ m.content[:4] }}</s>{% endfor %}",
    "{% for m in messages %}{% if m.content | length > 5 %}<{{ m.role }}>{{ m.content }}{% endif %}</s>{% endfor %}",
    "{% for m in messages | reverse %}{{ m.role }}: {{ m.content | upper }}\n{% endfor %}",
    "{% for m in messages %}{{ m.content.replace('a', 'user') }} {% if 'Paris.a' in m.content %}!{% endif %}{% endfor %}",
    "{{ messages | tojson }}{% for m in messages %}{{ m.content.split('<')[0] }}</s>{% endfor %}",
];

/// Texts made of what trips templates up: whitespace, tags, markers, private-use characters, role names.
fn text() -> impl Strategy<Value = String> {
    let bits = [
        "a",
        "Paris.",
        " ",
        "\n",
        "\t",
        "<think>",
        "</think>",
        "<|im_end|>",
        "</s>",
        "user",
        "assistant",
        "é",
        "🎉",
        "\u{100000}",
        "\u{f0000}",
        "\u{10ffff}",
        "[/INST]",
        "<tool_call>",
        "<tool_response>",
        "{\"",
        "<",
        "[",
        "\u{a0}",
    ];
    proptest::collection::vec(proptest::sample::select(bits.to_vec()), 0..8).prop_map(|bits| bits.concat())
}

fn message() -> impl Strategy<Value = Message> {
    let role = proptest::sample::select(vec!["system", "user", "assistant", "tool"]);
    let call = text().prop_map(|text| serde_json::json!({"function": {"name": "f", "arguments": {"x": text}}}));
    (role, text(), proptest::option::weighted(0.2, text()), proptest::option::weighted(0.2, call)).prop_map(
        |(role, content, reasoning, call)| Message {
            role: role.into(),
            content,
            reasoning_content: reasoning.filter(|_| role == "assistant"),
            tool_calls: call.filter(|_| role == "assistant").into_iter().collect(),
            ..Message::default()
        },
    )
}

/// Chats of which most alternate, as strict templates want.
fn any_chat() -> impl Strategy<Value = Chat> {
    let alternate = |messages: Vec<Message>| {
        let roles = ["user", "assistant"].into_iter().cycle();
        let alternated = messages.into_iter().zip(roles);
        alternated.map(|(message, role)| Message { role: role.into(), ..message }).collect()
    };
    let messages = || proptest::collection::vec(message(), 1..6);
    prop_oneof![messages(), messages().prop_map(alternate)].prop_map(|messages| Chat { messages, ..Chat::default() })
}

/// What the segments of a turn that its message wrote say, in order.
fn written(rendered: &Rendered, turn: usize) -> String {
    let own = rendered.segments.iter().filter(|segment| segment.turn == Some(turn) && WRITTEN.contains(&segment.part));
    own.map(|segment| &rendered.text[segment.span.clone()]).collect()
}

/// What a template puts within a text that it keeps whole is said, too.
#[test]
fn what_is_put_within_a_text_is_in_the_notes() {
    let (name, template) = TEMPLATES.iter().find(|(name, _)| name.as_str() == "qwen3").expect("a template");
    let content = "a\n</think> ";
    let message =
        |role: &str, content: &str| Message { role: role.into(), content: content.into(), ..Message::default() };
    let chat = Chat { messages: vec![message("user", ""), message("assistant", content)], ..Chat::default() };
    let rendered = template.render(&chat, false).expect("it renders");
    assert!(!rendered.text.contains(content), "{name} parts it: {}", rendered.text);
    assert!(rendered.notes.iter().any(|note| note.starts_with("message 2 (")), "{:?}", rendered.notes);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn segments_tile_and_hold_what_was_written(chat in any_chat(), prompt: bool) {
        for (name, template) in TEMPLATES.iter() {
            let Ok(rendered) = template.render(&chat, prompt) else { continue };
            super::assert_tiles(&rendered);
            for (turn, message) in chat.messages.iter().enumerate() {
                let about = format!("message {} (", turn + 1);
                let excused = rendered.notes.iter().any(|note| note.starts_with(&about));
                let found = written(&rendered, turn);
                prop_assert!(
                    excused || found.contains(&message.content),
                    "{name}, turn {turn}, {:?}\n{}", message.content, super::show(&rendered)
                );
            }
        }
    }

    /// Templates that measure, compare, cut and rewrite texts: what is not certain is in the notes.
    #[test]
    fn a_template_that_reads_its_messages_is_never_silently_wrong(chat in any_chat(), prompt: bool) {
        for source in READERS {
            let template = ChatTemplate::new(source, Some("<s>"), Some("</s>"), None).unwrap();
            let rendered = template.render(&chat, prompt).unwrap();
            super::assert_tiles(&rendered);
            for (turn, message) in chat.messages.iter().enumerate() {
                let about = format!("message {} (", turn + 1);
                let excused = rendered.notes.iter().any(|note| note.starts_with(&about));
                let found = written(&rendered, turn);
                prop_assert!(
                    excused || found.contains(&message.content),
                    "{source}, turn {turn}, {:?}\n{}", message.content, super::show(&rendered)
                );
            }
        }
    }

    /// A word that only one message has belongs to that message wherever it turns up.
    #[test]
    fn every_word_belongs_to_its_message(mut chat in any_chat(), at in 0usize..4, prompt: bool) {
        for (turn, message) in chat.messages.iter_mut().enumerate() {
            let place = message.content.char_indices().nth(at).map_or(message.content.len(), |(place, _)| place);
            message.content.insert_str(place, &format!("Q{turn}Q"));
        }
        let readers = READERS.iter().map(|source| (*source, ChatTemplate::new(source, None, Some("</s>"), None).unwrap()));
        let own = TEMPLATES.iter().map(|(name, template)| (name.as_str(), template.clone()));
        for (name, template) in own.chain(readers) {
            let Ok(rendered) = template.render(&chat, prompt) else { continue };
            for turn in 0..chat.messages.len() {
                for (place, _) in rendered.text.match_indices(&format!("Q{turn}Q")) {
                    let segment = rendered.segments.iter().find(|segment| segment.span.contains(&place)).unwrap();
                    prop_assert!(
                        segment.turn == Some(turn) && WRITTEN.contains(&segment.part)
                            || rendered.notes.iter().any(|note| note.starts_with(&format!("message {} (", turn + 1))),
                        "{name}, turn {turn}\n{}", super::show(&rendered)
                    );
                }
            }
        }
    }

    /// ChatML's text is simple enough to say what each turn must be, exactly.
    #[test]
    fn chatml_is_exact(chat in any_chat()) {
        let (_, template) = TEMPLATES.iter().find(|(name, _)| name == "chatml").unwrap();
        let rendered = template.render(&chat, false).unwrap();
        for (turn, message) in chat.messages.iter().enumerate() {
            prop_assert_eq!(&written(&rendered, turn), &message.content, "{}", super::show(&rendered));
            let stops = rendered.segments.iter().filter(|s| s.turn == Some(turn) && s.part == Part::Stop).count();
            prop_assert_eq!(stops, 1);
        }
    }
}
