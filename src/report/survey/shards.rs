//! Reports of the shards of a data set, put together: their records come again as those of one run.
//!
//! A record's line in a shard's report has all that totals are made of, so that whoever takes the records in order comes
//! to what one run over everything comes to, bit by bit. What is in memory is a record of each shard.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

use super::About;
use crate::data::Unit;
use crate::data::shard::Shard;
use crate::mask::finding::{Code, Finding, Severity};
use crate::sample::Form;
use crate::survey::{Entry, Figures, Says};

/// Bytes that are read of a report at a time: there may be a thousand of them.
const READ: usize = 1 << 14;
const NO_REPORT: &str = "is no report of a shard; give what `mask --shard I/N --format json` wrote, unchanged";

/// The records of all shards, in order.
pub struct Shards {
    pub about: About,
    /// In the shards' order.
    reports: Vec<Report>,
    /// The number of the next record.
    next: usize,
    /// Numbers of the data's files, where there are several.
    files: HashMap<String, usize>,
}

/// The report of one shard, read at two places at once.
struct Report {
    path: PathBuf,
    /// What it says of itself.
    head: Value,
    shard: Shard,
    records: List,
    findings: List,
}

/// A list of which every line is an element.
struct List {
    lines: BufReader<Part>,
    is_over: bool,
}

/// A file from some place on; it is open only while something is read.
struct Part {
    path: PathBuf,
    offset: u64,
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.offset))?;
        let read = file.read(buffer)?;
        self.offset += read as u64;
        Ok(read)
    }
}

impl List {
    /// The list whose first line follows `offset`; `opening` is what stands before it.
    fn new(path: &Path, offset: u64, opening: &[u8]) -> Self {
        let lines = BufReader::with_capacity(READ, Part { path: path.to_owned(), offset });
        Self { lines, is_over: opening.trim_ascii_end().ends_with(b"],") }
    }

    fn next(&mut self) -> Result<Option<Value>> {
        if self.is_over {
            return Ok(None);
        }
        let mut line = Vec::new();
        self.lines.read_until(b'\n', &mut line)?;
        let end = line.iter().rposition(|&byte| byte == b'}').context(NO_REPORT)?;
        self.is_over = line[end + 1..].starts_with(b"]");
        Ok(Some(serde_json::from_slice(&line[..=end]).context(NO_REPORT)?))
    }
}

impl Shards {
    /// Opens the reports of all shards of a data set, in any order.
    ///
    /// # Errors
    /// If one of them is no report of a shard, is of a run that was stopped, or of another data set, model or mask than
    /// the first; if a shard is missing, or there twice.
    pub fn open(paths: &[PathBuf]) -> Result<Self> {
        let mut reports = Vec::new();
        for path in paths {
            reports.push(Report::open(path).with_context(|| path.display().to_string())?);
        }
        reports.sort_by_key(|report| report.shard.number);
        let first = reports.first().context("no reports are given")?;
        for other in &reports {
            let both = format!("{} and {}", first.path.display(), other.path.display());
            ensure!(first.head == other.head, "{both} are of other data, models, masks or versions of Lossglass");
        }
        if let Some([one, other]) = reports.array_windows().find(|[one, other]| one.shard == other.shard) {
            bail!("{} and {} are both of shard {}", one.path.display(), other.path.display(), one.shard);
        }
        let of = first.shard.of;
        let is_missing = |number: &usize| reports.binary_search_by_key(number, |report| report.shard.number).is_err();
        let mut missing = (1..=of).filter(is_missing);
        if let Some(one) = missing.next() {
            let more = match missing.count() {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            bail!("the report of shard {one}/{of} is missing{more}");
        }
        let about = about(&first.head)?;
        let files = about.files.iter().cloned().enumerate().map(|(number, file)| (file, number)).collect();
        Ok(Self { about, reports, next: 0, files })
    }

    fn read(&mut self) -> Result<Option<Entry>> {
        let index = self.next;
        let place = index % self.reports.len();
        let report = &mut self.reports[place];
        if let Some(entry) = report.entry(index, &self.files).with_context(|| report.path.display().to_string())? {
            self.next += 1;
            return Ok(Some(entry));
        }
        let path = report.path.display().to_string();
        if let Some(longer) = self.reports.iter().find(|report| !report.records.is_over) {
            bail!("{path} ends before record {index}, and {} goes on: they are of other data", longer.path.display());
        }
        Ok(None)
    }
}

impl Iterator for Shards {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

impl Report {
    /// Reads what it says of itself, and finds its lists.
    fn open(path: &Path) -> Result<Self> {
        let mut input = BufReader::new(File::open(path)?);
        let mut line = Vec::new();
        let mut offset = input.read_until(b'\n', &mut line)? as u64;
        let (mut head, shard) = head(&line).context(NO_REPORT)?;
        head["shard"]["number"].take();
        let records = List::new(path, offset, &line);
        let mut findings = None;
        loop {
            line.clear();
            let read = input.read_until(b'\n', &mut line)?;
            ensure!(read > 0, "is cut off; run shard {shard} again");
            offset += read as u64;
            if line.starts_with(b"\"findings\":[") {
                findings = Some(List::new(path, offset, &line));
            } else if let Some(totals) = line.strip_prefix(b"\"totals\":") {
                let totals = totals.trim_ascii_end().strip_suffix(b"}").context(NO_REPORT)?;
                let totals: Value = serde_json::from_slice(totals).context(NO_REPORT)?;
                ensure!(totals["complete"] == true, "is of a run that was stopped; run shard {shard} again");
                let findings = findings.context(NO_REPORT)?;
                return Ok(Self { path: path.to_owned(), head, shard, records, findings });
            }
        }
    }

