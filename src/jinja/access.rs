//! `value.name`, `value[key]` and `value[start:stop:step]`, as jinja2's sandbox reads them.

use std::rc::Rc;

use super::convert::type_error;
use super::text::Output;
use super::value::{Callable, LoopState, Value};
use super::{Error, methods};

fn missing(value: &Value, name: &str) -> Value {
    let kind = match value {
        Value::None => "None",
        Value::Namespace(_) => "jinja2.utils.Namespace object",
        other => return Value::undefined(format!("'{} object' has no attribute '{name}'", other.type_name())),
    };
    Value::undefined(format!("'{kind}' has no attribute '{name}'"))
}

/// `value.name`: what the value itself has by that name, else its item. Of a dictionary a method comes first.
pub(super) fn attribute(value: &Value, name: &str) -> Result<Value, Error> {
    if let Value::Undefined(hint) = value {
        return Err(Error::runtime(&**hint));
    }
    if let Some(own) = own(value, name) {
        return Ok(own);
    }
    Ok(match value {
        Value::Dict(dict) => dict.get(name).cloned().unwrap_or_else(|| missing(value, name)),
        _ => missing(value, name),
    })
}

/// What a value has by `name` besides its items.
fn own(value: &Value, name: &str) -> Option<Value> {
    if let Value::Namespace(fields) = value {
        return fields.borrow().get(name).cloned();
    }
    if let Value::Loop(state) = value {
        return loop_attribute(state, name);
    }
    if let (Value::Callable(called), "name") = (value, name)
        && let Callable::Macro(it) = &**called
    {
        return Some((&*it.made.name).into());
    }
    if let (Value::Cycler(cycler), "current") = (value, name) {
        return cycler.0.get(cycler.1.get()).cloned();
    }
    methods::known(value, name).map(|safe| {
        let what = || format!("access to attribute '{name}' of '{}' object", value.type_name());
        let method = if safe { Callable::Method(value.clone(), name.into()) } else { Callable::Unsafe(what()) };
        Value::Callable(Rc::new(method))
    })
}

fn loop_attribute(state: &Rc<LoopState>, name: &str) -> Option<Value> {
    let (index, length) = (state.index.get(), state.items.len());
    let item = |at: Option<usize>, end: &str| {
        at.and_then(|at| state.items.get(at).cloned()).unwrap_or_else(|| Value::undefined(end))
    };
    Some(match name {
        "index" => (index + 1).into(),
        "index0" => index.into(),
        "revindex" => (length - index).into(),
        "revindex0" => (length - index - 1).into(),
        "first" => (index == 0).into(),
        "last" => (index + 1 == length).into(),
        "length" => length.into(),
        "depth" => (state.depth + 1).into(),
        "depth0" => state.depth.into(),
        "previtem" => item(index.checked_sub(1), "there is no previous item"),
        "nextitem" => item(Some(index + 1), "there is no next item"),
        "cycle" | "changed" => Value::Callable(Rc::new(Callable::Method(Value::Loop(state.clone()), name.into()))),
        _ => return None,
    })
}

/// `value[key]`: the item, else what the value itself has by that name.
pub(super) fn item(value: &Value, key: &Value) -> Result<Value, Error> {
    if let Value::Undefined(hint) = value {
        return Err(Error::runtime(&**hint));
    }
    let found = match (value, key) {
        (Value::Dict(dict), key) => dict.get_value(key).cloned(),
        (Value::List(items) | Value::Tuple(items), key) => {
            key.as_int().and_then(|at| place(at, items.len())).map(|at| items[at].clone())
        }
        (Value::Str(text), key) => key.as_int().and_then(|at| {
            let letters = text.as_str();
            let at = place(at, letters.chars().count())?;
            let (start, letter) = letters.char_indices().nth(at)?;
            Some(text.slice(start..start + letter.len_utf8()).into())
        }),
        (Value::Range(start, _, step), key) => {
            let at = key.as_int().and_then(|at| place(at, super::convert::range_len(value)));
            at.map(|at| Value::Int(start + at as i128 * step))
        }
        _ => None,
    };
    if let Some(found) = found {
        return Ok(found);
    }
    Ok(match key {
        Value::Str(name) => own(value, name.as_str()).unwrap_or_else(|| missing(value, name.as_str())),
        key => {
            let (kind, key) = (value.type_name(), key.to_text());
            Value::undefined(format!("{kind} object has no element {}", key.as_str()))
        }
    })
}

/// An index that may count from the end.
fn place(at: i128, length: usize) -> Option<usize> {
    let at = if at < 0 { at + length as i128 } else { at };
    usize::try_from(at).ok().filter(|at| *at < length)
}

/// `value[start:stop:step]`.
pub(super) fn slice(value: &Value, bounds: &[Value; 3]) -> Result<Value, Error> {
    let [start, stop, step] = bounds;
    match value {
        Value::Str(text) => {
            let letters = text.as_str();
            let starts: Vec<usize> = letters.char_indices().map(|(at, _)| at).chain([letters.len()]).collect();
            let (places, step) = places(starts.len() - 1, start, stop, step)?;
            if step == 1 {
                let first = places.first().copied().unwrap_or(starts.len() - 1);
                return Ok(text.slice(starts[first]..starts[first + places.len()]).into());
            }
            let mut out = Output::default();
            places.iter().for_each(|at| out.push_slice(text, starts[*at]..starts[at + 1]));
            Ok(out.into_text().into())
        }
        Value::List(items) | Value::Tuple(items) => {
            let (places, _) = places(items.len(), start, stop, step)?;
            let picked = places.into_iter().map(|at| items[at].clone()).collect();
            Ok(if matches!(value, Value::List(_)) { Value::list(picked) } else { Value::tuple(picked) })
        }
        Value::Range(..) => {
            let items = Value::list(super::convert::iterate(value)?);
            slice(&items, bounds)
        }
        other => Err(type_error(other, "is not subscriptable")),
    }
}

/// The places that a slice picks from `length` items.
fn places(length: usize, start: &Value, stop: &Value, step: &Value) -> Result<(Vec<usize>, i128), Error> {
    let bound = |value: &Value| match value {
        Value::None => Ok(None),
        value => value
            .as_int()
            .map(Some)
            .ok_or_else(|| Error::runtime("slice indices must be integers or None or have an __index__ method")),
    };
    let length = length as i128;
    let step = bound(step)?.unwrap_or(1);
    if step == 0 {
        return Err(Error::runtime("slice step cannot be zero"));
    }
    let (low, high) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let clamp = |at: i128| if at < 0 { (at.saturating_add(length)).max(low) } else { at.min(high) };
    let (first, end) = if step > 0 { (low, high) } else { (high, low) };
    let mut at = bound(start)?.map_or(first, clamp);
    let stop = bound(stop)?.map_or(end, clamp);
    let mut picked = Vec::new();
    while if step > 0 { at < stop } else { at > stop } {
        picked.push(at as usize);
        at = at.saturating_add(step);
    }
    Ok((picked, step))
}

/// The value at a path such as `a.b.0`, as filters with an `attribute` read it.
pub(super) fn path(value: &Value, path: &Value) -> Result<Value, Error> {
    let Value::Str(path) = path else { return item(value, path) };
    let mut value = value.clone();
    for name in path.as_str().split('.') {
        let key = match name.parse() {
            Ok(number) if name.bytes().all(|byte| byte.is_ascii_digit()) => Value::Int(number),
            _ => name.into(),
        };
        value = item(&value, &key)?;
    }
    Ok(value)
}
