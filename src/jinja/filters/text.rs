//! Filters of texts.

use super::super::Error;
use super::super::arguments::{Args, flag, int, required, size, text};
use super::super::convert::type_error;
use super::super::methods;
use super::super::text::{Output, Text};
use super::super::value::Value;
use super::super::words::{escape, is_space};

pub(super) fn apply(name: &str, value: &Value, arguments: Args) -> Result<Value, Error> {
    let letters = value.to_text();
    Ok(match name {
        "upper" | "lower" | "capitalize" => {
            arguments.none()?;
            methods::named(value, name)?
        }
        "title" => title(&letters).into(),
        "trim" => {
            let [chars] = arguments.bind(["chars"])?;
            let arguments = Args { positional: chars.into_iter().collect(), ..Args::default() };
            methods::call(&letters.into(), "strip", arguments)?
        }
        "replace" => {
            let [old, new, count] = arguments.bind(["old", "new", "count"])?;
            let word = |value: Option<Value>, name| Ok::<_, Error>(Value::Str(required(value, name)?.to_text()));
            let count = int(count, "count")?.unwrap_or(-1);
            let positional = vec![word(old, "old")?, word(new, "new")?, Value::Int(count)];
            methods::call(&letters.into(), "replace", Args { positional, ..Args::default() })?
        }
        "center" => {
            let [width] = arguments.bind(["width"])?;
            let positional = vec![width.unwrap_or(Value::Int(80))];
            methods::call(&letters.into(), "center", Args { positional, ..Args::default() })?
        }
        "safe" => value.to_text().into(),
        "escape" | "e" | "forceescape" => escaped(&letters).into(),
        "striptags" => striptags(letters.as_str()).into(),
        "wordcount" => words(letters.as_str()).into(),
        "truncate" => truncate(&letters, arguments)?.into(),
        "indent" => indent(&letters, arguments)?.into(),
        "wordwrap" => wordwrap(&letters, arguments)?.into(),
        "urlencode" => urlencode(value)?.into(),
        "filesizeformat" => {
            let [binary] = arguments.bind(["binary"])?;
            filesize(value, flag(binary, false))?.into()
        }
        "xmlattr" => {
            let [autospace] = arguments.bind(["autospace"])?;
            xmlattr(value, flag(autospace, true))?.into()
        }
        "urlize" => super::urlize::apply(value, arguments)?.into(),
        _ => return Err(Error::runtime(format!("No filter named '{name}'"))),
    })
}

/// jinja2's own `title`: a word begins behind a blank, a hyphen or an opening bracket.
fn title(text: &Text) -> Text {
    let mut starts = true;
    text.map(|_, letter, out| {
        if starts {
            out.extend(letter.to_uppercase());
        } else {
            out.extend(letter.to_lowercase());
        }
        starts = letter == '-' || is_space(letter) || "({[<".contains(letter);
    })
}

fn striptags(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        let (close, skip) = if rest[start..].starts_with("<!--") { ("-->", 3) } else { (">", 1) };
        let Some(end) = rest[start..].find(close) else {
            rest = &rest[start..];
            out.push_str(rest);
            rest = "";
            break;
        };
        rest = &rest[start + end + skip..];
    }
    out.push_str(rest);
    let text = out.split(is_space).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&#34;", "\""),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&nbsp;", "\u{a0}"),
        ("&amp;", "&"),
    ]
    .into_iter()
    .fold(text, |text, (name, letter)| text.replace(name, letter))
}

fn words(text: &str) -> usize {
    text.split(|letter: char| letter != '_' && !letter.is_alphanumeric()).filter(|word| !word.is_empty()).count()
}

