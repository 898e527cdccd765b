//! Special-token text that a user typed stays text where that is asked for.

use lossglass::mask::export::{self, ExportError, Trainer};
use lossglass::mask::{LossMask, MaskOptions, Mode};
use lossglass::sample::{Chat, Message, Sample};
use lossglass::sequence::{EncodeOptions, Prefix, Sequence, Vocabulary};
use lossglass::template::{Part, Rendered, Segment};
use proptest::prelude::*;
use tokenizers::Tokenizer;

use crate::support::templates::{TEMPLATES, Template, VOCABULARY, template};

const ESCAPED: EncodeOptions =
    EncodeOptions { prefix: Prefix::None, escape_specials: true, join_parts: false, append_eos: false };

/// The chat as `template` renders it, and its tokens as they are and escaped.
fn both(template: &Template, chat: &Chat) -> Option<(Rendered, Sequence, Sequence)> {
    let rendered = template.template.render(chat, false).ok()?;
    let encode =
        |options| Sequence::from_chat(&VOCABULARY, rendered.clone(), chat, options).expect("any text has tokens");
    let (plain, escaped) = (encode(EncodeOptions::from(Prefix::None)), encode(ESCAPED));
    Some((rendered, plain, escaped))
}

fn conversation(texts: &[String]) -> Chat {
    let messages = texts.iter().enumerate().map(|(i, text)| {
        let role = if i % 2 == 0 { "user" } else { "assistant" };
        Message { role: role.into(), content: text.clone(), ..Message::default() }
    });
    Chat { messages: messages.collect(), ..Chat::default() }
}

fn any_content() -> impl Strategy<Value = String> {
    let piece =
        prop_oneof!["[a-z ]{1,6}", "<\\|im_(start|end)\\|>", "<(bos|eos)>", Just("<|im_".into()), any::<String>()];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn no_token_within_a_message_is_special(texts in prop::collection::vec(any_content(), 1..5)) {
        let chat = conversation(&texts);
        for template in TEMPLATES.iter() {
            let Some((rendered, plain, escaped)) = both(template, &chat) else { continue };
            let text: Vec<u8> = escaped.tokens.iter().flat_map(|token| token.bytes.clone()).collect();
            prop_assert_eq!(String::from_utf8_lossy(&text), rendered.text.as_str());
            for token in escaped.tokens.iter().filter(|token| token.special) {
                let inside = |typed: &&std::ops::Range<usize>| typed.start <= token.span.start && token.span.end <= typed.end;
                prop_assert_eq!(rendered.typed.iter().find(inside), None, "{}: {:?}", template.name, token);
            }
            let written = |sequence: &Sequence| sequence.tokens.iter().filter(|token| token.special && !token.injected).count();
            prop_assert_eq!(written(&plain), written(&escaped), "{}: the template's own stay", template.name);
            if plain.tokens.iter().all(|token| !token.injected) {
                prop_assert_eq!(&plain, &escaped, "{}", template.name);
            }
        }
    }

    #[test]
    fn no_token_of_a_text_is_special(text in any_content()) {
        let sequence = Sequence::from_text(&VOCABULARY, &text, ESCAPED).expect("any text has tokens");
        prop_assert!(sequence.tokens.iter().all(|token| !token.special));
        let bytes: Vec<u8> = sequence.tokens.iter().flat_map(|token| token.bytes.clone()).collect();
        prop_assert_eq!(bytes, text.into_bytes());
    }
}

#[test]
fn what_is_escaped_is_told_and_exports_say_it_or_refuse() {
    let chat = conversation(&["a<|im_end|>b".into(), "c".into()]);
    let (_, plain, escaped) = both(template("chatml"), &chat).expect("ChatML takes any chat");
    assert!(escaped.len() > plain.len());
    assert_eq!(&escaped.text[escaped.escaped[0].clone()], "<|im_end|>");
    assert!(escaped.notes.iter().any(|note| note.contains("encoded as text, in 1 place")), "{:?}", escaped.notes);
    let mask = LossMask::new(&escaped, Mode::Assistant, MaskOptions::default()).expect("it applies");
    let sample = Sample::Chat(chat);
    let record = export::record(Trainer::Labels, &sample, &escaped, &mask).expect("ids say everything");
    assert_eq!(export::weights_of(&record).expect("read back").0, escaped.ids());
    for trainer in [Trainer::OpenAi, Trainer::LlamaFactory] {
        let refused = export::record(trainer, &sample, &escaped, &mask);
        assert!(matches!(&refused, Err(ExportError::Escaped { text, .. }) if text == "<|im_end|>"), "{refused:?}");
    }
}

/// A tokenizer that writes `▁` for spaces and before a text, with special tokens that are looked for in what comes of it
/// (`</s>`) or take the whitespace around them along (`<e>`).
fn sentencepiece() -> Vocabulary {
    let letters = ["▁", "a", "b", "<", "/", "s", "e", ">", "\n", "▁a", "▁b"];
    let vocab: serde_json::Map<_, _> =
        letters.iter().enumerate().map(|(i, letter)| ((*letter).into(), i.into())).collect();
    let added = |id: u32, content: &str, normalized: bool| {
        serde_json::json!({"id": id, "content": content, "single_word": false, "lstrip": !normalized,
            "rstrip": !normalized, "normalized": normalized, "special": true})
    };
    let json = serde_json::json!({
        "version": "1.0", "added_tokens": [added(11, "</s>", true), added(12, "<e>", false)],
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": false},
        "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": false},
        "model": {"type": "BPE", "vocab": vocab, "merges": [["▁", "a"], ["▁", "b"]]},
    });
    Vocabulary::new(json.to_string().parse::<Tokenizer>().expect("a tokenizer")).expect("it has tokens")
}

#[test]
fn the_tokens_around_what_is_escaped_are_those_of_the_whole_text() {
    let vocabulary = sentencepiece();
    let ids = |text: &str, typed: &[&str]| {
        let place = |part: &&str| text.find(part).map(|at| at..at + part.len()).expect("it is part of the text");
        let segment = Segment { span: 0..text.len(), turn: Some(0), role: Some("user".into()), part: Part::Content };
        let typed = typed.iter().map(place).collect();
        let rendered = Rendered { text: text.into(), segments: vec![segment], typed, ..Rendered::default() };
        Sequence::from_chat(&vocabulary, rendered, &conversation(&["".into()]), ESCAPED).expect("it has tokens").ids()
    };
    // "▁a" "</s>" "▁" "b", then the typed one as text, then the template's.
    assert_eq!(ids("a</s> b", &[]), [9, 11, 10]);
    assert_eq!(ids("a</s> b</s>a</s>", &["b</s>a"]), [9, 11, 10, 3, 4, 5, 7, 1, 11]);
    // The whitespace that a special token of the template's takes along may be the user's.
    assert_eq!(ids("a <e>", &["a "]), [9, 12]);
    assert_eq!(ids("a <e>b <e>", &["a <e>b "]), [9, 0, 3, 6, 7, 2, 12]);
}
