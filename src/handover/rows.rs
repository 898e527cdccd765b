//! The sequences of a run as rows of numbers, in the order in which it takes them.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::{Handover, Recipient};
use crate::cancel::Cancel;
use crate::data::columns::Columns;
use crate::mask::export::IGNORED;
use crate::train::{Example, Settings, batch};

impl Handover<'_> {
    /// The columns that the trainer reads.
    pub(super) fn columns(&self) -> Vec<&'static str> {
        let mut columns = vec!["input_ids", "labels", "weights"];
        match self.to {
            Recipient::Axolotl => columns.push("attention_mask"),
            _ if self.is_block() => columns.push("seq_lengths"),
            _ => {}
        }
        columns
    }

    /// The examples by their numbers, in the order of the steps.
    pub(super) fn order(&self) -> impl Iterator<Item = usize> {
        let records = self.examples.len();
        // A step as long as a pass takes the whole pass in its order.
        let whole = Settings { batch: records, accumulate: 1, ..self.settings.clone() };
        (1..).flat_map(move |pass| batch(records, pass, &whole)).take(self.sequences())
    }

    /// Writes them. `on_progress` gets 0…1; `None` after `cancel`.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn write_rows(
        &self,
        path: &Path,
        cancel: &Cancel,
        on_progress: &mut dyn FnMut(f32),
    ) -> Result<Option<()>> {
        let of_file = || format!("writing {}", path.display());
        let columns = self.columns();
        let mut out = Columns::new(File::create_new(path).with_context(of_file)?, &columns)?;
        let total = self.sequences() as f32;
        for (i, number) in self.order().enumerate() {
            if cancel.is_cancelled() {
                return Ok(None);
            }
            if i.is_multiple_of(256) {
                on_progress(i as f32 / total);
            }
            out.write(&row(&self.examples[number], &columns)).with_context(of_file)?;
        }
        out.finish().with_context(of_file)?;
        Ok(Some(()))
    }
}

/// One example. A label belongs to its own token, unshifted: trainers shift.
fn row(example: &Example, columns: &[&'static str]) -> Value {
    let tokens = example.ids.len();
    let (mut labels, mut weights) = (vec![IGNORED; tokens], vec![0.0; tokens]);
    for (t, weight) in example.targets().filter(|(_, weight)| *weight != 0.0) {
        (labels[t], weights[t]) = (i64::from(example.ids[t]), weight);
    }
    let of_column = |&name: &&'static str| {
        let values = match name {
            "input_ids" => json!(example.ids),
            "labels" => json!(labels),
            "weights" => json!(weights),
            "seq_lengths" => json!(lengths(example)),
            _ => json!(vec![1; tokens]),
        };
        (name.to_owned(), values)
    };
    Value::Object(columns.iter().map(of_column).collect::<Map<_, _>>())
}

/// How many tokens each record of a pack has.
fn lengths(example: &Example) -> Vec<usize> {
    let (mut lengths, mut at) = (Vec::new(), 0);
    while at < example.ids.len() {
        let document = example.visibility.documents.around(at, example.ids.len());
        lengths.push(document.len());
        at = document.end;
    }
    lengths
}
