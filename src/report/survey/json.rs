//! The JSON of `mask`, schema 1: one object, written as the records come.

use std::io::{self, Read, Seek, SeekFrom, Write};

use serde_json::{Value, json};
use tempfile::SpooledTempFile;

use super::{About, Output, Part};
use crate::mask::finding::{Finding, Severity};
use crate::survey::{Entry, Found, Spread, Totals};

/// Bytes of findings that are kept in memory; beyond that they wait in a temporary file.
const IN_MEMORY: usize = 8 << 20;

/// One object: `records`, `findings`, `totals`. That of a shard has under `shard` what [`Shards`](super::Shards) need to
/// put it together with others, and a line for each record and finding.
pub struct Json<W> {
    out: W,
    about: About,
    findings: SpooledTempFile,
    records: usize,
    found: usize,
}

impl<W: Write> Json<W> {
    /// Begins the object.
    ///
    /// # Errors
    /// If writing fails.
    pub fn new(mut out: W, about: About) -> io::Result<Self> {
        let mut head = json!({"schema": 1, "file": about.title(), "model": about.model, "mask": about.mask});
        if about.files.len() > 1 {
            head["files"] = json!(about.files);
        }
        if let Some(Part { shard, terms }) = about.part {
            let terms = format!("{terms:016x}");
            let version = env!("CARGO_PKG_VERSION");
            head["shard"] = json!({"number": shard.number, "of": shard.of, "version": version, "terms": terms});
        }
        let head = head.to_string();
        write!(out, "{},\"records\":[", head.strip_suffix('}').unwrap_or(&head))?;
        Ok(Self { out, about, findings: SpooledTempFile::new(IN_MEMORY), records: 0, found: 0 })
    }
}

impl<W: Write> Output for Json<W> {
    fn record(&mut self, entry: &Entry) -> io::Result<()> {
        let comma = |count: &mut usize| {
            *count += 1;
            if *count > 1 { ",\n" } else { "\n" }
        };
        write!(self.out, "{}{}", comma(&mut self.records), record(entry, &self.about))?;
        for finding in &entry.findings {
            write!(self.findings, "{}{}", comma(&mut self.found), object(finding, entry, &self.about))?;
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

fn record(entry: &Entry, about: &About) -> Value {
    let mut value = json!({"record": entry.index, entry.unit.name(): entry.place});
    if let Some(file) = about.file(entry.file) {
        value["file"] = file.into();
    }
    if let Some(figures) = &entry.figures {
        value["form"] = figures.form.name().into();
        value["kind"] = figures.kind.name().into();
        value["mode"] = figures.mode.to_string().into();
        value["tokens"] = figures.tokens.into();
        value["targets"] = figures.targets.into();
        value["scored"] = figures.scored.into();
        value["weight"] = figures.weight.into();
        value["scored_share"] = figures.share().into();
        value["over_context"] = figures.over_context.into();
        value["lost"] = figures.lost.into();
    }
    value["findings"] = entry.findings.len().into();
    if about.part.is_some() {
        let hash = |hash: u64| format!("{hash:016x}");
        let says = entry.says.map(|says| json!({"whole": hash(says.whole), "prompt": says.prompt.map(hash)}));
        value["shard"] = json!({"read": entry.is_read, "says": says});
    }
    value
}

/// A finding as an object: code, severity, record, file where there are several, line or row, token, message, fix.
fn object(finding: &Finding, entry: &Entry, about: &About) -> Value {
    let mut value = json!({
        "code": finding.code.name(),
        "severity": finding.severity.name(),
        "record": finding.record,
        entry.unit.name(): entry.place,
        "token": finding.token,
        "message": finding.message,
        "fix": finding.fix(),
    });
    if let Some(file) = about.file(entry.file) {
        value["file"] = file.into();
    }
    value
}

fn sums(totals: &Totals, is_whole: bool) -> Value {
    let spread = |spread: Option<Spread>| {
        let mut value = spread.map(|s| json!({"min": s.min, "median": s.median, "max": s.max}));
        if let Some(value) = value.as_mut().filter(|_| spread.is_some_and(|spread| spread.is_rounded)) {
            value["rounded"] = true.into();
        }
        value
    };
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
