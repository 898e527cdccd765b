//! Files that are missing, cut short, damaged, or lie: one clear sentence each, and no panic.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use lossglass::cancel::Cancel;
use lossglass::checkpoint::Loaded;
use lossglass::checkpoint::pack::{Card, Precision, pack};
use lossglass::model::Model;
use lossglass::model::load::OpenError;
use lossglass::sample::{Chat, Message, Sample};
use lossglass::sequence::Prefix;
use lossglass::source::Source;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::formats::copy_without_weights;
use super::{fixture, open_directory, open_gguf};

/// The message, without the temporary path it begins with.
pub fn message(result: Result<Loaded, OpenError>, place: &Path) -> String {
    let message = result.err().expect("it is damaged").to_string();
    assert_eq!(message.lines().count(), 1, "{message}");
    message.replace(&place.display().to_string(), "MODEL")
}

/// A copy of the llama fixture with something changed.
pub fn damaged(change: impl FnOnce(&Path)) -> String {
    damaged_family("llama", change)
}

fn damaged_family(name: &str, change: impl FnOnce(&Path)) -> String {
    let directory = copy_without_weights(name);
    fs::copy(fixture(name).join("model.safetensors"), directory.path().join("model.safetensors")).expect("copies");
    change(directory.path());
    message(open_directory(directory.path()), directory.path())
}

fn with_config(key: &str, value: Value) -> String {
    with_config_of("llama", key, value)
}

fn with_config_of(name: &str, key: &str, value: Value) -> String {
    damaged_family(name, |directory| {
        let path = directory.join("config.json");
        let mut config = super::json(&path);
        config[key] = value;
        fs::write(path, config.to_string()).expect("writes");
    })
}

fn with_tensors(change: impl FnOnce(&mut HashMap<String, Tensor>)) -> String {
    with_tensors_of("llama", change)
}

fn with_tensors_of(name: &str, change: impl FnOnce(&mut HashMap<String, Tensor>)) -> String {
    damaged_family(name, |directory| {
        let path = directory.join("model.safetensors");
        let mut tensors = candle_core::safetensors::load(&path, &Device::Cpu).expect("loads");
        change(&mut tensors);
        fs::remove_file(&path).expect("removes");
        candle_core::safetensors::save(&tensors, path).expect("saves");
    })
}

#[test]
fn missing_files() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = directory.path();
    assert_eq!(message(open_directory(place), place), "MODEL is not a model directory: it has no config.json");
    for file in ["tokenizer.json", "model.safetensors"] {
        let error = damaged(|directory| fs::remove_file(directory.join(file)).expect("removes"));
        assert_eq!(error, format!("MODEL is not a model directory: it has no {file}"));
    }
    let gone = place.join("gone.gguf");
    assert_eq!(message(open_gguf(&gone), place), "cannot read MODEL/gone.gguf: No such file or directory (os error 2)");
}

#[test]
fn shards_that_are_not_there_or_elsewhere() {
    let index = |shard: &str| {
        let shard = shard.to_owned();
        damaged(move |directory| {
            fs::remove_file(directory.join("model.safetensors")).expect("removes");
            let index = json!({"weight_map": {"model.norm.weight": shard}});
            fs::write(directory.join("model.safetensors.index.json"), index.to_string()).expect("writes");
        })
    };
    assert_eq!(
        index("model-1.safetensors"),
        "MODEL/model.safetensors.index.json asks for model-1.safetensors, which is not there: download it into the same directory"
    );
    assert!(index("../model.safetensors").ends_with("shard `../model.safetensors` is outside the directory"));
}

#[test]
fn truncated_weights() {
    let error = damaged(|directory| {
        let path = directory.join("model.safetensors");
        let bytes = fs::read(&path).expect("reads");
        fs::write(&path, &bytes[..bytes.len() - 1000]).expect("writes");
    });
    assert!(
        error.starts_with("MODEL/model.safetensors is damaged or not what its name says: its header does"),
        "{error}"
    );
    let error = damaged(|directory| fs::write(directory.join("model.safetensors"), b"").expect("writes"));
    assert!(error.starts_with("MODEL/model.safetensors is damaged"), "{error}");
}

