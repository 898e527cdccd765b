//! The analysis as a person reads it.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::{Report, token_label};
use crate::loss::{Denominator, document_losses, weight_text};
use crate::model::ModelInfo;
use crate::sequence::{visible, visible_text};

/// Writes a header, a line a token, and the ledger. Plain text: no escape codes.
///
/// # Errors
/// If writing fails.
pub fn table(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let Report { model, sequence, mask, .. } = *report;
    let length = sequence.len();
    writeln!(out, "{} · {} · mask {} · {length} tokens", named(model), sequence.kind.name(), mask.name())?;
    if let Some(line) = report.under.line() {
        writeln!(out, "{line}")?;
    }
    if let Some(prefix) = &sequence.prefix {
        writeln!(out, "{} was put before the text", visible(prefix.as_bytes()))?;
    }
    writeln!(out)?;
    tokens(report, out)?;
    if let Some(row) = report.scores.predicting(sequence.len()) {
        let candidates: Vec<String> =
            row.top.iter().map(|c| format!("{} {:.3}", token_label(report.model, c.id), c.p)).collect();
        writeln!(out, "\nnext: {} · entropy {:.3} nats", candidates.join("  "), row.entropy)?;
    }
    writeln!(out)?;
    ledger(report, out)?;
    packing(report, out)?;
    super::inside::table(report, out)?;
    if let Some(compared) = report.compared {
        super::compare::table(report, compared, out)?;
    }
    for finding in report.findings() {
        let token = finding.token.map_or_else(String::new, |token| format!(" at token {token}"));
        let (severity, code) = (finding.severity.name(), finding.code.name());
        writeln!(out, "{severity}: {code}{token}: {}; {}", visible_text(&finding.message), finding.fix())?;
    }
    Ok(())
}

fn tokens(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let Report { sequence, mask, scores, .. } = *report;
    let labels: Vec<String> = sequence.tokens.iter().map(|token| visible(&token.bytes)).collect();
    let width = labels.iter().map(|label| label.width()).max().unwrap_or(0).clamp(5, 24);
    let pad = |text: &str| " ".repeat(width.saturating_sub(text.width()));
    let head = pad("token");
    writeln!(out, "    t  token{head}   −log p         p    rank  entropy  scored  best guess · why")?;
    for (t, label) in labels.iter().enumerate() {
        let scored = if mask.is_scored(t) { "●" } else { "·" };
        let reason = visible_text(&mask.reason(sequence, t).to_string());
        let (Some(row), Some(target)) = (scores.predicting(t), scores.target(t)) else {
            writeln!(
                out,
                "{t:>5}  {label}{}        –         –       –        –       {scored}  {reason}",
                pad(label)
            )?;
            continue;
        };
        let guess = row.top.first().map_or_else(String::new, |best| token_label(report.model, best.id));
        writeln!(
            out,
            "{t:>5}  {label}{}  {:>7.3}  {:>8}  {:>6}  {:>7.3}       {scored}  {guess} · {reason}",
            pad(label),
            target.nll,
            probability((-target.nll).exp()),
            target.rank,
            row.entropy,
        )?;
    }
    Ok(())
}

/// A line a document: what it costs by itself, and in a row with the others.
fn packing(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let Some(pack) = &report.sequence.pack else { return Ok(()) };
    writeln!(out, "packing {}: {} documents; loss of each in nats", pack.packing, pack.documents.len())?;
    writeln!(out, "document        tokens  scored      block      naive")?;
    let number = |loss: Option<f64>| loss.map_or_else(|| "–".into(), |loss| format!("{loss:.6}"));
    let losses = document_losses(pack, report.mask, report.scores, report.contrast);
    for (i, (document, loss)) in pack.documents.iter().zip(losses).enumerate() {
        let tokens = format!("{}–{}", document.tokens.start, document.tokens.end.saturating_sub(1));
        let (block, naive) = (number(loss.block), number(loss.naive));
        writeln!(out, "{:>8}  {tokens:>12}  {:>6}  {block:>9}  {naive:>9}", i + 1, loss.scored)?;
    }
    Ok(())
}

/// A model with what a table's heading says of it.
pub(super) fn named(model: &ModelInfo) -> String {
    let ModelInfo { architecture, parameters, device, .. } = model;
    format!("{} ({architecture}, {parameters} parameters, {device})", visible_text(&model.name))
}

/// Four decimals, or two digits with an exponent where these would be zeros.
pub(super) fn probability(p: f64) -> String {
    if p < 0.000_95 { format!("{p:.1e}") } else { format!("{p:.4}") }
}

fn ledger(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let ledger = report.ledger;
    let Some(loss) = ledger.loss(report.denominator) else {
        return writeln!(out, "nothing scored: the loss is undefined");
    };
    writeln!(
        out,
        "loss {loss:.6} nats (denominator {}) = Σ w·nll {:.6} / {} · {} of {} targets scored",
        report.denominator.name(),
        ledger.sum,
        weight_text(ledger.denominator(report.denominator).unwrap_or(1.0)),
        ledger.scored,
        ledger.targets
    )?;
    let losses: Vec<String> =
        Denominator::EVERY.iter().filter_map(|&d| Some(format!("{} {:.6}", d.name(), ledger.loss(d)?))).collect();
    writeln!(out, "loss by denominator: {}", losses.join(" · "))?;
    let mut facts = Vec::new();
    facts.extend(ledger.perplexity(report.denominator).map(|ppl| format!("perplexity {ppl:.3}")));
    facts.extend(ledger.bits_per_byte().map(|bits| format!("{bits:.4} bits per byte")));
    facts.extend(ledger.accuracy().map(|share| format!("accuracy {:.1} %", share * 100.0)));
    writeln!(out, "{}", facts.join(" · "))
}
