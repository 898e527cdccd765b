//! Files cut or altered at any place: what loads can be used, all else is one sentence, and nothing panics.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use lossglass::cancel::Cancel;
use lossglass::checkpoint::pack::{Card, Precision, pack};
use lossglass::data::{Place, Records, record_at};
use lossglass::model::{Model, Reader};
use lossglass::sample::{Chat, Message, Sample};
use lossglass::sequence::EncodeOptions;
use lossglass::source::Source;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use super::formats::copy_without_weights;
use super::{fixture, sentencepiece};

/// Places at which each file is damaged.
const PLACES: usize = 200;

/// `count` damaged copies of a file, the same ones every time.
fn damaged(whole: &[u8], count: usize) -> impl Iterator<Item = Vec<u8>> {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let whole = whole.to_vec();
    (0..count).map(move |number| {
        let mut bytes = whole.clone();
        let at = random.random_range(0..bytes.len());
        match number % 5 {
            0 => bytes.truncate(at),
            1 => bytes[at] = random.random(),
            2 => drop(bytes.splice(at..bytes.len().min(at + random.random_range(1..40)), [])),
            // What stays well-formed gets further: another digit or letter, or a far larger number.
            3 => (0..4).for_each(|_| alter_word(&mut bytes, &mut random)),
            _ => enlarge(&mut bytes, at),
        }
        bytes
    })
}

fn alter_word(bytes: &mut [u8], random: &mut ChaCha8Rng) {
    let at = random.random_range(0..bytes.len());
    if let Some(byte) = bytes[at..].iter_mut().find(|byte| byte.is_ascii_alphanumeric()) {
        let (first, count) = if byte.is_ascii_digit() { (b'0', 10) } else { (b'a', 26) };
        *byte = first + random.random_range(0..count);
    }
}

fn enlarge(bytes: &mut Vec<u8>, at: usize) {
    if let Some(digit) = bytes[at..].iter().position(u8::is_ascii_digit) {
        bytes.splice(at + digit..at + digit, *b"987654");
    }
}

/// A copy of the llama fixture whose special tokens nobody names: other tokenizers have others.
fn copy_of_llama() -> tempfile::TempDir {
    let directory = copy_without_weights("llama");
    fs::copy(fixture("llama").join("model.safetensors"), directory.path().join("model.safetensors")).expect("copies");
    fs::write(directory.path().join("tokenizer_config.json"), "{}").expect("writes");
    directory
}

/// Such a copy of which `file` is damaged in many ways, each handed to `check`.
fn each(file: &str, whole: &[u8], mut check: impl FnMut(&Source)) {
    let directory = copy_of_llama();
    let source = Source::Directory(directory.path().to_owned());
    for bytes in damaged(whole, PLACES) {
        fs::write(directory.path().join(file), bytes).expect("writes");
        check(&source);
    }
}

fn of_fixture(file: &str) -> Vec<u8> {
    fs::read(fixture("llama").join(file)).expect("a fixture")
}

fn assert_sentence(error: &anyhow::Error) {
    let text = format!("{error:#}");
    assert!(!text.is_empty() && text.lines().count() == 1, "{text}");
}

fn samples() -> [Sample; 2] {
    let text = "It's 12 o'clock:\n\n  çà et là 漢字 <|im_end|> </s> 🙂";
    let message = |role: &str| Message { role: role.into(), content: text.into(), ..Message::default() };
    [
        Sample::Text(text.into()),
        Sample::Chat(Chat { messages: vec![message("user"), message("assistant")], ..Chat::default() }),
    ]
}

/// What can be read is encoded, and spelled again.
fn encode(source: &Source) {
    let reader = match Reader::load(source) {
        Ok(reader) => reader,
        Err(error) => return assert_sentence(&error),
    };
    for sample in samples() {
        for escape_specials in [false, true] {
            match reader.encode(&sample, EncodeOptions { escape_specials, ..EncodeOptions::default() }) {
                Ok(sequence) => assert!(sequence.ids().iter().all(|&id| (id as usize) < reader.vocabulary.size())),
                Err(error) => assert_sentence(&error),
            }
        }
    }
    (0..reader.vocabulary.size() as u32).for_each(|id| drop(reader.vocabulary.id_text(id)));
}

