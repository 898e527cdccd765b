//! `models show`: what a model is, and the memory it takes.

use std::io::Write;

use anyhow::Result;
use serde_json::{Value, json};

use crate::cli::models::ListFormat;
use crate::model::hub::HubError;
use crate::model::load::LoadError;
use crate::model::memory::size_text;
use crate::model::source::SourceError;
use crate::model::{Config, Source, catalogue, load};
use crate::sequence::{Vocabulary, visible_text};
use crate::train::memory::Need;
use crate::train::{LoraSettings, Method, Optimizer};

/// Lengths that memory is told for, in tokens.
const LENGTHS: [usize; 4] = [128, 512, 2048, 8192];
/// Special tokens that are written out in the table.
const MOST_TOKENS: usize = 24;

/// Prints what the files say; downloads nothing.
///
/// # Errors
/// If there is no such model on this machine.
pub fn run(name: &str, format: ListFormat) -> Result<()> {
    let entry = catalogue::find_at(name).map(|(entry, _)| entry);
    let described =
        Source::parse(name).map_err(anyhow::Error::from).and_then(|source| Ok((load::describe(&source)?, source)));
    let ((config, vocabulary), source) = match (described, entry) {
        (Ok(described), _) => described,
        // Of what is not here yet, the catalogue knows a little.
        (Err(error), Some(entry)) if is_absent(&error) => return absent(name, entry, format),
        (Err(error), _) => return Err(error),
    };
    let mut out = std::io::stdout().lock();
    if format == ListFormat::Json {
        let value = to_json(&source, entry, &config, &vocabulary);
        writeln!(out, "{}", serde_json::to_string_pretty(&value)?)?;
        return Ok(());
    }
    for (key, value) in facts(&source, entry, &config, &vocabulary) {
        writeln!(out, "{key:<15}{}", visible_text(&value))?;
    }
    writeln!(out, "\nmemory, all weights in 32 bits: {} for the weights alone", size_text(weights(&config)))?;
    writeln!(out, "{:>8}  {:>8}  {:>8}  {:>12}", "tokens", "score", "LoRA", "full, AdamW")?;
    for (tokens, needs) in needs(&config) {
        let [score, lora, full] = needs.map(size_text);
        writeln!(out, "{tokens:>8}  {score:>8}  {lora:>8}  {full:>12}")?;
    }
    Ok(())
}

/// Whether a model would only have to be downloaded.
fn is_absent(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(LoadError::Hub(HubError::NotCached { .. })))
        || matches!(error.downcast_ref(), Some(SourceError::NotDownloaded { .. }))
}

/// What the catalogue says of a model that is not on this machine.
fn absent(name: &str, entry: &catalogue::Entry, format: ListFormat) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let get = format!("lossglass models get {name}");
    if format == ListFormat::Json {
        let value = json!({
            "schema": 1, "name": entry.title, "licence": entry.licence, "parameters": entry.parameters,
            "get": get, "checkpoints": checkpoints(entry),
        });
        writeln!(out, "{}", serde_json::to_string_pretty(&value)?)?;
        return Ok(());
    }
    let mut facts = vec![("model", entry.title.clone()), ("licence", entry.licence.clone())];
    facts.extend([("about", entry.about.clone()), ("parameters", entry.parameters.to_string())]);
    facts.extend(checkpoint_fact(entry));
    facts.push(("not here yet", format!("`{get}` downloads it")));
    for (key, value) in facts {
        writeln!(out, "{key:<15}{}", visible_text(&value))?;
    }
    Ok(())
}

/// Revisions along the pretraining.
fn checkpoints(entry: &catalogue::Entry) -> Vec<String> {
    match &entry.origin {
        catalogue::Origin::Hub(place) => place.checkpoints.revisions(),
        catalogue::Origin::Pypi(_) => Vec::new(),
    }
}

fn checkpoint_fact(entry: &catalogue::Entry) -> Option<(&'static str, String)> {
    let revisions = checkpoints(entry);
    let last = revisions.last()?;
    let first = revisions.iter().take(14).cloned().collect::<Vec<_>>().join(", ");
    Some(("checkpoints", format!("{} of them, {}@STEP: {first} … {last}", revisions.len(), entry.name)))
}

