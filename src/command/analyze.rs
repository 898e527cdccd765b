//! `analyze`: score one text or chat and print it.

use std::io::{IsTerminal, Write};

use anyhow::{Result, bail};

use super::input;
use crate::cancel::Cancel;
use crate::cli::{AnalyzeArgs, Format};
use crate::command::models;
use crate::engine::ModelInfo;
use crate::loss::{Ledger, Scores};
use crate::mask::{LossMask, MaskOptions, Mode};
use crate::model::{Model, Source};
use crate::report::{self, Report};
use crate::score::Scorer;
use crate::sequence::Sequence;

/// Scores what the arguments give and prints it on standard output.
///
/// # Errors
/// If there is nothing to score, the model cannot be opened, or the mask does not apply.
pub fn run(args: &AnalyzeArgs) -> Result<()> {
    let Some(opened) = input::sample(&args.input)? else {
        bail!("nothing to score; give --text STRING, --file PATH, --chat PATH, or pipe text in")
    };
    input::check(&args.input, &args.mask, &opened.sample)?;
    let source = match &args.model.model {
        Some(name) => Source::parse(name)?,
        None => Source::default_for(&opened.sample),
    };
    let model = models::load(&source, &args.model)?;
    let sequence = model.encode(&opened.sample, input::encoding(&args.input.encoding))?;
    let (mode, parts, choices) = input::mask(&args.mask)?;
    let mode = mode.or(opened.mode).unwrap_or(Mode::default_for(sequence.kind));
    let options = MaskOptions::new(&sequence, args.mask.split.or(opened.split), parts).with(&sequence, choices);
    let mask = LossMask::new(&sequence, mode, options)?;
    let scores = score(&model, &sequence, args.top_k)?;
    let Some(ledger) = Ledger::new(&sequence, &mask, &scores) else {
        bail!("scoring ended early") // cannot happen: nothing cancels it
    };
    let info = ModelInfo::of(&model);
    let report = Report {
        model: &info,
        sequence: &sequence,
        mask: &mask,
        scores: &scores,
        ledger: &ledger,
        denominator: args.mask.denominator.unwrap_or_default(),
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
    Scorer::new().score(&model.decoder, &ids, top_k, &Cancel::default(), &mut on_rows)?;
    if show {
        eprint!("\r\x1b[K");
    }
    Ok(scores)
}
