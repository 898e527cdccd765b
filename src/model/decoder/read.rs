//! From named tensors to a decoder: which family calls what how.

use candle_core::{DType, Tensor};

use super::layers::{Attention, Block, Linear, Mlp, Norm, Qkv, Weight};
use super::{Config, Decoder, DecoderError, Family, Named, Part, Weights};

type Result<T> = std::result::Result<T, DecoderError>;

/// Builds the decoder of the config's family.
pub(super) fn decoder(config: &Config, weights: Weights) -> Result<Decoder> {
    let mut reader = Reader { weights, named: Vec::new(), prefix: "", part: Part::Embedding };
    let decoder = match config.family {
        Family::Llama => llama(config, &mut reader),
        Family::Gpt2 => gpt2(config, &mut reader),
    }?;
    let left = reader.weights.keys().filter(|name| !harmless(name, config)).min();
    match left {
        Some(name) => Err(DecoderError::Unused { name: name.clone() }),
        None => Ok(Decoder { named: reader.named, ..decoder }),
    }
}

/// Tensors that checkpoints carry along and nobody needs.
fn harmless(name: &str, config: &Config) -> bool {
    name.ends_with("rotary_emb.inv_freq")
        || name.ends_with(".attn.bias")
        || name.ends_with(".attn.masked_bias")
        || (config.tie_embeddings && name == "lm_head.weight")
}

fn llama(config: &Config, reader: &mut Reader) -> Result<Decoder> {
    let Config { hidden_size: hidden, intermediate_size: inner, head_dim, .. } = *config;
    let (q, kv) = (config.heads * head_dim, config.kv_heads * head_dim);
    reader.prefix = "model.";
    let embedding = reader.take("embed_tokens.weight", &[config.vocab_size, hidden])?;
    let mut blocks = Vec::with_capacity(config.layers);
    for i in 0..config.layers {
        reader.part = Part::Layer(i);
        let name = |part: &str| format!("layers.{i}.{part}");
        let (attention_bias, mlp_bias) = (config.attention_bias, config.mlp_bias);
        blocks.push(Block {
            attention_norm: reader.rms_norm(&name("input_layernorm"), hidden, config)?,
            attention: Attention {
                qkv: Qkv::Separate {
                    q: reader.linear(&name("self_attn.q_proj"), [q, hidden], attention_bias)?,
                    k: reader.linear(&name("self_attn.k_proj"), [kv, hidden], attention_bias)?,
                    v: reader.linear(&name("self_attn.v_proj"), [kv, hidden], attention_bias)?,
                },
                out: reader.linear(&name("self_attn.o_proj"), [hidden, q], attention_bias)?,
            },
            mlp_norm: reader.rms_norm(&name("post_attention_layernorm"), hidden, config)?,
            mlp: Mlp::SwiGlu {
                gate: reader.linear(&name("mlp.gate_proj"), [inner, hidden], mlp_bias)?,
                up: reader.linear(&name("mlp.up_proj"), [inner, hidden], mlp_bias)?,
                down: reader.linear(&name("mlp.down_proj"), [hidden, inner], mlp_bias)?,
            },
        });
    }
    reader.part = Part::Norm;
    let norm = reader.rms_norm("norm", hidden, config)?;
    let head = reader.head(config, &embedding)?;
    Ok(assemble(config, embedding, None, blocks, norm, head))
}