#[test]
fn a_config_that_is_not_supported() {
    let file = "MODEL/config.json: ";
    for (key, value, expected) in [
        (
            "model_type",
            json!("mamba"),
            "model type `mamba` is not supported: this version runs llama, mistral, qwen2, qwen3, gemma3_text, gpt2, gpt_neo, gpt_neox and opt",
        ),
        (
            "hidden_act",
            json!("quick_gelu"),
            "hidden_act = quick_gelu is not supported: this version runs silu, gelu, gelu_new, gelu_pytorch_tanh, gelu_fast and relu",
        ),
        (
            "rope_parameters",
            json!({"rope_type": "yarn", "factor": 4.0}),
            "rope_type = yarn is not supported: this version runs default, linear and llama3",
        ),
        ("hidden_size", Value::Null, "`hidden_size` is missing"),
        ("hidden_size", json!("48"), "`hidden_size` is not a whole number"),
        ("num_key_value_heads", json!(3), "the config contradicts itself: 4 heads cannot share 3 key/value heads"),
        ("num_attention_heads", json!(0), "the config contradicts itself: `num_attention_heads` is 0"),
        ("head_dim", json!(11), "the config contradicts itself: rotary positions need an even head size, not 11"),
    ] {
        assert_eq!(with_config(key, value), format!("{file}{expected}"));
    }
    let error = damaged(|directory| fs::write(directory.join("config.json"), "not json").expect("writes"));
    assert!(error.starts_with("MODEL/config.json: not a model config: "), "{error}");
}

/// What transformers would compute otherwise than this program is refused, in every family.
#[test]
fn options_that_are_not_supported() {
    for (family, key, value, expected) in [
        ("llama", "rope_parameters", json!({"rope_type": "dynamic", "factor": 2.0}), "rope_type = dynamic"),
        ("llama", "quantization_config", json!({"bits": 4}), "quantization_config = quantised safetensors"),
        ("llama", "rope_parameters", json!({"partial_rotary_factor": 0.5}), "partial_rotary_factor = 0.5"),
        ("qwen2", "layer_types", json!(["full_attention", "chunked_attention"]), "layer_types = chunked_attention"),
        ("qwen2", "hidden_act", json!("xielu"), "hidden_act = xielu"),
        ("gemma3", "final_logit_softcapping", json!(30.0), "final_logit_softcapping = 30.0"),
        ("gemma3", "attn_logit_softcapping", json!(50.0), "attn_logit_softcapping = 50.0"),
        ("gemma3", "use_bidirectional_attention", json!(true), "use_bidirectional_attention = true"),
        ("gpt2", "scale_attn_by_inverse_layer_idx", json!(true), "scale_attn_by_inverse_layer_idx = true"),
        ("gpt_neo", "attention_layers", json!(["global", "blocked"]), "attention_types = blocked"),
        ("gpt_neox", "rope_parameters", json!({"rope_type": "yarn"}), "rope_type = yarn"),
        ("opt", "do_layer_norm_before", json!(false), "do_layer_norm_before = false"),
        ("opt", "word_embed_proj_dim", json!(32), "word_embed_proj_dim = 32"),
        ("opt", "layer_norm_elementwise_affine", json!(false), "layer_norm_elementwise_affine = false"),
    ] {
        let error = with_config_of(family, key, value);
        assert!(
            error.starts_with(&format!("MODEL/config.json: {expected} is not supported: this version runs ")),
            "{error}"
        );
    }
}

#[test]
fn configs_of_the_families_that_contradict_themselves() {
    let file = "MODEL/config.json: ";
    for (family, key, value, expected) in [
        ("mistral", "sliding_window", json!(0), "the config contradicts itself: the sliding window is 0 tokens"),
        ("mistral", "sliding_window", json!("6"), "`sliding_window` is not a whole number"),
        (
            "qwen3",
            "layer_types",
            json!(["full_attention"]),
            "the config contradicts itself: layer_types says 1 layers, not 2",
        ),
        ("qwen2", "layer_types", json!(["sliding_attention", "full_attention"]), "`sliding_window` is missing"),
        (
            "gemma3",
            "query_pre_attn_scalar",
            json!(-4),
            "the config contradicts itself: attention is scaled by the root of -4",
        ),
        ("gemma3", "rope_parameters", json!({"full_attention": {}}), "`sliding_attention` is missing"),
        ("gpt_neo", "attention_layers", json!("local"), "`attention_layers` is not a list of strings"),
        (
            "gpt_neo",
            "num_heads",
            json!(5),
            "the config contradicts itself: a width of 48 does not divide into 5 attention heads",
        ),
        (
            "gpt_neox",
            "rope_parameters",
            json!({"partial_rotary_factor": 1.5}),
            "the config contradicts itself: 1.5 of a head of 12 cannot be rotated",
        ),
        ("opt", "ffn_dim", Value::Null, "`ffn_dim` is missing"),
        ("gemma3", "model_type", json!("gemma3"), "`text_config` is missing"),
    ] {
        assert_eq!(with_config_of(family, key, value), format!("{file}{expected}"));
    }
}

