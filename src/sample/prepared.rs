//! Token ids and what a trainer scores of them, as it keeps them after preparing its data.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The label that PyTorch's cross entropy leaves out.
const IGNORED: i64 = -100;

/// A row that a trainer prepared: ids, and the weight of each. What is padding is not in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Prepared {
    pub ids: Vec<u32>,
    /// One weight per id: 0 or 1, but for data that has weights.
    pub weights: Vec<f64>,
    /// Where documents begin that were packed into one row, the first at 0; empty of an empty row.
    pub starts: Vec<usize>,
}

impl Prepared {
    /// Reads `input_ids` with `labels`, `assistant_masks`, `completion_mask` and `weights`: scored is what none of those
    /// that are there leaves out, and everything where none is there (as TRL does). A row is cut into documents where
    /// `seq_lengths` says so, where `position_ids` begin anew, or where `attention_mask` counts on; what it masks at the
    /// end is padding.
    ///
    /// # Errors
    /// What is wrong with a field, to go behind "record N".
    pub fn read(fields: &Map<String, Value>) -> Result<Self, String> {
        let ids = numbers(fields, "input_ids")?.ok_or("has no `input_ids`")?;
        let ids: Option<Vec<u32>> = ids.into_iter().map(|id| u32::try_from(id).ok()).collect();
        let mut ids = ids.ok_or("has a token id that is none")?;
        let one_each = |key: &str| match numbers(fields, key)? {
            Some(values) if values.len() != ids.len() => Err(format!("has `{key}` that are not one number a token")),
            values => Ok(values),
        };
        let mut weights = own_weights(fields, ids.len())?;
        for (t, label) in one_each("labels")?.into_iter().flatten().enumerate() {
            match label {
                IGNORED => weights[t] = 0.0,
                label if label == i64::from(ids[t]) => {}
                _ => {
                    return Err(format!(
                        "has label {label} at token {t}, which is neither -100 nor the token's own id"
                    ));
                }
            }
        }
        for key in ["assistant_masks", "completion_mask"] {
            for (t, flag) in one_each(key)?.into_iter().flatten().enumerate() {
                weights[t] *= match flag {
                    0 => 0.0,
                    1 => 1.0,
                    _ => return Err(format!("has {flag} in `{key}` at token {t}, which is neither 0 nor 1")),
                };
            }
        }
        let mask = one_each("attention_mask")?;
        let kept = mask.as_ref().and_then(|mask| mask.iter().rposition(|&seen| seen != 0)).map_or(ids.len(), |t| t + 1);
        let lengths = numbers(fields, "seq_lengths")?;
        let starts = match (lengths, one_each("position_ids")?, mask) {
            (Some(lengths), ..) => starts_of(&lengths),
            (None, Some(positions), _) => (0..kept).filter(|&t| t == 0 || positions[t] == 0).collect(),
            (None, None, Some(mask)) => (0..kept).filter(|&t| t == 0 || mask[t] != mask[t - 1]).collect(),
            (None, None, None) => Vec::from_iter((kept > 0).then_some(0)),
        };
        ids.truncate(kept);
        weights.truncate(kept);
        Ok(Self { starts: starts.into_iter().filter(|&start| start < kept).collect(), ids, weights })
    }

    /// The documents of the row, as tokens of it.
    pub fn documents(&self) -> impl Iterator<Item = Range<usize>> {
        let ends = self.starts.iter().skip(1).copied().chain([self.ids.len()]);
        self.starts.iter().zip(ends).map(|(&start, end)| start..end)
    }

    /// The first `tokens` tokens of the row, with the documents that begin there.
    pub fn first(&self, tokens: usize) -> Self {
        let starts = self.starts.iter().copied().filter(|&start| start < tokens).collect();
        Self { starts, ..self.document(0..tokens.min(self.ids.len())) }
    }

    /// One document of the row as a row of its own.
    pub fn document(&self, tokens: Range<usize>) -> Self {
        let (ids, weights) = (self.ids.get(tokens.clone()), self.weights.get(tokens));
        let starts = Vec::from_iter(ids.is_some_and(|ids| !ids.is_empty()).then_some(0));
        Self { ids: ids.unwrap_or_default().to_vec(), weights: weights.unwrap_or_default().to_vec(), starts }
    }
}

