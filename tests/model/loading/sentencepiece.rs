//! SentencePiece tokenizers from GGUF, against SentencePiece's own rule written down plainly.

use std::collections::HashMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use candle_core::quantized::QTensor;
use candle_core::quantized::gguf_file::{self, Value};
use lossglass::checkpoint::Loaded;
use lossglass::checkpoint::pack::{Card, Precision, pack};
use lossglass::model::load::OpenError;
use proptest::prelude::*;

use super::{fixture, open_gguf};

const NORMAL: i32 = 1;
const UNKNOWN: i32 = 2;
const CONTROL: i32 = 3;
const USER_DEFINED: i32 = 4;
const BYTE: i32 = 6;

/// Tokens with their kind and score.
type Pieces = Vec<(String, i32, f32)>;

/// `<unk>`, `<s>`, `</s>`, all bytes, a token with real spaces, then the given ones, the best first.
fn pieces(words: &[&str]) -> Pieces {
    let mut pieces = vec![("<unk>".into(), UNKNOWN, 0.0), ("<s>".into(), CONTROL, 0.0), ("</s>".into(), CONTROL, 0.0)];
    pieces.extend((0..=255).map(|byte: u8| (format!("<0x{byte:02X}>"), BYTE, 0.0)));
    pieces.push(("   ".into(), USER_DEFINED, -1000.0));
    pieces.extend(words.iter().enumerate().map(|(rank, word)| ((*word).to_owned(), NORMAL, -(rank as f32))));
    pieces
}

/// The llama fixture's weights with this tokenizer.
fn with_tokenizer(pieces: &Pieces, change: impl FnOnce(&mut HashMap<String, Value>)) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("model.gguf");
    pack(&fixture("llama"), &path, Precision::F32, &Card::default()).expect("packs");
    let mut file = File::open(&path).expect("opens");
    let content = gguf_file::Content::read(&mut file).expect("reads");
    let tensors: Vec<(String, QTensor)> = content
        .tensor_infos
        .keys()
        .map(|name| (name.clone(), content.tensor(&mut file, name, &candle_core::Device::Cpu).expect("a tensor")))
        .collect();
    let mut metadata = content.metadata;
    metadata.retain(|key, _| !key.starts_with("tokenizer."));
    let mut set = |key: &str, value| metadata.insert(format!("tokenizer.ggml.{key}"), value);
    set("model", Value::String("llama".into()));
    set("tokens", Value::Array(pieces.iter().map(|piece| Value::String(piece.0.clone())).collect()));
    set("token_type", Value::Array(pieces.iter().map(|piece| Value::I32(piece.1)).collect()));
    set("scores", Value::Array(pieces.iter().map(|piece| Value::F32(piece.2)).collect()));
    set("bos_token_id", Value::U32(1));
    set("eos_token_id", Value::U32(2));
    change(&mut metadata);
    let metadata: Vec<(&str, &Value)> = metadata.iter().map(|(key, value)| (key.as_str(), value)).collect();
    let tensors: Vec<(&str, &QTensor)> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    let mut out = BufWriter::new(File::create(&path).expect("creates"));
    gguf_file::write(&mut out, &metadata, &tensors).expect("writes");
    drop(out);
    (directory, path)
}

fn open(pieces: &Pieces, change: impl FnOnce(&mut HashMap<String, Value>)) -> Result<Loaded, OpenError> {
    let (_directory, path) = with_tokenizer(pieces, change);
    open_gguf(&path)
}

/// A tokenizer.json of this kind.
pub fn tokenizer_json() -> Vec<u8> {
    let loaded = open(&pieces(&WORDS), |_| {}).expect("opens");
    loaded.vocabulary.tokenizer.to_string(false).expect("JSON").into_bytes()
}

fn message(pieces: &Pieces, change: impl FnOnce(&mut HashMap<String, Value>)) -> String {
    let (directory, path) = with_tokenizer(pieces, change);
    let error = open_gguf(&path).err().expect("refused").to_string();
    error.replace(&Path::new(directory.path()).display().to_string(), "MODEL")
}