    /// Its next record, which must be that of number `index`.
    fn entry(&mut self, index: usize, files: &HashMap<String, usize>) -> Result<Option<Entry>> {
        let Some(value) = self.records.next()? else { return Ok(None) };
        let of_record = || format!("record {index}: {NO_REPORT}");
        let (mut entry, findings) = entry(&value, files).with_context(of_record)?;
        ensure!(entry.index == index, "has record {} where record {index} is to come: it is damaged", entry.index);
        for _ in 0..findings {
            let value = self.findings.next()?.with_context(of_record)?;
            entry.findings.push(finding(&value).with_context(of_record)?);
        }
        Ok(Some(entry))
    }
}

/// What a report says of itself before its records.
fn head(line: &[u8]) -> Option<(Value, Shard)> {
    let end = line.windows(HEAD_END.len()).rposition(|bytes| bytes == HEAD_END)?;
    let head: Value = serde_json::from_slice(&[&line[..end], b"}"].concat()).ok()?;
    let number = |key: &str| head["shard"][key].as_u64().and_then(|number| usize::try_from(number).ok());
    let shard = format!("{}/{}", number("number")?, number("of")?).parse().ok()?;
    Some((head, shard))
}

const HEAD_END: &[u8] = b",\"records\":[";

fn about(head: &Value) -> Result<About> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let files = match &head["files"] {
        Value::Array(files) => files.iter().filter_map(text).collect(),
        _ => text(&head["file"]).into_iter().collect(),
    };
    let [model, mask] = ["model", "mask"].map(|key| text(&head[key]).context(NO_REPORT));
    Ok(About { files, model: model?, mask: mask?, part: None })
}

#[derive(Deserialize)]
struct RecordLine {
    record: usize,
    file: Option<String>,
    line: Option<usize>,
    row: Option<usize>,
    findings: usize,
    shard: ShardLine,
}

/// What the line has for this alone.
#[derive(Deserialize)]
struct ShardLine {
    read: bool,
    says: Option<SaysLine>,
}

#[derive(Deserialize)]
struct SaysLine {
    whole: String,
    prompt: Option<String>,
}

#[derive(Deserialize)]
struct FiguresLine {
    form: Form,
    kind: String,
    mode: String,
    tokens: usize,
    targets: usize,
    scored: usize,
    weight: f64,
    over_context: bool,
    lost: usize,
}

#[derive(Deserialize)]
struct FindingLine {
    code: String,
    severity: String,
    record: Option<usize>,
    token: Option<usize>,
    message: String,
}

/// A record without its findings, and how many those are; `None` where something says nothing.
fn entry(value: &Value, files: &HashMap<String, usize>) -> Option<(Entry, usize)> {
    let line = RecordLine::deserialize(value).ok()?;
    let (unit, place) = match (line.line, line.row) {
        (Some(line), _) => (Unit::Line, line),
        (None, row) => (Unit::Row, row?),
    };
    let file = match line.file {
        Some(file) => *files.get(&file)?,
        None => 0,
    };
    let figures = match value.get("form") {
        Some(_) => Some(figures(value)?),
        None => None,
    };
    let hash = |text: &String| u64::from_str_radix(text, 16).ok();
    let says = match &line.shard.says {
        Some(SaysLine { whole, prompt }) => Some(Says { whole: hash(whole)?, prompt: prompt.as_ref().and_then(hash) }),
        None => None,
    };
    let (index, is_read) = (line.record, line.shard.read);
    Some((Entry { index, file, place, unit, is_read, figures, findings: Vec::new(), says }, line.findings))
}

fn figures(value: &Value) -> Option<Figures> {
    let line = FiguresLine::deserialize(value).ok()?;
    let FiguresLine { form, kind, mode, tokens, targets, scored, weight, over_context, lost } = line;
    let (kind, mode) = (kind.parse().ok()?, mode.parse().ok()?);
    Some(Figures { form, kind, mode, tokens, targets, scored, weight, over_context, lost })
}

fn finding(value: &Value) -> Option<Finding> {
    let FindingLine { code, severity, record, token, message } = FindingLine::deserialize(value).ok()?;
    let code = Code::EVERY.into_iter().find(|known| known.name() == code)?;
    let severity = [Severity::Minor, Severity::Major].into_iter().find(|known| known.name() == severity)?;
    Some(Finding { code, severity, record, token, message })
}
