//! Python's methods of lists, dictionaries and numbers; those of strings are in [`string`] and [`bytes`].

pub(super) mod bytes;
mod string;

use std::sync::Arc;

use super::arguments::{Args, int, required};
use super::convert::{hashable, iterate};
use super::text::Text;
use super::value::{Callable, Dict, Value, equal};
use super::{Error, functions};

/// Whether the value has a method of this name, and whether the sandbox lets it be called.
pub(super) fn known(value: &Value, name: &str) -> Option<bool> {
    let (safe, changing): (&[&str], &[&str]) = match value {
        Value::Str(_) => (&string::NAMES, &[]),
        Value::Bytes(_) => (&bytes::NAMES, &[]),
        Value::List(_) => {
            (&["index", "count", "copy"], &["append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"])
        }
        Value::Tuple(_) | Value::Range(..) => (&["index", "count"], &[]),
        Value::Dict(_) => (
            &["get", "items", "keys", "values", "copy", "fromkeys"],
            &["clear", "pop", "popitem", "setdefault", "update"],
        ),
        Value::Callable(called) => match **called {
            Callable::Function("dict") => (&["fromkeys"], &[]),
            _ => return None,
        },
        Value::Cycler(_) => (&["next", "reset"], &[]),
        Value::Float(_) => (&["is_integer"], &[]),
        _ => return None,
    };
    if safe.contains(&name) {
        return Some(true);
    }
    changing.contains(&name).then_some(false)
}

pub(super) fn call(value: &Value, name: &str, arguments: Args) -> Result<Value, Error> {
    match (value, name) {
        (Value::Str(text), _) => string::call(text, name, arguments),
        (Value::Bytes(letters), _) => bytes::call(letters, name, arguments),
        (Value::List(items) | Value::Tuple(items), _) => list(items, name, value, arguments),
        (Value::Range(..), _) => list(&iterate(value)?, name, value, arguments),
        (Value::Dict(_) | Value::Callable(_), "fromkeys") => {
            let [keys, default] = arguments.bind(["iterable", "value"])?;
            let default = default.unwrap_or(Value::None);
            let keys = iterate(&required(keys, "iterable")?)?;
            Ok(Value::dict(keys.into_iter().map(|key| (key, default.clone())).collect()))
        }
        (Value::Dict(dict), _) => of_dict(dict, name, arguments),
        (Value::Cycler(cycler), "reset") => {
            cycler.1.set(0);
            Ok(Value::None)
        }
        (Value::Cycler(cycler), _) => {
            let at = cycler.1.get();
            cycler.1.set((at + 1) % cycler.0.len());
            Ok(cycler.0[at].clone())
        }
        (Value::Loop(state), "cycle") => match arguments.positional.len() {
            0 => Err(Error::runtime("no items for cycling given")),
            count => Ok(arguments.positional[state.index.get() % count].clone()),
        },
        (Value::Loop(state), _) => {
            let now = arguments.positional;
            let last = state.changed.replace(Some(now.clone()));
            let same = last.is_some_and(|last| {
                last.len() == now.len() && last.iter().zip(&now).all(|(last, now)| equal(last, now))
            });
            Ok(Value::Bool(!same))
        }
        (Value::Float(number), _) => Ok(Value::Bool(number.fract() == 0.0)),
        _ => Err(Error::runtime(format!("'{}' object has no attribute '{name}'", value.type_name()))),
    }
}

fn list(items: &[Value], name: &str, value: &Value, arguments: Args) -> Result<Value, Error> {
    match name {
        "copy" => Ok(value.clone()),
        "count" => {
            let wanted = arguments.only()?;
            Ok(items.iter().filter(|item| equal(item, &wanted)).count().into())
        }
        _ => {
            let [wanted, start, stop] = arguments.bind(["value", "start", "stop"])?;
            let wanted = required(wanted, "value")?;
            let length = items.len() as i128;
            let bound = |at: i128| if at < 0 { (at + length).max(0) } else { at.min(length) } as usize;
            let start = int(start, "start")?.map_or(0, bound);
            let stop = int(stop, "stop")?.map_or(items.len(), bound);
            let found = (start..stop).find(|at| equal(&items[*at], &wanted));
            found.map(Value::from).ok_or_else(|| {
                let mut out = super::text::Output::default();
                wanted.repr(&mut out);
                Error::runtime(format!("{} is not in list", out.text))
            })
        }
    }
}

fn of_dict(dict: &Dict, name: &str, arguments: Args) -> Result<Value, Error> {
    match name {
        "get" => {
            let [key, default] = arguments.bind(["key", "default"])?;
            let key = required(key, "key")?;
            hashable(&key)?;
            Ok(dict.get_value(&key).cloned().or(default).unwrap_or(Value::None))
        }
        "copy" => {
            arguments.none()?;
            functions::dict(Args { positional: vec![Value::dict(dict.clone())], named: Vec::new() }).map(Value::dict)
        }
        _ => {
            arguments.none()?;
            Ok(match name {
                "items" => {
                    let pair = |(key, value): &(Value, Value)| Value::tuple(vec![key.clone(), value.clone()]);
                    Value::view("dict_items", dict.iter().map(pair).collect())
                }
                "keys" => Value::view("dict_keys", dict.iter().map(|(key, _)| key.clone()).collect()),
                _ => Value::view("dict_values", dict.iter().map(|(_, value)| value.clone()).collect()),
            })
        }
    }
}

/// A call of one method by name, for filters that are methods.
pub(super) fn named(value: &Value, name: &str) -> Result<Value, Error> {
    let text: Arc<str> = name.into();
    call(&Value::Str(value.to_text()), &text, Args::default())
}

/// The lines of a text, without their ends.
pub(super) fn lines(text: &Text) -> Vec<Text> {
    string::lines(text, false).iter().map(Value::to_text).collect()
}
