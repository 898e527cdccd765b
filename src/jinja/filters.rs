//! jinja2's filters: those of lists and numbers here, those of texts in [`text`].

mod text;
mod urlize;

use std::cmp::Ordering;

use super::arguments::{Args, flag, int, required, size};
use super::convert::{self, iterate, parse_float, parse_int};
use super::render::Renderer;
use super::text::{Output, Text};
use super::value::{Value, compare, equal};
use super::{Error, access, arithmetic, ast::Binary, format, is, json, words};

pub(super) const NAMES: [&str; 54] = [
    "abs",
    "attr",
    "batch",
    "capitalize",
    "center",
    "count",
    "d",
    "default",
    "dictsort",
    "e",
    "escape",
    "filesizeformat",
    "first",
    "float",
    "forceescape",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "pprint",
    "random",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "string",
    "striptags",
    "sum",
    "title",
    "tojson",
    "trim",
    "truncate",
    "unique",
    "upper",
    "urlencode",
    "urlize",
    "wordcount",
    "wordwrap",
    "xmlattr",
];

pub(super) fn apply(renderer: &Renderer<'_>, name: &str, value: Value, arguments: Args) -> Result<Value, Error> {
    Ok(match name {
        "tojson" => json::tojson(&value, arguments)?,
        "default" | "d" => {
            let [default, boolean] = arguments.bind(["default_value", "boolean"])?;
            let missing = matches!(value, Value::Undefined(_)) || (flag(boolean, false) && !value.is_true());
            if missing { default.unwrap_or_else(|| "".into()) } else { value }
        }
        "length" | "count" => {
            arguments.none()?;
            convert::len(&value)?.into()
        }
        "list" => {
            arguments.none()?;
            Value::list(iterate(&value)?)
        }
        "string" => value.to_text().into(),
        "join" => join(&value, arguments)?,
        "first" | "last" => edge(&value, name == "first")?,
        "items" => match &value {
            Value::Undefined(_) => Value::generator([]),
            Value::Dict(_) => super::methods::call(&value, "items", arguments)?,
            _ => return Err(Error::runtime("Can only get item pairs from a mapping.")),
        },
        "map" => map(renderer, &value, arguments)?,
        "select" | "reject" | "selectattr" | "rejectattr" => select(renderer, name, &value, arguments)?,
        "int" => to_int(&value, arguments)?,
        "float" => to_float(&value, arguments)?,
        "abs" => match &value {
            Value::Float(number) => Value::Float(number.abs()),
            other => match other.as_int() {
                Some(number) => Value::Int(number.saturating_abs()),
                None => return Err(convert::type_error(other, "has no absolute value")),
            },
        },
        "round" => round(&value, arguments)?,
        "attr" => {
            let name = arguments.only()?;
            match &value {
                // jinja2's `attr` looks at attributes alone, not at items.
                Value::Dict(_) => match access::attribute(&Value::dict(Default::default()), name.to_text().as_str())? {
                    Value::Undefined(hint) => Value::Undefined(hint),
                    _ => access::attribute(&value, name.to_text().as_str())?,
                },
                _ => access::attribute(&value, name.to_text().as_str())?,
            }
        }
        "sort" | "min" | "max" | "unique" | "groupby" | "dictsort" => ordered(name, &value, arguments)?,
        "sum" => {
            let [attribute, start] = arguments.bind(["attribute", "start"])?;
            let mut sum = start.unwrap_or(Value::Int(0));
            for item in iterate(&value)? {
                sum = arithmetic::binary(Binary::Add, &sum, &key(&item, attribute.as_ref())?)?;
            }
            sum
        }
        "reverse" => match &value {
            Value::Str(text) => access::slice(&Value::Str(text.clone()), &[Value::None, Value::None, Value::Int(-1)])?,
            other => Value::generator(iterate(other)?.into_iter().rev()),
        },
        "batch" | "slice" => chunks(name, &value, arguments)?,
        // Of one moment every render gets the same: what a render is compared with must not differ by chance.
        "random" => {
            arguments.none()?;
            let items = iterate(&value)?;
            let at = (renderer.now as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
            match items.len() {
                0 => Value::Undefined("No random item, sequence was empty.".into()),
                count => items[at as usize % count].clone(),
            }
        }
        "format" => {
            let named = arguments.named.into_iter().map(|(name, value)| ((&*name).into(), value)).collect();
            format::filter(&value.to_text(), arguments.positional, named)?.into()
        }
        "pprint" => {
            let mut out = Output::default();
            value.repr(&mut out);
            out.into_text().into()
        }
        _ => return text::apply(name, &value, arguments),
    })
}

/// The item itself, or what stands at `attribute` in it.
fn key(item: &Value, attribute: Option<&Value>) -> Result<Value, Error> {
    match attribute {
        None | Some(Value::None) => Ok(item.clone()),
        Some(path) => access::path(item, path),
    }
}

fn join(value: &Value, arguments: Args) -> Result<Value, Error> {
    let [separator, attribute] = arguments.bind(["d", "attribute"])?;
    let separator = separator.map_or_else(|| Text::from(""), |separator| separator.to_text());
    let mut out = Output::default();
    for (index, item) in iterate(value)?.iter().enumerate() {
        if index > 0 {
            out.push(&separator);
        }
        out.push(&key(item, attribute.as_ref())?.to_text());
    }
    Ok(out.into_text().into())
}

fn edge(value: &Value, first: bool) -> Result<Value, Error> {
    if !first && matches!(value, Value::Generator(_)) {
        return Err(convert::type_error(value, "is not reversible"));
    }
    let items = iterate(value)?;
    let found = if first { items.into_iter().next() } else { items.into_iter().next_back() };
    Ok(found.unwrap_or_else(|| Value::undefined("No item was there, the sequence was empty.")))
}

fn map(renderer: &Renderer<'_>, value: &Value, mut arguments: Args) -> Result<Value, Error> {
    let items = iterate(value)?;
    if arguments.positional.is_empty()
        && let Some(attribute) = arguments.take("attribute")
    {
        let default = arguments.take("default");
        arguments.none()?;
        let mut mapped = Vec::with_capacity(items.len());
        for item in &items {
            mapped.push(match (access::path(item, &attribute)?, &default) {
                (Value::Undefined(_), Some(default)) => default.clone(),
                (found, _) => found,
            });
        }
        return Ok(Value::generator(mapped));
    }
    let (name, arguments) = is::named(arguments).ok_or_else(|| Error::runtime("map requires a filter argument"))?;
    let mut mapped = Vec::with_capacity(items.len());
    for item in items {
        let arguments = Args { positional: arguments.positional.clone(), named: arguments.named.clone() };
        mapped.push(renderer.filter(&name, item, arguments)?);
    }
    Ok(Value::generator(mapped))
}

fn select(renderer: &Renderer<'_>, name: &str, value: &Value, mut arguments: Args) -> Result<Value, Error> {
    let attribute = match name.ends_with("attr") {
        true if arguments.positional.is_empty() => {
            return Err(Error::runtime(format!("{name} needs the name of an attribute")));
        }
        true => Some(arguments.positional.remove(0)),
        false => None,
    };
    let wanted = name.starts_with("select");
    let test = is::named(arguments);
    let mut kept = Vec::new();
    for item in iterate(value)? {
        let tested = key(&item, attribute.as_ref())?;
        let holds = match &test {
            None => tested.is_true(),
            Some((test, arguments)) => {
                let arguments = Args { positional: arguments.positional.clone(), named: arguments.named.clone() };
                renderer.test(test, &tested, arguments)?
            }
        };
        if holds == wanted {
            kept.push(item);
        }
    }
    Ok(Value::generator(kept))
}

fn to_int(value: &Value, arguments: Args) -> Result<Value, Error> {
    let [default, base] = arguments.bind(["default", "base"])?;
    let default = default.unwrap_or(Value::Int(0));
    let base = u32::try_from(int(base, "base")?.unwrap_or(10)).unwrap_or(10);
    Ok(match value {
        Value::Undefined(hint) => return Err(Error::runtime(&**hint)),
        Value::Float(number) if number.is_finite() => Value::Int(*number as i128),
        Value::Str(text) => {
            let float = || parse_float(text.as_str()).filter(|number| number.is_finite());
            let number = parse_int(text.as_str(), base).or_else(|| float().map(|number| number as i128));
            number.map_or(default, Value::Int)
        }
        other => other.as_int().map_or(default, Value::Int),
    })
}

fn to_float(value: &Value, arguments: Args) -> Result<Value, Error> {
    let [default] = arguments.bind(["default"])?;
    let number = match value {
        Value::Undefined(hint) => return Err(Error::runtime(&**hint)),
        Value::Str(text) => parse_float(text.as_str()),
        other => other.as_float(),
    };
    Ok(number.map_or_else(|| default.unwrap_or(Value::Float(0.0)), Value::Float))
}

fn round(value: &Value, arguments: Args) -> Result<Value, Error> {
    let [precision, method] = arguments.bind(["precision", "method"])?;
    let precision = int(precision, "precision")?.unwrap_or(0).clamp(-300, 300) as i32;
    let method = method.map_or_else(|| "common".into(), |method| method.to_text());
    let number = value.as_float().ok_or_else(|| convert::type_error(value, "cannot be rounded"))?;
    let scale = 10_f64.powi(precision);
    let rounded = match method.as_str() {
        "ceil" => (number * scale).ceil() / scale,
        "floor" => (number * scale).floor() / scale,
        "common" if matches!(value, Value::Int(_)) && precision >= 0 => return Ok(value.clone()),
        // Python rounds the exact value to the nearest, of two the even one, as Rust's formatting does.
        "common" if precision > 0 => format!("{number:.*}", precision as usize).parse().unwrap_or(number),
        "common" => (number * scale).round_ties_even() / scale,
        _ => return Err(Error::runtime("method must be common, ceil or floor")),
    };
    Ok(match value {
        Value::Int(_) if method.as_str() == "common" => Value::Int(rounded as i128),
        _ => Value::Float(rounded),
    })
}

/// What is compared: without a difference between upper and lower case, unless that is asked for.
fn folded(value: Value, case: bool) -> Value {
    match value {
        Value::Str(text) if !case => text.as_str().to_lowercase().into(),
        other => other,
    }
}

fn sorted<T>(items: &mut [(Value, T)], reverse: bool) -> Result<(), Error> {
    let mut failed = None;
    items.sort_by(|(left, _), (right, _)| {
        let order = compare(left, right).unwrap_or_else(|| {
            failed.get_or_insert_with(|| (left.clone(), right.clone()));
            Ordering::Equal
        });
        if reverse { order.reverse() } else { order }
    });
    match failed {
        None => Ok(()),
        Some((left, right)) => {
            let (left, right) = (left.type_name(), right.type_name());
            Err(Error::runtime(format!("'<' not supported between instances of '{left}' and '{right}'")))
        }
    }
}

fn ordered(name: &str, value: &Value, arguments: Args) -> Result<Value, Error> {
    if name == "dictsort" {
        return dictsort(value, arguments);
    }
    if name == "groupby" {
        return groupby(value, arguments);
    }
    let sorting = name == "sort";
    let (reverse, case, attribute) = if sorting {
        let [reverse, case, attribute] = arguments.bind(["reverse", "case_sensitive", "attribute"])?;
        (flag(reverse, false), case, attribute)
    } else {
        let [case, attribute] = arguments.bind(["case_sensitive", "attribute"])?;
        (false, case, attribute)
    };
    let case = flag(case, false);
    let mut items = Vec::new();
    for item in iterate(value)? {
        items.push((sort_key(&item, attribute.as_ref(), case, sorting)?, item));
    }
    if name == "unique" {
        let mut seen: Vec<Value> = Vec::new();
        items.retain(|(key, _)| {
            let new = !seen.iter().any(|seen| equal(seen, key));
            seen.extend(new.then(|| key.clone()));
            new
        });
        return Ok(Value::generator(items.into_iter().map(|(_, item)| item)));
    }
    sorted(&mut items, reverse || name == "max")?;
    if sorting {
        return Ok(Value::list(items.into_iter().map(|(_, item)| item).collect()));
    }
    let first = items.into_iter().next().map(|(_, item)| item);
    Ok(first.unwrap_or_else(|| Value::undefined("No aggregated item, sequence was empty.")))
}

/// The key that an item is sorted by; `sort` takes several attributes with commas between them.
fn sort_key(item: &Value, attribute: Option<&Value>, case: bool, several: bool) -> Result<Value, Error> {
    match attribute {
        Some(Value::Str(paths)) if several && paths.as_str().contains(',') => {
            let keys = paths.as_str().split(',').map(|path| Ok(folded(access::path(item, &path.into())?, case)));
            Ok(Value::tuple(keys.collect::<Result<_, Error>>()?))
        }
        attribute => Ok(folded(key(item, attribute)?, case)),
    }
}

fn dictsort(value: &Value, arguments: Args) -> Result<Value, Error> {
    let [case, by, reverse] = arguments.bind(["case_sensitive", "by", "reverse"])?;
    let Value::Dict(dict) = value else { return Err(convert::type_error(value, "has no items to sort")) };
    let by_value = by.is_some_and(|by| by.to_text().as_str() == "value");
    let case = flag(case, false);
    let mut items: Vec<(Value, Value)> = Vec::new();
    for (key, value) in dict.iter() {
        let pair = Value::tuple(vec![key.clone(), value.clone()]);
        items.push((folded(if by_value { value.clone() } else { key.clone() }, case), pair));
    }
    sorted(&mut items, flag(reverse, false))?;
    Ok(Value::list(items.into_iter().map(|(_, pair)| pair).collect()))
}

fn groupby(value: &Value, arguments: Args) -> Result<Value, Error> {
    let [attribute, default, case] = arguments.bind(["attribute", "default", "case_sensitive"])?;
    let attribute = required(attribute, "attribute")?;
    let case = flag(case, false);
    let mut items = Vec::new();
    for item in iterate(value)? {
        let found = match (access::path(&item, &attribute)?, &default) {
            (Value::Undefined(_), Some(default)) => default.clone(),
            (found, _) => found,
        };
        items.push((folded(found.clone(), case), (found, item)));
    }
    sorted(&mut items, false)?;
    let mut groups: Vec<(Value, Value, Vec<Value>)> = Vec::new();
    for (folded, (found, item)) in items {
        match groups.last_mut() {
            Some((last, _, group)) if equal(last, &folded) => group.push(item),
            _ => groups.push((folded, found, vec![item])),
        }
    }
    let pair = |(_, found, group)| Value::tuple(vec![found, Value::list(group)]);
    Ok(Value::list(groups.into_iter().map(pair).collect()))
}

fn chunks(name: &str, value: &Value, arguments: Args) -> Result<Value, Error> {
    let [count, fill] = arguments.bind([if name == "batch" { "linecount" } else { "slices" }, "fill_with"])?;
    let count = size(Some(required(count, "count")?), "count")?.filter(|count| (1..=convert::MOST).contains(count));
    let count = count.ok_or_else(|| Error::runtime(format!("{name} needs a number from 1 on")))?;
    let items = iterate(value)?;
    let fill = fill.filter(|fill| !matches!(fill, Value::None));
    let mut rows: Vec<Vec<Value>> = Vec::new();
    if name == "batch" {
        rows.extend(items.chunks(count).map(<[Value]>::to_vec));
        if let (Some(last), Some(fill)) = (rows.last_mut(), fill) {
            last.resize(count, fill);
        }
    } else {
        let (each, extra) = (items.len() / count, items.len() % count);
        let mut items = items.into_iter();
        for index in 0..count {
            let mut row: Vec<Value> = items.by_ref().take(each + usize::from(index < extra)).collect();
            row.extend(fill.clone().filter(|_| index >= extra));
            rows.push(row);
        }
    }
    Ok(Value::generator(rows.into_iter().map(Value::list)))
}

/// Letters that HTML has other names for.
pub(super) fn escaped(text: &Text) -> Text {
    let mut out = Output::default();
    words::escape(text, &mut out, |letter| match letter {
        '&' => Some("&amp;".into()),
        '<' => Some("&lt;".into()),
        '>' => Some("&gt;".into()),
        '"' => Some("&#34;".into()),
        '\'' => Some("&#39;".into()),
        _ => None,
    });
    out.into_text()
}