fn truncate(value: &Text, arguments: Args) -> Result<Text, Error> {
    let [length, kill, end, leeway] = arguments.bind(["length", "killwords", "end", "leeway"])?;
    let length = size(length, "length")?.unwrap_or(255);
    let end = text(end, "end")?.unwrap_or_else(|| "...".into());
    let leeway = size(leeway, "leeway")?.unwrap_or(5);
    let letters = value.as_str();
    let short = end.as_str().chars().count();
    if length < short {
        return Err(Error::runtime(format!("expected length >= {short}, got {length}")));
    }
    if letters.chars().count() <= length + leeway {
        return Ok(value.clone());
    }
    let cut = letters.char_indices().nth(length - short).map_or(letters.len(), |(at, _)| at);
    let cut = if flag(kill, false) { cut } else { letters[..cut].rfind(' ').unwrap_or(cut) };
    let mut out = Output::default();
    out.push_slice(value, 0..cut);
    out.push(&end);
    Ok(out.into_text())
}

fn indent(value: &Text, arguments: Args) -> Result<Text, Error> {
    let [width, first, blank] = arguments.bind(["width", "first", "blank"])?;
    let width: Text = match width {
        Some(Value::Str(text)) => text,
        other => " ".repeat(size(other, "width")?.unwrap_or(4).min(1000)).into(),
    };
    let (first, blank) = (flag(first, false), flag(blank, false));
    let letters = value.as_str();
    let mut out = Output::default();
    let (mut start, mut is_first) = (0, true);
    for line in letters.split_inclusive('\n') {
        // jinja2 takes str.splitlines, so other line ends become \n as well; chat texts have \n.
        let empty = line.trim_end_matches('\n').is_empty();
        let indented = if is_first { first } else { blank || !empty };
        if indented {
            out.push(&width);
        }
        out.push_slice(value, start..start + line.len());
        start += line.len();
        is_first = false;
    }
    if letters.is_empty() {
        if first {
            out.push(&width);
        }
        out.push(value);
    } else if blank && letters.ends_with('\n') {
        out.push(&width);
    }
    Ok(out.into_text())
}

fn wordwrap(value: &Text, arguments: Args) -> Result<Text, Error> {
    let names = ["width", "break_long_words", "wrapstring", "break_on_hyphens"];
    let [width, long, wrap, hyphens] = arguments.bind(names)?;
    let width = size(width, "width")?.unwrap_or(79).max(1);
    let long = flag(long, true);
    let hyphens = flag(hyphens, true);
    let wrap = text(wrap, "wrapstring")?.unwrap_or_else(|| "\n".into());
    let mut out = Output::default();
    for (index, line) in methods::lines(value).iter().enumerate() {
        if index > 0 {
            out.push(&wrap);
        }
        wrapped(line, width, long, hyphens, &wrap, &mut out);
    }
    Ok(out.into_text())
}

/// One line cut as Python's `textwrap` does, blanks kept inside and dropped at the borders of lines.
fn wrapped(line: &Text, width: usize, long: bool, hyphens: bool, wrap: &Text, out: &mut Output) {
    let letters = line.as_str();
    let length = |range: &std::ops::Range<usize>| letters[range.clone()].chars().count();
    let mut chunks: std::collections::VecDeque<_> = chunks(letters, hyphens).into();
    let mut first = true;
    while !chunks.is_empty() {
        let is_blank = |range: &std::ops::Range<usize>| letters[range.clone()].trim_matches(is_space).is_empty();
        if !first && chunks.front().is_some_and(is_blank) {
            chunks.pop_front();
            if chunks.is_empty() {
                break;
            }
        }
        let mut row: Vec<std::ops::Range<usize>> = Vec::new();
        let mut used = 0;
        while let Some(chunk) = chunks.front().filter(|chunk| used + length(chunk) <= width) {
            used += length(chunk);
            row.push(chunk.clone());
            chunks.pop_front();
        }
        if let Some(chunk) = chunks.front().cloned().filter(|chunk| length(chunk) > width) {
            if long {
                let room = (width - used).max(1);
                let cut = letters[chunk.clone()].char_indices().nth(room).map_or(chunk.end, |(at, _)| chunk.start + at);
                row.push(chunk.start..cut);
                chunks[0] = cut..chunk.end;
            } else if row.is_empty() {
                row.push(chunk);
                chunks.pop_front();
            }
        }
        if row.last().is_some_and(is_blank) {
            row.pop();
        }
        if let (Some(start), Some(end)) = (row.first(), row.last()) {
            if !first {
                out.push(wrap);
            }
            out.push_slice(line, start.start..end.end);
            first = false;
        }
    }
}

