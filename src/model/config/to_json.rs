//! `config.json` as transformers reads it, for models that came without one.

use serde_json::{Map, Value, json};

use super::{Config, Family, Rope, RopeScaling};

impl Config {
    /// What [`from_json`](Self::from_json) and transformers' `AutoConfig` read as this config; rotary positions in both
    /// spellings.
    pub fn to_json(&self) -> Map<String, Value> {
        let value = match self.family {
            Family::Llama => self.llama(),
            Family::Gpt2 => self.gpt2(),
        };
        let Value::Object(mut keys) = value else { return Map::new() }; // cannot happen: both are objects
        keys.extend(
            [
                ("model_type", json!(self.family.name())),
                ("vocab_size", json!(self.vocab_size)),
                ("tie_word_embeddings", json!(self.tie_embeddings)),
            ]
            .map(|(key, value)| (key.to_owned(), value)),
        );
        if let Some(rope) = &self.rope {
            keys.extend(rope.to_json());
        }
        keys
    }

    fn llama(&self) -> Value {
        json!({
            "architectures": ["LlamaForCausalLM"],
            "hidden_size": self.hidden_size,
            "intermediate_size": self.intermediate_size,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv_heads,
            "head_dim": self.head_dim,
            "max_position_embeddings": self.context,
            "rms_norm_eps": self.norm_eps,
            "hidden_act": "silu",
            "attention_bias": self.attention_bias,
            "mlp_bias": self.mlp_bias,
        })
    }

    fn gpt2(&self) -> Value {
        json!({
            "architectures": ["GPT2LMHeadModel"],
            "n_embd": self.hidden_size,
            "n_inner": self.intermediate_size,
            "n_layer": self.layers,
            "n_head": self.heads,
            "n_positions": self.context,
            "layer_norm_epsilon": self.norm_eps,
            "activation_function": "gelu_new",
        })
    }
}

impl Rope {
    /// transformers 5's `rope_parameters`, and `rope_theta` with `rope_scaling` as before.
    fn to_json(&self) -> Vec<(String, Value)> {
        let mut scaling = match self.scaling {
            None => json!({"rope_type": "default"}),
            Some(RopeScaling::Linear { factor }) => json!({"rope_type": "linear", "factor": factor}),
            Some(RopeScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_context }) => json!({
                "rope_type": "llama3",
                "factor": factor,
                "low_freq_factor": low_freq_factor,
                "high_freq_factor": high_freq_factor,
                "original_max_position_embeddings": original_context as u64,
            }),
        };
        let old = if self.scaling.is_some() { scaling.clone() } else { Value::Null };
        scaling["rope_theta"] = json!(self.theta);
        let keys = [("rope_parameters", scaling), ("rope_theta", json!(self.theta)), ("rope_scaling", old)];
        keys.map(|(key, value)| (key.to_owned(), value)).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_as_the_same_config() {
        let llama = |scaling| Config {
            family: Family::Llama,
            vocab_size: 496,
            hidden_size: 48,
            intermediate_size: 96,
            layers: 2,
            heads: 4,
            kv_heads: 2,
            head_dim: 16,
            context: 256,
            norm_eps: f64::from(1e-5_f32),
            rope: Some(Rope { theta: 100_000.0, scaling }),
            tie_embeddings: false,
            attention_bias: true,
            mlp_bias: false,
        };
        let llama3 =
            RopeScaling::Llama3 { factor: 8.0, low_freq_factor: 1.0, high_freq_factor: 4.0, original_context: 64.0 };
        let gpt2 = Config {
            family: Family::Gpt2,
            kv_heads: 4,
            head_dim: 12,
            rope: None,
            mlp_bias: true,
            tie_embeddings: true,
            ..llama(None)
        };
        for config in [llama(None), llama(Some(RopeScaling::Linear { factor: 2.0 })), llama(Some(llama3)), gpt2] {
            let text = serde_json::to_vec(&config.to_json()).expect("JSON");
            assert_eq!(Config::from_json(&text), Ok(config));
        }
    }
}
