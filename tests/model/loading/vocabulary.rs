//! Special tokens and templates in the spellings that files in the wild have.

use std::fs;

use lossglass::sequence::{Prefix, Sequence, Vocabulary, VocabularyError};
use serde_json::json;

use super::fixture;

fn from_config(config: &serde_json::Value) -> Result<Vocabulary, VocabularyError> {
    let tokenizer = fs::read(fixture("llama").join("tokenizer.json")).expect("fixture");
    Vocabulary::from_files(&tokenizer, Some(config.to_string().as_bytes()), None)
}

#[test]
fn tokens_as_strings_and_as_objects() {
    let vocabulary =
        from_config(&json!({"bos_token": "<|im_start|>", "eos_token": {"content": "<|im_end|>", "lstrip": false}}));
    let vocabulary = vocabulary.expect("reads");
    assert_eq!((vocabulary.bos, vocabulary.eos, vocabulary.pad), (Some(1), Some(2), None));
    let map = json!({"eos_token": "<|endoftext|>", "pad_token": {"content": "<|endoftext|>"}});
    let vocabulary = vocabulary.with_special_tokens_map(map.to_string().as_bytes()).expect("reads");
    assert_eq!((vocabulary.eos, vocabulary.pad), (Some(2), Some(0)), "only what is unnamed is filled");
    assert_eq!(vocabulary.pad_text().as_deref(), Some("<|endoftext|>"));
}

#[test]
fn ids_in_the_config_are_the_last_resort() {
    let vocabulary = from_config(&json!({"eos_token": "<|im_end|>"})).expect("reads");
    let config = json!({"bos_token_id": 1, "eos_token_id": [0, 2], "pad_token_id": 496});
    let vocabulary = vocabulary.with_config_ids(config.to_string().as_bytes()).expect("reads");
    assert_eq!((vocabulary.bos, vocabulary.eos, vocabulary.pad), (Some(1), Some(2), None));
    let vocabulary = from_config(&json!({})).expect("reads").with_config_ids(config.to_string().as_bytes());
    assert_eq!(vocabulary.expect("reads").eos, Some(0), "the first of a list");
}

#[test]
fn generation_ends_with_whatever_the_files_name_and_known_ends_of_turn() {
    let stops = |config: serde_json::Value, generation: serde_json::Value| {
        let vocabulary = from_config(&json!({})).expect("reads");
        let vocabulary = vocabulary.with_config_ids(config.to_string().as_bytes()).expect("reads");
        vocabulary.with_generation_config(generation.to_string().as_bytes()).expect("reads").stop_ids()
    };
    // 0 is <|endoftext|> and 2 <|im_end|>, which no file need name; 496 is no token.
    assert_eq!(stops(json!({}), json!({})), [0, 2]);
    assert_eq!(stops(json!({"eos_token_id": [0, 2]}), json!({"eos_token_id": 5})), [0, 2, 5]);
    assert_eq!(stops(json!({"eos_token_id": 0}), json!({"eos_token_id": [7, 496, -1]})), [0, 2, 7]);
}

#[test]
fn templates_as_a_string_a_list_and_a_file() {
    let one = from_config(&json!({"chat_template": "{{ messages }}"})).expect("reads");
    assert_eq!((one.chat_template.as_deref(), one.tool_template), (Some("{{ messages }}"), None));
    let list = json!([{"name": "tool_use", "template": "{{ tools }}"}, {"name": "default", "template": "{{ text }}"}]);
    let two = from_config(&json!({ "chat_template": list })).expect("reads");
    assert_eq!((two.chat_template.as_deref(), two.tool_template.as_deref()), (Some("{{ text }}"), Some("{{ tools }}")));
    let tokenizer = fs::read(fixture("llama").join("tokenizer.json")).expect("fixture");
    let config = json!({"chat_template": "old"}).to_string();
    let file = Vocabulary::from_files(&tokenizer, Some(config.as_bytes()), Some("new".to_owned())).expect("reads");
    assert_eq!(file.chat_template.as_deref(), Some("new"));
}

/// One place for each id would be four gigabytes.
#[test]
fn an_id_that_no_model_embeds() {
    let bytes = fs::read(fixture("llama").join("tokenizer.json")).expect("fixture");
    let mut tokenizer: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
    tokenizer["model"]["vocab"]["the"] = json!(4_000_000_000_u32);
    let error = Vocabulary::from_files(tokenizer.to_string().as_bytes(), None, None).err().expect("refused");
    assert!(error.to_string().starts_with("the tokenizer has ids up to 4000000000, which no model embeds"), "{error}");
}

