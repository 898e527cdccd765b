//! `models show`: what a model is, and the memory it takes.

use std::io::Write;

use anyhow::Result;
use serde_json::{Value, json};

use crate::checkpoint::Loaded;
use crate::cli::models::ListFormat;
use crate::command::card;
use crate::decoder::Config;
use crate::memory::size_text;
use crate::model::load::{self, OpenError};
use crate::sequence::{Vocabulary, visible_text};
use crate::source::catalogue::{self, Entry, Origin};
use crate::source::hub::HubError;
use crate::source::{Source, SourceError};
use crate::template::card::Ability;
use crate::train::memory::Need;
use crate::train::{LoraSettings, Method, Optimizer};

/// Lengths that memory is told for, in tokens.
const LENGTHS: [usize; 4] = [128, 512, 2048, 8192];
/// Special tokens and checkpoints that are written out in the table.
const MOST_NAMES: usize = 14;

/// Prints what the files say, or what the catalogue says of a model that is not here; downloads nothing.
///
/// # Errors
/// If there is no such model.
pub fn run(name: &str, format: ListFormat) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match format {
        ListFormat::Json => writeln!(out, "{}", serde_json::to_string_pretty(&look_at(name)?.to_json())?)?,
        ListFormat::Table => {
            for (key, value) in describe(name)? {
                writeln!(out, "{key:<16}{}", visible_text(&value))?;
            }
        }
    }
    Ok(())
}

