//! Dictionaries.

use super::{Value, equal};

/// A dictionary in the order of its keys' first assignment.
#[derive(Clone, Debug, Default)]
pub struct Dict {
    fields: Vec<(Value, Value)>,
    /// How deep its values are nested.
    depth: usize,
}

impl Dict {
    pub fn get(&self, key: &str) -> Option<&Value> {
        let is_meant = |name: &Value| matches!(name, Value::Str(name) if name.as_str() == key);
        self.fields.iter().find(|(name, _)| is_meant(name)).map(|(_, value)| value)
    }

    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    pub(in super::super) fn get_value(&self, key: &Value) -> Option<&Value> {
        match key {
            Value::Str(key) => self.get(key.as_str()),
            key => self.fields.iter().find(|(name, _)| equal(name, key)).map(|(_, value)| value),
        }
    }

    pub fn insert(&mut self, key: Value, value: Value) {
        self.depth = self.depth.max(value.depth());
        match self.fields.iter_mut().find(|(name, _)| equal(name, &key)) {
            Some((_, old)) => *old = value,
            None => self.fields.push((key, value)),
        }
    }

    /// Adds a key that is not there yet, without a look whether it is.
    pub fn push(&mut self, key: &str, value: Value) {
        self.depth = self.depth.max(value.depth());
        self.fields.push((key.into(), value));
    }

    pub(in super::super) fn iter(&self) -> impl DoubleEndedIterator<Item = &(Value, Value)> + ExactSizeIterator {
        self.fields.iter()
    }

    pub(in super::super) fn len(&self) -> usize {
        self.fields.len()
    }
}

impl FromIterator<(Value, Value)> for Dict {
    fn from_iter<I: IntoIterator<Item = (Value, Value)>>(fields: I) -> Self {
        let mut dict = Dict::default();
        fields.into_iter().for_each(|(key, value)| dict.insert(key, value));
        dict
    }
}
