//! Python's operators on numbers, strings and lists.

use super::ast::Binary;
use super::convert::{MOST, type_error};
use super::text::Output;
use super::value::Value;
use super::{Error, format};

/// Bytes or items that one multiplication may make.
const LARGEST: usize = 64 << 20;

fn unsupported(sign: &str, left: &Value, right: &Value) -> Error {
    for value in [left, right] {
        if let Value::Undefined(hint) = value {
            return Error::runtime(&**hint);
        }
    }
    if sign == "+" && matches!(left, Value::Str(_)) {
        return Error::runtime(format!("can only concatenate str (not \"{}\") to str", right.type_name()));
    }
    let (left, right) = (left.type_name(), right.type_name());
    Error::runtime(format!("unsupported operand type(s) for {sign}: '{left}' and '{right}'"))
}

fn too_large() -> Error {
    Error::runtime("a number is too large")
}

pub(super) fn binary(operator: Binary, left: &Value, right: &Value) -> Result<Value, Error> {
    match (operator, left, right) {
        (Binary::Add, Value::Str(left), Value::Str(right)) => {
            let mut out = Output::default();
            out.push(left);
            out.push(right);
            Ok(out.into_text().into())
        }
        (Binary::Add, Value::List(left), Value::List(right)) => {
            Ok(Value::list(left.iter().chain(right.iter()).cloned().collect()))
        }
        (Binary::Add, Value::Tuple(left), Value::Tuple(right)) => {
            Ok(Value::tuple(left.iter().chain(right.iter()).cloned().collect()))
        }
        (Binary::Mod, Value::Str(text), value) => format::percent(text, value).map(Value::Str),
        (Binary::Mul, Value::Str(_) | Value::List(_) | Value::Tuple(_), count) if count.as_int().is_some() => {
            repeat(left, count)
        }
        (Binary::Mul, count, Value::Str(_) | Value::List(_) | Value::Tuple(_)) if count.as_int().is_some() => {
            repeat(right, count)
        }
        _ => match (left.as_int(), right.as_int()) {
            (Some(left), Some(right)) => integers(operator, left, right),
            _ => match (left.as_float(), right.as_float()) {
                (Some(left), Some(right)) => floats(operator, left, right),
                _ => Err(unsupported(sign(operator), left, right)),
            },
        },
    }
}

fn sign(operator: Binary) -> &'static str {
    match operator {
        Binary::Add => "+",
        Binary::Sub => "-",
        Binary::Mul => "*",
        Binary::Div => "/",
        Binary::FloorDiv => "//",
        Binary::Mod => "%",
        Binary::Pow => "** or pow()",
    }
}

fn repeat(value: &Value, count: &Value) -> Result<Value, Error> {
    let count = usize::try_from(count.as_int().unwrap_or(0).max(0)).unwrap_or(usize::MAX);
    let fits = |size: usize, most: usize| {
        let fits = size.checked_mul(count).is_some_and(|size| size <= most);
        if fits { Ok(()) } else { Err(Error::runtime("a repetition is too long")) }
    };
    match value {
        Value::Str(text) => {
            fits(text.as_str().len().max(1), LARGEST)?;
            let mut out = Output::default();
            (0..count).for_each(|_| out.push(text));
            Ok(out.into_text().into())
        }
        Value::List(items) | Value::Tuple(items) => {
            fits(items.len().max(1), MOST)?;
            let items = (0..count).flat_map(|_| items.iter().cloned()).collect();
            Ok(if matches!(value, Value::List(_)) { Value::list(items) } else { Value::tuple(items) })
        }
        other => Err(type_error(other, "cannot be repeated")),
    }
}

fn integers(operator: Binary, left: i128, right: i128) -> Result<Value, Error> {
    let whole = |value: Option<i128>| value.map(Value::Int).ok_or_else(too_large);
    match operator {
        Binary::Add => whole(left.checked_add(right)),
        Binary::Sub => whole(left.checked_sub(right)),
        Binary::Mul => whole(left.checked_mul(right)),
        Binary::Div | Binary::FloorDiv | Binary::Mod if right == 0 => Err(Error::runtime("division by zero")),
        Binary::Div => Ok(Value::Float(left as f64 / right as f64)),
        Binary::FloorDiv => {
            let quotient = left.checked_div(right).ok_or_else(too_large)?;
            Ok(Value::Int(quotient - i128::from(left % right != 0 && (left < 0) != (right < 0))))
        }
        Binary::Mod => {
            let rest = left.checked_rem(right).ok_or_else(too_large)?;
            Ok(Value::Int(if rest != 0 && (rest < 0) != (right < 0) { rest + right } else { rest }))
        }
        Binary::Pow => match u32::try_from(right) {
            Ok(power) => whole(left.checked_pow(power)),
            Err(_) if right < 0 && left != 0 => Ok(Value::Float((left as f64).powf(right as f64))),
            Err(_) => Err(too_large()),
        },
    }
}

fn floats(operator: Binary, left: f64, right: f64) -> Result<Value, Error> {
    let by_zero = right == 0.0 && matches!(operator, Binary::Div | Binary::FloorDiv | Binary::Mod);
    if by_zero {
        return Err(Error::runtime("float division by zero"));
    }
    Ok(Value::Float(match operator {
        Binary::Add => left + right,
        Binary::Sub => left - right,
        Binary::Mul => left * right,
        Binary::Div => left / right,
        Binary::FloorDiv => (left / right).floor(),
        Binary::Mod => left - right * (left / right).floor(),
        Binary::Pow => left.powf(right),
    }))
}

pub(super) fn negative(value: &Value) -> Result<Value, Error> {
    match value {
        Value::Float(number) => Ok(Value::Float(-number)),
        other => match other.as_int() {
            Some(number) => number.checked_neg().map(Value::Int).ok_or_else(too_large),
            None => Err(type_error(other, "has no negative")),
        },
    }
}

pub(super) fn positive(value: Value) -> Result<Value, Error> {
    match value {
        Value::Float(_) => Ok(value),
        other => match other.as_int() {
            Some(number) => Ok(Value::Int(number)),
            None => Err(type_error(&other, "has no sign")),
        },
    }
}
