//! A run as Axolotl's configuration.

use super::launch::{Yaml, every};
use super::{Handover, Place};
use crate::train::{Method, Optimizer, Shape};

impl Handover<'_> {
    /// `config.yaml`. `targets` are the projections with an adapter, `moves` the weights that move where neither all do
    /// nor an adapter does.
    pub(super) fn axolotl(&self, place: &Place, targets: &[String], moves: &[String]) -> String {
        let settings = self.settings;
        let mut yaml = Yaml::new("Axolotl's configuration of a run that was tried in Lossglass: see README.md.");
        let model = if *place == Place::Here { "./model" } else { place.name() };
        yaml.text("base_model", model);
        if let Some(revision) = place.revision() {
            yaml.text("revision_of_model", revision);
        }
        yaml.line("datasets:\n  - path: ./train.parquet\n    ds_type: parquet\n    # Tokens and labels already: nothing is to be rendered.\n    type:");
        yaml.text("dataset_prepared_path", "./prepared");
        yaml.text("output_dir", "./out");
        yaml.line("val_set_size: 0");
        yaml.line("# The rows are in the order of the run.");
        yaml.line("shuffle_merged_datasets: false\ncurriculum_sampling: true");
        yaml.value("sequence_len", self.longest());
        yaml.line("sample_packing: false\npad_to_sequence_len: false");
        match &settings.method {
            Method::Lora(lora) => {
                yaml.line("adapter: lora\n# As Lossglass drew it from the seed.\nlora_model_dir: ./adapter");
                yaml.value("lora_r", lora.rank);
                yaml.value("lora_alpha", lora.alpha);
                yaml.line("lora_dropout: 0.0");
                yaml.list("lora_target_modules", targets);
            }
            Method::Full => {}
            Method::Last { .. } | Method::Embeddings => {
                let exactly = |name: &String| format!("^(.*\\.)?{}$", name.replace('.', "\\."));
                yaml.list("unfrozen_parameters", &moves.iter().map(exactly).collect::<Vec<_>>());
            }
        }
        yaml.value("micro_batch_size", settings.batch);
        yaml.value("gradient_accumulation_steps", settings.accumulate);
        yaml.value("max_steps", self.steps);
        yaml.line("num_epochs: 1");
        yaml.line(match settings.optimizer {
            Optimizer::AdamW => "optimizer: adamw_torch\nadam_beta1: 0.9\nadam_beta2: 0.999\nadam_epsilon: 1.0e-8",
            Optimizer::Sgd { .. } => "optimizer: sgd",
        });
        yaml.value("learning_rate", settings.lr);
        yaml.line(match (settings.schedule.shape, settings.schedule.warmup) {
            (Shape::Constant, 0) => "lr_scheduler: constant",
            (Shape::Constant, _) => "lr_scheduler: constant_with_warmup",
            (Shape::Linear, _) => "lr_scheduler: linear",
            (Shape::Cosine, _) => "lr_scheduler: cosine",
        });
        yaml.value("warmup_steps", settings.schedule.warmup);
        yaml.value("weight_decay", settings.weight_decay);
        yaml.value("max_grad_norm", settings.clip);
        yaml.value("seed", settings.seed);
        yaml.line("# As Lossglass computes; bf16: true is faster and less exact.");
        yaml.line("bf16: false\nfp16: false\ntf32: false\ngradient_checkpointing: false");
        yaml.value("save_steps", every(self.steps));
        yaml.line("save_total_limit: 2\nlogging_steps: 1");
        yaml.finish()
    }
}