/// Ids around a text are the post-processor's own; one that no token has would be read beyond the embedding.
#[test]
fn a_token_that_the_tokenizer_adds_and_does_not_have() {
    let bytes = fs::read(fixture("llama").join("tokenizer.json")).expect("fixture");
    let mut tokenizer: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
    let single = json!([{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]);
    let pair = json!([{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}]);
    tokenizer["post_processor"] = json!({"type": "TemplateProcessing", "single": single, "pair": pair,
        "special_tokens": {"<s>": {"id": "<s>", "ids": [70_000], "tokens": ["<s>"]}}});
    let vocabulary = Vocabulary::from_files(tokenizer.to_string().as_bytes(), None, None).expect("reads");
    let error = Sequence::from_text(&vocabulary, "Hi", Prefix::Tokenizer).expect_err("no such token").to_string();
    assert!(error.starts_with("the tokenizer adds token 70000, which it does not have"), "{error}");
    assert!(Sequence::from_text(&vocabulary, "Hi", Prefix::None).is_ok(), "nothing is added");
}

#[test]
fn bytes_of_tokens() {
    let vocabulary = from_config(&json!({})).expect("reads");
    let id = |token: &str| vocabulary.tokenizer.token_to_id(token).expect("a token");
    assert_eq!(vocabulary.token_bytes(id("Ġthe")), b" the");
    assert_eq!(vocabulary.token_bytes(id("<|im_end|>")), b"<|im_end|>");
    // Half a character is bytes, and text only with a replacement.
    assert_eq!(vocabulary.token_bytes(id("Ã")), [0xc3]);
    assert_eq!(vocabulary.id_text(id("Ã")), "\u{fffd}");
    assert!(vocabulary.token_bytes(u32::MAX).is_empty());
    assert!(vocabulary.is_special(2) && !vocabulary.is_special(3));
}

#[test]
fn a_special_token_that_is_none() {
    let error = from_config(&json!({"eos_token": "<eot>"})).err().expect("no such token").to_string();
    assert_eq!(error, "tokenizer_config.json names `<eot>` as its eos token, which the tokenizer does not have");
    let error = Vocabulary::from_files(b"{}", None, None).err().expect("not a tokenizer").to_string();
    assert!(error.starts_with("tokenizer.json is not a tokenizer: "), "{error}");
}

/// Vocabularies that are encoded word by word: GPT-2's pattern alone, and behind a step for digits.
fn by_word() -> Vec<Vocabulary> {
    let read = |steps: serde_json::Value| {
        let bytes = fs::read(fixture("llama").join("tokenizer.json")).expect("fixture");
        let mut tokenizer: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        if !steps.is_null() {
            let pattern = std::mem::take(&mut tokenizer["pre_tokenizer"]);
            tokenizer["pre_tokenizer"] = json!({"type": "Sequence", "pretokenizers": [steps, pattern]});
        }
        Vocabulary::from_files(tokenizer.to_string().as_bytes(), None, None).expect("reads")
    };
    let digits = |single: bool| json!({"type": "Digits", "individual_digits": single});
    vec![read(json!(null)), read(digits(false)), read(digits(true))]
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(400))]

    /// Words from memory have the ids that the library gives the whole text, met for the first time and again.
    #[test]
    fn any_text_gets_the_librarys_ids(pieces in proptest::collection::vec(piece(), 0..40)) {
        let text = pieces.concat();
        for vocabulary in by_word_once() {
            assert!(vocabulary.encodes_by_word());
            let library = vocabulary.tokenizer.encode_fast(text.as_str(), false).expect("encodes");
            for _ in 0..2 {
                assert_eq!(vocabulary.encode(&text).expect("encodes"), library.get_ids(), "{text:?}");
            }
        }
    }
}

fn by_word_once() -> &'static [Vocabulary] {
    static VOCABULARIES: std::sync::LazyLock<Vec<Vocabulary>> = std::sync::LazyLock::new(by_word);
    &VOCABULARIES
}

/// What the pattern tells apart: spaces of all kinds, letters, numbers, marks, contractions, added tokens and their
/// beginnings, and any character at all.
fn piece() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let special = [
        " ",
        "  ",
        "\n",
        "\r\n",
        "\t",
        "\u{a0}",
        "\u{2003}",
        "\u{85}",
        "\u{200b}",
        "'s",
        "'S",
        "'",
        "''ll",
        "'re",
        "don't",
        "1",
        "12",
        "²",
        "Ⅷ",
        "½",
        "٣",
        "é",
        "e\u{301}",
        "漢字",
        "ß",
        "!",
        "...",
        "<|im_end|>",
        "<|im_start|>",
        "<|im_",
        "|>",
        "<|endoftext|>",
        "🙂",
        "👩‍💻",
        "\u{e000}",
        "\u{100001}",
        "ʼn",
        "ª",
        "\0",
    ];
    prop_oneof![
        3 => proptest::sample::select(special.to_vec()).prop_map(str::to_owned),
        2 => "[a-zA-Z]{1,9}",
        1 => any::<String>(),
    ]
}

#[test]
fn a_tokenizer_of_another_kind_is_left_to_the_library() {
    let bytes = fs::read(fixture("llama").join("tokenizer.json")).expect("fixture");
    let tokenizer: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
    let space = json!({"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true});
    let split = json!({"type": "Split", "pattern": {"Regex": "\\s+"}, "behavior": "Isolated", "invert": false});
    let mut stripping = tokenizer["added_tokens"].clone();
    stripping[1]["lstrip"] = json!(true);
    let changes = [
        ("pre_tokenizer", space),
        ("pre_tokenizer", split),
        ("normalizer", json!({"type": "NFC"})),
        ("added_tokens", stripping),
    ];
    for (key, value) in changes {
        let mut changed = tokenizer.clone();
        changed[key] = value;
        let vocabulary = Vocabulary::from_files(changed.to_string().as_bytes(), None, None).expect("reads");
        assert!(!vocabulary.encodes_by_word(), "{key}");
        let text = "Hi <|im_end|>  there 12";
        let library = vocabulary.tokenizer.encode_fast(text, false).expect("encodes");
        assert_eq!(vocabulary.encode(text).expect("encodes"), library.get_ids(), "{key}");
    }
}