type Facts = Vec<(&'static str, String)>;

fn facts(source: &Source, entry: Option<&catalogue::Entry>, config: &Config, vocabulary: &Vocabulary) -> Facts {
    let mut facts = vec![("model", source.name()), ("opened by", source.argument())];
    facts.extend(entry.iter().flat_map(|entry| [("licence", entry.licence.clone()), ("about", entry.about.clone())]));
    let heads = match config.kv_heads == config.heads {
        true => format!("{} heads", config.heads),
        false => format!("{} heads on {} for keys and values", config.heads, config.kv_heads),
    };
    let tied = if config.tie_embeddings { "its embeddings are its head" } else { "a head of its own" };
    facts.extend([
        (
            "architecture",
            format!(
                "{}: {} layers of width {}, {heads}, {tied}",
                config.family.name(),
                config.layers,
                config.hidden_size
            ),
        ),
        ("parameters", (weights(config) / 4).to_string()),
        ("context", format!("{} tokens", config.context)),
        ("vocabulary", format!("{} tokens, {} embedded", vocabulary.size(), config.vocab_size)),
    ]);
    let template = match (&vocabulary.chat_template, &vocabulary.tool_template) {
        (None, _) => "none: it continues texts",
        (Some(_), None) => "its own",
        (Some(_), Some(_)) => "its own, and one for tools",
    };
    let tokens = [("begin", vocabulary.bos_text()), ("end", vocabulary.eos_text()), ("pad", vocabulary.pad_text())];
    let tokens: Vec<String> = tokens.into_iter().filter_map(|(what, text)| Some(format!("{what} {}", text?))).collect();
    facts.extend([("chat template", template.to_owned()), ("marks", tokens.join(", "))]);
    let special = vocabulary.special_ids();
    let mut names: Vec<String> = special.iter().take(MOST_TOKENS).map(|&id| vocabulary.id_text(id)).collect();
    if special.len() > MOST_TOKENS {
        names.push(format!("… {} in all", special.len()));
    }
    facts.push(("special tokens", names.join(" ")));
    facts.extend(entry.and_then(checkpoint_fact));
    facts
}

/// Bytes of the weights.
fn weights(config: &Config) -> u64 {
    Need::of_scoring(config, 0).weights
}

/// Bytes to score and to train with LoRA and in full, at the lengths that the model takes.
fn needs(config: &Config) -> Vec<(usize, [u64; 3])> {
    let of = |tokens| {
        let training = |method| Need::of_training(config, &method, Optimizer::AdamW, tokens).total();
        let lora = Method::Lora(LoraSettings::default());
        (tokens, [Need::of_scoring(config, tokens).total(), training(lora), training(Method::Full)])
    };
    LENGTHS.into_iter().filter(|&tokens| tokens <= config.context).map(of).collect()
}

fn to_json(source: &Source, entry: Option<&catalogue::Entry>, config: &Config, vocabulary: &Vocabulary) -> Value {
    let special: Vec<Value> =
        vocabulary.special_ids().into_iter().map(|id| json!({"id": id, "text": vocabulary.id_text(id)})).collect();
    let memory: Vec<Value> = needs(config)
        .into_iter()
        .map(|(tokens, [score, lora, full])| json!({"tokens": tokens, "score": score, "lora": lora, "full": full}))
        .collect();
    json!({
        "schema": 1,
        "name": source.name(),
        "model": source.argument(),
        "licence": entry.map(|entry| &entry.licence),
        "architecture": config.family.name(),
        "parameters": weights(config) / 4,
        "layers": config.layers,
        "hidden_size": config.hidden_size,
        "heads": config.heads,
        "kv_heads": config.kv_heads,
        "context": config.context,
        "vocab_size": config.vocab_size,
        "chat_template": vocabulary.chat_template.is_some(),
        "bos": vocabulary.bos_text(),
        "eos": vocabulary.eos_text(),
        "pad": vocabulary.pad_text(),
        "special_tokens": special,
        "memory": memory,
        "checkpoints": entry.map(checkpoints).unwrap_or_default(),
    })
}
