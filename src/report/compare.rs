//! A second model on the same text, in each of the forms.

use std::io::{self, Write};

use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use super::Report;
use crate::compare::{Comparison, Stretch};
use crate::engine::ModelInfo;
use crate::sequence::{Sequence, visible, visible_text};

/// What a second model says of the text.
#[derive(Clone, Copy)]
pub struct Compared<'a> {
    pub model: &'a ModelInfo,
    pub comparison: &'a Comparison,
}

/// Writes a line a stretch and the totals.
pub(super) fn table(report: &Report, compared: Compared, out: &mut impl Write) -> io::Result<()> {
    let Compared { model, comparison } = compared;
    let (first, second) = (visible_text(&report.model.name), visible_text(&model.name));
    writeln!(
        out,
        "\ncompared: −log p in nats of A {first} and B {second}, where both end a token; B − A < 0: B expected it more"
    )?;
    let labels: Vec<String> =
        comparison.stretches.iter().map(|stretch| visible(bytes(report.sequence, stretch))).collect();
    let width = labels.iter().map(|label| label.width()).max().unwrap_or(0).clamp(4, 32);
    writeln!(out, "{}        A        B    B − A   tokens  counts", pad("text", width))?;
    let number = |nll: Option<f64>| nll.map_or_else(|| "–".into(), |nll| format!("{nll:.3}"));
    for (stretch, label) in comparison.stretches.iter().zip(labels) {
        let difference = stretch.difference().map_or_else(|| "–".into(), |difference| format!("{difference:+.3}"));
        let tokens = format!("{} : {}", stretch.tokens[0].len(), stretch.tokens[1].len());
        let [a, b] = stretch.nll.map(number);
        let counts = if stretch.counts { "●" } else { "·" };
        writeln!(out, "{}  {a:>7}  {b:>7}  {difference:>7}  {tokens:>7}       {counts}", pad(&label, width))?;
    }
    match comparison.bits_per_byte() {
        Some([a, b]) => writeln!(
            out,
            "bits per byte over the same {} bytes (special tokens have none): A {a:.4} · B {b:.4} · B − A {:+.4}",
            comparison.bytes,
            b - a
        ),
        None => writeln!(out, "nothing that both masks score: there is no total"),
    }
}

/// The comparison as an object of the JSON contract.
pub(super) fn json(report: &Report, compared: Compared) -> Value {
    let Compared { model, comparison } = compared;
    let chars = Chars::of(&report.sequence.text);
    let stretches = comparison.stretches.iter().map(|stretch| {
        json!({
            "text": text(report.sequence, stretch),
            "span": [chars.before(stretch.span.start), chars.before(stretch.span.end)],
            "tokens": stretch.tokens.iter().map(|tokens| [tokens.start, tokens.end]).collect::<Vec<_>>(),
            "nll": stretch.nll,
            "difference": stretch.difference(),
            "counts": stretch.counts,
        })
    });
    json!({
        "model": {"name": model.name, "architecture": model.architecture, "parameters": model.parameters,
                  "vocab_size": model.vocab_size},
        "bytes": comparison.bytes,
        "nll": comparison.nll,
        "bits_per_byte": comparison.bits_per_byte(),
        "stretches": stretches.collect::<Vec<_>>(),
        "notes": comparison.notes,
    })
}

/// Writes a header and a record for every stretch.
pub(super) fn csv(report: &Report, compared: Compared, out: &mut impl Write) -> io::Result<()> {
    let mut writer = ::csv::Writer::from_writer(out);
    writer.write_record(["start", "end", "text", "tokens_a", "tokens_b", "nll_a", "nll_b", "difference", "counts"])?;
    let chars = Chars::of(&report.sequence.text);
    let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    for stretch in &compared.comparison.stretches {
        writer.write_record([
            chars.before(stretch.span.start).to_string(),
            chars.before(stretch.span.end).to_string(),
            text(report.sequence, stretch),
            stretch.tokens[0].len().to_string(),
            stretch.tokens[1].len().to_string(),
            number(stretch.nll[0]),
            number(stretch.nll[1]),
            number(stretch.difference()),
            stretch.counts.to_string(),
        ])?;
    }
    writer.flush()
}

/// The stretch as text; bytes that are no whole character are written `⟨E6⟩`.
fn text(sequence: &Sequence, stretch: &Stretch) -> String {
    crate::sequence::text_of(bytes(sequence, stretch))
}

fn bytes<'a>(sequence: &'a Sequence, stretch: &Stretch) -> &'a [u8] {
    &sequence.text.as_bytes()[stretch.span.clone()]
}

fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// Places in a text, in characters.
struct Chars(Vec<usize>);

impl Chars {
    fn of(text: &str) -> Self {
        Self(text.char_indices().map(|(at, _)| at).collect())
    }

    /// Characters that begin before byte `at`.
    fn before(&self, at: usize) -> usize {
        self.0.partition_point(|&start| start < at)
    }
}
