//! `analyze`: score one text or chat and print it.

use std::io::{IsTerminal, Write};

use anyhow::{Context, Result, bail};

use super::input;
use crate::cancel::Cancel;
use crate::cli::{AnalyzeArgs, Format};
use crate::command::models;
use crate::compare::{Comparison, Side};
use crate::data::Opened;
use crate::loss::{Ledger, Scores};
use crate::mask::LossMask;
use crate::model::{Model, ModelInfo};
use crate::report::{self, Compared, Report};
use crate::score::Scorer;
use crate::sequence::{PackRequest, Sequence};
use crate::source::Source;
use crate::train::nlls;

/// Scores what the arguments give and prints it on standard output.
///
/// # Errors
/// If there is nothing to score, the model cannot be opened, or the mask does not apply.
pub fn run(args: &AnalyzeArgs) -> Result<()> {
    let (opened, pack) = match input::packed(&args.input, &args.mask)? {
        Some((opened, pack)) => (opened, Some(pack)),
        None => match input::sample(&args.input)? {
            Some(opened) => (opened, None),
            None => bail!("nothing to score; give --text STRING, --file PATH, --chat PATH, or pipe text in"),
        },
    };
    input::check(&args.input, &args.mask, &opened.sample)?;
    let source = match &args.model.model {
        Some(name) => Source::parse(name)?,
        None => Source::default_for(&opened.sample),
    };
    if args.compare.compare.is_some() && pack.is_some() {
        bail!("--compare takes one text or chat, and --pack makes a row of several; leave one of them out");
    }
    let Scored { model, sequence, mask, scores } = scored(args, &source, &opened, pack.as_ref())?;
    let info = ModelInfo::of(&model);
    let contrast = match &sequence.pack {
        Some(pack) => {
            let documents = pack.apart_under(pack.packing.other());
            nlls(&model.decoder, &sequence.ids(), &documents, &Cancel::default())?.unwrap_or_default()
        }
        None => Vec::new(),
    };
    let Some(ledger) = Ledger::new(&sequence, &mask, &scores) else {
        bail!("scoring ended early") // cannot happen: nothing cancels it
    };
    let second = match &args.compare.compare {
        Some(name) => Some(beside(
            args,
            &Source::parse(name)?,
            &opened,
            Side { sequence: &sequence, mask: &mask, scores: &scores },
        )?),
        None => None,
    };
    let report = Report {
        model: &info,
        sequence: &sequence,
        mask: &mask,
        scores: &scores,
        contrast: &contrast,
        ledger: &ledger,
        denominator: args.mask.denominator.unwrap_or_default(),
        compared: second.as_ref().map(|(model, comparison)| Compared { model, comparison }),
    };
    for warning in opened.note.into_iter().chain(report.warnings()) {
        eprintln!("note: {}", crate::sequence::visible_text(&warning));
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match args.format {
        Format::Table => report::table(&report, &mut out)?,
        Format::Json => report::json(&report, &mut out)?,
        Format::Csv => report::csv(&report, &mut out)?,
    }
    out.flush()?;
    Ok(())
}

/// A model and what it says of what was opened.
struct Scored {
    model: Model,
    sequence: Sequence,
    mask: LossMask,
    scores: Scores,
}

fn scored(args: &AnalyzeArgs, source: &Source, opened: &Opened, pack: Option<&PackRequest>) -> Result<Scored> {
    let model = models::load(source, &args.model)?;
    let policy = input::policy(&args.mask)?;
    let encoding = input::encoding(&args.input.encoding, &policy);
    let sequence = match pack {
        Some(PackRequest { records, index, options }) => {
            let records = records.iter().map(|record| (&record.sample, record.split));
            let pack = model.reader().pack(records, *index, encoding, *options, &Cancel::default())?;
            pack.context("packing ended early")? // cannot happen: nothing cancels it
        }
        None => model.encode(&opened.sample, encoding)?,
    };
    let mask = policy.mask(&sequence, opened.form, opened.split)?;
    let scores = score(&model, &sequence, args.top_k)?;
    Ok(Scored { model, sequence, mask, scores })
}

/// The second model beside the first.
fn beside(args: &AnalyzeArgs, source: &Source, opened: &Opened, first: Side<'_>) -> Result<(ModelInfo, Comparison)> {
    let Scored { model, sequence, mask, scores } =
        scored(args, source, opened, None).with_context(|| format!("the model to compare with, {}", source.name()))?;
    let comparison = Comparison::new(first, Side { sequence: &sequence, mask: &mask, scores: &scores })?;
    Ok((ModelInfo::of(&model), comparison))
}

fn score(model: &Model, sequence: &Sequence, top_k: usize) -> Result<Scores> {
    let ids = sequence.ids();
    let mut scores = Scores::default();
    let show = std::io::stderr().is_terminal() && ids.len() > 256;
    let mut on_rows = |from: usize, rows| {
        scores.splice(from, rows);
        if show {
            eprint!("\rscoring {} of {} tokens", scores.len(), ids.len());
        }
    };
    let documents = sequence.documents();
    Scorer::new().score_packed(&model.decoder, &ids, &documents, top_k, &Cancel::default(), &mut on_rows)?;
    if show {
        eprint!("\r\x1b[K");
    }
    Ok(scores)
}