/// What can be loaded is a decoder.
fn load(source: &Source) {
    if let Err(error) = Model::load(source, &Device::Cpu, &Cancel::default(), &mut |_| {}) {
        assert_sentence(&error);
    }
}

/// Unigram as SentencePiece has it, with all steps that its converted files have.
fn unigram() -> Vec<u8> {
    let mut vocab = vec![json!(["<unk>", 0.0]), json!(["<s>", 0.0]), json!(["</s>", 0.0])];
    vocab.extend((0..=255).map(|byte: u8| json!([format!("<0x{byte:02X}>"), 0.0])));
    let words = ["\u{2581}", "\u{2581}the", "\u{2581}It", "'", "s", "o", "clock", "1", "2", "e", "t"];
    vocab.extend(words.iter().enumerate().map(|(rank, word)| json!([word, -1.5 - rank as f64])));
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": null,
        "added_tokens": [{"id": 2, "content": "</s>", "single_word": false, "lstrip": false, "rstrip": false,
                          "normalized": false, "special": true}],
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Strip", "strip_left": false, "strip_right": true},
            {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "\u{2581}"}]},
        "pre_tokenizer": {"type": "Metaspace", "replacement": "\u{2581}", "prepend_scheme": "always", "split": true},
        "post_processor": {"type": "TemplateProcessing",
            "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
            "special_tokens": {"</s>": {"id": "</s>", "ids": [2], "tokens": ["</s>"]}}},
        "decoder": {"type": "Metaspace", "replacement": "\u{2581}", "prepend_scheme": "always", "split": true},
        "model": {"type": "Unigram", "unk_id": 0, "vocab": vocab, "byte_fallback": true}});
    tokenizer.to_string().into_bytes()
}

#[test]
fn tokenizers() {
    let sentencepiece = sentencepiece::tokenizer_json();
    for whole in [of_fixture("tokenizer.json"), sentencepiece, unigram()] {
        let mut loaded = 0;
        each("tokenizer.json", &whole, |source| {
            loaded += usize::from(Reader::load(source).is_ok());
            encode(source);
        });
        assert!((1..PLACES).contains(&loaded), "{loaded} of {PLACES} load: this proves little");
    }
}

#[test]
fn what_stands_beside_a_tokenizer() {
    for file in ["tokenizer_config.json", "chat_template.jinja"] {
        each(file, &of_fixture(file), encode);
    }
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/templates");
    for template in ["qwen3.jinja", "llama31.jinja"] {
        each("chat_template.jinja", &fs::read(templates.join(template)).expect("a template"), encode);
    }
}

#[test]
fn configs_and_weights() {
    for file in ["config.json", "generation_config.json", "model.safetensors"] {
        each(file, &of_fixture(file), load);
    }
    // The header alone, which says what lies where.
    let weights = of_fixture("model.safetensors");
    let header = 8 + u64::from_le_bytes(weights[..8].try_into().expect("a length")) as usize;
    each("model.safetensors", &weights[..header], load);
    let directory = copy_of_llama();
    let source = Source::Directory(directory.path().to_owned());
    for mut bytes in damaged(&weights[..header], PLACES) {
        bytes.extend_from_slice(&weights[header..]);
        fs::write(directory.path().join("model.safetensors"), bytes).expect("writes");
        load(&source);
    }
}

#[test]
fn adapters() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |file: &str| directory.path().join(file);
    let config = json!({"peft_type": "LORA", "r": 2, "lora_alpha": 8, "base_model_name_or_path": fixture("llama")});
    let config = config.to_string().into_bytes();
    let zeros = |rows, columns| Tensor::zeros((rows, columns), DType::F32, &Device::Cpu).expect("a tensor");
    let name = |side: &str| format!("base_model.model.model.layers.0.self_attn.q_proj.lora_{side}.weight");
    let tensors = HashMap::from([(name("A"), zeros(2, 48)), (name("B"), zeros(48, 2))]);
    candle_core::safetensors::save(&tensors, path("adapter_model.safetensors")).expect("saves");
    let weights = fs::read(path("adapter_model.safetensors")).expect("reads");
    fs::write(path("adapter_config.json"), &config).expect("writes");
    let source = Source::Directory(directory.path().to_owned());
    assert!(Model::load(&source, &Device::Cpu, &Cancel::default(), &mut |_| {}).is_ok());
    for (file, whole) in [("adapter_model.safetensors", &weights), ("adapter_config.json", &config)] {
        for bytes in damaged(whole, PLACES) {
            fs::write(path(file), bytes).expect("writes");
            load(&source);
        }
        fs::write(path(file), whole).expect("writes");
    }
}

