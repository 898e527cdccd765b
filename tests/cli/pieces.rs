//! SentencePiece's tokens through the program: the prefix is what it is, byte tokens are bytes, and spans tile the text.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use serde_json::{Value, json};

use crate::support::{command, reported, stderr, stdout};

const HIDDEN: usize = 8;

fn tokenizer(name: &str) -> Value {
    let path = reported(name).join("tokenizer.json");
    serde_json::from_slice(&std::fs::read(path).expect("a tokenizer")).expect("JSON")
}

/// Gemma's way: spaces are replaced, nothing is put before a text, and pieces are cut behind spaces.
fn gemmas() -> Value {
    let mut tokenizer = tokenizer("spm-prepend");
    tokenizer["normalizer"] = json!({"type": "Replace", "pattern": {"String": " "}, "content": "▁"});
    tokenizer["pre_tokenizer"] =
        json!({"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": false});
    tokenizer["decoder"]["decoders"].as_array_mut().expect("decoders").pop();
    tokenizer
}

/// A model of one layer that has this tokenizer.
fn model(tokenizer: &Value) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let write = |name: &str, value: &Value| {
        std::fs::write(directory.path().join(name), value.to_string()).expect("writes");
    };
    let vocabulary = tokenizer["model"]["vocab"].as_object().expect("a vocabulary").len();
    write("tokenizer.json", tokenizer);
    write("tokenizer_config.json", &json!({"bos_token": "<s>", "eos_token": "</s>"}));
    write(
        "config.json",
        &json!({
            "model_type": "llama", "vocab_size": vocabulary, "hidden_size": HIDDEN, "intermediate_size": HIDDEN,
            "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2, "rms_norm_eps": 1e-5,
            "max_position_embeddings": 128, "rope_theta": 10000.0, "tie_word_embeddings": true,
        }),
    );
    let device = Device::Cpu;
    let tensor = |shape: &[usize]| {
        let count: usize = shape.iter().product();
        let values: Vec<f32> = (0..count).map(|i| ((i * 37 + 11) % 101) as f32 / 101.0 - 0.5).collect();
        Tensor::from_vec(values, shape, &device).and_then(|tensor| tensor.to_dtype(DType::F32)).expect("a tensor")
    };
    let mut tensors = HashMap::from([
        ("model.embed_tokens.weight".to_owned(), tensor(&[vocabulary, HIDDEN])),
        ("model.norm.weight".to_owned(), tensor(&[HIDDEN])),
    ]);
    for name in ["input_layernorm", "post_attention_layernorm"] {
        tensors.insert(format!("model.layers.0.{name}.weight"), tensor(&[HIDDEN]));
    }
    for name in ["q_proj", "k_proj", "v_proj", "o_proj"] {
        tensors.insert(format!("model.layers.0.self_attn.{name}.weight"), tensor(&[HIDDEN, HIDDEN]));
    }
    for name in ["gate_proj", "up_proj", "down_proj"] {
        tensors.insert(format!("model.layers.0.mlp.{name}.weight"), tensor(&[HIDDEN, HIDDEN]));
    }
    candle_core::safetensors::save(&tensors, directory.path().join("model.safetensors")).expect("saves");
    directory
}

fn analyze(model: &Path, more: &[&str]) -> String {
    let mut command = command(&["analyze", "--prefix", "none", "--model"]);
    let output = command.arg(model).args(more).output().expect("the program runs");
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output)
}

/// Texts and spans of all tokens, in characters; and that they tile the text.
fn tokens(model: &Path, input: &str, characters: usize) -> Vec<(String, u64, u64)> {
    let report: Value = serde_json::from_str(&analyze(model, &["--text", input, "--format", "json"])).expect("JSON");
    let tokens: Vec<(String, u64, u64)> = report["tokens"]
        .as_array()
        .expect("tokens")
        .iter()
        .map(|token| {
            let place = |end: usize| token["span"][end].as_u64().expect("a place");
            (token["text"].as_str().expect("a text").to_owned(), place(0), place(1))
        })
        .collect();
    assert_eq!(tokens.first().map(|token| token.1), Some(0));
    assert_eq!(tokens.last().map(|token| token.2), Some(characters as u64));
    for pair in tokens.windows(2) {
        assert!(pair[1].1 <= pair[0].2, "a gap between {pair:?}");
    }
    tokens
}