/// The same as keys and values.
///
/// # Errors
/// If there is no such model.
pub fn describe(name: &str) -> Result<Vec<(String, String)>> {
    Ok(look_at(name)?.facts().into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// What is known of a model.
struct Shown {
    /// What was asked for.
    name: String,
    entry: Option<&'static Entry>,
    files: Option<Files>,
}

/// What its files say.
struct Files {
    source: Source,
    config: Config,
    vocabulary: Vocabulary,
    /// Where the weights are not what the config says.
    notes: Vec<String>,
    /// Tensors that the decoder does without.
    left_out: Option<String>,
}

fn look_at(name: &str) -> Result<Shown> {
    let entry = catalogue::find_at(name).map(|(entry, _)| entry);
    let files = match read(name) {
        Ok(files) => Some(files),
        // Of what is not here yet, the catalogue knows a little.
        Err(error) if entry.is_some() && is_absent(&error) => None,
        Err(error) => return Err(error),
    };
    Ok(Shown { name: name.to_owned(), entry, files })
}

fn read(name: &str) -> Result<Files> {
    let source = Source::parse(name)?;
    let Loaded { config, vocabulary, notes, left_out, .. } = load::describe(&source)?;
    Ok(Files { source, config, vocabulary, notes, left_out })
}

/// Whether a model would only have to be downloaded.
fn is_absent(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(OpenError::Hub(HubError::NotCached { .. })))
        || matches!(error.downcast_ref(), Some(SourceError::NotDownloaded { .. }))
}

type Facts = Vec<(&'static str, String)>;

impl Shown {
    fn facts(&self) -> Facts {
        let mut facts = Facts::new();
        if let Some(files) = &self.files {
            facts.extend([("model", files.source.name()), ("opened by", files.source.argument())]);
        }
        if let Some(entry) = self.entry {
            facts.extend([("licence", entry.licence.clone()), ("about", entry.about.clone())]);
            facts.extend(checkpoint_fact(entry));
        }
        match (&self.files, self.entry) {
            (Some(files), _) => facts.extend(files.facts()),
            (None, Some(entry)) => {
                facts.push(("parameters", entry.parameters.to_string()));
                facts.push(("not here yet", format!("`{}` downloads it", self.get(entry))));
            }
            (None, None) => {}
        }
        facts
    }

    fn get(&self, entry: &Entry) -> String {
        match entry.origin {
            Origin::Pypi(_) => entry.get(),
            Origin::Hub(_) => format!("lossglass models get {}", self.name),
        }
    }

    fn to_json(&self) -> Value {
        let mut value = match (&self.files, self.entry) {
            (Some(files), _) => files.to_json(),
            (None, Some(entry)) => {
                json!({"name": entry.title, "parameters": entry.parameters, "get": self.get(entry)})
            }
            (None, None) => json!({}),
        };
        value["schema"] = json!(1);
        value["licence"] = json!(self.entry.map(|entry| &entry.licence));
        value["checkpoints"] = json!(self.entry.map(checkpoints).unwrap_or_default());
        value
    }
}

/// Revisions along the pretraining.
fn checkpoints(entry: &Entry) -> Vec<String> {
    match &entry.origin {
        Origin::Hub(place) => place.checkpoints.revisions(),
        Origin::Pypi(_) => Vec::new(),
    }
}

fn checkpoint_fact(entry: &Entry) -> Option<(&'static str, String)> {
    let revisions = checkpoints(entry);
    let last = revisions.last()?;
    let first = revisions.iter().take(MOST_NAMES).cloned().collect::<Vec<_>>().join(", ");
    Some(("checkpoints", format!("{} of them, {}@STEP: {first} … {last}", revisions.len(), entry.name)))
}

impl Files {
    fn facts(&self) -> Facts {
        let Self { config, vocabulary, .. } = self;
        let heads = match config.kv_heads == config.heads {
            true => format!("{} heads", config.heads),
            false => format!("{} heads, {} for keys and values", config.heads, config.kv_heads),
        };
        let (family, layers, width) = (config.family.name(), config.layers, config.hidden_size);
        let head = if config.tie_embeddings { "its embeddings are its head" } else { "a head of its own" };
        let template = match (&vocabulary.chat_template, &vocabulary.tool_template) {
            (None, _) => "none: it continues texts",
            (Some(_), None) => "its own",
            (Some(_), Some(_)) => "its own, and one for chats with tools",
        };
        let weights = weights(config);
        let mut facts = vec![
            ("architecture", format!("{family}: {layers} layers of width {width}, {heads}, {head}")),
            ("parameters", format!("{}, {} in memory", weights / 4, size_text(weights))),
            ("context", format!("{} tokens", config.context)),
            ("vocabulary", format!("{} tokens, {} embedded", vocabulary.size(), config.vocab_size)),
            ("chat template", template.to_owned()),
            ("special tokens", self.special_tokens()),
        ];
        facts.extend(self.notes.iter().chain(&self.left_out).map(|note| ("note", note.clone())));
        facts.extend(needs(config).into_iter().map(|(tokens, needs)| {
            let [score, lora, full] = needs.map(size_text);
            ("memory", format!("{tokens} tokens: {score} to score, {lora} to train with LoRA, {full} in full (AdamW)"))
        }));
        facts.extend(card::lines(&self.card()).into_iter().map(|line| ("template", line)));
        facts
    }

    /// What its chat template can do; nothing where it has none, or one that does not parse.
    fn card(&self) -> Vec<Ability> {
        let vocabulary = &self.vocabulary;
        let template = vocabulary.chat_template.as_ref().and_then(|source| vocabulary.parse_template(source).ok());
        template.map_or_else(Vec::new, |template| card::of(&template, vocabulary))
    }

    fn special_tokens(&self) -> String {
        let vocabulary = &self.vocabulary;
        let marks = [("begin", vocabulary.bos), ("end", vocabulary.eos), ("pad", vocabulary.pad)];
        let shown = |id: &u32| {
            let uses: Vec<&str> = marks.iter().filter(|(_, mark)| *mark == Some(*id)).map(|(name, _)| *name).collect();
            let uses = if uses.is_empty() { String::new() } else { format!(" ({})", uses.join(", ")) };
            format!("{}{uses}", vocabulary.id_text(*id))
        };
        let special = vocabulary.special_ids();
        let mut names: Vec<String> = special.iter().take(MOST_NAMES).map(shown).collect();
        if special.len() > MOST_NAMES {
            names.push(format!("… {} in all", special.len()));
        }
        names.join(" ")
    }

    fn to_json(&self) -> Value {
        let Self { source, config, vocabulary, notes, left_out } = self;
        let special = vocabulary.special_ids().into_iter().map(|id| json!({"id": id, "text": vocabulary.id_text(id)}));
        let memory = needs(config)
            .into_iter()
            .map(|(tokens, [score, lora, full])| json!({"tokens": tokens, "score": score, "lora": lora, "full": full}));
        json!({
            "name": source.name(),
            "model": source.argument(),
            "architecture": config.family.name(),
            "parameters": weights(config) / 4,
            "layers": config.layers,
            "hidden_size": config.hidden_size,
            "heads": config.heads,
            "kv_heads": config.kv_heads,
            "context": config.context,
            "vocab_size": config.vocab_size,
            "chat_template": vocabulary.chat_template.is_some(),
            "template_card": card::json(&self.card()),
            "bos": vocabulary.bos_text(),
            "eos": vocabulary.eos_text(),
            "pad": vocabulary.pad_text(),
            "special_tokens": special.collect::<Vec<_>>(),
            "memory": memory.collect::<Vec<_>>(),
            "notes": notes.iter().chain(left_out).collect::<Vec<_>>(),
        })
    }
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