/// gpt_neo's layers in transformers' other spelling; a number of repetitions that no file has room for is no loop.
#[test]
fn attention_types_of_gpt_neo() {
    let types = |value: Value| {
        damaged_family("gpt_neo", |directory| {
            let path = directory.join("config.json");
            let mut config = super::json(&path);
            config["attention_types"] = value;
            config["attention_layers"] = Value::Null;
            config["window_size"] = json!(0); // so that what is read right is refused as well
            fs::write(path, config.to_string()).expect("writes");
        })
    };
    let read = "MODEL/config.json: the config contradicts itself: the sliding window is 0 tokens";
    assert_eq!(types(json!([[["global", "local"], 1]])), read);
    assert_eq!(types(json!([[["global"], 1], [["local"], 1]])), read);
    assert!(types(json!([[["global", "local"], 1_000_000_000_000u64]])).contains("attention_types says"));
    assert!(types(json!([[[], 1_000_000_000_000u64]])).contains("attention_types says 0 layers"));
    assert!(types(json!("global")).ends_with("`attention_types` is not a list like [[[\"global\", \"local\"], 6]]"));
}

#[test]
fn every_family_names_the_tensor_that_is_wrong() {
    for name in ["mistral", "qwen2", "qwen3", "gemma3", "gpt2", "gpt_neo", "gpt_neox", "opt"] {
        let weights = open_directory(&fixture(name)).expect(name).weights;
        let tensor = weights.keys().filter(|tensor| tensor.contains(".1.")).max().expect("a layer").clone();
        let missing = with_tensors_of(name, |tensors| drop(tensors.remove(&tensor)));
        assert!(missing.starts_with(&format!("MODEL: tensor `{tensor}` is missing: config.json asks")), "{missing}");
        let wide = Tensor::zeros(7, DType::F32, &Device::Cpu).expect("a tensor");
        let shape = with_tensors_of(name, |tensors| drop(tensors.insert(tensor.clone(), wide)));
        assert!(shape.contains(&format!("tensor `{tensor}` has shape [7], the config says ")), "{shape}");
        let nan = (&weights[&tensor] * f64::NAN).expect("a tensor");
        let nan = with_tensors_of(name, |tensors| drop(tensors.insert(tensor.clone(), nan)));
        assert!(nan.ends_with(&format!("tensor `{tensor}` holds NaN at element 0: the weights are damaged")), "{nan}");
        let extra = Tensor::zeros(7, DType::F32, &Device::Cpu).expect("a tensor");
        let extra = with_tensors_of(name, |tensors| drop(tensors.insert("adapter.weight".into(), extra)));
        assert!(extra.contains("tensor `adapter.weight` has no place in a "), "{extra}");
    }
}

/// A template that does not parse costs the chats, not the model.
#[test]
fn a_chat_template_that_does_not_parse() {
    let directory = copy_without_weights("qwen3");
    fs::copy(fixture("qwen3").join("model.safetensors"), directory.path().join("model.safetensors")).expect("copies");
    fs::write(directory.path().join("chat_template.jinja"), "{% for message in messages %}").expect("writes");
    let source = Source::Directory(directory.path().to_owned());
    let model = Model::load(&source, &Device::Cpu, &Cancel::default(), &mut |_| {}).expect("loads");
    assert!(model.encode(&Sample::Text("Hi".into()), Prefix::None).is_ok());
    let message = Message { role: "user".into(), content: "Hi".into(), ..Message::default() };
    let chat = Chat { messages: vec![message], ..Chat::default() };
    let error = model.encode(&Sample::Chat(chat), Prefix::None).expect_err("no template").to_string();
    assert!(error.starts_with("the chat template does not parse: line 1: ") && error.lines().count() == 1, "{error}");
}

#[test]
fn pickled_weights_are_not_opened() {
    for pickle in ["pytorch_model.bin", "pytorch_model.bin.index.json"] {
        let error = damaged(|directory| {
            fs::rename(directory.join("model.safetensors"), directory.join(pickle)).expect("renames");
        });
        let expected =
            "the weights are Python pickles, which this version does not read; save the model as safetensors";
        assert_eq!(error, format!("MODEL/{pickle}: {expected}"));
    }
}

