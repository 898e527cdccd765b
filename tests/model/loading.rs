//! Loading models: what the files say is what arrives, and a damaged file is one clear sentence.

mod altered;
mod configs;
mod damage;
mod disguise;
mod formats;
mod heads;
mod random;
mod sentencepiece;
mod vocabulary;

use std::fs;
use std::path::Path;

use candle_core::Device;
use lossglass::cancel::Cancel;
use lossglass::checkpoint::Loaded;
use lossglass::decoder::Decoder;
use lossglass::loss::Scores;
use lossglass::model::load::{OpenError, load};
use lossglass::score::Scorer;
use lossglass::source::Source;
use serde_json::Value;

use crate::fixtures::fixture;

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("fixture")).expect("JSON")
}

fn open(source: &Source) -> Result<Loaded, OpenError> {
    Ok(load(source, &Device::Cpu, &Cancel::default(), &mut |_| {})?.loaded)
}

fn open_directory(path: &Path) -> Result<Loaded, OpenError> {
    open(&Source::Directory(path.to_owned()))
}

fn open_gguf(path: &Path) -> Result<Loaded, OpenError> {
    open(&Source::Gguf(path.to_owned()))
}

fn ids(value: &Value) -> Vec<u32> {
    serde_json::from_value(value.clone()).expect("ids")
}

/// Texts and chats of a fixture: what was tokenised, whether the tokenizer may add tokens, and the expected values.
fn examples(expected: &Value) -> Vec<(&str, bool, &Value)> {
    let texts = expected["texts"].as_array().expect("texts").iter().map(|text| (&text["text"], true, text));
    let chats = expected["chat"].as_array().expect("chats").iter().map(|chat| (&chat["rendered"], false, chat));
    texts.chain(chats).map(|(text, add, values)| (text.as_str().expect("a string"), add, values)).collect()
}

/// Every text and chat of a fixture gets the ids that transformers gave it, and their bytes make the text again.
fn assert_same_ids(loaded: &Loaded, expected: &Value) {
    let vocabulary = &loaded.vocabulary;
    let examples = examples(expected);
    assert!(examples.len() >= 5, "the fixture has texts and chats");
    for (text, add_special, values) in examples {
        let encoding = vocabulary.tokenizer.encode(text, add_special).expect("encodes");
        assert_eq!(encoding.get_ids(), ids(&values["ids"]), "{text}");
        let bytes: Vec<u8> = encoding.get_ids().iter().flat_map(|&id| vocabulary.token_bytes(id)).collect();
        assert_eq!(String::from_utf8_lossy(&bytes), text);
    }
}

/// The nll of each target of an example, from its second token on, and what a fixture says it is.
fn nll_pairs(decoder: &Decoder, values: &Value) -> Vec<(f64, f64)> {
    let ids = ids(&values["ids"]);
    let mut scores = Scores::default();
    let mut on_rows = |from, rows| scores.splice(from, rows);
    let done = Scorer::new().score(decoder, &ids, 1, &Cancel::default(), &mut on_rows).expect("scores");
    assert!(done);
    let expected = values["nll"].as_array().expect("nll");
    (1..ids.len()).map(|t| (scores.nll(t).expect("scored"), expected[t].as_f64().expect("a number"))).collect()
}

/// All targets of a fixture.
fn all_nll_pairs(loaded: Loaded, expected: &Value) -> Vec<(f64, f64)> {
    let decoder = Decoder::new(&loaded.config, loaded.weights).expect("a decoder");
    examples(expected).into_iter().flat_map(|(_, _, values)| nll_pairs(&decoder, values)).collect()
}
