//! Python's methods that cut a string.

use crate::jinja::Error;
use crate::jinja::arguments::{Args, int, text};
use crate::jinja::text::Text;
use crate::jinja::value::Value;
use crate::jinja::words::is_space;

pub(super) fn split(value: &Text, from_right: bool, arguments: Args) -> Result<Vec<Value>, Error> {
    let [separator, limit] = arguments.bind(["sep", "maxsplit"])?;
    let limit = int(limit, "maxsplit")?.filter(|limit| *limit >= 0);
    let limit = limit.map_or(usize::MAX - 1, |limit| limit.min(i128::from(u32::MAX)) as usize);
    let letters = value.as_str();
    let mut parts: Vec<&str> = match text(separator, "sep")? {
        Some(separator) if separator.as_str().is_empty() => return Err(Error::runtime("empty separator")),
        Some(separator) if from_right => letters.rsplitn(limit + 1, separator.as_str()).collect(),
        Some(separator) => letters.splitn(limit + 1, separator.as_str()).collect(),
        None => at_space(letters, limit, from_right),
    };
    if from_right {
        parts.reverse();
    }
    Ok(parts.into_iter().map(|part| value.part(part).into()).collect())
}

/// The words of a text; the rest behind the limit in one piece. From the right, in that order.
fn at_space(letters: &str, limit: usize, from_right: bool) -> Vec<&str> {
    let mut rest = if from_right { letters.trim_end_matches(is_space) } else { letters.trim_start_matches(is_space) };
    let mut words = Vec::new();
    while !rest.is_empty() && words.len() < limit {
        let cut = if from_right { rest.rfind(is_space) } else { rest.find(is_space) };
        let Some(at) = cut else { break };
        if from_right {
            let width = rest[at..].chars().next().map_or(1, char::len_utf8);
            words.push(&rest[at + width..]);
            rest = rest[..at].trim_end_matches(is_space);
        } else {
            words.push(&rest[..at]);
            rest = rest[at..].trim_start_matches(is_space);
        }
    }
    // What a limit leaves keeps its blanks, those at its far end too.
    let within = words.len() < limit;
    let rest = match (within, from_right) {
        (false, _) => rest,
        (true, true) => rest.trim_start_matches(is_space),
        (true, false) => rest.trim_end_matches(is_space),
    };
    if !rest.is_empty() {
        words.push(rest);
    }
    words
}

/// Python's line ends, `\r\n` as one.
pub(in crate::jinja) fn lines(value: &Text, keep: bool) -> Vec<Value> {
    let letters = value.as_str();
    let (mut lines, mut start) = (Vec::new(), 0);
    let mut places = letters.char_indices().peekable();
    while let Some((at, letter)) = places.next() {
        if !matches!(letter, '\n' | '\r' | '\x0b' | '\x0c' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}') {
            continue;
        }
        let mut end = at + letter.len_utf8();
        if letter == '\r' && places.peek().is_some_and(|(_, next)| *next == '\n') {
            places.next();
            end += 1;
        }
        lines.push(value.slice(start..if keep { end } else { at }).into());
        start = end;
    }
    if start < letters.len() {
        lines.push(value.slice(start..letters.len()).into());
    }
    lines
}

pub(super) fn partition(value: &Text, from_right: bool, separator: &Text) -> Result<Value, Error> {
    let letters = value.as_str();
    if separator.as_str().is_empty() {
        return Err(Error::runtime("empty separator"));
    }
    let found = if from_right { letters.rfind(separator.as_str()) } else { letters.find(separator.as_str()) };
    let Some(at) = found else {
        let (whole, none) = (Value::Str(value.clone()), Value::from(""));
        let parts = if from_right { vec![none.clone(), none, whole] } else { vec![whole, none.clone(), none] };
        return Ok(Value::tuple(parts));
    };
    let end = at + separator.as_str().len();
    let parts = [0..at, at..end, end..letters.len()];
    Ok(Value::tuple(parts.into_iter().map(|part| value.slice(part).into()).collect()))
}