#[test]
fn a_config_that_lies() {
    assert_eq!(
        with_config("num_hidden_layers", json!(1_000_000)),
        "MODEL: tensor `model.layers.2.input_layernorm.weight` is missing: config.json asks for it, the weights do not have it"
    );
    assert_eq!(
        with_config("num_hidden_layers", json!(1)),
        "MODEL/model.safetensors: tensor `model.layers.1.input_layernorm.weight` has no place in a llama decoder of 1 layers as the config describes it"
    );
    assert_eq!(
        with_config("intermediate_size", json!(97)),
        "MODEL/model.safetensors: tensor `model.layers.0.mlp.gate_proj.weight` has shape [96, 48], the config says [97, 48]"
    );
    assert_eq!(
        with_config("vocab_size", json!(490)),
        "MODEL/tokenizer.json: the tokenizer has ids up to 495, but the model embeds only 490 tokens: the two do not belong together"
    );
}

#[test]
fn weights_that_are_not_numbers() {
    let error = with_tensors(|tensors| {
        let mut values = vec![1.0f32; 48];
        values[5] = f32::NAN;
        tensors.insert("model.norm.weight".to_owned(), Tensor::new(values, &Device::Cpu).expect("a tensor"));
    });
    assert_eq!(
        error,
        "MODEL/model.safetensors: tensor `model.norm.weight` holds NaN at element 5: the weights are damaged"
    );
    let error = with_tensors(|tensors| {
        tensors.insert("model.norm.weight".to_owned(), Tensor::new(vec![1u32; 48], &Device::Cpu).expect("a tensor"));
    });
    assert_eq!(
        error,
        "MODEL/model.safetensors: tensor `model.norm.weight` is stored as U32: this version reads f32, f16 and bf16"
    );
}

fn packed() -> (tempfile::TempDir, PathBuf, Vec<u8>) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("model.gguf");
    pack(&fixture("llama"), &path, Precision::F32, &Card::default()).expect("packs");
    let bytes = fs::read(&path).expect("reads");
    (directory, path, bytes)
}

#[test]
fn gguf_files_that_are_none() {
    let (directory, path, bytes) = packed();
    let opened = |bytes: &[u8]| {
        fs::write(&path, bytes).expect("writes");
        message(open_gguf(&path), directory.path())
    };
    let damaged = "MODEL/model.gguf is damaged or not what its name says: ";
    assert_eq!(opened(b"A text about llamas."), format!("{damaged}it does not begin with `GGUF`"));
    assert_eq!(opened(b""), format!("{damaged}it does not begin with `GGUF`"));
    assert_eq!(opened(&bytes[..1000]), format!("{damaged}it ends inside its header, at byte 1000"));
    let cut = opened(&bytes[..bytes.len() - 5000]);
    assert!(cut.contains("reaches beyond the end of the file") && cut.ends_with("the download is incomplete"), "{cut}");
    let mut version = bytes.clone();
    version[4] = 9;
    assert!(opened(&version).starts_with("MODEL/model.gguf: GGUF version 9 is not supported"));
    let replaced = |from: &[u8], to: &[u8]| {
        let mut changed = bytes.clone();
        let at = changed.windows(from.len()).position(|window| window == from).expect("in the header");
        changed[at..at + to.len()].copy_from_slice(to);
        opened(&changed)
    };
    // Strings of the same length, so that the rest of the header stays where it is.
    assert_eq!(
        replaced(b"gpt-2", b"gpt-9"),
        "MODEL/model.gguf: pre-tokenizer `gpt-9` is not known: this version knows gpt-2, smollm, llama-bpe, llama3, llama-v3, qwen2; use the model's directory with tokenizer.json"
    );
    assert!(
        replaced(b"tokenizer.ggml.model", b"tokenizer.ggml.nodel")
            .ends_with("it has no tokenizer (`tokenizer.ggml.model`)")
    );
    assert!(
        replaced(b"llama.block_count", b"llama.block_xxxxx").ends_with("MODEL/model.gguf: `block_count` is missing")
    );
    assert!(replaced(b"output_norm.weight", b"output_nope.weight").ends_with("tensor `output_norm.weight` is missing"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever single byte of the header is wrong, the answer is a model or a sentence.
    #[test]
    fn no_damaged_header_panics(at in 0usize..12_000, value: u8) {
        static PACKED: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| packed().2);
        let mut bytes = PACKED.clone();
        bytes[at] = value;
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("model.gguf");
        fs::write(&path, bytes).expect("writes");
        if let Err(error) = open_gguf(&path) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
