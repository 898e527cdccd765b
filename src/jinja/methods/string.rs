//! Python's methods of strings.

mod kind;
mod search;
mod split;

use super::super::arguments::{Args, flag, int, required, size, text};
use super::super::convert::iterate;
use super::super::text::{Output, Text};
use super::super::value::{Dict, Value};
use super::super::words::is_space;
use super::super::{Error, format};

pub(in super::super) use split::lines;

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
        "startswith" | "endswith" => search::affix(value, name == "startswith", arguments)?.into(),
        "find" | "rfind" | "index" | "rindex" | "count" => search::searched(value, name, arguments)?,
        "split" | "rsplit" => Value::list(split::split(value, name == "rsplit", arguments)?),
        "splitlines" => {
            let [keep] = arguments.bind(["keepends"])?;
            Value::list(lines(value, flag(keep, false)))
        }
        "partition" | "rpartition" => split::partition(value, name == "rpartition", &needle(arguments)?)?,
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
            kind::is(letters, name).into()
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