#[test]
fn gguf_files() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("model.gguf");
    pack(&fixture("llama"), &path, Precision::Q8_0, &Card::default()).expect("packs");
    let whole = fs::read(&path).expect("reads");
    let source = Source::Gguf(path.clone());
    let header = whole.len().min(14_000);
    let of_header = damaged(&whole[..header], PLACES).map(|bytes| [&bytes, &whole[header..]].concat());
    for bytes in damaged(&whole, PLACES).chain(of_header) {
        fs::write(&path, bytes).expect("writes");
        load(&source);
        encode(&source);
    }
}

#[test]
fn parquet_files() {
    let whole = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/messages.parquet")).expect("reads");
    let file = tempfile::NamedTempFile::new().expect("a file");
    let mut read = 0;
    for bytes in damaged(&whole, 3 * PLACES) {
        fs::write(file.path(), bytes).expect("writes");
        if let Err(error) = record_at(file.path(), Place { index: 1, place: 2, offset: 0 }) {
            assert_sentence(&error.into());
        }
        let records = match Records::open(file.path()) {
            Ok(records) => records,
            Err(error) => {
                assert_sentence(&error.into());
                continue;
            }
        };
        for record in records.take(1000) {
            match record.map(|raw| raw.read(None)) {
                Ok(_) => read += 1,
                Err(error) => assert_sentence(&error.into()),
            }
        }
    }
    assert!(read > 0, "no damage was small enough");
}

/// Through the program itself: 0 or 2, and one sentence.
#[test]
fn the_program_says_it_in_one_sentence() {
    let directory = copy_of_llama();
    for (whole, count) in [(of_fixture("tokenizer.json"), 10), (unigram(), 10)] {
        for bytes in damaged(&whole, count) {
            fs::write(directory.path().join("tokenizer.json"), bytes).expect("writes");
            for arguments in [["mask", "sample_data/chats.jsonl"].as_slice(), &["analyze", "--text", "It's 12 o'clock"]]
            {
                program(arguments, directory.path());
            }
        }
    }
}

/// A file that the library reads, and panics on where it puts tokens around a text: it has no such token.
#[test]
fn a_tokenizer_that_panics_on_every_text() {
    let mut tokenizer: serde_json::Value = serde_json::from_slice(&unigram()).expect("JSON");
    tokenizer["post_processor"]["special_tokens"] = json!({});
    let directory = copy_of_llama();
    fs::write(directory.path().join("tokenizer.json"), tokenizer.to_string()).expect("writes");
    assert!(Reader::load(&Source::Directory(directory.path().to_owned())).is_ok());
    let said = program(&["analyze", "--text", "It's 12 o'clock"], directory.path());
    assert_eq!(said, "lossglass: the tokenizer failed on this text: it is damaged; download it again\n");
    // Where it puts none, it works.
    let said = program(&["analyze", "--text", "It's 12 o'clock", "--prefix", "none"], directory.path());
    assert!(said.starts_with("note: "), "{said}");
}

/// What the program says on standard error with the model in `directory`.
fn program(arguments: &[&str], directory: &Path) -> String {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_lossglass"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(arguments)
        .arg("--model")
        .arg(directory)
        .output()
        .expect("the binary starts");
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    match output.status.code() {
        Some(0) => assert!(!said.contains("panicked"), "{said}"),
        Some(2) => assert!(said.starts_with("lossglass: ") && said.lines().count() == 1, "{said}"),
        code => panic!("{arguments:?} ends with {code:?}: {said}"),
    }
    said
}
