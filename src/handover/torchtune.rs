//! A run as torchtune's configuration.

use super::Handover;
use super::launch::Yaml;
use crate::decoder::config::{Config, Family, Rope, RopeScaling};
use crate::train::{LoraSettings, Method, Optimizer, Projections};

impl Handover<'_> {
    /// `config.yaml`, for a model of this shape that [`check`](Self::check) let pass.
    pub(super) fn torchtune(&self, config: &Config) -> String {
        let settings = self.settings;
        let mut yaml = Yaml::new("torchtune's configuration of a run that was tried in Lossglass: see README.md.");
        yaml.line("output_dir: ./out\n\nmodel:");
        self.torchtune_model(&mut yaml, config);
        yaml.line("\n# What the run takes is tokens already.\ntokenizer:\n  _component_: handed_over.Tokenizer");
        yaml.line(
            "dataset:\n  _component_: handed_over.Sequences\n# The rows are in the order of the run.\nshuffle: false",
        );
        yaml.line(
            "\ncheckpointer:\n  _component_: torchtune.training.FullModelHFCheckpointer\n  checkpoint_dir: ./model",
        );
        yaml.line("  checkpoint_files: [model.safetensors]\n  output_dir: ${output_dir}");
        yaml.line(match config.family {
            Family::Qwen2 => "  model_type: QWEN2",
            _ => "  model_type: LLAMA3_2",
        });
        yaml.line("resume_from_checkpoint: false\nsave_adapter_weights_only: false\n\noptimizer:");
        match settings.optimizer {
            Optimizer::AdamW => yaml.line("  _component_: torch.optim.AdamW"),
            Optimizer::Sgd { momentum } => {
                yaml.line("  _component_: torch.optim.SGD");
                yaml.value("  momentum", momentum);
            }
        }
        yaml.value("  lr", settings.lr);
        yaml.value("  weight_decay", settings.weight_decay);
        yaml.line("optimizer_in_bwd: false\nlr_scheduler:\n  _component_: handed_over.schedule\n");
        yaml.line("loss:\n  _component_: torchtune.modules.loss.CEWithChunkedOutputLoss\n");
        yaml.value("batch_size", settings.batch);
        yaml.value("gradient_accumulation_steps", settings.accumulate);
        yaml.line("epochs: 1");
        yaml.value("max_steps_per_epoch", self.steps);
        match settings.clip {
            0.0 => yaml.line("clip_grad_norm: null"),
            clip => yaml.value("clip_grad_norm", clip),
        }
        yaml.value("seed", settings.seed);
        yaml.line(
            "compile: false\n\n# As Lossglass computes; bf16 is faster and less exact.\ndtype: fp32\ndevice: cuda",
        );
        yaml.line("enable_activation_checkpointing: false\nenable_activation_offloading: false\n");
        yaml.line("metric_logger:\n  _component_: torchtune.training.metric_logging.DiskLogger\n  log_dir: ${output_dir}/logs");
        yaml.line("log_every_n_steps: 1\nlog_peak_memory_stats: false");
        yaml.finish()
    }

    fn torchtune_model(&self, yaml: &mut Yaml, config: &Config) {
        let (module, of_llama) = match config.family {
            Family::Qwen2 => ("qwen2", false),
            _ => ("llama3_2", true),
        };
        let lora = if let Method::Lora(lora) = &self.settings.method { Some(lora) } else { None };
        let prefix = if lora.is_some() { "lora_" } else { "" };
        yaml.line(&format!("  _component_: torchtune.models.{module}.{prefix}{module}"));
        yaml.value("  vocab_size", config.vocab_size);
        yaml.value("  num_layers", config.layers);
        yaml.value("  num_heads", config.heads);
        yaml.value("  num_kv_heads", config.kv_heads);
        yaml.value("  embed_dim", config.hidden_size);
        yaml.value("  intermediate_dim", config.intermediate_size);
        yaml.value("  max_seq_len", config.context);
        yaml.value("  norm_eps", config.norm_eps);
        if let Some(Rope { theta, scaling, .. }) = &config.rope {
            yaml.value("  rope_base", *theta as u64);
            if of_llama {
                // Without scaling its frequencies are divided by 1.
                let factor = if let Some(RopeScaling::Llama3 { factor, .. }) = scaling { *factor } else { 1.0 };
                yaml.value("  scale_factor", factor as u64);
            }
        }
        yaml.value("  tie_word_embeddings", config.tie_embeddings);
        if let Some(LoraSettings { rank, alpha, projections }) = lora {
            yaml.line(match projections {
                Projections::QueryValue => "  lora_attn_modules: [q_proj, v_proj]",
                _ => "  lora_attn_modules: [q_proj, k_proj, v_proj, output_proj]",
            });
            yaml.value("  apply_lora_to_mlp", *projections == Projections::All);
            yaml.line("  apply_lora_to_output: false");
            yaml.value("  lora_rank", rank);
            yaml.value("  lora_alpha", alpha);
            yaml.line("  lora_dropout: 0.0");
        }
    }
}
