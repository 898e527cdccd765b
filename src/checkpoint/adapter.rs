//! A directory with a LoRA adapter as PEFT saves it: `adapter_config.json` names the base model.

use std::path::{Path, PathBuf};

use candle_core::Tensor;
use serde_json::Value;

use super::check;
use super::error::LoadError;
use super::loaded::Loaded;
use super::safetensors::Shards;
use super::task::{Task, Wants};
use super::text::{optional, read};
use crate::decoder::Adapter;

/// The adapter's own config.
const CONFIG: &str = "adapter_config.json";
/// Its weights.
const WEIGHTS: &str = "adapter_model.safetensors";
/// What stands before the projections' names in its weights.
const PREFIX: &str = "base_model.model.";

/// Whether the directory holds an adapter.
pub fn is_adapter(directory: &Path) -> bool {
    directory.join(CONFIG).is_file()
}

/// An adapter whose config is read.
pub struct Peft {
    directory: PathBuf,
    config: Value,
    alpha: f64,
}

impl Peft {
    /// Reads the adapter's config.
    ///
    /// # Errors
    /// If it is damaged, or asks for more than plain LoRA.
    pub fn open(directory: &Path) -> Result<Self, LoadError> {
        let file = directory.join(CONFIG);
        let damaged = |reason: String| LoadError::Damaged { file: file.clone(), reason };
        let config: Value = serde_json::from_slice(&read(&file)?).map_err(|error| damaged(error.to_string()))?;
        let alpha = supported(&config).map_err(damaged)?;
        Ok(Self { directory: directory.to_owned(), config, alpha })
    }

    /// The base model: a name, a path, or a path from the adapter's directory.
    pub fn base(&self) -> Option<&str> {
        self.config["base_model_name_or_path"].as_str()
    }

    /// Puts the adapter beside the projections of its base model, and its chat template in the place of the base's.
    ///
    /// # Errors
    /// If a file is missing or damaged, or holds something that is no part of such an adapter.
    pub fn put_on(&self, loaded: &mut Loaded, task: &Task<'_>) -> Result<(), LoadError> {
        if task.wants == Wants::Weights {
            loaded.adapters = adapters(&self.directory, self.alpha, self.config["use_rslora"] == true, task)?;
        }
        if let Some(template) = optional(&self.directory, "chat_template.jinja")? {
            let template = String::from_utf8(template).map_err(|_| LoadError::Damaged {
                file: self.directory.join(CONFIG),
                reason: "its chat template is not UTF-8 text".into(),
            })?;
            (loaded.vocabulary.chat_template, loaded.vocabulary.tool_template) = (Some(template), None);
        }
        Ok(())
    }
}

/// `lora_alpha`, if the config asks for nothing but plain LoRA.
fn supported(config: &Value) -> Result<f64, String> {
    if config["peft_type"] != "LORA" {
        return Err(format!("its peft_type is {}; only LORA is supported", config["peft_type"]));
    }
    let has = |key: &str| match &config[key] {
        Value::Null | Value::Bool(false) => false,
        Value::Object(entries) => !entries.is_empty(),
        Value::Array(entries) => !entries.is_empty(),
        Value::String(text) => text != "none",
        _ => true,
    };
    let unsupported = ["use_dora", "modules_to_save", "bias", "lora_bias", "alpha_pattern"];
    if let Some(key) = unsupported.into_iter().find(|key| has(key)) {
        return Err(format!("{key} is {}, which is not supported", config[key]));
    }
    config["lora_alpha"].as_f64().ok_or_else(|| "it has no lora_alpha".into())
}

/// Pairs up A and B of every projection.
fn adapters(
    directory: &Path,
    alpha: f64,
    is_rank_stabilised: bool,
    task: &Task<'_>,
) -> Result<Vec<(String, Adapter)>, LoadError> {
    let file = directory.join(WEIGHTS);
    let shards = Shards::of(vec![file.clone()])?;
    let checkpoint = shards.headers()?;
    let wrong = |tensor: &str, problem: &str| LoadError::Tensor {
        file: file.clone(),
        tensor: tensor.into(),
        problem: problem.into(),
    };
    let read = |stored: &str| -> Result<Tensor, LoadError> {
        let (_, tensor) = checkpoint.read(stored).unwrap_or_else(|| Err(wrong(stored, "is missing")))?;
        check::tensor(&file, stored, &tensor, tensor.dims())?;
        tensor.to_device(task.device).map_err(|reason| LoadError::Device { tensor: stored.to_owned(), reason })
    };
    let mut names: Vec<&str> = checkpoint.names().collect();
    names.sort_unstable();
    let mut adapters = Vec::new();
    for stored in names {
        let projection = stored.strip_prefix(PREFIX).and_then(|rest| rest.rsplit_once(".lora_"));
        match projection {
            Some((projection, "A.weight")) => {
                let a = read(stored)?;
                let rank = a.dims().first().copied().unwrap_or(0).max(1) as f64;
                let b = read(&format!("{PREFIX}{projection}.lora_B.weight"))?;
                let scale = alpha / if is_rank_stabilised { rank.sqrt() } else { rank };
                adapters.push((projection.to_owned(), Adapter { a, b, scale }));
            }
            Some((_, "B.weight")) => {}
            _ => return Err(wrong(stored, "is no part of a LoRA adapter on projections")),
        }
    }
    Ok(adapters)
}
