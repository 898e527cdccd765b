//! Keys in the editor.

use lossglass::app::{Action, App, Effect, FileOutcome, update};
use lossglass::data::Opened;
use lossglass::engine::Request;
use lossglass::mask::Mode;
use lossglass::sample::{Chat, Message, Sample};

use super::{editor, notice, press};
use crate::chats;
use crate::support::sample::{chat, loaded, text};

/// A chat of these messages, with the cells of another: only the editor matters here.
fn chat_of(messages: &[(&str, &str)]) -> App {
    let mut app = chat();
    app.shared.sample = Sample::Chat(chats::chat(messages));
    app
}

fn turns(app: &App) -> Vec<(String, String)> {
    match &app.sample {
        Sample::Chat(chat) => chat.messages.iter().map(|m| (m.role.clone(), m.content.clone())).collect(),
        Sample::Prepared(_) => Vec::new(),
        Sample::Text(text) => vec![("text".into(), text.clone())],
    }
}

fn pairs(turns: &[(&str, &str)]) -> Vec<(String, String)> {
    turns.iter().map(|&(role, text)| (role.into(), text.into())).collect()
}

#[test]
fn every_key_makes_the_text_anew() {
    let mut app = chat_of(&[("user", "a"), ("assistant", "b")]);
    let generation = app.analysis.generation;
    let effects = press(&mut app, "e x");
    assert!(matches!(effects[..], [Effect::Engine(Request::Analyze { .. })]), "{effects:?}");
    assert_eq!(app.analysis.generation, generation + 1);
    assert_eq!(turns(&app), pairs(&[("user", "a"), ("assistant", "bx")]));
    assert_eq!(app.sample_name, "hand-made.json (edited)");
    assert!(press(&mut app, "esc").is_empty() && app.overlay.is_none());
    assert_eq!(turns(&app), pairs(&[("user", "a"), ("assistant", "bx")]), "esc keeps the text");
}

#[test]
fn turns_are_added_removed_moved_and_given_roles() {
    let start = [("user", "a"), ("assistant", "b")];
    for (keys, end) in [
        ("e ctrl-n x", vec![("user", "a"), ("assistant", "b"), ("user", "x")]),
        ("e shift-tab ctrl-n x", vec![("user", "a"), ("assistant", "x"), ("assistant", "b")]),
        ("e ctrl-d", vec![("user", "a")]),
        ("e ctrl-d ctrl-d", vec![("user", "a")]),
        ("e alt-↑", vec![("assistant", "b"), ("user", "a")]),
        ("e ctrl-↑ ctrl-↓", vec![("user", "a"), ("assistant", "b")]),
        ("e alt-↓", vec![("user", "a"), ("assistant", "b")]),
        ("e ctrl-r", vec![("user", "a"), ("system", "b")]),
        ("e ctrl-r ctrl-r ctrl-r", vec![("user", "a"), ("user", "b")]),
        ("e tab x shift-tab shift-tab y", vec![("user", "ay"), ("assistant", "bx")]),
        ("e ctrl-t", vec![("text", "a\nb")]),
        ("e ctrl-t ctrl-t", vec![("user", "a\nb")]),
        ("e enter x", vec![("user", "a"), ("assistant", "b\nx")]),
    ] {
        let mut app = chat_of(&start);
        press(&mut app, keys);
        assert_eq!(turns(&app), pairs(&end), "{keys}");
    }
}

#[test]
fn only_keys_that_are_meant_change_the_text() {
    for (keys, end) in [
        ("ctrl-j x", "one two\nx"),
        ("alt-enter x", "one two\nx"),
        ("home ctrl-k", "one two"),
        ("ctrl-w", "one two"),
        ("alt-d ctrl-u ctrl-x ctrl-v alt-h", "one two"),
        ("home ctrl-→ x", "one xtwo"),
        ("ctrl-backspace", "one "),
        ("alt-backspace", "one "),
        ("ctrl-h", "one tw"),
        ("backspace backspace", "one t"),
    ] {
        let mut app = loaded(text());
        app.shared.sample = Sample::Text("one two".into());
        press(&mut app, &format!("e {keys}"));
        assert_eq!(app.sample, Sample::Text(end.into()), "{keys}");
    }
}

#[test]
fn undo_takes_back_texts_and_turns_in_order() {
    let start = [("user", "a"), ("assistant", "b")];
    for (keys, end) in [
        ("e x ctrl-z", vec![("user", "a"), ("assistant", "b")]),
        ("e x ctrl-z ctrl-y", vec![("user", "a"), ("assistant", "bx")]),
        ("e ctrl-d ctrl-z", vec![("user", "a"), ("assistant", "b")]),
        ("e x ctrl-d ctrl-z ctrl-z", vec![("user", "a"), ("assistant", "b")]),
        ("e ctrl-n x ctrl-z", vec![("user", "a"), ("assistant", "b"), ("user", "")]),
        ("e ctrl-n x ctrl-z ctrl-z", vec![("user", "a"), ("assistant", "b")]),
        ("e alt-↑ ctrl-z", vec![("user", "a"), ("assistant", "b")]),
        ("e ctrl-r ctrl-z", vec![("user", "a"), ("assistant", "b")]),
        ("e ctrl-t x ctrl-z ctrl-z", vec![("user", "a"), ("assistant", "b")]),
        ("e x shift-tab ctrl-z", vec![("user", "a"), ("assistant", "b")]),
        ("e ctrl-z ctrl-z ctrl-y", vec![("user", "a"), ("assistant", "b")]),
    ] {
        let mut app = chat_of(&start);
        press(&mut app, keys);
        assert_eq!(turns(&app), pairs(&end), "{keys}");
    }
}

