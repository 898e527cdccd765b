//! Weights of spans of a message: on content parts, and as Axolotl's `train_detail`.

use std::ops::Range;

use serde_json::Value;

/// Bytes of a content, and the weight that the data gives them.
pub(super) type Weighted = (Range<usize>, f64);

/// The weight of a content part: `"weight": 0.5`, or `"train": false`.
pub(super) fn of_part(part: &Value) -> Result<Option<f64>, String> {
    match (&part["train"], &part["weight"]) {
        (Value::Bool(false), _) => Ok(Some(0.0)),
        (Value::Null, Value::Null) => Ok(None),
        (Value::Bool(true), Value::Null) => Ok(Some(1.0)),
        (Value::Null | Value::Bool(true), Value::Number(weight)) => weight_of(weight.as_f64()).map(Some),
        (Value::Null | Value::Bool(_), other) => Err(format!("has {other} as the weight of a content part")),
        (other, _) => Err(format!("has {other} as `train` of a content part")),
    }
}

fn weight_of(weight: Option<f64>) -> Result<f64, String> {
    let weight = weight.filter(|weight| weight.is_finite() && *weight >= 0.0);
    weight.ok_or_else(|| "has a weight that is not a finite number from 0 on on a content part".into())
}

/// `[{"begin_offset": 0, "end_offset": 4, "train": false}, …]`: characters, the last one included. As with Axolotl,
/// what no entry names is not trained.
pub(super) fn of_details(details: &Value, content: &str) -> Result<Vec<Weighted>, String> {
    let entries = details.as_array().ok_or("has a `train_detail` that is no list")?;
    let byte = |chars: usize| content.char_indices().nth(chars).map_or(content.len(), |(byte, _)| byte);
    let entry = |entry: &Value| {
        let place = |key: &str| entry[key].as_u64().and_then(|place| usize::try_from(place).ok());
        let (start, end, train) =
            (place("begin_offset")?, place("end_offset")?.checked_add(1)?, entry["train"].as_bool()?);
        (start < end).then(|| (byte(start)..byte(end), f64::from(u8::from(train))))
    };
    let mut spans = entries
        .iter()
        .map(|one| entry(one).ok_or("has a `train_detail` that is not {begin_offset, end_offset, train}"))
        .collect::<Result<Vec<_>, _>>()?;
    spans.sort_by_key(|(span, _)| span.start);
    if spans.windows(2).any(|pair| pair[0].0.end > pair[1].0.start) {
        return Err("has a `train_detail` whose entries overlap".into());
    }
    let gaps = std::iter::once(0)
        .chain(spans.iter().map(|(span, _)| span.end))
        .zip(spans.iter().map(|(span, _)| span.start).chain([content.len()]));
    let gaps: Vec<Weighted> = gaps.filter(|(start, end)| start < end).map(|(start, end)| (start..end, 0.0)).collect();
    spans.extend(gaps);
    spans.sort_by_key(|(span, _)| span.start);
    Ok(spans)
}
