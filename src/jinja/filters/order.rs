//! jinja2's filters that compare: sorting, grouping, extremes, and what is there once.

use std::cmp::Ordering;

use super::super::arguments::{Args, flag, required};
use super::super::convert::{self, iterate};
use super::super::value::{Value, compare, equal};
use super::super::{Error, access};
use super::key;

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

pub(super) fn ordered(name: &str, value: &Value, arguments: Args) -> Result<Value, Error> {
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
