//! `mask`: a whole data set under one mask, without a forward pass.

mod against;
mod export;
mod merge;
mod tally;
mod template;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use self::export::Export;
use self::tally::Tally;
use super::interrupt::{INTERRUPTED, Interrupt};
use super::{input, models};
use crate::cli::mask::{MaskFormat, MaskSetArgs};
use crate::data::{Raw, Series, expand};
use crate::mask::export::{Trainer, record};
use crate::model::Reader;
use crate::report::survey::{About, Part};
use crate::sample::Sample;
use crate::source::Source;
use crate::survey::{self, Judged, Terms};

/// The exit code where `--check` found something.
const FOUND: u8 = 1;

/// Masks every record of the data set, prints what comes of it, and writes what is to be exported.
///
/// # Errors
/// If the data set or the model cannot be read, an option does not go with another, or a file cannot be written.
pub fn run(args: &MaskSetArgs) -> Result<ExitCode> {
    if !args.merge.is_empty() {
        return merge::run(args);
    }
    if args.data.is_empty() {
        return card(args);
    }
    let policy = input::policy(&args.mask)?;
    let terms = Terms { hint: args.format_hint, encoding: input::encoding(&args.encoding, &policy), policy };
    let mut records = Series::open(expand(&args.data)?)?;
    let (files, progress, bytes) = (records.files(), records.progress(), records.bytes());
    // The kind of the first record chooses the model where the user does not.
    let first: Option<Raw> = records.next().transpose()?;
    let reader = models::reader(&source(args, first.as_ref())?, &args.model)?;
    if let Some(path) = &args.export_template {
        template::export(&reader, path)?;
    }
    let part = args.shard.map(|shard| Part { shard, terms: hash(&terms, &reader, args, bytes) });
    let names = files.iter().map(|file| name(file)).collect();
    let about = About { files: names, model: reader.name.clone(), mask: policy.name(), part };
    if let Some(prepared) = &args.against {
        drop(records);
        let [data] = &files[..] else { bail!("--against compares one file with what a trainer made of it; give one") };
        return against::run(&reader, &terms, [data, prepared], &about, args.format);
    }
    let export = args.export.as_ref().map(|trainer| open_export(args, &files, *trainer)).transpose()?;
    let interrupt = Interrupt::listen().context("catching signals")?;
    let mut sink = Sink { tally: Tally::new(args.format, about, progress)?, export, show: args.show };
    let export = args.export.map(|trainer| (trainer, args.keep_unscored));
    let work = |raw| prepare(&reader, &terms, export, raw);
    let all = first.into_iter().map(Ok).chain(records);
    let own = all.filter(|raw| args.shard.zip(raw.as_ref().ok()).is_none_or(|(shard, raw)| shard.has(raw.index)));
    survey::run(own, &interrupt.stop, work, |prepared| sink.take(prepared))?;
    sink.end(args, &interrupt)
}

/// Of what shards must have in common beside what their reports say: how records are read and masked, and the bytes of the
/// data. A report names its version of the program, so that a hash of the same is the same.
fn hash(terms: &Terms, reader: &Reader, args: &MaskSetArgs, bytes: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    let vocabulary = &reader.vocabulary;
    let templates = [&vocabulary.chat_template, &vocabulary.tool_template];
    (format!("{terms:?}"), templates, &args.model.eot_token, reader.context, bytes).hash(&mut hasher);
    hasher.finish()
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

fn open_export(args: &MaskSetArgs, data: &[PathBuf], trainer: Trainer) -> Result<Export> {
    match &args.output {
        Some(path) if data.iter().any(|file| is_same(path, file)) => {
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
    tally: Tally,
    export: Option<Export>,
    /// Records still to be shown.
    show: usize,
}

impl Sink {
    fn take(&mut self, Prepared { mut judged, exported }: Prepared) -> Result<()> {
        if self.show > 0 {
            self.show -= 1;
            self.tally.show(&judged)?;
        }
        self.tally.take(&mut judged.entry)?;
        match (exported, &mut self.export) {
            (Some(Exported::Record(value)), Some(export)) => {
                export.note_drops(judged.masked.as_ref());
                export.write(value)?;
            }
            (Some(Exported::Unscored), Some(export)) => export.leave_out_unscored(),
            (Some(Exported::Refused(problem)), Some(export)) => export.leave_out(&judged, problem),
            _ => {}
        }
        Ok(())
    }

    fn end(mut self, args: &MaskSetArgs, interrupt: &Interrupt) -> Result<ExitCode> {
        let is_whole = !interrupt.stop.is_cancelled();
        self.tally.end(is_whole)?;
        if !is_whole {
            if let Some(export) = self.export.take() {
                eprintln!("note: stopped; {} was not written", export.path().display());
            }
            return Ok(ExitCode::from(INTERRUPTED));
        }
        // A shard may have nothing but what cannot be read.
        if args.shard.is_none() {
            self.tally.check_read()?;
        }
        let left_out = match self.export.take() {
            Some(export) => export.finish()?,
            None => 0,
        };
        Ok(self.tally.verdict(args.check, left_out))
    }
}
