//! `report`: score one text or chat and write it as an HTML page.

use std::sync::Arc;

use anyhow::{Context, Result, bail};

use super::analyze::{self, Analyzed};
use crate::cli::report::ReportArgs;
use crate::cli::{AnalyzeArgs, CompareArgs, Format};
use crate::memory::size_text;
use crate::model::ModelInfo;
use crate::report::file::{self, FileError};
use crate::report::page::Page;
use crate::sequence::visible_text;

/// Scores what the arguments give and writes the page.
///
/// # Errors
/// If there is nothing to score, the model cannot be opened, the mask does not apply, or the file cannot be written.
pub fn run(args: ReportArgs) -> Result<()> {
    let ReportArgs { input, model, mask, inside, top_k, output, force } = args;
    // Said before the work is done.
    if output.exists() && !force {
        bail!("{} is there already: give --force to replace it, or another name", output.display());
    }
    let args = AnalyzeArgs { input, model, mask, compare: CompareArgs::default(), inside, top_k, format: Format::Json };
    let Analyzed { opened, policy, scored, contrast } = analyze::analyze(&args)?;
    let sequence = scored.sequence;
    if sequence.is_empty() {
        bail!("there is no text to make a page of");
    }
    let cursor = (1..sequence.len()).find(|&t| scored.mask.is_scored(t)).unwrap_or(sequence.len().min(1));
    let page = Page {
        name: opened.name,
        model: Arc::new(ModelInfo::of(&scored.model)),
        sequence: Arc::new(sequence),
        policy,
        form: opened.form,
        split: opened.split,
        mask: scored.mask,
        scores: scored.scores,
        contrast,
        denominator: args.mask.denominator.unwrap_or_default(),
        under: scored.under,
        inside: scored.inside,
        cursor,
        run: None,
    };
    let html = page.html().context("scoring ended early")?; // cannot happen: nothing cancels it
    match file::write(&output, html.as_bytes(), force) {
        Err(error @ FileError::Exists(_)) => bail!("{error}: give --force to replace it, or another name"),
        written => written?,
    }
    let (path, size) = (output.display().to_string(), size_text(html.len() as u64));
    eprintln!("written: {}, {size}", visible_text(&path));
    Ok(())
}