#[test]
fn a_closed_editor_can_still_undo_until_something_else_is_shown() {
    let mut app = chat_of(&[("user", "a"), ("assistant", "b")]);
    press(&mut app, "e x ctrl-d esc e ctrl-z ctrl-z");
    assert_eq!(turns(&app), pairs(&[("user", "a"), ("assistant", "b")]));
    press(&mut app, "ctrl-y esc");
    assert_eq!(turns(&app), pairs(&[("user", "a"), ("assistant", "bx")]));
    update(&mut app, Action::Paste("other".into()));
    press(&mut app, "e ctrl-z");
    assert_eq!(app.sample, Sample::Text("other".into()));
}

#[test]
fn raw_text_has_tabs_but_no_turns() {
    let mut app = loaded(text());
    app.shared.sample = Sample::Text("a".into());
    press(&mut app, "e tab b");
    assert_eq!(app.sample, Sample::Text("a\tb".into()));
    press(&mut app, "ctrl-n");
    assert_eq!(notice(&app).0, "raw text has no turns; ctrl-t makes a chat of it");
    press(&mut app, "ctrl-d");
    assert_eq!(app.sample, Sample::Text("a\tb".into()));
    press(&mut app, "ctrl-t");
    assert_eq!((turns(&app), app.mode()), (pairs(&[("user", "a\tb")]), Mode::Assistant));
}

#[test]
fn what_the_editor_does_not_show_stays() {
    let mut app = chat();
    let call = serde_json::json!({"function": {"name": "f", "arguments": {}}});
    let message = Message {
        role: "assistant".into(),
        reasoning_content: Some("hm".into()),
        tool_calls: vec![call],
        weight: Some(0.5),
        ..Message::default()
    };
    app.shared.sample =
        Sample::Chat(Chat { messages: vec![message.clone()], tools: vec![serde_json::json!({})], ..Chat::default() });
    press(&mut app, "e");
    assert_eq!(editor(&app).turns[0].extras().as_deref(), Some("+ reasoning, 1 tool call"));
    press(&mut app, "x");
    let edited = Message { content: "x".into(), ..message };
    assert_eq!(
        app.sample,
        Sample::Chat(Chat { messages: vec![edited], tools: vec![serde_json::json!({})], ..Chat::default() })
    );
}

#[test]
fn a_paste_goes_where_one_types_and_a_click_says_where() {
    let mut app = chat_of(&[("user", "a"), ("assistant", "b")]);
    press(&mut app, "e");
    update(&mut app, Action::FocusTurn(0));
    update(&mut app, Action::Paste(" 1\r\n2".into()));
    assert_eq!(turns(&app), pairs(&[("user", "a 1\n2"), ("assistant", "b")]));
    update(&mut app, Action::FocusTurn(99));
    assert_eq!(editor(&app).focus, 1);
}

#[test]
fn texts_keep_every_character() {
    for text in ["", "\n", "a\n", "\r\na", "\u{7}\u{1b}[31m", "e\u{301}🙂日本\t\u{202e}x"] {
        let mut app = loaded(crate::support::sample::text());
        app.shared.sample = Sample::Text(text.into());
        press(&mut app, "e");
        assert_eq!(editor(&app).sample(), Sample::Text(text.into()));
    }
}

#[test]
fn a_file_that_was_being_read_closes_an_editor_on_what_it_replaces() {
    let mut app = chat_of(&[("user", "a")]);
    press(&mut app, "e");
    let opened = Opened::new("b.txt", Sample::Text("b".into()), Some("read".into()));
    update(&mut app, Action::Files(FileOutcome::Read(opened)));
    assert!(app.overlay.is_none());
    assert_eq!(
        (&app.sample, app.sample_name.as_str(), notice(&app)),
        (&Sample::Text("b".into()), "b.txt", ("read", false))
    );
}

#[test]
fn special_token_text_is_encoded_as_text_or_not_and_stays_so_through_edits() {
    let mut app = chat();
    let escapes = |effects: &[Effect]| match effects {
        [Effect::Engine(Request::Analyze { encoding, .. })] => encoding.escape_specials,
        other => panic!("{other:?}"),
    };
    assert!(escapes(&press(&mut app, "S")));
    assert_eq!(notice(&app).0, "special-token text in what was typed is encoded as text");
    assert!(escapes(&press(&mut app, "e a")), "the edited chat is encoded in the same way");
    assert!(!escapes(&press(&mut app, "esc S")));
}

#[test]
fn content_in_parts_is_joined_or_not() {
    let mut app = chat();
    let joins = |effects: &[Effect]| match effects {
        [Effect::Engine(Request::Analyze { encoding, .. })] => encoding.join_parts,
        other => panic!("{other:?}"),
    };
    assert!(joins(&press(&mut app, "J")));
    assert_eq!(notice(&app).0, "content in parts is joined to one text before the template gets it");
    assert!(!joins(&press(&mut app, "J")));
}
