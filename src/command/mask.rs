//! `mask`: a whole data set under one mask, without a forward pass.

mod against;
mod export;
mod template;

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use self::export::Export;
use super::bar::Bar;
use super::interrupt::{INTERRUPTED, Interrupt};
use super::{input, models};
use crate::cli::mask::{MaskFormat, MaskSetArgs, SeverityArg};
use crate::data::{Progress, Raw, Records};
use crate::mask::export::{Trainer, record};
use crate::mask::finding::{Code, Severity};
use crate::model::Reader;
use crate::report::survey::{About, Json, Output, Sarif, Table, shown};
use crate::sample::Sample;
use crate::source::Source;
use crate::survey::{self, Judged, Repeats, Terms, Totals};

/// The exit code where `--check` found something.
const FOUND: u8 = 1;

/// Masks every record of the data set, prints what comes of it, and writes what is to be exported.
///
/// # Errors
/// If the data set or the model cannot be read, an option does not go with another, or a file cannot be written.
pub fn run(args: &MaskSetArgs) -> Result<ExitCode> {
    let Some(data) = args.data.as_deref() else { return card(args) };
    let policy = input::policy(&args.mask)?;
    let terms = Terms { hint: args.format_hint, encoding: input::encoding(&args.encoding, &policy), policy };
    let mut records = Records::open(data)?;
    // The kind of the first record chooses the model where the user does not.
    let first: Option<Raw> = records.next().transpose()?;
    let reader = models::reader(&source(args, first.as_ref())?, &args.model)?;
    if let Some(path) = &args.export_template {
        template::export(&reader, path)?;
    }
    let about = About { file: name(data), model: reader.name.clone(), mask: policy.name() };
    if let Some(prepared) = &args.against {
        drop(records);
        return against::run(&reader, &terms, [data, prepared], &about, args.format);
    }
    let export = args.export.as_ref().map(|trainer| open_export(args, data, *trainer)).transpose()?;
    let interrupt = Interrupt::listen().context("catching signals")?;
    let progress = records.progress();
    let all = first.into_iter().map(Ok).chain(records);
    let out = BufWriter::new(io::stdout().lock());
    let mut sink = Sink {
        output: output(args.format, out, about)?,
        totals: Totals::default(),
        repeats: Repeats::default(),
        bar: Bar::new(),
        progress,
        export,
        show: args.show,
        knows_pad: false,
    };
    let export = args.export.map(|trainer| (trainer, args.keep_unscored));
    let work = |raw| prepare(&reader, &terms, export, raw);
    survey::run(all, &interrupt.stop, work, |prepared| sink.take(prepared))?;
    sink.end(args, &interrupt)
}

/// The model whose tokenizer and template are used.
fn source(args: &MaskSetArgs, first: Option<&Raw>) -> Result<Source> {
    if let Some(name) = &args.model.model {
        return Ok(Source::parse(name)?);
    }
    let sample = first.and_then(|raw| raw.peek(args.format_hint)).map(|record| record.sample);
    Ok(Source::default_for(&sample.unwrap_or_else(|| Sample::Chat(Default::default()))))
}

/// Prints what the template can do that would be used.
fn card(args: &MaskSetArgs) -> Result<ExitCode> {
    let source = source(args, None)?;
    let name = args.model.template.as_deref().unwrap_or("of the model");
    super::card::print(&models::reader(&source, &args.model)?, name, args.format != MaskFormat::Table)?;
    Ok(ExitCode::SUCCESS)
}

fn open_export(args: &MaskSetArgs, data: &Path, trainer: Trainer) -> Result<Export> {
    match &args.output {
        Some(path) if is_same(path, data) => {
            bail!("--output would take the place of the data set itself, {}; name another file", name(path))
        }
        Some(path) => Export::create(trainer, path),
        None => bail!("--export writes a file; give --output FILE.jsonl or FILE.parquet"),
    }
}

/// Whether both are one file that is there.
fn is_same(path: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    real(path).is_some_and(|path| real(other) == Some(path))
}

fn name(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".into() } else { path.display().to_string() }
}