/// Words and the blanks between them; a word may end behind a hyphen between letters.
fn chunks(letters: &str, hyphens: bool) -> Vec<std::ops::Range<usize>> {
    let mut chunks = Vec::new();
    let mut start = 0;
    let places: Vec<(usize, char)> = letters.char_indices().collect();
    for pair in places.windows(2) {
        let ((at, before), (next, after)) = (pair[0], pair[1]);
        let hyphen = hyphens
            && before == '-'
            && after.is_alphabetic()
            && letters[start..at].chars().next_back().is_some_and(char::is_alphabetic);
        if is_space(before) != is_space(after) || hyphen {
            chunks.push(start..next);
            start = next;
        }
    }
    if start < letters.len() {
        chunks.push(start..letters.len());
    }
    chunks
}

fn quoted(text: &str, plus: bool) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' => out.push(byte as char),
            b'/' if !plus => out.push('/'),
            b' ' if plus => out.push('+'),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn urlencode(value: &Value) -> Result<String, Error> {
    let pairs = match value {
        Value::Str(text) => return Ok(quoted(text.as_str(), false)),
        Value::Dict(dict) => dict.iter().map(|(key, value)| Value::tuple(vec![key.clone(), value.clone()])).collect(),
        Value::List(items) | Value::Tuple(items) => items.to_vec(),
        other => return Ok(quoted(other.to_text().as_str(), false)),
    };
    let mut parts = Vec::new();
    for pair in pairs {
        match super::super::convert::iterate(&pair)?.as_slice() {
            [key, value] => {
                parts.push(format!(
                    "{}={}",
                    quoted(key.to_text().as_str(), true),
                    quoted(value.to_text().as_str(), true)
                ));
            }
            _ => return Err(type_error(&pair, "is no pair to encode")),
        }
    }
    Ok(parts.join("&"))
}

fn filesize(value: &Value, binary: bool) -> Result<String, Error> {
    let number = match value {
        Value::Str(text) => super::super::convert::parse_float(text.as_str()),
        other => other.as_float(),
    };
    let bytes = number.ok_or_else(|| type_error(value, "is no number of bytes"))?;
    let base = if binary { 1024.0 } else { 1000.0 };
    if bytes == 1.0 {
        return Ok("1 Byte".into());
    }
    if bytes < base {
        return Ok(format!("{} Bytes", bytes.trunc()));
    }
    let names = ["k", "M", "G", "T", "P", "E", "Z", "Y"];
    let mut unit = base;
    for (index, name) in names.iter().enumerate() {
        unit *= base;
        if bytes < unit || index + 1 == names.len() {
            let name = if binary { format!("{}iB", name.to_uppercase()) } else { format!("{name}B") };
            return Ok(format!("{:.1} {name}", base * bytes / unit));
        }
    }
    Ok(String::new())
}

fn xmlattr(value: &Value, autospace: bool) -> Result<String, Error> {
    let Value::Dict(dict) = value else { return Err(type_error(value, "has no items")) };
    let mut parts = Vec::new();
    for (key, value) in dict.iter().filter(|(_, value)| !matches!(value, Value::None | Value::Undefined(_))) {
        let key = key.to_text();
        if key.as_str().contains(|letter: char| is_space(letter) || "/>=".contains(letter)) {
            return Err(Error::runtime(format!("Invalid character in attribute name: '{}'", key.as_str())));
        }
        parts.push(format!("{}=\"{}\"", escaped(&key).as_str(), escaped(&value.to_text()).as_str()));
    }
    let text = parts.join(" ");
    Ok(if autospace && !text.is_empty() { format!(" {text}") } else { text })
}

/// Letters that HTML has other names for.
pub(super) fn escaped(text: &Text) -> Text {
    let mut out = Output::default();
    escape(text, &mut out, |letter| match letter {
        '&' => Some("&amp;".into()),
        '<' => Some("&lt;".into()),
        '>' => Some("&gt;".into()),
        '"' => Some("&#34;".into()),
        '\'' => Some("&#39;".into()),
        _ => None,
    });
    out.into_text()
}
