//! `config.json` in the spellings that transformers had over the years, and of well-known models.

use candle_core::Device;
use lossglass::cancel::Cancel;
use lossglass::decoder::config::{ConfigError, Rope, RopeScaling};
use lossglass::decoder::{Config, layout};
use lossglass::mask::AttentionMask;
use lossglass::model::{Model, ModelInfo};
use lossglass::source::Source;
use serde_json::{Value, json};

use super::{fixture, json as read_json};

fn read(config: &Value) -> Config {
    Config::from_json(config.to_string().as_bytes()).expect("a config")
}

/// Both spellings of the rotary positions mean the same.
#[test]
fn old_and_new_spelling_of_rope() {
    let new = read_json(&fixture("llama3_rope").join("config.json"));
    let mut old = new.clone();
    let mut parameters = old["rope_parameters"].take();
    old["rope_theta"] = parameters["rope_theta"].take();
    old["rope_scaling"] = parameters;
    old.as_object_mut().expect("an object").remove("rope_parameters");
    assert_eq!(read(&old), read(&new));
    assert!(read(&new).rope.expect("rotary").scaling.is_some());
    // A head size and the number of key/value heads may be left out.
    old.as_object_mut().expect("an object").remove("head_dim");
    old.as_object_mut().expect("an object").remove("num_key_value_heads");
    let config = read(&old);
    assert_eq!((config.head_dim, config.kv_heads), (12, 4));
}

/// transformers 4 spelled gpt_neox's and gemma3's with keys of their own.
#[test]
fn older_spellings_of_rope_by_family() {
    let older = |name: &str, keys: Value| {
        let new = read_json(&fixture(name).join("config.json"));
        let mut old = new.clone();
        let map = old.as_object_mut().expect("an object");
        map.remove("rope_parameters");
        map.remove("layer_types");
        map.extend(keys.as_object().expect("an object").clone());
        assert_eq!(read(&old), read(&new), "{name}");
    };
    older("gpt_neox", json!({"rotary_emb_base": 10_000, "rotary_pct": 0.25}));
    let gemma3 = json!({"rope_theta": 1_000_000.0, "rope_local_base_freq": 10_000.0, "rope_scaling": null});
    let mut by_pattern = gemma3.clone();
    by_pattern["sliding_window_pattern"] = json!(2);
    older("gemma3", by_pattern);
    let mut by_older_name = gemma3;
    by_older_name["_sliding_window_pattern"] = json!(2);
    older("gemma3", by_older_name);
    let mut gpt_neo = read_json(&fixture("gpt_neo").join("config.json"));
    let new = read(&gpt_neo);
    gpt_neo.as_object_mut().expect("an object").remove("attention_layers");
    assert_eq!(read(&gpt_neo), new);
}

/// What a config leaves out is transformers' default: gemma-3-4b-it's says no more than this.
#[test]
fn what_gemma3_leaves_out() {
    let config = read(&json!({
        "model_type": "gemma3",
        "text_config": {
            "hidden_size": 2560, "intermediate_size": 10240, "model_type": "gemma3_text", "num_hidden_layers": 34,
            "rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "sliding_window": 1024
        }
    }));
    assert_eq!((config.vocab_size, config.heads, config.kv_heads, config.head_dim), (262_208, 8, 4, 256));
    assert_eq!((config.query_scalar, config.tie_embeddings), (256.0, true));
    let linear = Some(RopeScaling::Linear { factor: 8.0 });
    assert_eq!(config.rope, Some(Rope { theta: 1_000_000.0, scaling: linear, partial: 1.0 }));
    assert_eq!(config.window_rope, Some(Rope { theta: 10_000.0, scaling: None, partial: 1.0 }));
    let windows: Vec<bool> = (0..12).map(|layer| config.window_of(layer) == Some(1024)).collect();
    assert_eq!(windows, [true, true, true, true, true, false, true, true, true, true, true, false]);
}

