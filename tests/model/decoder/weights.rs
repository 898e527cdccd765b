//! Which weights make a decoder, and a second opinion on what they compute.

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::{gemma3, llama, mistral, qwen2, qwen3};
use lossglass::decoder::{Config, Decoder, DecoderError};

use crate::checkpoint;

#[test]
fn the_tensor_that_does_not_fit_is_named() {
    let (config, weights) = checkpoint::fixture("llama");
    let error = |change: &dyn Fn(&mut lossglass::decoder::Weights)| {
        let mut weights = weights.clone();
        change(&mut weights);
        Decoder::new(&config, weights).unwrap_err()
    };
    let name = "model.layers.1.mlp.up_proj.weight";
    let missing = error(&|weights| drop(weights.remove(name)));
    assert!(matches!(missing, DecoderError::Missing { name: found } if found == name));
    let zeros = |shape: &[usize], dtype| Tensor::zeros(shape, dtype, &Device::Cpu).unwrap();
    let shape = error(&|weights| drop(weights.insert(name.into(), zeros(&[96, 47], DType::F32))));
    assert_eq!(shape.to_string(), format!("tensor {name} has shape [96, 47] where the config asks for [96, 48]"));
    let dtype = error(&|weights| drop(weights.insert(name.into(), zeros(&[96, 48], DType::F16))));
    assert!(matches!(dtype, DecoderError::Dtype { name: found, .. } if found == name));
    let foreign = "model.layers.0.self_attn.q_norm.weight";
    let unused = error(&|weights| drop(weights.insert(foreign.into(), zeros(&[12], DType::F32))));
    assert!(matches!(unused, DecoderError::Unused { name: found } if found == foreign));
}

#[test]
fn tied_weights_count_once_and_no_tensor_is_dropped() {
    let (config, mut weights) = checkpoint::fixture("llama");
    let own = weights.values().map(Tensor::elem_count).sum::<usize>();
    let decoder = Decoder::new(&config, weights.clone()).unwrap();
    assert_eq!(decoder.parameters(), own);
    assert_eq!(decoder.named_tensors().len(), 20);
    let head = "lm_head.weight";
    weights.insert(head.into(), weights["model.embed_tokens.weight"].clone());
    let unused = Decoder::new(&config, weights).unwrap_err();
    assert!(matches!(unused, DecoderError::Unused { name } if name == head));
}

/// The last row of our logits against candle-transformers', which gives only that one.
fn last_logits_agree(name: &str, theirs: impl FnOnce(&Config, VarBuilder, &Tensor) -> candle_core::Result<Tensor>) {
    let (config, weights) = checkpoint::fixture(name);
    let ids: Vec<u32> = (0..50).map(|i| i * 31 % 490).collect();
    let builder = VarBuilder::from_tensors(weights.clone(), DType::F32, &Device::Cpu);
    let input = Tensor::new(ids.as_slice(), &Device::Cpu).unwrap().unsqueeze(0).unwrap();
    let theirs = theirs(&config, builder, &input).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let ours = Decoder::new(&config, weights)
        .unwrap()
        .logits(&ids)
        .unwrap()
        .get(ids.len() - 1)
        .unwrap()
        .to_vec1::<f32>()
        .unwrap();
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert!((ours - theirs).abs() < 1e-4, "{name}: {ours} instead of {theirs}");
    }
}

fn theta(config: &Config) -> f64 {
    config.rope.as_ref().unwrap().theta
}

#[test]
fn the_last_logits_of_llama_are_those_of_candle_transformers() {
    last_logits_agree("llama", |config, builder, input| {
        let theirs = llama::Config {
            hidden_size: config.hidden_size,
            intermediate_size: config.intermediate_size,
            vocab_size: config.vocab_size,
            num_hidden_layers: config.layers,
            num_attention_heads: config.heads,
            num_key_value_heads: config.kv_heads,
            use_flash_attn: false,
            rms_norm_eps: config.norm_eps,
            rope_theta: theta(config) as f32,
            bos_token_id: None,
            eos_token_id: None,
            rope_scaling: None,
            max_position_embeddings: config.context,
            tie_word_embeddings: config.tie_embeddings,
        };
        let mut cache = llama::Cache::new(false, DType::F32, &theirs, &Device::Cpu)?;
        llama::Llama::load(builder, &theirs)?.forward(input, 0, &mut cache)
    });
}

