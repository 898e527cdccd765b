//! A directory with a LoRA adapter as PEFT saves it: `adapter_config.json` names the base model.

use std::path::Path;

use candle_core::Tensor;
use serde_json::Value;

use super::directory::optional;
use super::safetensors::Shards;
use super::{LoadError, Loaded, Task, Wants};
use crate::model::Source;
use crate::model::decoder::Adapter;

/// The adapter's own config.
const CONFIG: &str = "adapter_config.json";
/// Its weights.
const WEIGHTS: &str = "adapter_model.safetensors";
/// What stands before the projections' names in its weights.
const PREFIX: &str = "base_model.model.";

/// Whether the directory holds an adapter.
pub(super) fn is_adapter(directory: &Path) -> bool {
    directory.join(CONFIG).is_file()
}

/// Loads the base model and puts the adapter beside its projections.
pub(super) fn load(directory: &Path, name: String, task: &mut Task<'_>) -> Result<Loaded, LoadError> {
    let file = directory.join(CONFIG);
    let damaged = |reason: String| LoadError::Damaged { file: file.clone(), reason };
    let config = super::directory::read(&file)?;
    let config: Value = serde_json::from_slice(&config).map_err(|error| damaged(error.to_string()))?;
    let alpha = supported(&config).map_err(damaged)?;
    let source = base(directory, &config)?;
    let mut loaded = super::load_weights(&source, name, task)?;
    if task.wants == Wants::Weights {
        loaded.adapters = adapters(directory, alpha, config["use_rslora"] == true, task)?;
    }
    if let Some(template) = optional(directory, "chat_template.jinja")? {
        let template =
            String::from_utf8(template).map_err(|_| damaged("its chat template is not UTF-8 text".into()))?;
        (loaded.vocabulary.chat_template, loaded.vocabulary.tool_template) = (Some(template), None);
    }
    Ok(loaded)
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

/// Where the base model is: a name, a path, or a path from the adapter's directory.
fn base(directory: &Path, config: &Value) -> Result<Source, LoadError> {
    let missing = |reason: String| LoadError::Base { directory: directory.to_owned(), reason };
    let Some(name) = config["base_model_name_or_path"].as_str() else {
        return Err(missing("adapter_config.json has no base_model_name_or_path".into()));
    };
    let beside = directory.join(name);
    let source = match Source::parse(name) {
        Ok(Source::Hub(_)) | Err(_) if beside.is_dir() => Source::Directory(beside),
        Ok(source) => source,
        Err(error) => return Err(missing(error.to_string())),
    };
    match &source {
        Source::Directory(path) if is_adapter(path) => Err(missing(format!("{} is an adapter itself", path.display()))),
        _ => Ok(source),
    }
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
        super::check::tensor(&file, stored, &tensor, tensor.dims())?;
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