fn ids(loaded: &Loaded, text: &str) -> Vec<u32> {
    loaded.vocabulary.tokenizer.encode(text, false).expect("encodes").get_ids().to_vec()
}

/// Joins the best-scored neighbours, of equals the leftmost, until none make a token; what is no token becomes bytes.
fn by_the_rule(pieces: &Pieces, text: &str) -> Vec<u32> {
    let ids: HashMap<&str, usize> = pieces.iter().enumerate().map(|(id, piece)| (piece.0.as_str(), id)).collect();
    let mut symbols: Vec<String> = format!(" {text}").replace(' ', "\u{2581}").chars().map(String::from).collect();
    loop {
        let joined = |i: usize| ids.get(format!("{}{}", symbols[i], symbols[i + 1]).as_str()).copied();
        let pairs = (0..symbols.len().saturating_sub(1)).filter_map(|i| Some((i, joined(i)?)));
        let pairs = pairs.filter(|(_, id)| pieces[*id].1 == NORMAL);
        let best = pairs.max_by(|a, b| pieces[a.1].2.total_cmp(&pieces[b.1].2).then(b.0.cmp(&a.0)));
        let Some((i, _)) = best else { break };
        let right = symbols.remove(i + 1);
        symbols[i].push_str(&right);
    }
    let spelled = |symbol: String| match ids.get(symbol.as_str()) {
        Some(id) => vec![*id as u32],
        None => symbol.bytes().map(|byte| u32::from(byte) + 3).collect(),
    };
    symbols.into_iter().flat_map(spelled).collect()
}

const WORDS: [&str; 24] = [
    "he",
    "\u{2581}t",
    "in",
    "\u{2581}the",
    "ll",
    "\u{2581}he",
    "llo",
    "hello",
    "\u{2581}hello",
    "an",
    "the",
    "\u{2581}in",
    "\u{2581}",
    "t",
    "h",
    "e",
    "l",
    "o",
    "i",
    "n",
    "a",
    "é",
    "日",
    "日本",
];

#[test]
fn a_text_gets_the_ids_of_the_rule_and_its_bytes_come_back() {
    let pieces = pieces(&WORDS);
    let loaded = open(&pieces, |_| {}).expect("loads");
    let vocabulary = &loaded.vocabulary;
    let id = |token: &str| vocabulary.tokenizer.token_to_id(token).expect("a token");
    assert_eq!(ids(&loaded, "hello the"), [id("\u{2581}hello"), id("\u{2581}the")]);
    // z and 本 have no token of their own.
    assert_eq!(ids(&loaded, "z"), [id("\u{2581}"), id("<0x7A>")]);
    assert_eq!(ids(&loaded, "本"), [id("\u{2581}"), id("<0xE6>"), id("<0x9C>"), id("<0xAC>")]);
    // What is asked to stay whole does; after it a text begins anew.
    assert_eq!(
        ids(&loaded, "he   he</s>he"),
        [id("\u{2581}he"), id("   "), id("\u{2581}he"), id("</s>"), id("\u{2581}he")]
    );
    // bos comes first where a tokenizer may add it.
    let encoding = vocabulary.tokenizer.encode("hello", true).expect("encodes");
    assert_eq!(encoding.get_ids(), [1, id("\u{2581}hello")]);
    assert_eq!(vocabulary.tokenizer.decode(&ids(&loaded, "hello zé 本"), true).expect("decodes"), "hello zé 本");
    let bytes: Vec<u8> = ids(&loaded, "hello zé 本").iter().flat_map(|&id| vocabulary.token_bytes(id)).collect();
    assert_eq!(bytes, " hello zé 本".as_bytes());
}

