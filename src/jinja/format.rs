//! `'%s' % x`, and `'{}'.format(x)`.

use super::text::{Output, Text};
use super::value::{Dict, Value};
use super::words::float;
use super::{Error, access};

/// The widest field.
const WIDEST: usize = 10_000;

/// What stands between the sign of a field and its kind.
#[derive(Default)]
struct Spec {
    fill: char,
    align: Option<char>,
    sign: Option<char>,
    alternate: bool,
    width: usize,
    comma: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

/// `text % value`.
pub(super) fn percent(text: &Text, value: &Value) -> Result<Text, Error> {
    let letters = text.as_str();
    let mut values = match value {
        Value::Tuple(items) => items.iter(),
        other => std::slice::from_ref(other).iter(),
    };
    let mut used_mapping = false;
    let mut out = Output::default();
    let mut from = 0;
    while let Some(at) = letters[from..].find('%').map(|at| from + at) {
        out.push_slice(text, from..at);
        let mut rest = &letters[at + 1..];
        let mut named = None;
        if let Some(inner) = rest.strip_prefix('(') {
            let end = inner.find(')').ok_or_else(|| Error::runtime("incomplete format key"))?;
            let Value::Dict(fields) = value else { return Err(Error::runtime("format requires a mapping")) };
            let field = fields.get(&inner[..end]).cloned();
            named = Some(field.ok_or_else(|| Error::runtime(format!("'{}'", &inner[..end])))?);
            rest = &inner[end + 1..];
            used_mapping = true;
        }
        let (spec, length) = percent_spec(rest)?;
        from = letters.len() - rest.len() + length;
        if spec.kind == Some('%') {
            out.push_str("%");
            continue;
        }
        let value = match named {
            Some(value) => value,
            None => values.next().cloned().ok_or_else(|| Error::runtime("not enough arguments for format string"))?,
        };
        percent_field(&spec, &value, &mut out)?;
    }
    out.push_slice(text, from..letters.len());
    let is_mapping = used_mapping || matches!(value, Value::Dict(_) | Value::List(_));
    if values.next().is_some() && !is_mapping {
        return Err(Error::runtime("not all arguments converted during string formatting"));
    }
    Ok(out.into_text())
}

fn percent_spec(text: &str) -> Result<(Spec, usize), Error> {
    let mut spec = Spec { fill: ' ', align: Some('>'), ..Spec::default() };
    let mut letters = text.char_indices().peekable();
    while let Some((_, letter)) = letters.next_if(|(_, letter)| "-+ 0#".contains(*letter)) {
        match letter {
            '-' => spec.align = Some('<'),
            '0' if spec.align != Some('<') => (spec.fill, spec.align) = ('0', Some('=')),
            '#' => spec.alternate = true,
            '0' => {}
            sign => spec.sign = Some(sign),
        }
    }
    let mut number = |spec: &mut usize| {
        while let Some((_, digit)) = letters.next_if(|(_, letter)| letter.is_ascii_digit()) {
            *spec = (*spec * 10 + digit.to_digit(10).unwrap_or(0) as usize).min(WIDEST);
        }
        letters.next_if(|(_, letter)| *letter == '.').is_some()
    };
    if number(&mut spec.width) {
        let mut precision = 0;
        number(&mut precision);
        spec.precision = Some(precision);
    }
    let (at, kind) = letters.next().ok_or_else(|| Error::runtime("incomplete format"))?;
    spec.kind = Some(kind);
    Ok((spec, at + kind.len_utf8()))
}

fn percent_field(spec: &Spec, value: &Value, out: &mut Output) -> Result<(), Error> {
    let kind = spec.kind.unwrap_or('s');
    match kind {
        's' | 'r' | 'a' => {
            let mut text = if kind == 's' { value.to_text() } else { repr(value) };
            if let Some(most) = spec.precision {
                text = first(&text, most);
            }
            pad(
                &Spec {
                    fill: ' ',
                    align: spec.align.filter(|align| *align == '<').or(Some('>')),
                    ..Spec { width: spec.width, ..Spec::default() }
                },
                &text,
                out,
            );
        }
        'd' | 'i' | 'u' => {
            let number = match value {
                Value::Float(number) => *number as i128,
                other => other.as_int().ok_or_else(|| needs_number(kind, other))?,
            };
            pad_number(spec, number < 0, &number.unsigned_abs().to_string(), out);
        }
        'x' | 'X' | 'o' => {
            let number = value.as_int().ok_or_else(|| needs_number(kind, value))?;
            pad_number(spec, number < 0, &radix(spec, number.unsigned_abs(), kind), out);
        }
        'f' | 'F' | 'e' | 'E' | 'g' | 'G' => {
            let number = value.as_float().ok_or_else(|| needs_number(kind, value))?;
            pad_number(spec, number.is_sign_negative(), &float_digits(spec, number.abs(), kind), out);
        }
        'c' => out.push(&value.to_text()),
        other => return Err(Error::runtime(format!("unsupported format character '{other}'"))),
    }
    Ok(())
}

fn needs_number(kind: char, value: &Value) -> Error {
    match value {
        Value::Undefined(hint) => Error::runtime(&**hint),
        other => Error::runtime(format!("%{kind} format: a real number is required, not {}", other.type_name())),
    }
}

fn repr(value: &Value) -> Text {
    let mut out = Output::default();
    value.repr(&mut out);
    out.into_text()
}

fn first(text: &Text, most: usize) -> Text {
    let end = text.as_str().char_indices().nth(most).map_or(text.as_str().len(), |(at, _)| at);
    text.slice(0..end)
}

fn radix(spec: &Spec, number: u128, kind: char) -> String {
    let (prefix, digits) = match kind {
        'x' => ("0x", format!("{number:x}")),
        'X' => ("0X", format!("{number:X}")),
        'b' => ("0b", format!("{number:b}")),
        _ => ("0o", format!("{number:o}")),
    };
    if spec.alternate { format!("{prefix}{digits}") } else { digits }
}

fn float_digits(spec: &Spec, number: f64, kind: char) -> String {
    if !number.is_finite() {
        let text = float(number);
        return if kind.is_uppercase() { text.to_uppercase() } else { text };
    }
    let precision = spec.precision.unwrap_or(6);
    let text = match kind.to_ascii_lowercase() {
        'f' => format!("{number:.precision$}"),
        'e' => exponent(&format!("{number:.precision$e}")),
        _ => general(number, precision.max(1), spec.alternate),
    };
    if kind.is_uppercase() { text.to_uppercase() } else { text }
}

/// Rust's `1.5e7` as C's `1.5e+07`.
fn exponent(text: &str) -> String {
    let Some((digits, power)) = text.split_once('e') else { return text.to_string() };
    let power: i32 = power.parse().unwrap_or(0);
    format!("{digits}e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs())
}

/// C's `%g`.
fn general(number: f64, precision: usize, keep_zeros: bool) -> String {
    let scientific = format!("{number:.*e}", precision - 1);
    let power: i32 = scientific.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0);
    let trim = |text: &str| match text.contains('.') && !keep_zeros {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text.to_string(),
    };
    if power < -4 || power >= precision as i32 {
        let (digits, _) = scientific.split_once('e').unwrap_or((&scientific, ""));
        return exponent(&format!("{}e{power}", trim(digits)));
    }
    trim(&format!("{number:.*}", (precision as i32 - 1 - power).max(0) as usize))
}

/// A number with its sign, filled to the width.
fn pad_number(spec: &Spec, negative: bool, digits: &str, out: &mut Output) {
    let sign = match (negative, spec.sign) {
        (true, _) => "-",
        (false, Some('+')) => "+",
        (false, Some(' ')) => " ",
        _ => "",
    };
    let digits = match spec.comma {
        Some(comma) => grouped(digits, comma),
        None => digits.to_string(),
    };
    let missing = spec.width.saturating_sub(sign.len() + digits.chars().count());
    let fill = spec.fill.to_string().repeat(missing);
    match spec.align.unwrap_or('>') {
        '<' => out.push_str(&format!("{sign}{digits}{fill}")),
        '=' => out.push_str(&format!("{sign}{fill}{digits}")),
        '^' => {
            let left = spec.fill.to_string().repeat(missing / 2);
            let right = spec.fill.to_string().repeat(missing - missing / 2);
            out.push_str(&format!("{left}{sign}{digits}{right}"));
        }
        _ => out.push_str(&format!("{fill}{sign}{digits}")),
    }
}

fn grouped(digits: &str, comma: char) -> String {
    let whole = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let mut out = String::new();
    for (index, digit) in digits[..whole].chars().enumerate() {
        if index > 0 && (whole - index).is_multiple_of(3) {
            out.push(comma);
        }
        out.push(digit);
    }
    out + &digits[whole..]
}

fn pad(spec: &Spec, text: &Text, out: &mut Output) {
    let missing = spec.width.saturating_sub(text.as_str().chars().count());
    let left = match spec.align {
        Some('>') => missing,
        Some('^') => missing / 2,
        _ => 0,
    };
    out.push_str(&spec.fill.to_string().repeat(left));
    out.push(text);
    out.push_str(&spec.fill.to_string().repeat(missing - left));
}

/// `text.format(…)`.
pub(super) fn braces(text: &Text, positional: &[Value], named: &Dict) -> Result<Text, Error> {
    let letters = text.as_str();
    let mut out = Output::default();
    let (mut from, mut automatic) = (0, 0);
    while let Some(at) = letters[from..].find(['{', '}']).map(|at| from + at) {
        out.push_slice(text, from..at);
        let brace = &letters[at..at + 1];
        if letters[at + 1..].starts_with(brace) {
            out.push_str(brace);
            from = at + 2;
            continue;
        }
        let end = match (brace, letters[at..].find('}')) {
            ("{", Some(end)) => at + end,
            ("{", None) => return Err(Error::runtime("expected '}' before end of string")),
            _ => return Err(Error::runtime("Single '}' encountered in format string")),
        };
        let field = &letters[at + 1..end];
        let (path, spec) = field.split_once(':').unwrap_or((field, ""));
        let (path, conversion) = path.split_once('!').map_or((path, None), |(path, how)| (path, Some(how)));
        let mut value = field_value(path, positional, named, &mut automatic)?;
        match conversion {
            Some("r" | "a") => value = repr(&value).into(),
            Some(_) => value = value.to_text().into(),
            None => {}
        }
        formatted(&value, &brace_spec(spec)?, &mut out)?;
        from = end + 1;
    }
    out.push_slice(text, from..letters.len());
    Ok(out.into_text())
}

fn field_value(path: &str, positional: &[Value], named: &Dict, automatic: &mut usize) -> Result<Value, Error> {
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let (name, mut rest) = path.split_at(end);
    let mixed = || Error::runtime("cannot switch between automatic field numbering and manual field specification");
    let out_of_range = || Error::runtime("Replacement index out of range for positional args tuple");
    let mut value = match name.parse::<usize>() {
        Ok(_) if *automatic > 0 => return Err(mixed()),
        Ok(index) => positional.get(index).cloned().ok_or_else(out_of_range)?,
        Err(_) if name.is_empty() => {
            *automatic += 1;
            positional.get(*automatic - 1).cloned().ok_or_else(out_of_range)?
        }
        Err(_) => named.get(name).cloned().ok_or_else(|| Error::runtime(format!("'{name}'")))?,
    };
    while !rest.is_empty() {
        let closes = rest.starts_with('[');
        let inner = &rest[1..];
        let end = if closes { inner.find(']') } else { inner.find(['.', '[']) }.unwrap_or(inner.len());
        let key = &inner[..end];
        value = match key.parse::<i128>() {
            Ok(index) if closes => access::item(&value, &Value::Int(index))?,
            _ if closes => access::item(&value, &key.into())?,
            _ => access::attribute(&value, key)?,
        };
        rest = inner.get(end + usize::from(closes)..).unwrap_or("");
    }
    Ok(value)
}

fn brace_spec(text: &str) -> Result<Spec, Error> {
    let mut spec = Spec { fill: ' ', ..Spec::default() };
    let mut letters: Vec<char> = text.chars().collect();
    let is_align = |letter: Option<&char>| letter.is_some_and(|letter| "<>=^".contains(*letter));
    if is_align(letters.get(1)) {
        (spec.fill, spec.align) = (letters[0], Some(letters[1]));
        letters.drain(..2);
    } else if is_align(letters.first()) {
        spec.align = Some(letters.remove(0));
    }
    let mut rest = letters.into_iter().peekable();
    spec.sign = rest.next_if(|letter| "+- ".contains(*letter));
    spec.alternate = rest.next_if_eq(&'#').is_some();
    if rest.next_if_eq(&'0').is_some() && spec.align.is_none() {
        (spec.fill, spec.align) = ('0', Some('='));
    }
    while let Some(digit) = rest.next_if(char::is_ascii_digit) {
        spec.width = (spec.width * 10 + digit.to_digit(10).unwrap_or(0) as usize).min(WIDEST);
    }
    spec.comma = rest.next_if(|letter| ",_".contains(*letter));
    if rest.next_if_eq(&'.').is_some() {
        let mut precision = 0;
        while let Some(digit) = rest.next_if(char::is_ascii_digit) {
            precision = (precision * 10 + digit.to_digit(10).unwrap_or(0) as usize).min(WIDEST);
        }
        spec.precision = Some(precision);
    }
    spec.kind = rest.next();
    match rest.next() {
        Some(_) => Err(Error::runtime(format!("Invalid format specifier '{text}'"))),
        None => Ok(spec),
    }
}

fn formatted(value: &Value, spec: &Spec, out: &mut Output) -> Result<(), Error> {
    let number = value.as_float().filter(|_| !matches!((value, spec.kind), (Value::Bool(_), None)));
    let unknown = || {
        let (kind, name) = (spec.kind.unwrap_or('s'), value.type_name());
        Error::runtime(format!("Unknown format code '{kind}' for object of type '{name}'"))
    };
    let (Some(number), false) = (number, spec.kind == Some('s')) else {
        if !matches!(spec.kind, None | Some('s')) {
            return Err(unknown());
        }
        let text = value.to_text();
        let text = spec.precision.map_or(text.clone(), |most| first(&text, most));
        pad(spec, &text, out);
        return Ok(());
    };
    if matches!((value, spec.kind), (Value::Int(_) | Value::Bool(_), Some('s'))) {
        return Err(unknown());
    }
    let digits = match (spec.kind, value.as_int()) {
        (None | Some('d' | 'n'), Some(int)) => int.unsigned_abs().to_string(),
        (Some('x' | 'X' | 'o' | 'b'), Some(int)) => radix(spec, int.unsigned_abs(), spec.kind.unwrap_or('x')),
        (Some('%'), _) => format!("{:.*}%", spec.precision.unwrap_or(6), number.abs() * 100.0),
        (Some(kind @ ('f' | 'F' | 'e' | 'E' | 'g' | 'G')), _) => float_digits(spec, number.abs(), kind),
        (None, None) => spec.precision.map_or_else(|| float(number.abs()), |p| general(number.abs(), p.max(1), false)),
        _ => return Err(unknown()),
    };
    let negative = value.as_int().map_or(number.is_sign_negative(), |int| int < 0);
    pad_number(spec, negative, &digits, out);
    Ok(())
}

/// `value|format`-like use of `%` with several values.
pub(super) fn filter(text: &Text, positional: Vec<Value>, named: Dict) -> Result<Text, Error> {
    if !positional.is_empty() && named.len() > 0 {
        return Err(Error::runtime("can't handle positional and keyword arguments at the same time"));
    }
    let value = if named.len() > 0 { Value::dict(named) } else { Value::tuple(positional) };
    percent(text, &value)
}
