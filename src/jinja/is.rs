//! `value is …`.

use std::rc::Rc;

use super::arguments::Args;
use super::ast::Comparison;
use super::evaluate::holds as comparison_holds;
use super::value::{Value, equal};
use super::{Error, arithmetic, ast::Binary, filters};

const NAMES: [&str; 38] = [
    "boolean",
    "callable",
    "defined",
    "divisibleby",
    "eq",
    "equalto",
    "==",
    "escaped",
    "even",
    "false",
    "filter",
    "float",
    "ge",
    ">=",
    "greaterthan",
    "gt",
    ">",
    "in",
    "integer",
    "iterable",
    "le",
    "<=",
    "lessthan",
    "lt",
    "<",
    "lower",
    "mapping",
    "ne",
    "!=",
    "none",
    "number",
    "odd",
    "sameas",
    "sequence",
    "string",
    "test",
    "true",
    "undefined",
];

pub(super) fn holds(name: &str, value: &Value, arguments: Args) -> Result<bool, Error> {
    let comparison = match name {
        "eq" | "equalto" | "==" => Some(Comparison::Eq),
        "ne" | "!=" => Some(Comparison::Ne),
        "lt" | "lessthan" | "<" => Some(Comparison::Lt),
        "le" | "<=" => Some(Comparison::Le),
        "gt" | "greaterthan" | ">" => Some(Comparison::Gt),
        "ge" | ">=" => Some(Comparison::Ge),
        "in" => Some(Comparison::In),
        _ => None,
    };
    if let Some(comparison) = comparison {
        return comparison_holds(comparison, value, &arguments.only()?);
    }
    match name {
        "divisibleby" => return Ok(!rest(value, arguments.only()?)?.is_true()),
        "sameas" => return Ok(same(value, &arguments.only()?)),
        _ => arguments.none()?,
    }
    let cased = |cased: fn(char) -> bool, other: fn(char) -> bool| {
        let text = value.to_text();
        text.as_str().chars().any(cased) && !text.as_str().chars().any(other)
    };
    Ok(match name {
        "boolean" => matches!(value, Value::Bool(_)),
        "callable" => {
            matches!(value, Value::Callable(_) | Value::Joiner(_) | Value::Loop(_) | Value::Undefined(_))
        }
        "defined" => !matches!(value, Value::Undefined(_)),
        "undefined" => matches!(value, Value::Undefined(_)),
        "escaped" => false,
        "even" => !rest(value, Value::Int(2))?.is_true(),
        "odd" => equal(&rest(value, Value::Int(2))?, &Value::Int(1)),
        "true" => matches!(value, Value::Bool(true)),
        "false" => matches!(value, Value::Bool(false)),
        "none" => matches!(value, Value::None),
        "float" => matches!(value, Value::Float(_)),
        "integer" => matches!(value, Value::Int(_)),
        "number" => value.as_float().is_some(),
        "string" => matches!(value, Value::Str(_)),
        "mapping" => matches!(value, Value::Dict(_)),
        "iterable" => {
            !matches!(value, Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Callable(_))
                && !matches!(value, Value::Namespace(_) | Value::Cycler(_) | Value::Joiner(_))
        }
        "sequence" => matches!(
            value,
            Value::Str(_) | Value::List(_) | Value::Tuple(_) | Value::Dict(_) | Value::Range(..) | Value::Undefined(_)
        ),
        "lower" => cased(char::is_lowercase, char::is_uppercase),
        "upper" => cased(char::is_uppercase, char::is_lowercase),
        "filter" => matches!(value, Value::Str(name) if filters::NAMES.contains(&name.as_str())),
        "test" => matches!(value, Value::Str(name) if NAMES.contains(&name.as_str()) || name.as_str() == "upper"),
        _ => return Err(Error::runtime(format!("No test named '{name}'"))),
    })
}

fn rest(value: &Value, by: Value) -> Result<Value, Error> {
    arithmetic::binary(Binary::Mod, value, &by)
}

/// Python's `is`, as far as it can be told: small values are the same if they are equal and of one type.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::List(left), Value::List(right)) | (Value::Tuple(left), Value::Tuple(right)) => Rc::ptr_eq(left, right),
        (Value::Dict(left), Value::Dict(right)) => Rc::ptr_eq(left, right),
        _ => left.type_name() == right.type_name() && equal(left, right),
    }
}

/// What some call of a test or filter was named with `name` and further arguments, taken apart.
pub(super) fn named(arguments: Args) -> Option<(String, Args)> {
    let mut positional = arguments.positional.into_iter();
    let Some(Value::Str(name)) = positional.next() else { return None };
    Some((name.as_str().to_string(), Args { positional: positional.collect(), named: arguments.named }))
}

#[cfg(test)]
mod checks {
    use super::*;

    #[test]
    fn names_are_those_that_are_known() {
        for name in NAMES.into_iter().filter(|name| !["divisibleby", "sameas", "in"].contains(name)) {
            let arguments = || Args { positional: vec![Value::Int(1)], ..Args::default() };
            let (with, without) =
                (holds(name, &Value::Int(1), arguments()), holds(name, &Value::Int(1), Args::default()));
            assert!(with.is_ok() || without.is_ok(), "{name}");
        }
        assert!(holds("nothing", &Value::None, Args::default()).is_err());
    }
}
