//! The functions that a template finds: jinja2's, and those that transformers adds.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::arguments::{Args, int, required, text};
use super::convert::{MOST, iterate, range_len, type_error};
use super::render::Renderer;
use super::value::{Callable, Dict, NAMESPACE, Value};
use super::{Error, date};

const NAMES: [&str; 8] =
    ["range", "dict", "cycler", "joiner", "namespace", "raise_exception", "strftime_now", "lipsum"];

/// The function of this name.
pub(super) fn global(name: &str) -> Option<Value> {
    let name = NAMES.into_iter().find(|known| *known == name)?;
    Some(Value::Callable(Rc::new(Callable::Function(name))))
}

pub(super) fn call(renderer: &Renderer<'_>, name: &str, arguments: Args) -> Result<Value, Error> {
    match name {
        "range" => range(arguments),
        "dict" => dict(arguments).map(Value::dict),
        "namespace" => {
            let fields = dict(arguments)?;
            if fields.iter().any(|(_, value)| value.depth() >= NAMESPACE) {
                return Err(Error::runtime("a namespace cannot hold another"));
            }
            Ok(Value::Namespace(Rc::new(RefCell::new(fields))))
        }
        "cycler" => match arguments.positional {
            items if items.is_empty() => Err(Error::runtime("at least one item has to be provided")),
            items => Ok(Value::Cycler(Rc::new((items, Cell::new(0))))),
        },
        "joiner" => {
            let [separator] = arguments.bind(["sep"])?;
            let separator = text(separator, "sep")?.unwrap_or_else(|| ", ".into());
            Ok(Value::Joiner(Rc::new((separator, Cell::new(false)))))
        }
        "raise_exception" => Err(Error::raised(arguments.only()?.to_text().as_str())),
        "strftime_now" => {
            let format = text(Some(arguments.only()?), "format")?.unwrap_or_else(|| "".into());
            Ok(date::strftime(renderer.now, format.as_str()).into())
        }
        _ => Err(Error::runtime(format!("{name} is not to be had in a chat template"))),
    }
}

fn range(arguments: Args) -> Result<Value, Error> {
    let count = arguments.positional.len();
    let [first, second, third] = arguments.bind(["start", "stop", "step"])?;
    let first = required(first, "stop")?;
    let number = |value: Value| value.as_int().ok_or_else(|| type_error(&value, "cannot be interpreted as an integer"));
    let (start, stop) = match second {
        Some(stop) if count > 1 => (number(first)?, number(stop)?),
        _ => (0, number(first)?),
    };
    let step = int(third, "step")?.unwrap_or(1);
    if step == 0 {
        return Err(Error::runtime("range() arg 3 must not be zero"));
    }
    let range = Value::Range(start, stop, step);
    if range_len(&range) > MOST {
        return Err(Error::runtime(format!("range too big: more than {MOST} numbers")));
    }
    Ok(range)
}

/// `dict(mapping or pairs, name=value, …)`.
pub(super) fn dict(arguments: Args) -> Result<Dict, Error> {
    let mut fields = match arguments.positional.as_slice() {
        [] => Dict::default(),
        [Value::Dict(fields)] => (**fields).clone(),
        [Value::Namespace(fields)] => fields.borrow().clone(),
        [pairs] => {
            let mut fields = Dict::default();
            for pair in iterate(pairs)? {
                match iterate(&pair)?.as_slice() {
                    [key, value] => {
                        super::convert::hashable(key)?;
                        fields.insert(key.clone(), value.clone());
                    }
                    other => return Err(Error::runtime(format!("a pair for dict() has {} values", other.len()))),
                }
            }
            fields
        }
        more => return Err(Error::runtime(format!("dict expected at most 1 argument, got {}", more.len()))),
    };
    arguments.named.into_iter().for_each(|(name, value)| fields.insert((&*name).into(), value));
    Ok(fields)
}
