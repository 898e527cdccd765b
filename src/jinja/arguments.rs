//! The arguments of a call.

use std::sync::Arc;

use super::Error;
use super::text::Text;
use super::value::Value;

#[derive(Debug, Default)]
pub(super) struct Args {
    pub positional: Vec<Value>,
    pub named: Vec<(Arc<str>, Value)>,
}

impl Args {
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.named.iter().position(|(given, _)| &**given == name)?;
        Some(self.named.remove(at).1)
    }

    /// The arguments in the order of `names`, those given by name among them.
    pub(super) fn bind<const N: usize>(self, names: [&str; N]) -> Result<[Option<Value>; N], Error> {
        let mut bound = [const { None }; N];
        if self.positional.len() > N {
            return Err(Error::runtime(format!("takes at most {N} arguments, {} given", self.positional.len())));
        }
        for (place, value) in bound.iter_mut().zip(self.positional) {
            *place = Some(value);
        }
        for (name, value) in self.named {
            match names.iter().position(|known| *known == &*name) {
                Some(at) if bound[at].is_none() => bound[at] = Some(value),
                Some(_) => return Err(Error::runtime(format!("got multiple values for argument '{name}'"))),
                None => return Err(Error::runtime(format!("got an unexpected keyword argument '{name}'"))),
            }
        }
        Ok(bound)
    }

    pub(super) fn only(self) -> Result<Value, Error> {
        let [value] = self.bind([""])?;
        required(value, "argument")
    }

    pub(super) fn none(self) -> Result<(), Error> {
        self.bind([]).map(|[]| ())
    }
}

pub(super) fn required(value: Option<Value>, name: &str) -> Result<Value, Error> {
    value.ok_or_else(|| Error::runtime(format!("missing a required argument: '{name}'")))
}

/// A string, or `None` where none is given or Python's `None` is.
pub(super) fn text(value: Option<Value>, name: &str) -> Result<Option<Text>, Error> {
    match value {
        None | Some(Value::None) => Ok(None),
        Some(Value::Str(text)) => Ok(Some(text)),
        Some(other) => Err(Error::runtime(format!("argument '{name}' must be str, not {}", other.type_name()))),
    }
}

pub(super) fn int(value: Option<Value>, name: &str) -> Result<Option<i128>, Error> {
    match value {
        None | Some(Value::None) => Ok(None),
        Some(value) => value
            .as_int()
            .map(Some)
            .ok_or_else(|| Error::runtime(format!("argument '{name}': '{}' object is no integer", value.type_name()))),
    }
}

pub(super) fn size(value: Option<Value>, name: &str) -> Result<Option<usize>, Error> {
    Ok(int(value, name)?.map(|number| usize::try_from(number.max(0)).unwrap_or(usize::MAX)))
}

pub(super) fn flag(value: Option<Value>, default: bool) -> bool {
    value.map_or(default, |value| value.is_true())
}
