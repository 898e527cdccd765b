//! `analyze`: score one text or chat and print it.

mod inside;

use std::io::{IsTerminal, Write};

use anyhow::{Context, Result, bail};

use super::input;
use crate::cancel::Cancel;
use crate::cli::{AnalyzeArgs, Format};
use crate::command::models;
use crate::compare::{Comparison, Side};
use crate::data::Opened;
use crate::decoder::Watch;
use crate::loss::{Ledger, Scores};
use crate::mask::{LossMask, Policy};
use crate::model::{Model, ModelInfo};
use crate::report::{self, Compared, Inside, Report, Under};
use crate::score::{ScoreOptions, Scorer};
use crate::sequence::{PackRequest, Sequence};
use crate::source::Source;

/// Scores what the arguments give and prints it on standard output.
///
/// # Errors
/// If there is nothing to score, the model cannot be opened, or the mask does not apply.
pub fn run(args: &AnalyzeArgs) -> Result<()> {
    let Analyzed { opened, policy: _, scored, contrast } = analyze(args)?;
    let Scored { model, sequence, mask, under, scores, inside } = scored;
    let info = ModelInfo::of(&model);
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
        under: &under,
        inside: &inside,
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

/// What the arguments give, scored.
pub(super) struct Analyzed {
    pub opened: Opened,
    pub policy: Policy,
    pub scored: Scored,
    /// −log p of each token of a pack under the other packing; empty for what is no pack.
    pub contrast: Vec<Option<f64>>,
}

/// A model and what it says of what was opened.
pub(super) struct Scored {
    pub model: Model,
    pub sequence: Sequence,
    pub mask: LossMask,
    pub under: Under,
    pub scores: Scores,
    pub inside: Inside,
}

/// Scores what the arguments give.
///
/// # Errors
/// As [`run`], which prints it.
pub(super) fn analyze(args: &AnalyzeArgs) -> Result<Analyzed> {
    inside::check(args)?;
    let input = inside::input(args);
    let (opened, pack) = match input::packed(&input, &args.mask)? {
        Some((opened, pack)) => (opened, Some(pack)),
        None => match input::sample(&input)? {
            Some(opened) => (opened, None),
            None => bail!("nothing to score; give --text STRING, --file PATH, --chat PATH, or pipe text in"),
        },
    };
    input::check(&input, &args.mask, &opened.sample)?;
    let source = match &args.model.model {
        Some(name) => Source::parse(name)?,
        None => Source::default_for(&opened.sample),
    };
    if args.compare.compare.is_some() && pack.is_some() {
        bail!("--compare takes one text or chat, and --pack makes a row of several; leave one of them out");
    }
    let scored = scored(args, &source, &opened, pack.as_ref())?;
    let contrast = match &scored.sequence.pack {
        Some(pack) => {
            let options = inside::options(&scored.under, &scored.sequence, Some(pack.packing.other()), 0);
            let others = score(&scored.model, &scored.sequence, options, &mut Scorer::new(), &mut ())?;
            (0..scored.sequence.len()).map(|t| others.nll(t)).collect()
        }
        None => Vec::new(),
    };
    Ok(Analyzed { opened, policy: input::policy(&args.mask)?, scored, contrast })
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
    let under = inside::under(&args.inside, &model, &sequence)?;
    let mut capture = inside::capture(&args.inside, &model, sequence.len())?;
    let (mut scorer, options) = (Scorer::new(), inside::options(&under, &sequence, None, args.top_k));
    let scores = match &mut capture {
        Some(capture) => score(&model, &sequence, options, &mut scorer, capture)?,
        None => score(&model, &sequence, options, &mut scorer, &mut ())?,
    };
    let inside = inside::look(&args.inside, &model, &scorer, capture)?;
    Ok(Scored { model, sequence, mask, under, scores, inside })
}

/// The second model beside the first.
fn beside(args: &AnalyzeArgs, source: &Source, opened: &Opened, first: Side<'_>) -> Result<(ModelInfo, Comparison)> {
    let Scored { model, sequence, mask, scores, .. } =
        scored(args, source, opened, None).with_context(|| format!("the model to compare with, {}", source.name()))?;
    let comparison = Comparison::new(first, Side { sequence: &sequence, mask: &mask, scores: &scores })?;
    Ok((ModelInfo::of(&model), comparison))
}

fn score(
    model: &Model,
    sequence: &Sequence,
    options: ScoreOptions,
    scorer: &mut Scorer,
    watch: &mut dyn Watch,
) -> Result<Scores> {
    let ids = sequence.ids();
    let mut scores = Scores::under(options.labels);
    let show = std::io::stderr().is_terminal() && ids.len() > 256;
    let mut on_rows = |from: usize, rows| {
        scores.splice(from, rows);
        if show {
            eprint!("\rscoring {} of {} tokens", scores.len(), ids.len());
        }
    };
    scorer.score_under(&model.decoder, &ids, options, watch, &Cancel::default(), &mut on_rows)?;
    if show {
        eprint!("\r\x1b[K");
    }
    Ok(scores)
}