/// What the screen draws is how far each layer looks.
#[test]
fn a_model_says_which_layers_see_how_far() {
    for (name, masks) in [
        ("llama", vec![(AttentionMask::Causal, vec![0, 1])]),
        ("mistral", vec![(AttentionMask::Sliding(6), vec![0, 1])]),
        ("gemma3", vec![(AttentionMask::Sliding(5), vec![0]), (AttentionMask::Causal, vec![1])]),
        ("gpt_neo", vec![(AttentionMask::Causal, vec![0]), (AttentionMask::Sliding(6), vec![1])]),
    ] {
        let source = Source::Directory(fixture(name));
        let model = Model::load(&source, &Device::Cpu, &Cancel::default(), &mut |_| {}).expect(name);
        assert_eq!(ModelInfo::of(&model).masks, masks, "{name}");
    }
}

/// Qwen's window is off unless it is switched on, and then only from a layer on.
#[test]
fn qwens_windows() {
    let mut config = read_json(&fixture("qwen2").join("config.json"));
    config.as_object_mut().expect("an object").remove("layer_types");
    config["sliding_window"] = json!(7);
    assert_eq!(read(&config).window, None);
    config["use_sliding_window"] = json!(true);
    assert_eq!(read(&config).window, None, "28 layers go before");
    config["max_window_layers"] = json!(1);
    let read = read(&config);
    assert_eq!((read.window_of(0), read.window_of(1)), (None, Some(7)));
}

/// The keys that make the shape of well-known models, and how many weights each is known to have.
#[test]
fn well_known_models_have_their_size() {
    let models = [
        (
            json!({
                "model_type": "llama", "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16,
                "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 64, "vocab_size": 128_256,
                "max_position_embeddings": 131_072, "tie_word_embeddings": true
            }),
            1_235_814_400, // Llama-3.2-1B
        ),
        (
            json!({
                "model_type": "mistral", "hidden_size": 4096, "intermediate_size": 14_336, "num_hidden_layers": 32,
                "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 32_000, "sliding_window": 4096
            }),
            7_241_732_096, // Mistral-7B-v0.1
        ),
        (
            json!({
                "model_type": "qwen2", "hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24,
                "num_attention_heads": 14, "num_key_value_heads": 2, "vocab_size": 151_936,
                "tie_word_embeddings": true, "use_sliding_window": false, "sliding_window": 32_768
            }),
            494_032_768, // Qwen2.5-0.5B
        ),
        (
            json!({
                "model_type": "qwen3", "hidden_size": 1024, "intermediate_size": 3072, "num_hidden_layers": 28,
                "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 151_936,
                "tie_word_embeddings": true
            }),
            596_049_920, // Qwen3-0.6B
        ),
        (
            json!({
                "model_type": "gemma3_text", "hidden_size": 1152, "intermediate_size": 6912, "num_hidden_layers": 26,
                "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 256, "vocab_size": 262_144,
                "sliding_window": 512
            }),
            999_885_952, // Gemma-3-1B
        ),
        (
            json!({
                "model_type": "gpt2", "n_embd": 768, "n_head": 12, "n_layer": 12, "n_positions": 1024,
                "vocab_size": 50_257
            }),
            124_439_808, // GPT-2
        ),
        (
            json!({
                "model_type": "gpt_neo", "hidden_size": 768, "num_heads": 12, "num_layers": 12, "vocab_size": 50_257,
                "attention_types": [[["global", "local"], 6]]
            }),
            125_198_592, // GPT-Neo-125M
        ),
        (
            json!({
                "model_type": "gpt_neox", "hidden_size": 512, "intermediate_size": 2048, "num_attention_heads": 8,
                "num_hidden_layers": 6, "vocab_size": 50_304
            }),
            70_426_624, // Pythia-70M
        ),
        (
            json!({
                "model_type": "opt", "hidden_size": 768, "ffn_dim": 3072, "num_attention_heads": 12,
                "num_hidden_layers": 12, "vocab_size": 50_272, "word_embed_proj_dim": 768
            }),
            125_239_296, // OPT-125M
        ),
    ];
    for (config, size) in models {
        let weights = layout::slots(&read(&config)).map(|slot| slot.shape.iter().product::<usize>()).sum::<usize>();
        assert_eq!(weights, size, "{}", config["model_type"]);
    }
}

#[test]
fn a_wrapper_without_its_text_part() {
    let error = Config::from_json(br#"{"model_type": "gemma3", "text_config": null}"#);
    assert_eq!(error, Err(ConfigError::Missing("text_config")));
}
