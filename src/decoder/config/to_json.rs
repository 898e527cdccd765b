//! `config.json` as transformers reads it, for models that came without one.

use serde_json::{Map, Value, json};

use super::{Activation, Config, Family, Rope, RopeScaling};

impl Config {
    /// What [`from_json`](Self::from_json) and transformers' `AutoConfig` read as this config; rotary positions in both
    /// spellings.
    pub fn to_json(&self) -> Map<String, Value> {
        let value = match self.family {
            Family::Llama | Family::Mistral | Family::Qwen2 | Family::Qwen3 | Family::Gemma3 => self.llama_like(),
            Family::Gpt2 => self.gpt2(),
            Family::GptNeo => self.gpt_neo(),
            Family::GptNeoX => self.gpt_neox(),
            Family::Opt => self.opt(),
        };
        let Value::Object(mut keys) = value else { return Map::new() }; // cannot happen: all are objects
        keys.insert("architectures".into(), json!([self.architecture()]));
        keys.insert("model_type".into(), json!(self.family.name()));
        keys.insert("vocab_size".into(), json!(self.vocab_size));
        keys.insert("tie_word_embeddings".into(), json!(self.tie_embeddings));
        if let Some(rope) = &self.rope {
            keys.extend(self.positions(rope));
        }
        keys
    }

    /// transformers' class.
    fn architecture(&self) -> &'static str {
        match self.family {
            Family::Llama => "LlamaForCausalLM",
            Family::Mistral => "MistralForCausalLM",
            Family::Qwen2 => "Qwen2ForCausalLM",
            Family::Qwen3 => "Qwen3ForCausalLM",
            Family::Gemma3 => "Gemma3ForCausalLM",
            Family::Gpt2 => "GPT2LMHeadModel",
            Family::GptNeo => "GPTNeoForCausalLM",
            Family::GptNeoX => "GPTNeoXForCausalLM",
            Family::Opt => "OPTForCausalLM",
        }
    }

    fn llama_like(&self) -> Value {
        let mut keys = json!({
            "hidden_size": self.hidden_size,
            "intermediate_size": self.intermediate_size,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv_heads,
            "head_dim": self.head_dim,
            "max_position_embeddings": self.context,
            "rms_norm_eps": self.norm_eps,
        });
        let activation = if self.family == Family::Gemma3 { "hidden_activation" } else { "hidden_act" };
        keys[activation] = json!(name(self.activation));
        if matches!(self.family, Family::Llama | Family::Qwen3 | Family::Gemma3) {
            keys["attention_bias"] = json!(self.qkv_bias);
        }
        if self.family == Family::Llama {
            keys["mlp_bias"] = json!(self.mlp_bias);
        }
        if self.family == Family::Gemma3 {
            keys["query_pre_attn_scalar"] = json!(self.query_scalar);
        }
        if self.family != Family::Llama {
            keys["sliding_window"] = json!(self.window.as_ref().map(|window| window.tokens));
        }
        if matches!(self.family, Family::Qwen2 | Family::Qwen3) {
            keys["use_sliding_window"] = json!(self.window.is_some());
        }
        if matches!(self.family, Family::Qwen2 | Family::Qwen3 | Family::Gemma3) {
            keys["layer_types"] = self.layer_kinds("sliding_attention", "full_attention");
        }
        keys
    }

    fn gpt2(&self) -> Value {
        json!({
            "n_embd": self.hidden_size,
            "n_inner": self.intermediate_size,
            "n_layer": self.layers,
            "n_head": self.heads,
            "n_positions": self.context,
            "layer_norm_epsilon": self.norm_eps,
            "activation_function": name(self.activation),
        })
    }

    fn gpt_neo(&self) -> Value {
        let kinds = self.layer_kinds("local", "global");
        json!({
            "hidden_size": self.hidden_size,
            "intermediate_size": self.intermediate_size,
            "num_layers": self.layers,
            "num_heads": self.heads,
            "max_position_embeddings": self.context,
            "layer_norm_epsilon": self.norm_eps,
            "activation_function": name(self.activation),
            "attention_types": [[kinds, 1]],
            "attention_layers": kinds,
            "window_size": self.window.as_ref().map_or(256, |window| window.tokens),
        })
    }

    fn gpt_neox(&self) -> Value {
        json!({
            "hidden_size": self.hidden_size,
            "intermediate_size": self.intermediate_size,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "max_position_embeddings": self.context,
            "layer_norm_eps": self.norm_eps,
            "hidden_act": name(self.activation),
            "attention_bias": self.qkv_bias,
            "use_parallel_residual": self.parallel_residual,
        })
    }

    fn opt(&self) -> Value {
        json!({
            "hidden_size": self.hidden_size,
            "word_embed_proj_dim": self.hidden_size,
            "ffn_dim": self.intermediate_size,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "max_position_embeddings": self.context,
            "activation_function": name(self.activation),
            "enable_bias": self.qkv_bias,
            "do_layer_norm_before": true,
        })
    }

    /// A word for each layer: whether it has a window.
    fn layer_kinds(&self, windowed: &str, full: &str) -> Value {
        (0..self.layers).map(|layer| if self.window_of(layer).is_some() { windowed } else { full }).collect()
    }

    /// Rotary positions as the family spells them.
    fn positions(&self, rope: &Rope) -> Vec<(String, Value)> {
        let mut keys = rope.to_json();
        match (self.family, &self.window_rope) {
            (Family::Gemma3, Some(near)) => {
                keys["rope_parameters"] =
                    json!({"full_attention": rope.parameters(), "sliding_attention": near.parameters()});
                keys["rope_local_base_freq"] = json!(near.theta);
            }
            (Family::GptNeoX, _) => {
                keys["rotary_emb_base"] = json!(rope.theta);
                keys["rotary_pct"] = json!(rope.partial);
            }
            _ => {}
        }
        if let Value::Object(keys) = keys { keys.into_iter().collect() } else { Vec::new() }
    }
}