/// The `weights` of `count` tokens, 1 where there are none.
fn own_weights(fields: &Map<String, Value>, count: usize) -> Result<Vec<f64>, String> {
    let Some(weights) = fields.get("weights").and_then(Value::as_array) else { return Ok(vec![1.0; count]) };
    let weights: Option<Vec<f64>> = weights.iter().map(Value::as_f64).collect();
    let is_fit = |weights: &Vec<f64>| weights.len() == count && weights.iter().all(|w| w.is_finite() && *w >= 0.0);
    weights.filter(is_fit).ok_or_else(|| "has `weights` that are not one number from 0 on a token".into())
}

fn starts_of(lengths: &[i64]) -> Vec<usize> {
    let mut at = 0;
    let lengths = lengths.iter().map(|&length| usize::try_from(length).unwrap_or(0)).filter(|&length| length > 0);
    let start = |length| {
        at += length;
        at - length
    };
    lengths.map(start).collect()
}

/// A list of whole numbers, or of true and false; `None` where the field is not there.
fn numbers(fields: &Map<String, Value>, key: &str) -> Result<Option<Vec<i64>>, String> {
    let number = |value: &Value| value.as_i64().or_else(|| value.as_bool().map(i64::from));
    match fields.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(values)) => {
            let numbers: Option<Vec<i64>> = values.iter().map(number).collect();
            numbers.map(Some).ok_or_else(|| format!("has `{key}` with something that is no whole number"))
        }
        Some(_) => Err(format!("has `{key}` that is no list")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(row: Value) -> Result<Prepared, String> {
        Prepared::read(row.as_object().expect("an object"))
    }

    #[test]
    fn masks_are_taken_together_and_padding_is_no_part() {
        let row = serde_json::json!({"input_ids": [5, 6, 7, 8, 0], "labels": [-100, 6, 7, -100, -100],
            "assistant_masks": [1, 0, 1, 1, 0], "attention_mask": [1, 1, 1, 1, 0]});
        let row = read(row).expect("a row");
        assert_eq!((row.ids, row.weights, row.starts), (vec![5, 6, 7, 8], vec![0.0, 0.0, 1.0, 0.0], vec![0]));
        let all = read(serde_json::json!({"input_ids": [5, 6]})).expect("a row");
        assert_eq!(all.weights, [1.0, 1.0], "without a mask everything is trained");
    }

    #[test]
    fn documents_are_where_a_row_says_so() {
        let of = |key: &str, value: Value| {
            let row = read(serde_json::json!({"input_ids": [1, 2, 3, 4, 5], key: value})).expect("a row");
            row.documents().collect::<Vec<_>>()
        };
        for (key, value) in [
            ("seq_lengths", serde_json::json!([2, 3])),
            ("position_ids", serde_json::json!([0, 1, 0, 1, 2])),
            ("attention_mask", serde_json::json!([1, 1, 2, 2, 2])),
        ] {
            assert_eq!(of(key, value), [0..2, 2..5], "{key}");
        }
        let row = read(serde_json::json!({"input_ids": [1, 2, 3, 4, 5], "seq_lengths": [2, 3]})).expect("a row");
        assert_eq!(row.first(3), Prepared { ids: vec![1, 2, 3], weights: vec![1.0; 3], starts: vec![0, 2] });
        assert_eq!(row.document(2..5).ids, [3, 4, 5]);
    }

    #[test]
    fn what_is_no_row_says_why() {
        let error = |row: Value| read(row).expect_err("it is none");
        assert!(error(serde_json::json!({"labels": []})).contains("no `input_ids`"));
        assert!(error(serde_json::json!({"input_ids": [1], "labels": [1, 2]})).contains("not one number a token"));
        assert!(error(serde_json::json!({"input_ids": [1], "labels": [2]})).contains("label 2 at token 0"));
        assert!(error(serde_json::json!({"input_ids": ["a"]})).contains("no whole number"));
    }
}
