//! Which weights make a decoder, and a second opinion on what they compute.

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::llama;
use lossglass::model::Decoder;
use lossglass::model::decoder::DecoderError;

use crate::checkpoint;

#[test]
fn the_tensor_that_does_not_fit_is_named() {
    let (config, weights) = checkpoint::fixture("llama");
    let error = |change: &dyn Fn(&mut lossglass::model::decoder::Weights)| {
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
fn known_leftovers_are_ignored_and_tied_weights_count_once() {
    let (config, mut weights) = checkpoint::fixture("llama");
    let own = weights.values().map(Tensor::elem_count).sum::<usize>();
    let zeros = Tensor::zeros(6, DType::F32, &Device::Cpu).unwrap();
    weights.insert("model.layers.0.self_attn.rotary_emb.inv_freq".into(), zeros);
    weights.insert("lm_head.weight".into(), weights["model.embed_tokens.weight"].clone());
    let decoder = Decoder::new(&config, weights).unwrap();
    assert_eq!(decoder.parameters(), own);
    assert_eq!(decoder.named_tensors().len(), 20);
}

#[test]
fn gpt2_names_may_lack_their_prefix() {
    let (config, weights) = checkpoint::fixture("gpt2");
    let with = Decoder::new(&config, weights.clone()).unwrap().logits(&[1, 2, 3]).unwrap();
    let bare = weights.into_iter().map(|(name, tensor)| (name.replace("transformer.", ""), tensor)).collect();
    let without = Decoder::new(&config, bare).unwrap().logits(&[1, 2, 3]).unwrap();
    assert_eq!(with.to_vec2::<f32>().unwrap(), without.to_vec2::<f32>().unwrap());
}

#[test]
fn the_last_logits_are_those_of_candle_transformers() {
    let (config, weights) = checkpoint::fixture("llama");
    let ids: Vec<u32> = (0..50).map(|i| i * 31 % 490).collect();
    let theirs = llama::Config {
        hidden_size: config.hidden_size,
        intermediate_size: config.intermediate_size,
        vocab_size: config.vocab_size,
        num_hidden_layers: config.layers,
        num_attention_heads: config.heads,
        num_key_value_heads: config.kv_heads,
        use_flash_attn: false,
        rms_norm_eps: config.norm_eps,
        rope_theta: config.rope.as_ref().unwrap().theta as f32,
        bos_token_id: None,
        eos_token_id: None,
        rope_scaling: None,
        max_position_embeddings: config.context,
        tie_word_embeddings: config.tie_embeddings,
    };
    let mut cache = llama::Cache::new(false, DType::F32, &theirs, &Device::Cpu).unwrap();
    let builder = VarBuilder::from_tensors(weights.clone(), DType::F32, &Device::Cpu);
    let model = llama::Llama::load(builder, &theirs).unwrap();
    let input = Tensor::new(ids.as_slice(), &Device::Cpu).unwrap().unsqueeze(0).unwrap();
    let theirs = model.forward(&input, 0, &mut cache).unwrap().squeeze(0).unwrap().to_vec1::<f32>().unwrap();
    let ours = Decoder::new(&config, weights).unwrap().logits(&ids).unwrap().get(49).unwrap().to_vec1::<f32>().unwrap();
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert!((ours - theirs).abs() < 1e-4, "{ours} instead of {theirs}");
    }
}