/// transformers' name for it.
fn name(activation: Activation) -> &'static str {
    match activation {
        Activation::Silu => "silu",
        Activation::GeluTanh => "gelu_pytorch_tanh",
        Activation::Gelu => "gelu",
        Activation::Relu => "relu",
    }
}

impl Rope {
    /// transformers 5's `rope_parameters`, and `rope_theta` with `rope_scaling` as before.
    fn to_json(&self) -> Value {
        let scaling = self.scaling.as_ref().map(|_| self.scaling());
        json!({"rope_parameters": self.parameters(), "rope_theta": self.theta, "rope_scaling": scaling})
    }

    /// transformers 5's `rope_parameters`.
    fn parameters(&self) -> Value {
        let mut parameters = self.scaling();
        parameters["rope_theta"] = json!(self.theta);
        if self.partial != 1.0 {
            parameters["partial_rotary_factor"] = json!(self.partial);
        }
        parameters
    }

    /// transformers' `rope_scaling`.
    fn scaling(&self) -> Value {
        match self.scaling {
            None => json!({"rope_type": "default"}),
            Some(RopeScaling::Linear { factor }) => json!({"rope_type": "linear", "factor": factor}),
            Some(RopeScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_context }) => json!({
                "rope_type": "llama3",
                "factor": factor,
                "low_freq_factor": low_freq_factor,
                "high_freq_factor": high_freq_factor,
                "original_max_position_embeddings": original_context as u64,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoder::config::Window;

    #[test]
    fn what_is_written_reads_as_the_same_config() {
        let llama = |scaling| Config {
            family: Family::Llama,
            vocab_size: 496,
            hidden_size: 48,
            intermediate_size: 96,
            layers: 3,
            heads: 4,
            kv_heads: 2,
            head_dim: 16,
            context: 256,
            norm_eps: f64::from(1e-5_f32),
            activation: Activation::Silu,
            rope: Some(Rope { theta: 100_000.0, scaling, partial: 1.0 }),
            window_rope: None,
            window: None,
            query_scalar: 16.0,
            parallel_residual: false,
            tie_embeddings: false,
            qkv_bias: true,
            output_bias: true,
            mlp_bias: false,
        };
        let llama3 =
            RopeScaling::Llama3 { factor: 8.0, low_freq_factor: 1.0, high_freq_factor: 4.0, original_context: 64.0 };
        let linear = || Some(RopeScaling::Linear { factor: 2.0 });
        let unbiased = Config { qkv_bias: false, output_bias: false, ..llama(linear()) };
        let window = Window::of_layers(7, &[true, true, false]);
        let all = Window::of_layers(9, &[true]);
        let mistral = Config { family: Family::Mistral, window: all, ..unbiased.clone() };
        let qwen2 = Config { family: Family::Qwen2, window: window.clone(), output_bias: false, ..llama(None) };
        let qwen3 = Config { family: Family::Qwen3, ..unbiased.clone() };
        let gemma3 = Config {
            family: Family::Gemma3,
            activation: Activation::GeluTanh,
            window_rope: Some(Rope { theta: 5000.0, scaling: None, partial: 1.0 }),
            window: window.clone(),
            query_scalar: 21.5,
            ..unbiased
        };
        let gpt2 = Config {
            family: Family::Gpt2,
            kv_heads: 4,
            head_dim: 12,
            query_scalar: 12.0,
            activation: Activation::Gelu,
            rope: None,
            mlp_bias: true,
            tie_embeddings: true,
            ..llama(None)
        };
        let gpt_neo = Config { family: Family::GptNeo, query_scalar: 1.0, qkv_bias: false, window, ..gpt2.clone() };
        let rope = Rope { theta: 500.0, scaling: None, partial: 0.25 };
        let gpt_neox = Config { family: Family::GptNeoX, rope: Some(rope), parallel_residual: true, ..gpt2.clone() };
        // OPT's files do not say their epsilon: it is always this one.
        let opt = Config { family: Family::Opt, activation: Activation::Relu, norm_eps: 1e-5, ..gpt2.clone() };
        let llamas = [llama(None), llama(linear()), llama(Some(llama3))];
        for config in llamas.into_iter().chain([mistral, qwen2, qwen3, gemma3, gpt2, gpt_neo, gpt_neox, opt]) {
            let text = serde_json::to_vec(&config.to_json()).expect("JSON");
            assert_eq!(Config::from_json(&text), Ok(config));
        }
    }
}
