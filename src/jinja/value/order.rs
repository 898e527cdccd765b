//! Which values are equal to Python, and which comes first.

use std::cmp::Ordering;
use std::rc::Rc;

use super::Value;

/// Python's `==`.
pub(in super::super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Undefined(_), Value::Undefined(_)) | (Value::None, Value::None) => true,
        (Value::Str(left), Value::Str(right)) => left.as_str() == right.as_str(),
        (Value::Bytes(left), Value::Bytes(right)) => left == right,
        (Value::List(left), Value::List(right)) | (Value::Tuple(left), Value::Tuple(right)) => {
            left.len() == right.len() && left.iter().zip(right.iter()).all(|(left, right)| equal(left, right))
        }
        (Value::Dict(left), Value::Dict(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| right.get_value(key).is_some_and(|other| equal(value, other)))
        }
        (Value::Range(..), Value::Range(..)) => left.to_text().as_str() == right.to_text().as_str(),
        (Value::Callable(left), Value::Callable(right)) => Rc::ptr_eq(left, right),
        (Value::Namespace(left), Value::Namespace(right)) => Rc::ptr_eq(left, right),
        _ => match (left.as_int(), right.as_int()) {
            (Some(left), Some(right)) => left == right,
            _ => matches!((left.as_float(), right.as_float()), (Some(left), Some(right)) if left == right),
        },
    }
}

/// The order of two values; `None` where Python raises.
pub(in super::super) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Str(left), Value::Str(right)) => Some(left.as_str().cmp(right.as_str())),
        (Value::List(left), Value::List(right)) | (Value::Tuple(left), Value::Tuple(right)) => {
            let differs = left.iter().zip(right.iter()).find(|(left, right)| !equal(left, right));
            differs.map_or(Some(left.len().cmp(&right.len())), |(left, right)| compare(left, right))
        }
        _ => match (left.as_int(), right.as_int()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => left.as_float()?.partial_cmp(&right.as_float()?),
        },
    }
}
