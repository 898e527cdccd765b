//! `tojson` as transformers has it: Python's `json.dumps`, without HTML escapes.

use super::Error;
use super::arguments::{Args, flag};
use super::text::{Output, Text};
use super::value::{Dict, Value, compare};
use super::words::{escape, float};

/// How `json.dumps` lays out its text.
struct Style {
    indent: Option<Text>,
    item: Text,
    key: Text,
    ascii: bool,
    sorted: bool,
}

pub(super) fn tojson(value: &Value, arguments: Args) -> Result<Value, Error> {
    let [ascii, indent, separators, sorted] = arguments.bind(["ensure_ascii", "indent", "separators", "sort_keys"])?;
    let indent = match indent {
        None | Some(Value::None) => None,
        Some(Value::Str(text)) => Some(text),
        Some(other) => {
            let width = other.as_int().ok_or_else(|| super::convert::type_error(&other, "is no indent"))?;
            Some(" ".repeat(width.clamp(0, 64) as usize).into())
        }
    };
    let separators = match separators {
        Some(Value::Tuple(pair) | Value::List(pair)) => match &pair[..] {
            [Value::Str(item), Value::Str(key)] => Some((item.clone(), key.clone())),
            _ => return Err(Error::runtime("separators must be two strings")),
        },
        _ => None,
    };
    let item = if indent.is_some() { "," } else { ", " };
    let (item, key) = separators.unwrap_or_else(|| (item.into(), ": ".into()));
    let style = Style { indent, item, key, ascii: flag(ascii, false), sorted: flag(sorted, false) };
    let mut out = Output::default();
    style.write(value, 0, &mut out)?;
    Ok(out.into_text().into())
}

impl Style {
    fn write(&self, value: &Value, depth: usize, out: &mut Output) -> Result<(), Error> {
        match value {
            Value::None => out.push_str("null"),
            Value::Bool(is) => out.push_str(if *is { "true" } else { "false" }),
            Value::Int(number) => out.push_str(&number.to_string()),
            Value::Float(number) => out.push_str(&number_text(*number)),
            Value::Str(text) => self.string(text, out),
            Value::List(items) | Value::Tuple(items) => {
                self.nested(("[", "]"), items.iter(), depth, out, |item, out| self.write(item, depth + 1, out))?;
            }
            Value::Dict(dict) => {
                let fields = self.fields(dict)?;
                self.nested(("{", "}"), fields.into_iter(), depth, out, |(key, value), out| {
                    self.string(&key_text(key)?, out);
                    out.push(&self.key);
                    self.write(value, depth + 1, out)
                })?;
            }
            other => {
                let message = format!("Object of type {} is not JSON serializable", other.type_name());
                return Err(Error::runtime(message));
            }
        }
        Ok(())
    }

    fn fields<'d>(&self, dict: &'d Dict) -> Result<Vec<&'d (Value, Value)>, Error> {
        let mut fields: Vec<_> = dict.iter().collect();
        if self.sorted {
            let mut ordered = true;
            fields.sort_by(|(left, _), (right, _)| {
                let order = compare(left, right);
                ordered &= order.is_some();
                order.unwrap_or(std::cmp::Ordering::Equal)
            });
            if !ordered {
                return Err(Error::runtime("keys of several types cannot be sorted"));
            }
        }
        Ok(fields)
    }

    fn nested<T>(
        &self,
        (open, close): (&str, &str),
        items: impl ExactSizeIterator<Item = T>,
        depth: usize,
        out: &mut Output,
        mut one: impl FnMut(T, &mut Output) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if depth > super::parser::DEPTH {
            return Err(Error::runtime("a value is nested too deep for tojson"));
        }
        let empty = items.len() == 0;
        out.push_str(open);
        for (index, item) in items.enumerate() {
            if index > 0 {
                out.push(&self.item);
            }
            self.line(depth + 1, out);
            one(item, out)?;
        }
        if !empty {
            self.line(depth, out);
        }
        out.push_str(close);
        Ok(())
    }

    fn line(&self, depth: usize, out: &mut Output) {
        if let Some(indent) = &self.indent {
            out.push_str("\n");
            (0..depth).for_each(|_| out.push(indent));
        }
    }

    fn string(&self, text: &Text, out: &mut Output) {
        out.push_str("\"");
        escape(text, out, |letter| match letter {
            '"' => Some("\\\"".into()),
            '\\' => Some("\\\\".into()),
            '\n' => Some("\\n".into()),
            '\r' => Some("\\r".into()),
            '\t' => Some("\\t".into()),
            '\x08' => Some("\\b".into()),
            '\x0c' => Some("\\f".into()),
            '\0'..='\x1f' => Some(format!("\\u{:04x}", letter as u32)),
            '\x7f'.. if self.ascii && letter != '\x7f' => {
                Some(letter.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect())
            }
            _ => None,
        });
        out.push_str("\"");
    }
}

fn number_text(number: f64) -> String {
    match number {
        number if number.is_nan() => "NaN".into(),
        f64::INFINITY => "Infinity".into(),
        f64::NEG_INFINITY => "-Infinity".into(),
        number => float(number),
    }
}

fn key_text(key: &Value) -> Result<Text, Error> {
    Ok(match key {
        Value::Str(text) => text.clone(),
        Value::None => "null".into(),
        Value::Bool(is) => if *is { "true" } else { "false" }.into(),
        Value::Int(number) => number.to_string().into(),
        Value::Float(number) => number_text(*number).into(),
        other => {
            let kind = other.type_name();
            return Err(Error::runtime(format!("keys must be str, int, float, bool or None, not {kind}")));
        }
    })
}
