//! `models list`: every model that has a name.

use std::io::Write;

use anyhow::Result;
use serde_json::{Value, json};

use crate::cli::models::ListFormat;
use crate::memory::size_text;
use crate::sequence::visible_text;
use crate::source::{Known, Place, known};

/// Prints the list.
///
/// # Errors
/// If standard output cannot be written to.
pub fn run(format: ListFormat) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let models = known();
    if format == ListFormat::Json {
        let models: Vec<Value> = models.iter().map(to_json).collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&json!({"schema": 1, "models": models}))?)?;
        return Ok(());
    }
    let rows: Vec<[String; 5]> = models.iter().map(row).collect();
    let head = ["name", "weights", "on disk", "licence", "about"].map(str::to_owned);
    let widths: [usize; 4] = std::array::from_fn(|column| {
        rows.iter().chain([&head]).map(|row| row[column].chars().count()).max().unwrap_or(0)
    });
    for [name, weights, disk, licence, about] in std::iter::once(&head).chain(&rows) {
        let [a, b, c, d] = widths;
        writeln!(out, "{name:<a$}  {weights:>b$}  {disk:>c$}  {licence:<d$}  {about}")?;
    }
    Ok(())
}

fn row(model: &Known) -> [String; 5] {
    let gated = if model.is_gated { "; gated" } else { "" };
    let (disk, revisions) = match &model.place {
        Place::Embedded => ("embedded".to_owned(), String::new()),
        Place::Remote => ("-".to_owned(), String::new()),
        Place::Stored { bytes, revisions } => (size_text(*bytes), revision_text(revisions)),
    };
    [
        model.name.clone(),
        model.parameters.map_or_else(|| "-".to_owned(), weights_text),
        disk,
        model.licence.clone().unwrap_or_else(|| "-".to_owned()),
        format!("{}{gated}{}", model.about, visible_text(&revisions)),
    ]
}

/// What was downloaded, where it is not `main` alone.
fn revision_text(revisions: &[String]) -> String {
    match revisions {
        [] => String::new(),
        [one] if one == "main" => String::new(),
        several => format!(" ({})", several.join(", ")),
    }
}

/// `135 M`.
fn weights_text(count: u64) -> String {
    format!("{:.0} M", count as f64 / 1e6)
}

fn to_json(model: &Known) -> Value {
    let (place, bytes, revisions) = match &model.place {
        Place::Embedded => ("embedded", None, None),
        Place::Remote => ("remote", None, None),
        Place::Stored { bytes, revisions } => ("stored", Some(*bytes), Some(revisions)),
    };
    json!({
        "name": model.name, "repository": model.repository, "licence": model.licence, "gated": model.is_gated,
        "parameters": model.parameters, "about": model.about, "place": place, "bytes": bytes, "revisions": revisions,
    })
}
