//! An adapter in PEFT's layout.

use serde_json::json;

use super::SaveError;
use super::folder::Folder;
use super::tensors::{Entry, Task};
use crate::model::Model;

/// Writes `adapter_config.json` and `adapter_model.safetensors`, and the chat template that was trained with.
pub(super) fn write(
    folder: &mut Folder,
    model: &Model,
    weights: &[Entry],
    task: &mut Task<'_>,
) -> Result<(), SaveError> {
    let adapters = model.decoder.adapters();
    let (rank, scale) = adapters.first().map_or((0, 1.0), |(_, adapter)| (adapter.a.dims()[0], adapter.scale));
    let config = json!({
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": model.source.argument(),
        "r": rank,
        "lora_alpha": scale * rank as f64,
        "target_modules": target_modules(model),
        // gpt2's Conv1D keeps its weights transposed.
        "fan_in_fan_out": model.config.family.is_conv1d(),
        "lora_dropout": 0.0,
        "bias": "none",
        "modules_to_save": null,
        "init_lora_weights": true,
        "use_rslora": false,
        "use_dora": false,
        "inference_mode": true,
    });
    folder.add_json("adapter_config.json", &config)?;
    if let (Some(template), None) = (&model.vocabulary.chat_template, &model.vocabulary.tool_template) {
        folder.add("chat_template.jinja", template.as_bytes())?;
    }
    folder.add_tensors("adapter_model.safetensors", weights, task)
}

/// The names of the projections that have an adapter, as PEFT compares them: by their ends. A short name that one
/// without an adapter has too (gpt2's `c_proj`) needs the word before it.
pub fn target_modules(model: &Model) -> Vec<String> {
    let adapters = model.decoder.adapters();
    let has = |name: &str| adapters.iter().any(|(adapted, _)| adapted == name);
    let projections = model.decoder.projections();
    let (adapted, others): (Vec<_>, Vec<_>) = projections.iter().partition(|projection| has(&projection.name));
    let mut names: Vec<String> = Vec::new();
    for projection in adapted {
        let short = projection.short_name();
        let is_shared = others.iter().any(|other| other.short_name() == short);
        let words: Vec<&str> = projection.name.rsplitn(3, '.').collect();
        let name = if is_shared { format!("{}.{short}", words.get(1).unwrap_or(&"")) } else { short.to_owned() };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