fn gpt2(config: &Config, reader: &mut Reader) -> Result<Decoder> {
    let Config { hidden_size: hidden, intermediate_size: inner, .. } = *config;
    // Checkpoints of the bare model leave the prefix out.
    reader.prefix = if reader.weights.contains_key("wte.weight") { "" } else { "transformer." };
    let embedding = reader.take("wte.weight", &[config.vocab_size, hidden])?;
    let positions = reader.take("wpe.weight", &[config.context, hidden])?;
    let mut blocks = Vec::with_capacity(config.layers);
    for i in 0..config.layers {
        reader.part = Part::Layer(i);
        let name = |part: &str| format!("h.{i}.{part}");
        blocks.push(Block {
            attention_norm: reader.layer_norm(&name("ln_1"), hidden, config)?,
            attention: Attention {
                qkv: Qkv::Joint(reader.conv1d(&name("attn.c_attn"), [hidden, 3 * hidden])?),
                out: reader.conv1d(&name("attn.c_proj"), [hidden, hidden])?,
            },
            mlp_norm: reader.layer_norm(&name("ln_2"), hidden, config)?,
            mlp: Mlp::Gelu {
                up: reader.conv1d(&name("mlp.c_fc"), [hidden, inner])?,
                down: reader.conv1d(&name("mlp.c_proj"), [inner, hidden])?,
            },
        });
    }
    reader.part = Part::Norm;
    let norm = reader.layer_norm("ln_f", hidden, config)?;
    let head = reader.head(config, &embedding)?;
    Ok(assemble(config, embedding, Some(positions), blocks, norm, head))
}

fn assemble(
    config: &Config,
    embedding: Tensor,
    positions: Option<Tensor>,
    blocks: Vec<Block>,
    norm: Norm,
    head: Linear,
) -> Decoder {
    let rope = config.rope.as_ref();
    let inverse_frequencies = rope.map_or_else(Vec::new, |rope| super::inverse_frequencies(rope, config.head_dim));
    Decoder { config: config.clone(), embedding, positions, inverse_frequencies, blocks, norm, head, named: Vec::new() }
}

/// Hands out tensors by name, once their shape is checked.
struct Reader {
    weights: Weights,
    named: Vec<Named>,
    /// What stands before every name but the head's.
    prefix: &'static str,
    /// The part that is being read.
    part: Part,
}

impl Reader {
    fn take(&mut self, name: &str, shape: &[usize]) -> Result<Tensor> {
        self.take_full(format!("{}{name}", self.prefix), shape)
    }

    fn take_full(&mut self, name: String, shape: &[usize]) -> Result<Tensor> {
        let Some(tensor) = self.weights.remove(&name) else {
            return Err(DecoderError::Missing { name });
        };
        if tensor.dims() != shape {
            return Err(DecoderError::Shape { name, expected: shape.to_vec(), found: tensor.dims().to_vec() });
        }
        if tensor.dtype() != DType::F32 {
            return Err(DecoderError::Dtype { name, found: tensor.dtype() });
        }
        self.named.push(Named { name, tensor: tensor.clone(), part: self.part });
        Ok(tensor)
    }

    fn rms_norm(&mut self, name: &str, width: usize, config: &Config) -> Result<Norm> {
        Ok(Norm::Rms { weight: self.take(&format!("{name}.weight"), &[width])?, eps: config.norm_eps })
    }

    fn layer_norm(&mut self, name: &str, width: usize, config: &Config) -> Result<Norm> {
        let weight = self.take(&format!("{name}.weight"), &[width])?;
        Ok(Norm::Layer { weight, bias: self.take(&format!("{name}.bias"), &[width])?, eps: config.norm_eps })
    }

    fn linear(&mut self, name: &str, [out, width]: [usize; 2], bias: bool) -> Result<Linear> {
        let weight = Weight::OutIn(self.take(&format!("{name}.weight"), &[out, width])?);
        let bias = if bias { Some(self.take(&format!("{name}.bias"), &[out])?) } else { None };
        Ok(Linear { name: format!("{}{name}", self.prefix), weight, bias, adapter: None })
    }

    fn conv1d(&mut self, name: &str, [width, out]: [usize; 2]) -> Result<Linear> {
        let weight = Weight::InOut(self.take(&format!("{name}.weight"), &[width, out])?);
        let bias = Some(self.take(&format!("{name}.bias"), &[out])?);
        Ok(Linear { name: format!("{}{name}", self.prefix), weight, bias, adapter: None })
    }

    fn head(&mut self, config: &Config, embedding: &Tensor) -> Result<Linear> {
        let weight = if config.tie_embeddings {
            embedding.clone()
        } else {
            self.part = Part::Head;
            self.take_full("lm_head.weight".into(), &[config.vocab_size, config.hidden_size])?
        };
        Ok(Linear { name: "lm_head".into(), weight: Weight::OutIn(weight), bias: None, adapter: None })
    }
}
