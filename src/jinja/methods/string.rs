//! Python's methods of strings.

use super::super::arguments::{Args, flag, int, required, size, text};
use super::super::convert::iterate;
use super::super::text::{Output, Text};
use super::super::value::{Dict, Value};
use super::super::words::is_space;
use super::super::{Error, format};

pub(super) const NAMES: [&str; 47] = [
    "capitalize",
    "casefold",
    "center",
    "count",
    "encode",
    "endswith",
    "expandtabs",
    "find",
    "format",
    "format_map",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "maketrans",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "translate",
    "upper",
    "zfill",
];

pub(super) fn call(value: &Text, name: &str, arguments: Args) -> Result<Value, Error> {
    let letters = value.as_str();
    Ok(match name {
        "capitalize" | "casefold" | "lower" | "swapcase" | "title" | "upper" => {
            arguments.none()?;
            cased(value, name).into()
        }
        "strip" | "lstrip" | "rstrip" => {
            let [chars] = arguments.bind(["chars"])?;
            stripped(value, text(chars, "chars")?.as_ref(), name != "rstrip", name != "lstrip").into()
        }
        "removeprefix" => {
            let prefix = needle(arguments)?;
            letters.strip_prefix(prefix.as_str()).map_or(value.clone(), |rest| value.part(rest)).into()
        }
        "removesuffix" => {
            let suffix = needle(arguments)?;
            letters.strip_suffix(suffix.as_str()).map_or(value.clone(), |rest| value.part(rest)).into()
        }
        "startswith" | "endswith" => affix(value, name == "startswith", arguments)?.into(),
        "find" | "rfind" | "index" | "rindex" | "count" => searched(value, name, arguments)?,
        "split" | "rsplit" => Value::list(split(value, name == "rsplit", arguments)?),
        "splitlines" => {
            let [keep] = arguments.bind(["keepends"])?;
            Value::list(lines(value, flag(keep, false)))
        }
        "partition" | "rpartition" => partition(value, name == "rpartition", &needle(arguments)?)?,
        "replace" => {
            let [old, new, count] = arguments.bind(["old", "new", "count"])?;
            let (old, new) = (text(old, "old")?, text(new, "new")?);
            let (old, new) = old.zip(new).ok_or_else(|| Error::runtime("replace expected 2 arguments of str"))?;
            replace(value, &old, &new, int(count, "count")?.unwrap_or(-1)).into()
        }
        "join" => {
            let mut out = Output::default();
            for (index, item) in iterate(&arguments.only()?)?.into_iter().enumerate() {
                let Value::Str(item) = item else {
                    let found = item.type_name();
                    let message = format!("sequence item {index}: expected str instance, {found} found");
                    return Err(Error::runtime(message));
                };
                if index > 0 {
                    out.push(value);
                }
                out.push(&item);
            }
            out.into_text().into()
        }
        "center" | "ljust" | "rjust" => {
            let [width, fill] = arguments.bind(["width", "fillchar"])?;
            let fill = text(fill, "fillchar")?.unwrap_or_else(|| " ".into());
            let width = size(Some(required(width, "width")?), "width")?.unwrap_or(0);
            justified(value, name, width, fill.as_str())?.into()
        }
        "zfill" => {
            let width = size(Some(arguments.only()?), "width")?.unwrap_or(0);
            let sign = usize::from(letters.starts_with(['+', '-']));
            let zeros = width.min(super::super::convert::MOST).saturating_sub(letters.chars().count());
            let mut out = Output::default();
            out.push_slice(value, 0..sign);
            out.push_str(&"0".repeat(zeros));
            out.push_slice(value, sign..letters.len());
            out.into_text().into()
        }
        "expandtabs" => {
            let [tabs] = arguments.bind(["tabsize"])?;
            expanded(value, size(tabs, "tabsize")?.unwrap_or(8)).into()
        }
        "format" => format::braces(value, &arguments.positional, &named(arguments.named))?.into(),
        "format_map" => match arguments.only()? {
            Value::Dict(fields) => format::braces(value, &[], &fields)?.into(),
            other => return Err(super::super::convert::type_error(&other, "is no mapping")),
        },
        "encode" => super::bytes::encode(letters, arguments)?,
        "maketrans" => super::bytes::maketrans(arguments)?,
        "translate" => super::bytes::translate(value, arguments)?.into(),
        _ => {
            arguments.none()?;
            is(letters, name).into()
        }
    })
}

fn named(fields: Vec<(std::sync::Arc<str>, Value)>) -> Dict {
    fields.into_iter().map(|(name, value)| ((&*name).into(), value)).collect()
}

fn needle(arguments: Args) -> Result<Text, Error> {
    text(Some(arguments.only()?), "sub")?.ok_or_else(|| Error::runtime("must be str, not NoneType"))
}

pub(in super::super) fn cased(value: &Text, how: &str) -> Text {
    let mut in_word = false;
    value.map(|at, letter, out| {
        let upper = match how {
            "upper" => true,
            "lower" | "casefold" => false,
            "capitalize" => at == 0,
            "swapcase" => letter.is_lowercase(),
            _ => !in_word,
        };
        in_word = letter.is_alphabetic();
        match letter {
            'ß' | 'ẞ' if how == "casefold" => out.push_str("ss"),
            _ if how == "swapcase" && !letter.is_alphabetic() => out.push(letter),
            'ß' if upper && matches!(how, "capitalize" | "title") => out.push_str("Ss"),
            _ if upper => out.extend(letter.to_uppercase()),
            _ => out.extend(letter.to_lowercase()),
        }
    })
}

