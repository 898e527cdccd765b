//! The real engine behind the real state: models that change, fail, or come while something else happens.

use std::path::Path;

use lossglass::app::{Action, Progress};
use lossglass::sample::{Chat, Record, Sample};
use lossglass::sequence::{PackOptions, PackRequest, Packing};
use lossglass::source::Source;

use crate::chats;
use crate::fixtures::fixture;
use crate::session::Session;

/// The llama fixture with other tokenizer settings.
pub fn with_templates(directory: &Path, chat_template: Option<serde_json::Value>) -> Source {
    for file in ["config.json", "model.safetensors", "tokenizer.json"] {
        std::fs::copy(fixture("llama").join(file), directory.join(file)).expect("copied");
    }
    let mut config = serde_json::json!({"bos_token": "<|im_start|>", "eos_token": "<|im_end|>"});
    if let Some(template) = chat_template {
        config["chat_template"] = template;
    }
    std::fs::write(directory.join("tokenizer_config.json"), config.to_string()).expect("written");
    Source::Directory(directory.into())
}

pub fn chat(content: &str) -> Sample {
    Sample::Chat(chats::chat(&[("user", "Hi"), ("assistant", content)]))
}

pub fn model_name(session: &Session) -> &str {
    session.app.analysis.model.as_ref().map_or("", |model| model.name.as_str())
}

#[test]
fn another_model_takes_over_even_if_keys_fall_while_it_loads() {
    let mut session = Session::new(chat("Hello."), "typed", 120, 40);
    session.until_ready();
    assert_eq!(model_name(&session), "tiny-chat");
    session.app.shared.chosen_model = Some(Source::Directory(fixture("llama")));
    session.keys("R e x y z");
    session.until_ready();
    assert_eq!(model_name(&session), "llama");
    assert_eq!(session.app.sequence().ids().iter().max().map(|&id| id < 496), Some(true), "its own tokens");
    assert!(session.app.sequence().text.contains("Hello.xyz"));
}

#[test]
fn a_model_that_cannot_be_opened_is_left_for_the_one_before() {
    let mut session = Session::new(chat("Hello."), "typed", 120, 40);
    session.until_ready();
    let loss = session.app.ledger().copied();
    let empty = tempfile::tempdir().expect("a directory");
    session.app.shared.chosen_model = Some(Source::Directory(empty.path().into()));
    session.keys("R");
    session.until(|app| app.chosen_model.is_none());
    session.until_ready();
    assert_eq!((model_name(&session), session.app.ledger().copied()), ("tiny-chat", loss));
    let notice = session.app.notice.clone().expect("says why");
    assert!(notice.is_error && notice.text.contains("config.json"), "{notice:?}");
}

#[test]
fn a_model_with_a_damaged_tokenizer_is_left_for_the_one_before() {
    let mut session = Session::new(chat("Hello."), "typed", 120, 40);
    session.until_ready();
    let loss = session.app.ledger().copied();
    let directory = tempfile::tempdir().expect("a directory");
    let source = with_templates(directory.path(), None);
    let tokenizer = std::fs::read(fixture("llama").join("tokenizer.json")).expect("reads");
    let unknown = String::from_utf8_lossy(&tokenizer).replacen("\"merges\"", "\"merge\"", 1).into_bytes();
    for damaged in [&tokenizer[..tokenizer.len() / 2], &unknown, b"", b"\x1f\x8b\x08 packed"] {
        std::fs::write(directory.path().join("tokenizer.json"), damaged).expect("writes");
        session.app.shared.notice = None;
        session.app.shared.chosen_model = Some(source.clone());
        session.keys("R");
        session.until(|app| app.chosen_model.is_none());
        session.until_ready();
        assert_eq!((model_name(&session), session.app.ledger().copied()), ("tiny-chat", loss));
        let notice = session.app.notice.clone().expect("says why");
        assert!(notice.is_error && notice.text.contains("tokenizer.json"), "{notice:?}");
    }
}