/// candle's window is a token wider than transformers' for the same number.
#[test]
fn the_last_logits_of_mistral_are_those_of_candle_transformers() {
    last_logits_agree("mistral", |config, builder, input| {
        let theirs = mistral::Config {
            vocab_size: config.vocab_size,
            hidden_size: config.hidden_size,
            intermediate_size: config.intermediate_size,
            num_hidden_layers: config.layers,
            num_attention_heads: config.heads,
            head_dim: Some(config.head_dim),
            num_key_value_heads: config.kv_heads,
            hidden_act: candle_nn::Activation::Silu,
            max_position_embeddings: config.context,
            rms_norm_eps: config.norm_eps,
            rope_theta: theta(config),
            sliding_window: config.window_of(0).map(|tokens| tokens - 1),
            use_flash_attn: false,
        };
        mistral::Model::new(&theirs, builder)?.forward(input, 0)
    });
}

#[test]
fn the_last_logits_of_qwen2_are_those_of_candle_transformers() {
    last_logits_agree("qwen2", |config, builder, input| {
        let theirs = qwen2::Config {
            vocab_size: config.vocab_size,
            hidden_size: config.hidden_size,
            intermediate_size: config.intermediate_size,
            num_hidden_layers: config.layers,
            num_attention_heads: config.heads,
            num_key_value_heads: config.kv_heads,
            max_position_embeddings: config.context,
            sliding_window: config.context,
            max_window_layers: config.layers,
            tie_word_embeddings: config.tie_embeddings,
            rope_theta: theta(config),
            rms_norm_eps: config.norm_eps,
            use_sliding_window: false,
            hidden_act: candle_nn::Activation::Silu,
        };
        qwen2::ModelForCausalLM::new(&theirs, builder)?.forward(input, 0)
    });
}

#[test]
fn the_last_logits_of_qwen3_are_those_of_candle_transformers() {
    last_logits_agree("qwen3", |config, builder, input| {
        let theirs = qwen3::Config {
            vocab_size: config.vocab_size,
            hidden_size: config.hidden_size,
            intermediate_size: config.intermediate_size,
            num_hidden_layers: config.layers,
            num_attention_heads: config.heads,
            head_dim: config.head_dim,
            attention_bias: config.qkv_bias,
            num_key_value_heads: config.kv_heads,
            max_position_embeddings: config.context,
            sliding_window: None,
            max_window_layers: config.layers,
            tie_word_embeddings: config.tie_embeddings,
            rope_theta: theta(config),
            rms_norm_eps: config.norm_eps,
            use_sliding_window: false,
            hidden_act: candle_nn::Activation::Silu,
        };
        qwen3::ModelForCausalLM::new(&theirs, builder)?.forward(input, 0)
    });
}

/// One token at a time: on the CPU candle's cache of the window takes no more at once. It keeps as many as the window
/// has, so that here the numbers mean the same.
#[test]
fn the_last_logits_of_gemma3_are_those_of_candle_transformers() {
    last_logits_agree("gemma3", |config, builder, input| {
        let theirs = gemma3::Config {
            attention_bias: config.qkv_bias,
            head_dim: config.head_dim,
            hidden_activation: candle_nn::Activation::GeluPytorchTanh,
            hidden_size: config.hidden_size,
            intermediate_size: config.intermediate_size,
            num_attention_heads: config.heads,
            num_hidden_layers: config.layers,
            num_key_value_heads: config.kv_heads,
            rms_norm_eps: config.norm_eps,
            rope_theta: theta(config),
            rope_local_base_freq: config.window_rope.as_ref().unwrap().theta,
            vocab_size: config.vocab_size,
            final_logit_softcapping: None,
            attn_logit_softcapping: None,
            query_pre_attn_scalar: config.query_scalar as usize,
            sliding_window: config.window_of(0).unwrap(),
            sliding_window_pattern: config.window.as_ref().unwrap().layers.len(),
            max_position_embeddings: config.context,
        };
        let mut model = gemma3::Model::new(false, &theirs, builder)?;
        let last = input.dim(1)? - 1;
        for at in 0..last {
            model.forward(&input.narrow(1, at, 1)?, at)?;
        }
        model.forward(&input.narrow(1, last, 1)?, last)
    });
}
