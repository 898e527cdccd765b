//! What can be gone through, searched, counted and used as a key.

use super::Error;
use super::value::{Value, equal};

/// The longest range, as in the sandbox.
pub(super) const MOST: usize = 100_000;

pub(super) fn type_error(value: &Value, what: &str) -> Error {
    match value {
        Value::Undefined(hint) => Error::runtime(&**hint),
        other => Error::runtime(format!("'{}' object {what}", other.type_name())),
    }
}

/// The values that a loop goes through.
pub(super) fn iterate(value: &Value) -> Result<Vec<Value>, Error> {
    Ok(match value {
        Value::Undefined(_) => Vec::new(),
        Value::List(items) | Value::Tuple(items) | Value::View(_, items) => items.to_vec(),
        Value::Dict(dict) => dict.iter().map(|(key, _)| key.clone()).collect(),
        Value::Str(text) => {
            let letters = text.as_str().char_indices();
            letters.map(|(at, letter)| text.slice(at..at + letter.len_utf8()).into()).collect()
        }
        Value::Range(start, _, step) => {
            (0..range_len(value) as i128).map(|index| Value::Int(start + index * step)).collect()
        }
        Value::Bytes(bytes) => bytes.iter().map(|byte| Value::Int((*byte).into())).collect(),
        Value::Generator(items) => items.borrow_mut().drain(..).collect(),
        other => return Err(type_error(other, "is not iterable")),
    })
}

pub(super) fn range_len(value: &Value) -> usize {
    match value {
        Value::Range(start, stop, step) => {
            let (far, near) = if *step > 0 { (stop, start) } else { (start, stop) };
            let count = far.saturating_sub(*near).max(0).unsigned_abs().div_ceil(step.unsigned_abs());
            usize::try_from(count).unwrap_or(usize::MAX)
        }
        _ => 0,
    }
}

/// Python's `len`.
pub(super) fn len(value: &Value) -> Result<usize, Error> {
    Ok(match value {
        Value::Undefined(_) => 0,
        Value::Str(text) => text.as_str().chars().count(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(items) | Value::Tuple(items) | Value::View(_, items) => items.len(),
        Value::Dict(dict) => dict.len(),
        Value::Range(..) => range_len(value),
        Value::Loop(state) => state.items.len(),
        other => return Err(Error::runtime(format!("object of type '{}' has no len()", other.type_name()))),
    })
}

/// Python's `needle in container`.
pub(super) fn contains(container: &Value, needle: &Value) -> Result<bool, Error> {
    match (container, needle) {
        (Value::Str(text), Value::Str(needle)) => Ok(text.as_str().contains(needle.as_str())),
        (Value::Str(_), Value::Undefined(hint)) => Err(Error::runtime(&**hint)),
        (Value::Str(_), other) => {
            let found = other.type_name();
            Err(Error::runtime(format!("'in <string>' requires string as left operand, not {found}")))
        }
        (Value::Dict(dict), key) => {
            hashable(key)?;
            Ok(dict.get_value(key).is_some())
        }
        (Value::List(items) | Value::Tuple(items) | Value::View(_, items), needle) => {
            Ok(items.iter().any(|item| equal(item, needle)))
        }
        (Value::Undefined(_) | Value::Range(..) | Value::Generator(_), needle) => {
            Ok(iterate(container)?.iter().any(|item| equal(item, needle)))
        }
        (other, _) => Err(Error::runtime(format!("argument of type '{}' is not iterable", other.type_name()))),
    }
}

/// Whether a value can be a dictionary's key.
pub(super) fn hashable(value: &Value) -> Result<(), Error> {
    match value {
        Value::List(_) | Value::Dict(_) => Err(Error::runtime(format!("unhashable type: '{}'", value.type_name()))),
        Value::Tuple(items) => items.iter().try_for_each(hashable),
        _ => Ok(()),
    }
}

/// Python's `int(text, base)`.
pub(super) fn parse_int(text: &str, base: u32) -> Option<i128> {
    let text = text.trim_matches(super::words::is_space);
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let prefix = match base {
        16 => Some("0x"),
        8 => Some("0o"),
        2 => Some("0b"),
        _ => None,
    };
    let lower = digits.to_ascii_lowercase();
    let digits = prefix.and_then(|prefix| lower.strip_prefix(prefix)).unwrap_or(&lower);
    let clean = !digits.starts_with('_') && !digits.ends_with('_') && !digits.contains("__");
    let digits = digits.replace('_', "");
    (clean && (2..=36).contains(&base) && !digits.starts_with(['+', '-']))
        .then(|| i128::from_str_radix(&digits, base).ok())?
        .map(|number| sign * number)
}

/// Python's `float(text)`.
pub(super) fn parse_float(text: &str) -> Option<f64> {
    let text = text.trim_matches(super::words::is_space).to_ascii_lowercase();
    let clean = !text.starts_with('_') && !text.ends_with('_') && !text.contains("__");
    clean.then(|| text.replace('_', "").parse().ok())?
}
