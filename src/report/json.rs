//! The JSON contract of `analyze`, schema 1.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Report, token_text};
use crate::loss::{Candidate, document_losses};
use crate::mask::finding::Finding;
use crate::model::ModelInfo;

/// Writes one object and a newline.
///
/// # Errors
/// If writing fails.
pub fn json(report: &Report, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &object(report))?;
    writeln!(out)
}

/// The object of one analysis.
pub(super) fn object(report: &Report) -> Value {
    let Report { model, sequence, mask, ledger, denominator, .. } = *report;
    let mut object = json!({
        "schema": 1,
        "model": model_object(model),
        "source": {
            "kind": sequence.kind.name(),
            "rendered": sequence.text,
            "prefix": sequence.prefix,
            "truncated": sequence.uncut_len().map(|n| json!({"tokens": n, "kept": sequence.len(), "lost": mask.lost})),
        },
        "packing": packing(report),
        "mask": mask_object(report),
        "tokens": tokens(report),
        "next": next(report),
        "loss": {
            "mean": ledger.loss(denominator),
            "sum": ledger.sum,
            "weight": ledger.weight,
            "scored": ledger.scored,
            "targets": ledger.targets,
            "perplexity": ledger.perplexity(denominator),
            "bits_per_byte": ledger.bits_per_byte(),
            "accuracy": ledger.accuracy(),
        },
        "compare": report.compared.map(|compared| super::compare::json(report, compared)),
        "findings": findings(report),
        "notes": report.warnings(),
    });
    super::inside::add(report, &mut object);
    object
}

/// What a report says of the model.
pub(super) fn model_object(model: &ModelInfo) -> Value {
    json!({
        "name": model.name,
        "architecture": model.architecture,
        "parameters": model.parameters,
        "vocab_size": model.vocab_size,
        "dtype": model.dtype,
        "device": model.device,
    })
}

/// What each document of a pack costs under both packings; null for what is no pack.
fn packing(report: &Report) -> Value {
    let Some(pack) = &report.sequence.pack else { return Value::Null };
    let losses = document_losses(pack, report.mask, report.scores, report.contrast);
    let documents = pack.documents.iter().zip(losses).map(|(document, loss)| {
        json!({"tokens": [document.tokens.start, document.tokens.end], "scored": loss.scored,
               "loss": {"block": loss.block, "naive": loss.naive}})
    });
    json!({"name": pack.packing.name(), "documents": documents.collect::<Vec<_>>()})
}

/// `weights` and `options` only where the user set some.
fn mask_object(report: &Report) -> Value {
    let Report { mask, denominator, .. } = *report;
    let mut object = json!({"mode": mask.mode.to_string(), "denominator": denominator.name()});
    if !mask.parts().is_empty() {
        object["weights"] = mask.parts().iter().map(|(part, weight)| (part.name(), weight)).collect();
    }
    if !mask.choices().is_empty() {
        let number_or_name = |text: String| text.parse().map_or(Value::from(text), |number: f64| number.into());
        object["options"] =
            mask.choices().named().into_iter().map(|(name, value)| (name, number_or_name(value))).collect();
    }
    object
}

fn tokens(report: &Report) -> Vec<Value> {
    let Report { sequence, mask, scores, .. } = *report;
    let spans = sequence.char_spans();
    sequence
        .tokens
        .iter()
        .enumerate()
        .map(|(t, token)| {
            let row = scores.predicting(t);
            let target = scores.target(t);
            let mut value = json!({
                "position": t,
                "id": token.id,
                "text": token.text(),
                "span": [spans[t].start, spans[t].end],
                "turn": token.turn,
                "role": token.role.as_deref(),
                "part": token.part.name(),
                "nll": target.map(|target| target.nll),
                "p": target.map(|target| (-target.nll).exp()),
                "rank": target.map(|target| target.rank),
                "entropy": row.map(|row| row.entropy),
                "weight": mask.weight(t),
                "reason": mask.reason(sequence, t).to_string(),
                "top": row.map_or(Vec::new(), |row| top(report, &row.top)),
            });
            if token.injected {
                value["injected"] = true.into(); // special-token text that somebody typed
            }
            if let (Some(pack), Some((document, _))) = (&sequence.pack, sequence.document(t)) {
                value["document"] = document.into();
                value[format!("nll_{}", pack.packing.other())] = report.contrast.get(t).copied().flatten().into();
            }
            if std::str::from_utf8(&token.bytes).is_err() {
                value["bytes"] = token.bytes.to_vec().into(); // a part of a character, which text cannot show
            }
            value
        })
        .collect()
}

fn findings(report: &Report) -> Vec<Value> {
    let object = |finding: Finding| {
        json!({"code": finding.code.name(), "severity": finding.severity.name(), "token": finding.token,
               "message": finding.message, "fix": finding.fix()})
    };
    report.findings().into_iter().map(object).collect()
}

fn next(report: &Report) -> Value {
    match report.scores.predicting(report.sequence.len()) {
        Some(row) => json!({"entropy": row.entropy, "top": top(report, &row.top)}),
        None => Value::Null,
    }
}

fn top(report: &Report, candidates: &[Candidate]) -> Vec<Value> {
    let entry = |c: &Candidate| json!({"id": c.id, "text": token_text(report.model, c.id), "p": c.p});
    candidates.iter().map(entry).collect()
}
