//! Typed look-ups in `config.json`.

use serde_json::{Map, Value};

use crate::decoder::config::ConfigError;

/// An object of the config; what has the wrong type is named. JSON `null` counts as left out.
#[derive(Clone, Copy)]
pub(super) struct Keys<'a>(pub &'a Map<String, Value>);

impl<'a> Keys<'a> {
    pub fn present(self, key: &str) -> Option<&'a Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    pub fn read<T>(
        self,
        key: &'static str,
        wanted: &'static str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(value) = self.present(key) else { return Ok(None) };
        read(value).map(Some).ok_or(ConfigError::Type { key, wanted })
    }

    pub fn text(self, key: &'static str) -> Result<Option<&'a str>, ConfigError> {
        self.read(key, "a string", Value::as_str)
    }

    pub fn flag(self, key: &'static str) -> Result<Option<bool>, ConfigError> {
        self.read(key, "true or false", Value::as_bool)
    }

    pub fn number(self, key: &'static str) -> Result<Option<f64>, ConfigError> {
        self.read(key, "a number", Value::as_f64)
    }

    pub fn size(self, key: &'static str) -> Result<Option<usize>, ConfigError> {
        self.read(key, "a whole number", |value| value.as_u64().and_then(|size| usize::try_from(size).ok()))
    }

    /// A size that JSON `null` switches off; left out, it is `default`.
    pub fn size_unless_null(self, key: &'static str, default: usize) -> Result<Option<usize>, ConfigError> {
        if self.0.contains_key(key) { self.size(key) } else { Ok(Some(default)) }
    }

    pub fn object(self, key: &'static str) -> Result<Option<Self>, ConfigError> {
        Ok(self.read(key, "an object", Value::as_object)?.map(Keys))
    }

    pub fn required(self, key: &'static str) -> Result<usize, ConfigError> {
        match self.size(key)? {
            None => Err(ConfigError::Missing(key)),
            Some(0) => Err(ConfigError::Contradiction(format!("`{key}` is 0"))),
            Some(size) => Ok(size),
        }
    }

    pub fn required_number(self, key: &'static str) -> Result<f64, ConfigError> {
        self.number(key)?.ok_or(ConfigError::Missing(key))
    }

    /// Refuses any value but this one; left out, it counts as this one.
    pub fn only(self, key: &'static str, supported: bool) -> Result<(), ConfigError> {
        match self.flag(key)? {
            Some(value) if value != supported => Err(unsupported(key, &value.to_string(), &supported.to_string())),
            _ => Ok(()),
        }
    }

    /// Refuses a key that is there.
    pub fn without(self, key: &'static str) -> Result<(), ConfigError> {
        match self.present(key) {
            Some(value) => Err(unsupported(key, &value.to_string(), "null")),
            None => Ok(()),
        }
    }

    /// A list of texts.
    pub fn texts(self, key: &'static str) -> Result<Option<Vec<&'a str>>, ConfigError> {
        self.read(key, "a list of strings", |value| value.as_array()?.iter().map(Value::as_str).collect())
    }
}

pub(super) fn unsupported(key: &'static str, value: &str, supported: &str) -> ConfigError {
    ConfigError::Unsupported { key, value: value.to_owned(), supported: supported.to_owned() }
}