fn output(format: MaskFormat, out: impl Write + 'static, about: About) -> io::Result<Box<dyn Output>> {
    Ok(match format {
        MaskFormat::Table => Box::new(Table { out, about }),
        MaskFormat::Json => Box::new(Json::new(out, &about)?),
        MaskFormat::Sarif => Box::new(Sarif::new(out, &about)?),
    })
}

/// A record, and what is written of it.
struct Prepared {
    judged: Judged,
    exported: Option<Exported>,
}

enum Exported {
    Record(serde_json::Value),
    /// Nothing of it is scored.
    Unscored,
    /// The form of the export cannot say it.
    Refused(String),
}

/// `export` is the trainer, and whether records are kept of which nothing is scored.
fn prepare(model: &Reader, terms: &Terms, export: Option<(Trainer, bool)>, raw: Raw) -> Prepared {
    let judged = survey::judge(model, terms, raw);
    let exported = export.zip(judged.masked.as_ref()).map(|((trainer, keeps_unscored), masked)| {
        if masked.mask.scored() == 0 && !keeps_unscored {
            return Exported::Unscored;
        }
        match record(trainer, &masked.sample, &masked.sequence, &masked.mask) {
            Ok(value) => Exported::Record(value),
            Err(error) => Exported::Refused(error.to_string()),
        }
    });
    Prepared { judged, exported }
}

/// Where records go, in order.
struct Sink {
    output: Box<dyn Output>,
    totals: Totals,
    repeats: Repeats,
    bar: Bar,
    progress: Progress,
    export: Option<Export>,
    /// Records still to be shown.
    show: usize,
    /// That pad is eos was said: it is the model's, not the record's.
    knows_pad: bool,
}

impl Sink {
    fn take(&mut self, Prepared { mut judged, exported }: Prepared) -> Result<()> {
        self.repeats.look(&mut judged);
        let knew_pad = self.knows_pad;
        self.knows_pad |= judged.findings.iter().any(|finding| finding.code == Code::PadIsEos);
        judged.findings.retain(|finding| !knew_pad || finding.code != Code::PadIsEos);
        if self.show > 0 {
            self.show -= 1;
            self.bar.clear();
            // Beside a machine's form it would be no part of that form.
            shown(&judged, &mut self.output.beside())?;
        }
        self.totals.add(&judged);
        self.output.record(&judged)?;
        match (exported, &mut self.export) {
            (Some(Exported::Record(value)), Some(export)) => {
                export.note_drops(judged.masked.as_ref());
                export.write(value)?;
            }
            (Some(Exported::Unscored), Some(export)) => export.leave_out_unscored(),
            (Some(Exported::Refused(problem)), Some(export)) => export.leave_out(&judged, problem),
            _ => {}
        }
        self.bar.records(self.totals.records, self.progress.share());
        Ok(())
    }

    fn end(mut self, args: &MaskSetArgs, interrupt: &Interrupt) -> Result<ExitCode> {
        self.bar.clear();
        let is_whole = !interrupt.stop.is_cancelled();
        self.output.end(&self.totals, is_whole)?;
        if !is_whole {
            if let Some(export) = self.export.take() {
                eprintln!("note: stopped; {} was not written", export.path().display());
            }
            return Ok(ExitCode::from(INTERRUPTED));
        }
        if self.totals.unreadable == self.totals.records && self.totals.records > 0 {
            let what = if self.totals.read == 0 { "read" } else { "masked" };
            let data = args.data.as_deref().map(name).unwrap_or_default();
            bail!("nothing in {data} could be {what}: {}", first_problem(&self.totals));
        }
        let left_out = match self.export.take() {
            Some(export) => export.finish()?,
            None => 0,
        };
        let worst = self.totals.worst();
        let is_found = match args.check {
            None => false,
            Some(SeverityArg::Major) => worst == Some(Severity::Major),
            Some(SeverityArg::Minor) => worst.is_some(),
        };
        Ok(if is_found || (args.check.is_some() && left_out > 0) { ExitCode::from(FOUND) } else { ExitCode::SUCCESS })
    }
}

/// What is wrong with the first record that cannot be read, and where.
fn first_problem(totals: &Totals) -> String {
    let found = totals.found.iter().find(|found| found.code == Code::Unreadable);
    found.map_or_else(String::new, |found| {
        let (finding, unit, place) = &found.first;
        format!("{} {place} {}", unit.name(), finding.message)
    })
}