/// Python's `strip`: of `chars`, or of whitespace.
pub(in super::super) fn stripped(value: &Text, chars: Option<&Text>, left: bool, right: bool) -> Text {
    let strips = |letter: char| chars.map_or_else(|| is_space(letter), |chars| chars.as_str().contains(letter));
    let mut rest = value.as_str();
    if left {
        rest = rest.trim_start_matches(strips);
    }
    if right {
        rest = rest.trim_end_matches(strips);
    }
    value.part(rest)
}

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

fn affix(value: &Text, at_start: bool, arguments: Args) -> Result<bool, Error> {
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
            return Err(super::super::convert::type_error(&affix, &format!("({kind}) is no str to start or end with")));
        };
        found |= window.clone().is_some_and(|window| {
            let part = &value.as_str()[window];
            if at_start { part.starts_with(affix.as_str()) } else { part.ends_with(affix.as_str()) }
        });
    }
    Ok(found)
}

fn searched(value: &Text, name: &str, arguments: Args) -> Result<Value, Error> {
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

fn split(value: &Text, from_right: bool, arguments: Args) -> Result<Vec<Value>, Error> {
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
pub(in super::super) fn lines(value: &Text, keep: bool) -> Vec<Value> {
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

fn partition(value: &Text, from_right: bool, separator: &Text) -> Result<Value, Error> {
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

/// At most `count` places of `old`; all if it is negative.
pub(in super::super) fn replace(value: &Text, old: &Text, new: &Text, count: i128) -> Text {
    let letters = value.as_str();
    let most = usize::try_from(count).unwrap_or(usize::MAX);
    let (mut out, mut from) = (Output::default(), 0);
    for (at, found) in letters.match_indices(old.as_str()).take(most) {
        if at > from {
            out.push_slice(value, from..at);
        }
        out.push(new);
        from = at + found.len();
    }
    if from == 0 && out.text.is_empty() && !letters.contains(old.as_str()) {
        return value.clone();
    }
    if from < letters.len() || letters.is_empty() {
        out.push_slice(value, from..letters.len());
    }
    out.into_text()
}

pub(in super::super) fn justified(value: &Text, how: &str, width: usize, fill: &str) -> Result<Text, Error> {
    if fill.chars().count() != 1 {
        return Err(Error::runtime("The fill character must be exactly one character long"));
    }
    let length = value.as_str().chars().count();
    let missing = width.min(super::super::convert::MOST).saturating_sub(length);
    let left = match how {
        "ljust" => 0,
        "rjust" => missing,
        // Python puts the odd one on the left where the width is odd.
        _ => missing / 2 + (missing & width & 1),
    };
    let mut out = Output::default();
    out.push_str(&fill.repeat(left));
    out.push(value);
    out.push_str(&fill.repeat(missing - left));
    Ok(out.into_text())
}

fn expanded(value: &Text, size: usize) -> Text {
    let mut column = 0;
    value.map(|_, letter, out| match letter {
        '\t' => {
            let blanks = if size == 0 { 0 } else { size - column % size };
            out.push_str(&" ".repeat(blanks.min(super::super::convert::MOST)));
            column += blanks;
        }
        letter => {
            column = if matches!(letter, '\n' | '\r') { 0 } else { column + 1 };
            out.push(letter);
        }
    })
}

fn is(letters: &str, name: &str) -> bool {
    let all = |is: fn(char) -> bool| !letters.is_empty() && letters.chars().all(is);
    let cased = |is: fn(char) -> bool, other: fn(char) -> bool| letters.chars().any(is) && !letters.chars().any(other);
    match name {
        "isalnum" => all(char::is_alphanumeric),
        "isalpha" => all(char::is_alphabetic),
        "isascii" => letters.is_ascii(),
        "isdecimal" => all(|letter| letter.is_numeric() && is_decimal(letter)),
        "isdigit" => all(|letter| is_decimal(letter) || "²³¹⁰⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉".contains(letter)),
        "isnumeric" => all(char::is_numeric),
        "islower" => cased(char::is_lowercase, char::is_uppercase),
        "isupper" => cased(char::is_uppercase, char::is_lowercase),
        "isspace" => all(is_space),
        "isprintable" => {
            let mut out = Output::default();
            super::super::words::quoted(&letters.replace(['\'', '\\'], "").into(), &mut out);
            !out.text.contains('\\')
        }
        "isidentifier" => {
            letters.starts_with(|letter: char| letter == '_' || letter.is_alphabetic())
                && letters.chars().all(|letter| letter == '_' || letter.is_alphanumeric())
        }
        "istitle" => letters.chars().any(char::is_alphabetic) && cased_text(letters, "title") == letters,
        _ => false,
    }
}

fn cased_text(letters: &str, how: &str) -> String {
    cased(&letters.into(), how).as_str().to_string()
}

/// Digits that count in tens: ASCII's and those of the blocks that have ten in a row.
fn is_decimal(letter: char) -> bool {
    let starts = [
        0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0xf20,
        0x1040, 0x17e0, 0x1810, 0xff10,
    ];
    let code = letter as u32;
    starts.iter().any(|start| (*start..start + 10).contains(&code))
}
