//! What all records come to, as they go by in order: of one run, or of the reports of shards.

use std::io::{self, BufWriter};
use std::process::ExitCode;

use anyhow::{Result, bail};

use super::FOUND;
use crate::cli::mask::{MaskFormat, SeverityArg};
use crate::command::bar::Bar;
use crate::data::Progress;
use crate::mask::finding::{Code, Severity};
use crate::report::survey::{About, Json, Output, Sarif, Table, shown};
use crate::survey::{Entry, Judged, Repeats, Totals};

/// Compares records with those before them, sums them and prints them.
pub struct Tally {
    output: Box<dyn Output>,
    /// What the data is called.
    title: String,
    totals: Totals,
    /// A shard has not what the records between its own say.
    repeats: Option<Repeats>,
    /// That pad is eos was said: it is the model's, not the record's.
    knows_pad: bool,
    bar: Bar,
    progress: Progress,
}

impl Tally {
    /// Begins the output.
    ///
    /// # Errors
    /// If writing fails.
    pub fn new(format: MaskFormat, about: About, progress: Progress) -> io::Result<Self> {
        let out = BufWriter::new(io::stdout().lock());
        let title = about.title();
        let repeats = about.part.is_none().then(Repeats::default);
        let output: Box<dyn Output> = match format {
            MaskFormat::Table => Box::new(Table { out, about }),
            MaskFormat::Json => Box::new(Json::new(out, about)?),
            MaskFormat::Sarif => Box::new(Sarif::new(out, about)?),
        };
        Ok(Self { output, title, totals: Totals::default(), repeats, knows_pad: false, bar: Bar::new(), progress })
    }

    /// Prints a record's text; beside a machine's form, of which it would be no part.
    ///
    /// # Errors
    /// If writing fails.
    pub fn show(&mut self, judged: &Judged) -> io::Result<()> {
        self.bar.clear();
        shown(judged, &mut self.output.beside())
    }

    /// One more record.
    ///
    /// # Errors
    /// If writing fails.
    pub fn take(&mut self, entry: &mut Entry) -> io::Result<()> {
        if let Some(repeats) = &mut self.repeats {
            repeats.look(entry);
        }
        let knew_pad = self.knows_pad;
        self.knows_pad |= entry.findings.iter().any(|finding| finding.code == Code::PadIsEos);
        entry.findings.retain(|finding| !knew_pad || finding.code != Code::PadIsEos);
        self.totals.add(entry);
        self.output.record(entry)?;
        self.bar.records(self.totals.records, self.progress.share());
        Ok(())
    }

    /// Ends the output; `is_whole` is false where the user stopped it.
    ///
    /// # Errors
    /// If writing fails.
    pub fn end(&mut self, is_whole: bool) -> io::Result<()> {
        self.bar.clear();
        self.output.end(&self.totals, is_whole)
    }

    /// Whether anything could be read.
    ///
    /// # Errors
    /// If there are records, and none of them could be; what is wrong with the first one.
    pub fn check_read(&self) -> Result<()> {
        let totals = &self.totals;
        if totals.unreadable < totals.records || totals.records == 0 {
            return Ok(());
        }
        let what = if totals.read == 0 { "read" } else { "masked" };
        let found = totals.found.iter().find(|found| found.code == Code::Unreadable);
        let problem = found.map_or_else(String::new, |found| {
            let (finding, _, unit, place) = &found.first;
            format!("{} {place} {}", unit.name(), finding.message)
        });
        bail!("nothing in {} could be {what}: {problem}", self.title)
    }

    /// What `--check` says, where an export left out so many records that its form cannot say.
    pub fn verdict(&self, check: Option<SeverityArg>, left_out: usize) -> ExitCode {
        let worst = self.totals.worst();
        let is_found = match check {
            None => false,
            Some(SeverityArg::Major) => worst == Some(Severity::Major),
            Some(SeverityArg::Minor) => worst.is_some(),
        };
        if is_found || (check.is_some() && left_out > 0) { ExitCode::from(FOUND) } else { ExitCode::SUCCESS }
    }
}
