//! The space that a tokenizer puts before a text, SentencePiece's dummy prefix: where it does.

use serde_json::Value;
use tokenizers::Tokenizer;

/// Where a tokenizer puts a space before the text that it was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Prefixing {
    #[default]
    Never,
    /// Before the text and behind every token that is cut out of it before it is normalised, whatever comes next.
    Always,
    /// Before the text and behind every added token, unless a space is there already.
    WhereNone,
    /// Before the text alone, unless a space is there already.
    FirstWhereNone,
}

impl Prefixing {
    /// Reads it off the tokenizer's normalizer and pre-tokenizer.
    pub(super) fn of(tokenizer: &Tokenizer) -> Self {
        let normalizer = serde_json::to_value(tokenizer.get_normalizer()).unwrap_or_default();
        let pre_tokenizer = serde_json::to_value(tokenizer.get_pre_tokenizer()).unwrap_or_default();
        let prepends =
            find(&normalizer, "Prepend").is_some_and(|step| step["prepend"] == "▁" || step["prepend"] == " ");
        if prepends {
            return Self::Always;
        }
        if let Some(metaspace) = find(&pre_tokenizer, "Metaspace") {
            return match metaspace["prepend_scheme"].as_str() {
                Some("always") => Self::WhereNone,
                Some("first") => Self::FirstWhereNone,
                _ => Self::Never,
            };
        }
        match find(&pre_tokenizer, "ByteLevel") {
            Some(step) if step["add_prefix_space"] == true => Self::WhereNone,
            _ => Self::Never,
        }
    }

    /// Whether a space is put before `text`, which begins at byte `at` of the whole.
    pub(super) fn applies(self, text: &str, at: usize) -> bool {
        let has_none = !text.starts_with([' ', '▁']);
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::WhereNone => has_none,
            Self::FirstWhereNone => has_none && at == 0,
        }
    }
}

/// The first component of that type in a serialised normalizer or pre-tokenizer, sequences included.
fn find<'a>(value: &'a Value, kind: &str) -> Option<&'a Value> {
    match value {
        Value::Object(keys) if keys.get("type").is_some_and(|own| own == kind) => Some(value),
        Value::Object(keys) => keys.values().find_map(|value| find(value, kind)),
        Value::Array(values) => values.iter().find_map(|value| find(value, kind)),
        _ => None,
    }
}