/// gemma3's files say that no space goes before a text.
#[test]
fn a_text_may_begin_without_a_space() {
    let no_prefix = |metadata: &mut HashMap<String, Value>| {
        metadata.insert("tokenizer.ggml.add_space_prefix".into(), Value::Bool(false));
        metadata.insert("tokenizer.ggml.add_bos_token".into(), Value::Bool(false));
    };
    let loaded = open(&pieces(&WORDS), no_prefix).expect("loads");
    let id = |token: &str| loaded.vocabulary.tokenizer.token_to_id(token).expect("a token");
    let encoding = loaded.vocabulary.tokenizer.encode("hello the", true).expect("encodes");
    assert_eq!(encoding.get_ids(), [id("hello"), id("\u{2581}the")]);
    assert_eq!(loaded.vocabulary.tokenizer.decode(encoding.get_ids(), true).expect("decodes"), "hello the");
}

#[test]
fn a_tokenizer_that_is_not_understood() {
    let ours = pieces(&WORDS);
    let start = "MODEL/model.gguf is damaged or not what its name says: ";
    let without = |key: &'static str| move |metadata: &mut HashMap<String, Value>| drop(metadata.remove(key));
    assert_eq!(
        message(&ours, without("tokenizer.ggml.scores")),
        format!("{start}it has no scores (`tokenizer.ggml.scores`)")
    );
    let mut tied = ours.clone();
    tied[260].2 = tied[261].2;
    assert_eq!(
        message(&tied, |_| {}),
        "MODEL/model.gguf: its tokens 260 and 261 have the same score, and neither comes first; use the model's directory with tokenizer.json"
    );
    let unigram =
        message(&ours, |metadata| drop(metadata.insert("tokenizer.ggml.model".into(), Value::String("t5".into()))));
    let expected = "MODEL/model.gguf: tokenizer `t5` is not supported: from GGUF this version reads ";
    assert!(unigram.starts_with(expected), "{unigram}");
    // Byte-level BPE whose pre-tokenizer nobody names.
    for pre in [None, Some("default")] {
        let error = message(&ours, |metadata| {
            metadata.insert("tokenizer.ggml.model".into(), Value::String("gpt2".into()));
            metadata.extend(pre.map(|pre| ("tokenizer.ggml.pre".to_owned(), Value::String(pre.into()))));
        });
        let expected = match pre {
            None => "it does not name its pre-tokenizer (`tokenizer.ggml.pre`)",
            Some(_) => {
                "pre-tokenizer `default` is not known: this version knows gpt-2, smollm, llama-bpe, llama3, llama-v3, qwen2"
            }
        };
        assert_eq!(error, format!("MODEL/model.gguf: {expected}; use the model's directory with tokenizer.json"));
    }
    let capped = message(&ours, |metadata| {
        metadata.insert("llama.final_logit_softcapping".into(), Value::F32(30.0));
    });
    assert_eq!(
        capped,
        "MODEL/model.gguf: final_logit_softcapping = 30 is not supported: this version runs models without it"
    );
    let mamba = message(&ours, |metadata| {
        metadata.insert("general.architecture".into(), Value::String("mamba".into()));
    });
    assert_eq!(
        mamba,
        "MODEL/model.gguf: general.architecture = mamba is not supported: this version runs llama, qwen2, qwen3, gemma3, gpt2"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the vocabulary, every text gets the ids of the rule.
    #[test]
    fn any_vocabulary_joins_by_the_rule(
        words in prop::collection::hash_set("[abc▁]{2,5}", 5..40),
        texts in prop::collection::vec("[abcd é]{0,30}", 20),
    ) {
        let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
        words.sort_unstable_by_key(|word| (word.len(), *word));
        words.extend(["a", "b", "c", "▁"]);
        let pieces = pieces(&words);
        let loaded = open(&pieces, |_| {}).expect("loads");
        for text in texts.iter().filter(|text| !text.is_empty() && !text.contains("   ")) {
            prop_assert_eq!(ids(&loaded, text), by_the_rule(&pieces, text), "{:?} of {:?}", text, words);
        }
    }
}