fn spelled(tokens: &[(&str, u64, u64)]) -> Vec<(String, u64, u64)> {
    tokens.iter().map(|&(text, start, end)| (text.to_owned(), start, end)).collect()
}

#[test]
fn the_prefix_has_no_place_in_the_text() {
    let model = model(&tokenizer("spm-prepend"));
    let of = |text: &str| tokens(model.path(), text, text.chars().count());
    let hi = [("▁", 0, 0), ("H", 0, 1), ("i", 1, 2), (" the", 2, 6), ("re", 6, 8)];
    assert_eq!(of("Hi there"), spelled(&hi));
    assert_eq!(of(" Hi"), spelled(&[("▁", 0, 0), (" ", 0, 1), ("H", 1, 2), ("i", 2, 3)]));
    assert_eq!(of("a▁b"), spelled(&[("▁a", 0, 1), ("▁b", 1, 3)]));
    // Behind a special token a new piece begins.
    let again =
        [("[INST]", 0, 6), ("▁", 6, 6), (" ", 6, 7), ("H", 7, 8), ("i", 8, 9), ("[/INST]", 9, 16), ("▁A", 16, 17)];
    assert_eq!(of("[INST] Hi[/INST]A"), spelled(&again));
}

#[test]
fn a_prefix_may_stand_before_the_text_alone_and_only_where_no_space_is() {
    let model = model(&tokenizer("spm-metaspace-first"));
    let of = |text: &str| tokens(model.path(), text, text.chars().count());
    let hi = [("▁", 0, 0), ("H", 0, 1), ("i", 1, 2), (" the", 2, 6), ("re", 6, 8)];
    assert_eq!(of("Hi there"), spelled(&hi));
    assert_eq!(of(" Hi"), spelled(&[(" ", 0, 1), ("H", 1, 2), ("i", 2, 3)]));
    assert_eq!(of("<s>Hi"), spelled(&[("<s>", 0, 3), ("H", 3, 4), ("i", 4, 5)]));
}

#[test]
fn byte_tokens_are_bytes_everywhere() {
    let bytes = ["⟨E6⟩", "⟨9D⟩", "⟨B1⟩", "⟨E4⟩", "⟨BA⟩", "⟨AC⟩"];
    let tokyo: Vec<(&str, u64, u64)> =
        bytes.iter().enumerate().map(|(i, text)| (*text, i as u64 / 3, i as u64 / 3 + 1)).collect();
    for (tokenizer, prefix) in
        [(tokenizer("spm-prepend"), true), (tokenizer("spm-metaspace-first"), true), (gemmas(), false)]
    {
        let model = model(&tokenizer);
        let path = model.path().to_owned();
        let before = if prefix { vec![("▁", 0, 0)] } else { Vec::new() };
        assert_eq!(tokens(&path, "東京", 2), spelled(&[before.clone(), tokyo.clone()].concat()));
        let smile = ["⟨F0⟩", "⟨9F⟩", "⟨99⟩", "⟨82⟩"].map(|text| (text, 0, 1));
        let (space, x) = ([(" ", 1, 2)], [("x", 2, 3)]);
        assert_eq!(tokens(&path, "🙂 x", 3), spelled(&[&before[..], &smile, &space, &x].concat()));
        for format in ["table", "csv", "json"] {
            let printed = analyze(&path, &["--text", "東京", "--format", format]);
            assert!(bytes.iter().all(|byte| printed.contains(byte)), "{format}: {printed}");
        }
    }
}

/// Bits per byte count the text, in which the prefix has no byte.
#[test]
fn bits_per_byte_count_the_text() {
    let model = model(&tokenizer("spm-prepend"));
    let report = |text: &str| -> Value {
        serde_json::from_str(&analyze(model.path(), &["--text", text, "--format", "json"])).expect("JSON")
    };
    let hi = report("Hi");
    let nll: f64 = hi["tokens"].as_array().expect("tokens").iter().filter_map(|token| token["nll"].as_f64()).sum();
    let bits = hi["loss"]["bits_per_byte"].as_f64().expect("bits per byte");
    assert!((bits - nll / std::f64::consts::LN_2 / 2.0).abs() < 1e-6, "{bits} for {nll} nats");
}
