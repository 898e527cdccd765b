//! Python's methods that look for a text in a string.

use crate::jinja::Error;
use crate::jinja::arguments::{Args, int, required, text};
use crate::jinja::convert;
use crate::jinja::text::Text;
use crate::jinja::value::Value;

/// The bytes that the characters `start..stop` are.
fn window(letters: &str, start: Option<i128>, stop: Option<i128>) -> Option<std::ops::Range<usize>> {
    if start.is_none() && stop.is_none() {
        return Some(0..letters.len());
    }
    let length = letters.chars().count() as i128;
    let bound = |at: i128| if at < 0 { (at + length).max(0) } else { at };
    let (start, stop) = (start.map_or(0, bound), stop.map_or(length, bound).min(length));
    let byte = |at: i128| letters.char_indices().nth(at as usize).map_or(letters.len(), |(byte, _)| byte);
    (start <= stop).then(|| byte(start)..byte(stop))
}

pub(super) fn affix(value: &Text, at_start: bool, arguments: Args) -> Result<bool, Error> {
    let [affix, start, stop] = arguments.bind(["prefix", "start", "end"])?;
    let affixes = match required(affix, "prefix")? {
        Value::Tuple(affixes) => affixes.to_vec(),
        other => vec![other],
    };
    let window = window(value.as_str(), int(start, "start")?, int(stop, "end")?);
    let mut found = false;
    for affix in affixes {
        let Value::Str(affix) = affix else {
            let kind = affix.type_name();
            return Err(convert::type_error(&affix, &format!("({kind}) is no str to start or end with")));
        };
        found |= window.clone().is_some_and(|window| {
            let part = &value.as_str()[window];
            if at_start { part.starts_with(affix.as_str()) } else { part.ends_with(affix.as_str()) }
        });
    }
    Ok(found)
}

pub(super) fn searched(value: &Text, name: &str, arguments: Args) -> Result<Value, Error> {
    let [needle, start, stop] = arguments.bind(["sub", "start", "end"])?;
    let needle = text(needle, "sub")?.ok_or_else(|| Error::runtime("must be str, not NoneType"))?;
    let letters = value.as_str();
    let window = window(letters, int(start, "start")?, int(stop, "end")?);
    let part = window.clone().map(|window| &letters[window]);
    if name == "count" {
        return Ok(part.map_or(0, |part| part.matches(needle.as_str()).count()).into());
    }
    let found = part
        .and_then(|part| if name.starts_with('r') { part.rfind(needle.as_str()) } else { part.find(needle.as_str()) });
    match found.zip(window) {
        Some((at, window)) => Ok(letters[..window.start + at].chars().count().into()),
        None if name.ends_with("index") => Err(Error::runtime("substring not found")),
        None => Ok(Value::Int(-1)),
    }
}
