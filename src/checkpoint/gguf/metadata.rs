//! Typed look-ups in a GGUF file's metadata.

use super::file::{Container, Value};
use crate::decoder::config::ConfigError;

/// Typed look-ups in a file's metadata.
#[derive(Clone, Copy)]
pub(super) struct Metadata<'a>(pub(super) &'a Container<'a>);

impl<'a> Metadata<'a> {
    pub(super) fn text(self, key: &str) -> Option<&'a str> {
        if let Value::Text(text) = self.0.value(key)? { Some(text) } else { None }
    }

    pub(super) fn flag(self, key: &str) -> Option<bool> {
        if let Value::Flag(flag) = self.0.value(key)? { Some(*flag) } else { None }
    }

    pub(super) fn integer(self, key: &str) -> Option<i128> {
        if let Value::Integer(integer) = self.0.value(key)? { Some(*integer) } else { None }
    }

    pub(super) fn number(self, key: &str) -> Option<f64> {
        match self.0.value(key)? {
            Value::Float(number) => Some(*number),
            Value::Integer(integer) => Some(*integer as f64),
            _ => None,
        }
    }

    pub(super) fn texts(self, key: &str) -> Option<Vec<&'a str>> {
        let Value::List(values) = self.0.value(key)? else { return None };
        values.iter().map(|value| if let Value::Text(text) = value { Some(text.as_ref()) } else { None }).collect()
    }

    pub(super) fn numbers(self, key: &str) -> Option<Vec<f64>> {
        let Value::List(values) = self.0.value(key)? else { return None };
        let number = |value: &Value<'_>| match value {
            Value::Float(number) => Some(*number),
            Value::Integer(integer) => Some(*integer as f64),
            _ => None,
        };
        values.iter().map(number).collect()
    }

    pub(super) fn integers(self, key: &str) -> Option<Vec<i128>> {
        let Value::List(values) = self.0.value(key)? else { return None };
        values.iter().map(|value| if let Value::Integer(integer) = value { Some(*integer) } else { None }).collect()
    }

    /// `context_length` -> `llama.context_length`.
    pub(super) fn of_architecture(self, key: &str) -> String {
        format!("{}.{key}", self.text("general.architecture").unwrap_or_default())
    }

    pub(super) fn size(self, key: &'static str) -> Result<Option<usize>, ConfigError> {
        match self.0.value(&self.of_architecture(key)) {
            None => Ok(None),
            Some(Value::Integer(size)) if *size >= 0 => Ok(Some(usize::try_from(*size).unwrap_or(usize::MAX))),
            Some(_) => Err(ConfigError::Type { key, wanted: "a whole number" }),
        }
    }

    pub(super) fn float(self, key: &'static str) -> Result<Option<f64>, ConfigError> {
        match self.0.value(&self.of_architecture(key)) {
            None => Ok(None),
            Some(Value::Float(number)) => Ok(Some(*number)),
            Some(Value::Integer(number)) => Ok(Some(*number as f64)),
            Some(_) => Err(ConfigError::Type { key, wanted: "a number" }),
        }
    }

    pub(super) fn required(self, key: &'static str) -> Result<usize, ConfigError> {
        match self.size(key)? {
            None => Err(ConfigError::Missing(key)),
            Some(0) => Err(ConfigError::Contradiction(format!("`{key}` is 0"))),
            Some(size) => Ok(size),
        }
    }
}
