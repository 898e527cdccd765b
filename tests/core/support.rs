//! What tests of the core share: a small model, samples as its tokens, their masks and scores.

pub mod parquet;
pub mod templates;

use std::sync::LazyLock;

use candle_core::Device;
use lossglass::cancel::Cancel;
use lossglass::loss::Scores;
use lossglass::mask::{LossMask, MaskOptions, Mode};
use lossglass::model::Model;
use lossglass::sample::Sample;
use lossglass::score::Scorer;
use lossglass::sequence::{Prefix, Sequence};
use lossglass::source::Source;
use proptest::prelude::*;

use crate::chats;
use crate::fixtures::fixture;

pub static MODEL: LazyLock<Model> = LazyLock::new(|| {
    let source = Source::Directory(fixture("llama"));
    Model::load(&source, &Device::Cpu, &Cancel::default(), &mut |_| {}).expect("the fixture")
});

pub fn text(text: &str) -> Sequence {
    MODEL.encode(&Sample::Text(text.into()), Prefix::None).expect("any text has tokens")
}

pub fn chat(messages: &[(&str, &str)]) -> Sequence {
    MODEL.encode(&Sample::Chat(chats::chat(messages)), Prefix::None).expect("the template takes any chat")
}

pub fn scores(sequence: &Sequence) -> Scores {
    let mut scores = Scores::default();
    let mut take = |from, rows| scores.splice(from, rows);
    let done = Scorer::new().score(&MODEL.decoder, &sequence.ids(), 3, &Cancel::default(), &mut take);
    assert!(done.expect("scored"));
    scores
}

pub fn mask(sequence: &Sequence, mode: Mode) -> LossMask {
    LossMask::new(sequence, mode, MaskOptions::default()).expect("the mode applies")
}

/// The texts of the tokens that `mode` scores.
pub fn scored(sequence: &Sequence, mode: Mode) -> Vec<String> {
    let mask = mask(sequence, mode);
    (0..sequence.len()).filter(|&t| mask.is_scored(t)).map(|t| sequence.tokens[t].text()).collect()
}

pub fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z .,!\n\t]{0,60}", any::<String>(), "(🙂|é|中|e\u{301}|\u{200d}|\u{1b}|a| ){0,12}"]
}
