//! How a checkpoint spells transformers' names, and what it holds beside them.

use std::collections::HashSet;
use std::path::Path;

use super::check;
use super::error::LoadError;
use super::safetensors::Checkpoint;
use crate::decoder::config::Config;
use crate::decoder::layout::{self, Role, Slot};

/// How the checkpoint spells transformers' names.
pub(super) struct Names {
    /// The decoder's prefix, and what the checkpoint has in its place: a model saved without its head has none, the text
    /// part of a model that sees one more word.
    prefix: &'static str,
    stored: &'static str,
    /// What stands before the head's name.
    head: &'static str,
    /// The checkpoint holds a model that sees, too.
    pub is_wrapped: bool,
    /// The embeddings are tied to the head and stored under its name alone.
    head_only: bool,
}

impl Names {
    pub(super) fn of(checkpoint: &Checkpoint<'_>, config: &Config, is_wrapped: bool) -> Self {
        let prefix = layout::names(config.family).prefix;
        let begins = |start: &str| checkpoint.names().any(|name| name.starts_with(start));
        let prefixes: &[&str] =
            if is_wrapped { &["language_model.model.", "model.language_model."] } else { &[prefix] };
        let stored = prefixes.iter().copied().find(|prefix| begins(prefix)).unwrap_or("");
        let head = if is_wrapped && begins("language_model.lm_head.") { "language_model." } else { "" };
        let mut names = Self { prefix, stored, head, is_wrapped, head_only: false };
        names.head_only = config.tie_embeddings
            && checkpoint.has(&names.head_weight(config))
            && !checkpoint.has(&names.stored(&embedding(config)));
        names
    }

    /// What the checkpoint calls a tensor of that name.
    pub(super) fn stored(&self, name: &str) -> String {
        match name.strip_prefix(self.prefix) {
            Some(rest) => format!("{}{rest}", self.stored),
            None => format!("{}{name}", self.head),
        }
    }

    /// What the checkpoint calls the tensor that belongs into `slot`.
    pub(super) fn of_slot(&self, slot: &Slot, config: &Config) -> String {
        match slot.role {
            Role::Embedding if self.head_only => self.head_weight(config),
            _ => self.stored(&slot.name),
        }
    }

    fn head_weight(&self, config: &Config) -> String {
        format!("{}{}.weight", self.head, layout::names(config.family).head)
    }

    /// Whether the checkpoint holds a head of its own, with other values than the embeddings: then it has two tensors,
    /// whatever its config says. So does transformers 5 (`tie_weights` in `modeling_utils.py`).
    pub(super) fn has_own_head(&self, checkpoint: &Checkpoint<'_>, config: &Config) -> Result<bool, LoadError> {
        let is_same = checkpoint.same(&self.head_weight(config), &self.stored(&embedding(config)));
        Ok(!is_same.transpose()?.unwrap_or(true))
    }

    /// A tensor that the decoder would leave out means that the config does not describe these weights. What may be left
    /// out is returned in words, if there is any.
    pub(super) fn refuse_strangers(
        &self,
        checkpoint: &Checkpoint<'_>,
        config: &Config,
        expected: &[Slot],
    ) -> Result<Option<String>, LoadError> {
        let known: HashSet<String> = expected.iter().map(|slot| self.of_slot(slot, config)).collect();
        let mut others: Vec<&str> = checkpoint.names().filter(|name| !known.contains(*name)).collect();
        others.sort_unstable();
        let mut kinds: Vec<(&str, Vec<&str>)> = LEFT_OUT.iter().map(|kind| (*kind, Vec::new())).collect();
        for name in others {
            let kind = match name {
                _ if layout::is_buffer(name) => 0,
                _ if config.tie_embeddings && name == self.head_weight(config) => 1,
                _ if self.is_wrapped && sees(name) => 2,
                stranger => {
                    return Err(LoadError::Tensor {
                        file: checkpoint.file_of(stranger).unwrap_or(Path::new("")).to_owned(),
                        tensor: stranger.to_owned(),
                        problem: check::stranger(config),
                    });
                }
            };
            kinds[kind].1.push(name);
        }
        Ok(in_words(&kinds))
    }
}

/// What a checkpoint may hold that the decoder does without.
const LEFT_OUT: [&str; 3] =
    ["buffers that are computed anew", "a copy of the embeddings as the head", "the part that looks at pictures"];

/// `24 buffers …`: how many of each kind, and the first of them.
fn in_words(kinds: &[(&str, Vec<&str>)]) -> Option<String> {
    let said = |(kind, names): &(&str, Vec<&str>)| match names.as_slice() {
        [] => None,
        [name] => Some(format!("{kind} ({name})")),
        [first, rest @ ..] => Some(format!("{kind} ({first} and {} more)", rest.len())),
    };
    let said: Vec<String> = kinds.iter().filter_map(said).collect();
    (!said.is_empty()).then(|| format!("left out of the weights: {}", said.join("; ")))
}

fn embedding(config: &Config) -> String {
    layout::stem(config, Role::Embedding, None).map_or_else(String::new, |stem| format!("{stem}.weight"))
}

/// Whether a tensor belongs to the part that looks at pictures.
fn sees(name: &str) -> bool {
    let name = name.strip_prefix("model.").unwrap_or(name);
    name.starts_with("vision_tower.") || name.starts_with("multi_modal_projector.")
}
