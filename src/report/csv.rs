//! One line a token, for spreadsheets and scripts.

use std::io::{self, Write};

use super::Report;
use crate::sequence::Packing;

/// Writes a header and a record for every token, or beside a second model for every stretch that both cut out; numbers
/// that do not exist are empty.
///
/// # Errors
/// If writing fails.
pub fn csv(report: &Report, out: &mut impl Write) -> io::Result<()> {
    if let Some(compared) = report.compared {
        return super::compare::csv(report, compared, out);
    }
    let Report { sequence, mask, scores, .. } = *report;
    let mut writer = ::csv::Writer::from_writer(out);
    let mut names = vec![
        "position", "id", "text", "start", "end", "turn", "role", "part", "nll", "p", "rank", "entropy", "weight",
        "reason",
    ];
    // Of a pack alone: what reads the columns of other samples keeps working.
    names.extend(sequence.pack.iter().flat_map(|pack| match pack.packing {
        Packing::Block => ["document", "nll_naive"],
        Packing::Naive => ["document", "nll_block"],
    }));
    writer.write_record(&names)?;
    for ((t, token), span) in sequence.tokens.iter().enumerate().zip(sequence.char_spans()) {
        let target = scores.target(t);
        let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
        let mut record = vec![
            t.to_string(),
            token.id.to_string(),
            token.text(),
            span.start.to_string(),
            span.end.to_string(),
            token.turn.map_or_else(String::new, |turn| turn.to_string()),
            token.role.as_deref().unwrap_or_default().to_owned(),
            token.part.name().into(),
            number(target.map(|target| target.nll)),
            number(target.map(|target| (-target.nll).exp())),
            target.map_or_else(String::new, |target| target.rank.to_string()),
            number(scores.predicting(t).map(|row| row.entropy)),
            mask.weight(t).to_string(),
            mask.reason(sequence, t).to_string(),
        ];
        if let Some((document, _)) = sequence.document(t) {
            record.extend([document.to_string(), number(report.contrast.get(t).copied().flatten())]);
        }
        writer.write_record(&record)?;
    }
    writer.flush()
}
