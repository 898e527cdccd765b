//! The JSON of `mask`, schema 1: one object, written as the records come.

use std::io::{self, Read, Seek, SeekFrom, Write};

use serde_json::{Value, json};
use tempfile::SpooledTempFile;

use super::{About, Output};
use crate::mask::finding::{Finding, Severity};
use crate::survey::{Found, Judged, Spread, Totals};

/// Bytes of findings that are kept in memory; beyond that they wait in a temporary file.
const IN_MEMORY: usize = 8 << 20;

/// One object: `records`, `findings`, `totals`.
pub struct Json<W> {
    out: W,
    findings: SpooledTempFile,
    records: usize,
    found: usize,
}

impl<W: Write> Json<W> {
    /// Begins the object.
    ///
    /// # Errors
    /// If writing fails.
    pub fn new(mut out: W, about: &About) -> io::Result<Self> {
        let About { file, model, mask } = about;
        write!(out, "{{\"schema\":1,\"file\":{},\"model\":{},\"mask\":{}", json!(file), json!(model), json!(mask))?;
        write!(out, ",\"records\":[")?;
        Ok(Self { out, findings: SpooledTempFile::new(IN_MEMORY), records: 0, found: 0 })
    }
}

impl<W: Write> Output for Json<W> {
    fn record(&mut self, judged: &Judged) -> io::Result<()> {
        let comma = |count: &mut usize| {
            *count += 1;
            if *count > 1 { ",\n" } else { "\n" }
        };
        write!(self.out, "{}{}", comma(&mut self.records), record(judged))?;
        for finding in &judged.findings {
            write!(self.findings, "{}{}", comma(&mut self.found), object(finding, judged.unit.name(), judged.place))?;
        }
        Ok(())
    }

    fn end(&mut self, totals: &Totals, is_whole: bool) -> io::Result<()> {
        write!(self.out, "],\n\"findings\":[")?;
        self.findings.seek(SeekFrom::Start(0))?;
        let mut buffer = [0; 1 << 14];
        loop {
            match self.findings.read(&mut buffer)? {
                0 => break,
                read => self.out.write_all(&buffer[..read])?,
            }
        }
        writeln!(self.out, "],\n\"totals\":{}}}", sums(totals, is_whole))?;
        self.out.flush()
    }
}

fn record(judged: &Judged) -> Value {
    let mut value = json!({"record": judged.index, judged.unit.name(): judged.place});
    if let Some(masked) = &judged.masked {
        let (sequence, mask) = (&masked.sequence, &masked.mask);
        value["form"] = masked.form.name().into();
        value["kind"] = sequence.kind.name().into();
        value["mode"] = mask.mode.to_string().into();
        value["tokens"] = sequence.len().into();
        value["targets"] = sequence.target_count().into();
        value["scored"] = mask.scored().into();
        value["weight"] = mask.weights().iter().sum::<f64>().into();
        value["scored_share"] = masked.share().into();
        value["over_context"] = sequence.uncut_len().is_some().into();
        value["lost"] = mask.lost.into();
    }
    value["findings"] = judged.findings.len().into();
    value
}

/// A finding as an object: code, severity, record, line or row, token, message, fix.
pub(super) fn object(finding: &Finding, unit: &str, place: usize) -> Value {
    json!({
        "code": finding.code.name(),
        "severity": finding.severity.name(),
        "record": finding.record,
        unit: place,
        "token": finding.token,
        "message": finding.message,
        "fix": finding.fix(),
    })
}

fn sums(totals: &Totals, is_whole: bool) -> Value {
    let spread = |spread: Option<Spread>| spread.map(|s| json!({"min": s.min, "median": s.median, "max": s.max}));
    let forms: serde_json::Map<String, Value> =
        totals.forms.iter().map(|(form, &count)| (form.name().into(), count.into())).collect();
    let of_code = |found: &Found| {
        json!({"code": found.code.name(), "severity": found.severity.name(), "count": found.count,
               "records": found.records, "first_record": found.first.0.record})
    };
    json!({
        "complete": is_whole,
        "records": totals.records,
        "unreadable": totals.unreadable,
        "forms": forms,
        "tokens": totals.tokens,
        "tokens_per_record": spread(totals.lengths()),
        "targets": totals.targets,
        "scored": totals.scored,
        "weight": totals.weight,
        "scored_share": spread(totals.shares()),
        "nothing_scored": totals.unscored,
        "over_context": totals.over_context,
        "lost": totals.lost,
        "findings": {"major": totals.count(Severity::Major), "minor": totals.count(Severity::Minor)},
        "by_code": totals.found.iter().map(of_code).collect::<Vec<_>>(),
    })
}
