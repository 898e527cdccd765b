//! jinja2's filters: those of lists here, those of numbers, of order and of texts in modules of their own.

mod number;
mod order;
mod text;
mod urlize;

use super::arguments::{Args, flag, required, size};
use super::convert::{self, iterate};
use super::render::Renderer;
use super::text::{Output, Text};
use super::value::Value;
use super::{Error, access, arithmetic, ast::Binary, format, is, json};

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
        "int" => number::to_int(&value, arguments)?,
        "float" => number::to_float(&value, arguments)?,
        "abs" => match &value {
            Value::Float(number) => Value::Float(number.abs()),
            other => match other.as_int() {
                Some(number) => Value::Int(number.saturating_abs()),
                None => return Err(convert::type_error(other, "has no absolute value")),
            },
        },
        "round" => number::round(&value, arguments)?,
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
        "sort" | "min" | "max" | "unique" | "groupby" | "dictsort" => order::ordered(name, &value, arguments)?,
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
