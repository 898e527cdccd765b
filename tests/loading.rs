//! Loading models: what the files say is what arrives, and a damaged file is one clear sentence.

use std::path::{Path, PathBuf};

use candle_core::Device;
use lossglass::cancel::Cancel;
use lossglass::model::Source;
use lossglass::model::load::{LoadError, Loaded, load};
use serde_json::Value;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn expected(name: &str) -> Value {
    let bytes = std::fs::read(fixture(name).join("expected.json")).expect("fixture");
    serde_json::from_slice(&bytes).expect("JSON")
}

fn open(source: &Source) -> Result<Loaded, LoadError> {
    load(source, &Device::Cpu, &Cancel::default(), &mut |_| {})
}

fn ids(value: &Value) -> Vec<u32> {
    serde_json::from_value(value.clone()).expect("ids")
}

/// Every text and chat of a fixture gets the ids that transformers gave it, and their bytes make the text again.
fn assert_same_ids(loaded: &Loaded, expected: &Value) {
    let vocabulary = &loaded.vocabulary;
    let texts = expected["texts"].as_array().expect("texts").iter().map(|text| (&text["text"], &text["ids"], true));
    let chats = expected["chat"].as_array().expect("chats").iter().map(|chat| (&chat["rendered"], &chat["ids"], false));
    let mut seen = 0;
    for (text, wanted, add_special) in texts.chain(chats) {
        let text = text.as_str().expect("a string");
        let encoding = vocabulary.tokenizer.encode(text, add_special).expect("encodes");
        assert_eq!(encoding.get_ids(), ids(wanted), "{text}");
        let bytes: Vec<u8> = encoding.get_ids().iter().flat_map(|&id| vocabulary.token_bytes(id)).collect();
        assert_eq!(String::from_utf8_lossy(&bytes), text);
        seen += 1;
    }
    assert!(seen >= 5, "the fixture has texts and chats");
}

#[test]
fn directories_load() {
    for name in ["llama", "llama3_rope", "gpt2"] {
        let loaded = open(&Source::Directory(fixture(name))).expect(name);
        assert_eq!(loaded.name, name);
        assert_same_ids(&loaded, &expected(name));
        let vocabulary = &loaded.vocabulary;
        assert_eq!((vocabulary.bos, vocabulary.eos, vocabulary.pad), (Some(1), Some(2), Some(0)));
        assert_eq!(vocabulary.special_ids(), [0, 1, 2]);
        assert_eq!(vocabulary.eos_text().as_deref(), Some("<|im_end|>"));
        assert_eq!(vocabulary.size(), loaded.config.vocab_size);
        let template = std::fs::read_to_string(fixture(name).join("chat_template.jinja")).expect("fixture");
        assert_eq!(vocabulary.chat_template.as_deref(), Some(template.as_str()));
    }
}
