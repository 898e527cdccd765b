//! Decoders from files, read with candle alone, so that these tests need nothing of the program's own loader.

use std::path::{Path, PathBuf};

use candle_core::quantized::gguf_file;
use candle_core::{Device, Tensor};
use lossglass::model::Config;
use lossglass::model::config::{Family, Rope, RopeScaling};
use lossglass::model::decoder::Weights;
use serde_json::Value;

/// JSON under `tests/fixtures`.
pub fn json(path: &str) -> Value {
    let path = fixtures().join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// A fixture's config and weights.
pub fn fixture(name: &str) -> (Config, Weights) {
    let json = json(&format!("{name}/config.json"));
    let weights = candle_core::safetensors::load(fixtures().join(name).join("model.safetensors"), &Device::Cpu);
    let config = if json["model_type"] == "gpt2" { gpt2(&json) } else { llama(&json) };
    (config, weights.unwrap())
}

fn number(json: &Value, key: &str) -> usize {
    json[key].as_u64().unwrap_or_else(|| panic!("{key} is missing")) as usize
}

fn llama(json: &Value) -> Config {
    let rope = &json["rope_parameters"];
    let value = |key: &str| rope[key].as_f64().unwrap();
    let scaling = (rope["rope_type"] == "llama3").then(|| RopeScaling::Llama3 {
        factor: value("factor"),
        low_freq_factor: value("low_freq_factor"),
        high_freq_factor: value("high_freq_factor"),
        original_context: value("original_max_position_embeddings"),
    });
    Config {
        family: Family::Llama,
        vocab_size: number(json, "vocab_size"),
        hidden_size: number(json, "hidden_size"),
        intermediate_size: number(json, "intermediate_size"),
        layers: number(json, "num_hidden_layers"),
        heads: number(json, "num_attention_heads"),
        kv_heads: number(json, "num_key_value_heads"),
        head_dim: number(json, "head_dim"),
        context: number(json, "max_position_embeddings"),
        norm_eps: json["rms_norm_eps"].as_f64().unwrap(),
        rope: Some(Rope { theta: value("rope_theta"), scaling }),
        tie_embeddings: json["tie_word_embeddings"] == true,
        attention_bias: json["attention_bias"] == true,
        mlp_bias: json["mlp_bias"] == true,
    }
}

fn gpt2(json: &Value) -> Config {
    let (hidden, heads) = (number(json, "n_embd"), number(json, "n_head"));
    Config {
        family: Family::Gpt2,
        vocab_size: number(json, "vocab_size"),
        hidden_size: hidden,
        intermediate_size: 4 * hidden,
        layers: number(json, "n_layer"),
        heads,
        kv_heads: heads,
        head_dim: hidden / heads,
        context: number(json, "n_positions"),
        norm_eps: json["layer_norm_epsilon"].as_f64().unwrap(),
        rope: None,
        tie_embeddings: json["tie_word_embeddings"] == true,
        attention_bias: true,
        mlp_bias: true,
    }
}

/// SmolLM2-135M-Instruct's GGUF: `LOSSGLASS_SMOLLM2` names it.
pub fn smollm2() -> Option<(Config, Weights)> {
    let mut file = std::fs::File::open(std::env::var_os("LOSSGLASS_SMOLLM2")?).expect("LOSSGLASS_SMOLLM2 names a file");
    let gguf = gguf_file::Content::read(&mut file).unwrap();
    let config = Config {
        family: Family::Llama,
        vocab_size: 49152,
        hidden_size: 576,
        intermediate_size: 1536,
        layers: 30,
        heads: 9,
        kv_heads: 3,
        head_dim: 64,
        context: 8192,
        norm_eps: 1e-5,
        rope: Some(Rope { theta: 100_000.0, scaling: None }),
        tie_embeddings: true,
        attention_bias: false,
        mlp_bias: false,
    };
    let mut weights = Weights::new();
    for name in gguf.tensor_infos.keys() {
        let tensor = gguf.tensor(&mut file, name, &Device::Cpu).unwrap().dequantize(&Device::Cpu).unwrap();
        let tensor = match name.as_str() {
            name if name.ends_with("attn_q.weight") => unpermuted(&tensor, config.heads),
            name if name.ends_with("attn_k.weight") => unpermuted(&tensor, config.kv_heads),
            _ => tensor,
        };
        weights.insert(transformers_name(name), tensor);
    }
    Some((config, weights))
}

/// llama.cpp interleaves the halves of every q and k head.
fn unpermuted(weight: &Tensor, heads: usize) -> Tensor {
    let (out, width) = weight.dims2().unwrap();
    let pairs = weight.reshape((heads, out / heads / 2, 2, width)).unwrap();
    pairs.transpose(1, 2).unwrap().contiguous().unwrap().reshape((out, width)).unwrap()
}

fn transformers_name(name: &str) -> String {
    let renamed = name
        .replace("blk.", "layers.")
        .replace("attn_norm", "input_layernorm")
        .replace("ffn_norm", "post_attention_layernorm")
        .replace("attn_output", "self_attn.o_proj")
        .replace("ffn_gate", "mlp.gate_proj")
        .replace("ffn_up", "mlp.up_proj")
        .replace("ffn_down", "mlp.down_proj")
        .replace("token_embd", "embed_tokens")
        .replace("output_norm", "norm");
    let renamed = ["q", "k", "v"]
        .iter()
        .fold(renamed, |name, part| name.replace(&format!("attn_{part}."), &format!("self_attn.{part}_proj.")));
    format!("model.{renamed}")
}
