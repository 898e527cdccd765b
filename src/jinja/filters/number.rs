//! jinja2's filters that make a number.

use super::super::Error;
use super::super::arguments::{Args, int};
use super::super::convert::{self, parse_float, parse_int};
use super::super::value::Value;

pub(super) fn to_int(value: &Value, arguments: Args) -> Result<Value, Error> {
    let [default, base] = arguments.bind(["default", "base"])?;
    let default = default.unwrap_or(Value::Int(0));
    let base = u32::try_from(int(base, "base")?.unwrap_or(10)).unwrap_or(10);
    Ok(match value {
        Value::Undefined(hint) => return Err(Error::runtime(&**hint)),
        Value::Float(number) if number.is_finite() => Value::Int(*number as i128),
        Value::Str(text) => {
            let float = || parse_float(text.as_str()).filter(|number| number.is_finite());
            let number = parse_int(text.as_str(), base).or_else(|| float().map(|number| number as i128));
            number.map_or(default, Value::Int)
        }
        other => other.as_int().map_or(default, Value::Int),
    })
}

pub(super) fn to_float(value: &Value, arguments: Args) -> Result<Value, Error> {
    let [default] = arguments.bind(["default"])?;
    let number = match value {
        Value::Undefined(hint) => return Err(Error::runtime(&**hint)),
        Value::Str(text) => parse_float(text.as_str()),
        other => other.as_float(),
    };
    Ok(number.map_or_else(|| default.unwrap_or(Value::Float(0.0)), Value::Float))
}

pub(super) fn round(value: &Value, arguments: Args) -> Result<Value, Error> {
    let [precision, method] = arguments.bind(["precision", "method"])?;
    let precision = int(precision, "precision")?.unwrap_or(0).clamp(-300, 300) as i32;
    let method = method.map_or_else(|| "common".into(), |method| method.to_text());
    let number = value.as_float().ok_or_else(|| convert::type_error(value, "cannot be rounded"))?;
    let scale = 10_f64.powi(precision);
    let rounded = match method.as_str() {
        "ceil" => (number * scale).ceil() / scale,
        "floor" => (number * scale).floor() / scale,
        "common" if matches!(value, Value::Int(_)) && precision >= 0 => return Ok(value.clone()),
        // Python rounds the exact value to the nearest, of two the even one, as Rust's formatting does.
        "common" if precision > 0 => format!("{number:.*}", precision as usize).parse().unwrap_or(number),
        "common" => (number * scale).round_ties_even() / scale,
        _ => return Err(Error::runtime("method must be common, ceil or floor")),
    };
    Ok(match value {
        Value::Int(_) if method.as_str() == "common" => Value::Int(rounded as i128),
        _ => Value::Float(rounded),
    })
}