#[test]
fn a_model_without_a_template_says_so_and_the_numbers_stay_with_their_own_model() {
    let mut session = Session::new(chat("Hello."), "typed", 120, 40);
    session.until_ready();
    let directory = tempfile::tempdir().expect("a directory");
    session.app.shared.chosen_model = Some(with_templates(directory.path(), None));
    session.keys("R");
    session.until(|app| matches!(app.analysis.progress, Progress::Failed(_)));
    assert_eq!(model_name(&session), "tiny-chat", "the tokens on screen are still its");
    assert!(session.screen().contains("has no chat template"));
    session.act(Action::Paste("The cat".into()));
    session.until_ready();
    assert_ne!(model_name(&session), "tiny-chat", "a text needs no template");
}

#[test]
fn a_chat_with_tools_takes_the_tool_template() {
    let templates = serde_json::json!([
        {"name": "default", "template": "{% for m in messages %}{{ m.content }};{% endfor %}"},
        {"name": "tool_use", "template": "TOOLS {% for m in messages %}{{ m.content }};{% endfor %}"},
    ]);
    let directory = tempfile::tempdir().expect("a directory");
    let source = with_templates(directory.path(), Some(templates));
    let model = lossglass::model::Model::load(&source, &candle_core::Device::Cpu, &Default::default(), &mut |_| {})
        .expect("it loads");
    let Sample::Chat(mut chat) = chat("Hello.") else { unreachable!() };
    let text = |chat: &Chat| {
        let sample = Sample::Chat(chat.clone());
        model.encode(&sample, lossglass::sequence::EncodeOptions::default()).expect("rendered").text
    };
    assert_eq!(text(&chat), "Hi;Hello.;");
    chat.tools = vec![serde_json::json!({"type": "function"})];
    assert_eq!(text(&chat), "TOOLS Hi;Hello.;");
}

#[test]
fn a_stopped_analysis_goes_on_where_it_was() {
    let mut session = Session::new(Sample::Text("The cat sat on the mat. ".repeat(120)), "typed", 120, 40);
    session.keys("esc");
    assert_eq!(session.app.analysis.progress, Progress::Cancelled);
    session.keys("R");
    session.until_ready();
    assert_eq!(session.app.analysis.scores.len(), session.app.len());
}

#[test]
fn packed_records_are_scored_apart_and_compared_with_naive_packing() {
    let records: Vec<Record> = ["Hello.", "Good morning."].map(|content| chat(content).into()).into();
    let mut alone = Session::new(chat("Good morning."), "typed", 120, 40);
    alone.until_ready();
    let mut session = Session::new(chat("Hello."), "typed", 120, 40);
    session.until_ready();
    let options = PackOptions { size: 128, packing: Packing::Block };
    session.app.shared.pack = Some(PackRequest { records: records.into(), index: 0, options });
    session.keys("R");
    session.until(|app| !app.analysis.contrast.is_empty());
    let (app, alone) = (&session.app, &alone.app);
    let start = app.len() - alone.len();
    assert_eq!(app.sequence().pack.as_ref().map(|pack| pack.documents[1].tokens.clone()), Some(start..app.len()));
    assert_eq!(app.analysis.scores.nll(start), None, "nothing predicts a document's first token");
    let mut changed = 0.0_f64;
    for t in 1..alone.len() {
        let (own, packed) = (alone.analysis.scores.nll(t).unwrap(), app.analysis.scores.nll(start + t).unwrap());
        assert!((own - packed).abs() < 1e-4, "token {t}: {packed} in the pack, {own} alone");
        changed = changed.max((app.analysis.contrast[start + t].unwrap() - packed).abs());
    }
    assert!(changed > 1e-2, "the first record changes what the second costs under naive packing");
    session.keys("e x");
    session.until(|app| app.sequence().text.contains("Hello.x") && !app.analysis.contrast.is_empty());
    assert!(session.app.sequence().text.contains("Good morning."), "the edited record stays in its pack");
}
