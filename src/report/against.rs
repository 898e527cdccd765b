//! What `mask --against` prints.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::survey::About;
use crate::mask::Policy;
use crate::sequence::visible_text;
use crate::survey::against::{Compared, Difference, Outcome};

/// Differences that the table names.
const SHOWN: usize = 20;

/// Writes totals, verdict and the first differences for a person.
///
/// # Errors
/// If writing fails.
pub fn table(outcome: &Outcome, about: &About, prepared: &str, out: &mut impl Write) -> io::Result<()> {
    let all = outcome.records.len();
    let [file, prepared, model] = [&about.title(), prepared, &about.model].map(visible_text);
    writeln!(out, "{file} against {prepared} · {model}\n")?;
    write!(out, "records   {all}; {} prepared", count(outcome.rows, "row"))?;
    match outcome.documents.len() {
        documents if documents == outcome.rows => writeln!(out)?,
        documents => writeln!(out, ", {} in them", count(documents, "document"))?,
    }
    let (ids, masks) = (outcome.same_ids(), outcome.same_masks());
    writeln!(out, "ids       {ids} equal, {} other", all - ids)?;
    writeln!(out, "masks     {masks} equal, {} other, under {}", ids - masks, under(outcome))?;
    let unread = outcome.records.iter().filter(|record| record.problem.is_some()).count();
    for (number, what) in [
        (unread, "cannot be read or rendered here"),
        (outcome.missing(), "of the data were not prepared"),
        (outcome.left_over.len(), "prepared are of no record"),
    ] {
        if number > 0 {
            writeln!(out, "          {number} {what}")?;
        }
    }
    let explaining: Vec<String> = outcome.explaining().into_iter().map(short).collect();
    match explaining.as_slice() {
        [] => writeln!(out, "explained by no mask as a whole; {} explains most", under(outcome))?,
        names => writeln!(out, "explained by {}", names.join(", "))?,
    }
    writeln!(out, "verdict   {}", verdict(outcome))?;
    differences(outcome, out)
}

fn differences(outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
    if !outcome.differences.is_empty() {
        writeln!(out)?;
    }
    for (number, difference) in outcome.differences.iter().take(SHOWN) {
        let record = &outcome.records[*number];
        let row = row(outcome, record).map_or_else(String::new, |(unit, row)| format!("; prepared {unit} {row}"));
        writeln!(out, "record {number} ({} {}{row}): {difference}", record.unit.name(), record.at.place)?;
    }
    let more = outcome.differences.len().saturating_sub(SHOWN);
    if more > 0 {
        writeln!(out, "… and more; --format json names the first {}", outcome.differences.len())?;
    }
    out.flush()
}

/// Writes one object, every record in it.
///
/// # Errors
/// If writing fails.
pub fn json(outcome: &Outcome, about: &About, prepared: &str, out: &mut impl Write) -> io::Result<()> {
    let told = |number: usize| outcome.differences.iter().find(|(record, _)| *record == number);
    let records: Vec<Value> = outcome
        .records
        .iter()
        .enumerate()
        .map(|(number, record)| object(outcome, record, told(number).map(|(_, difference)| difference)))
        .collect();
    let masks = outcome.masks.iter().map(|(policy, explained)| json!({"mask": short(policy), "records": explained}));
    let left_over = outcome.left_over.iter().map(|&document| &outcome.documents[document]);
    let left_over = left_over.map(|document| json!({document.unit.name(): document.at.place}));
    let value = json!({
        "schema": 1,
        "file": about.title(),
        "prepared": prepared,
        "model": about.model,
        "verdict": verdict(outcome),
        "complete": !outcome.is_stopped,
        "mask": under(outcome),
        "explained_by": outcome.explaining().into_iter().map(short).collect::<Vec<_>>(),
        "masks": masks.collect::<Vec<_>>(),
        "totals": {
            "records": outcome.records.len(),
            "rows": outcome.rows,
            "documents": outcome.documents.len(),
            "ids_equal": outcome.same_ids(),
            "masks_equal": outcome.same_masks(),
            "not_prepared": outcome.missing(),
            "of_no_record": outcome.left_over.len(),
        },
        "of_no_record": left_over.collect::<Vec<_>>(),
        "records": records,
    });
    serde_json::to_writer(&mut *out, &value)?;
    writeln!(out)?;
    out.flush()
}

fn object(outcome: &Outcome, record: &Compared, difference: Option<&Difference>) -> Value {
    let mut value = json!({
        "record": record.at.index,
        record.unit.name(): record.at.place,
        "prepared": row(outcome, record).map(|(unit, row)| json!({unit: row})),
        "ids_equal": record.has_same_ids,
        "mask_equal": record.has_same_ids && record.is_explained(outcome.under),
    });
    if let Some(problem) = &record.problem {
        value["problem"] = problem.as_str().into();
    }
    let token = |side: &Option<(u32, String)>| side.as_ref().map(|(id, text)| json!({"id": id, "text": text}));
    match difference {
        None => {}
        Some(Difference::Ids(other)) => {
            value["first_difference"] = json!({"token": other.token, "before": other.before, "here": token(&other.here),
                                               "there": token(&other.there), "message": other.to_string()});
        }
        Some(Difference::Mask(spans)) => {
            let span = |span: &crate::survey::against::Span| json!({"tokens": [span.tokens.start, span.tokens.end], "text": span.text, "message": span.to_string()});
            value["spans"] = spans.iter().map(span).collect();
        }
    }
    value
}

/// Where the document of a record stands.
fn row(outcome: &Outcome, record: &Compared) -> Option<(&'static str, usize)> {
    let document = outcome.documents.get(record.document?)?;
    Some((document.unit.name(), document.at.place))
}

fn verdict(outcome: &Outcome) -> &'static str {
    if outcome.is_equal() { "equal" } else { "differs" }
}

fn under(outcome: &Outcome) -> String {
    outcome.masks.get(outcome.under).map_or_else(String::new, |(policy, _)| short(policy))
}

/// A policy without the title of its profile.
fn short(policy: &Policy) -> String {
    match policy.name() {
        _ if *policy == Policy::default() => "the default mask".into(),
        name if policy.choices.is_empty() => name.split(" (").next().unwrap_or_default().to_owned(),
        name => name,
    }
}

fn count(number: usize, unit: &str) -> String {
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}
