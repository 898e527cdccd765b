//! What `--with`, `--attention`, `--forbid` and `--labels` ask for.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};

use crate::cancel::Cancel;
use crate::cli::inside::{InsideArgs, With};
use crate::cli::{AnalyzeArgs, Format, InputArgs};
use crate::inspect::{self, Capture, LayerWeights};
use crate::mask::{AttentionChoice, Cut, Forbidden, Scope};
use crate::model::Model;
use crate::report::{Attention, Inside, Under};
use crate::score::{ScoreOptions, Scorer};
use crate::sequence::{Packing, Sequence};

/// Options that contradict each other, before a model is opened.
///
/// # Errors
/// With what would be right.
pub fn check(args: &AnalyzeArgs) -> Result<()> {
    let InsideArgs { with, attention, forbid, labels } = &args.inside;
    let given = [
        ("--with", !with.is_empty()),
        ("--attention", attention.is_some()),
        ("--forbid", !forbid.is_empty()),
        ("--labels", labels.is_some()),
    ];
    if let Some((option, _)) = given.iter().find(|(_, is_given)| *is_given && args.compare.compare.is_some()) {
        bail!("{option} cannot be used with --compare: both models are run as they were trained; leave one out")
    }
    let names: BTreeSet<&str> = with.iter().map(|with| with.name()).collect();
    if names.len() < with.len() {
        bail!("--with names one of its parts twice; give each once")
    }
    if !with.is_empty() && matches!(args.format, Format::Csv) {
        bail!("--with adds what a line a token has no place for; give --format json or table")
    }
    match attention {
        Some(AttentionChoice::Packing(packing)) if args.input.pack.pack.is_none() => {
            bail!(
                "--attention {packing} is for the documents of a pack; give --pack N, or causal, none, window=N, prefix=N"
            )
        }
        Some(AttentionChoice::Packing(packing)) if args.input.pack.packing.is_some_and(|other| other != *packing) => {
            bail!("--packing and --attention {packing} contradict each other; give one of them")
        }
        _ => Ok(()),
    }
}

/// The input with the packing that `--attention` names.
pub fn input(args: &AnalyzeArgs) -> InputArgs {
    let mut input = args.input.clone();
    if let Some(AttentionChoice::Packing(packing)) = args.inside.attention {
        input.pack.packing = Some(packing);
    }
    input
}

/// Under what the sequence is scored.
///
/// # Errors
/// An edge, a layer or a head that is not there.
pub fn under(args: &InsideArgs, model: &Model, sequence: &Sequence) -> Result<Under> {
    let under = Under {
        attention: args.attention.unwrap_or_default(),
        forbidden: args.forbid.iter().copied().collect(),
        labels: args.labels.unwrap_or_default(),
    };
    let seen = under.attention.visibility(sequence, Forbidden::default());
    for cut in under.forbidden.cuts() {
        let of_cut = || format!("--forbid {cut}");
        let Cut { query, key, scope } = *cut;
        inspect::check(&model.config, scope).with_context(of_cut)?;
        let (position, tokens) = (query.unwrap_or(0).max(key), sequence.len());
        if position >= tokens {
            return Err(inspect::InspectError::Position { position, tokens }).with_context(of_cut);
        }
        if let Some(query) = query.filter(|&query| !seen.sees(query, key, 0)) {
            bail!("--forbid {cut}: position {query} does not see token {key} under {} anyway", under.attention)
        }
    }
    Ok(under)
}

/// The same for a pack under the other packing.
pub fn options(under: &Under, sequence: &Sequence, packing: Option<Packing>, top_k: usize) -> ScoreOptions {
    let mut visibility = under.attention.visibility(sequence, under.forbidden.clone());
    if let (Some(packing), Some(pack)) = (packing, &sequence.pack) {
        visibility.documents = pack.apart_under(packing);
    }
    ScoreOptions { visibility, labels: under.labels, top_k }
}

/// What looks on while the sequence is scored.
///
/// # Errors
/// A layer or a head that is not there.
pub fn capture(args: &InsideArgs, model: &Model, tokens: usize) -> Result<Option<Capture>> {
    let asked = args.with.iter().find_map(|with| match with {
        With::Attention { layer, pick } => Some((*layer, *pick)),
        _ => None,
    });
    let Some((layer, pick)) = asked else { return Ok(None) };
    let capture = Capture::new(&model.config, &[layer], 0..tokens, tokens, Some(pick));
    Ok(Some(capture.with_context(|| format!("--with attention={layer}.{pick}"))?))
}

/// What was asked for of a sequence that is scored; `capture` looked on.
///
/// # Errors
/// A position, a layer or a head that is not there.
pub fn look(args: &InsideArgs, model: &Model, scorer: &Scorer, capture: Option<Capture>) -> Result<Inside> {
    let (decoder, cancel) = (&model.decoder, Cancel::default());
    let rows = 0..scorer.past().ids.len();
    let mut captured = capture.map_or_else(Vec::new, Capture::into_weights);
    let mut inside = Inside::default();
    for with in &args.with {
        match *with {
            With::Attention { layer, pick } => {
                let weights = captured.pop().and_then(LayerWeights::into_first);
                inside.attention = weights.map(|weights| Attention { layer, pick, weights });
            }
            With::Heads if rows.is_empty() => inside.heads = Some(Vec::new()),
            With::Heads => inside.heads = inspect::gallery(scorer, decoder, rows.clone(), &cancel, &mut |_| {})?,
            With::Layers => inside.layers = inspect::layers(scorer, decoder, rows.clone(), 1, &cancel, &mut |_| {})?,
            With::Leaning { position, scope } => {
                let leaning = inspect::leaning(scorer, decoder, position, scope, &cancel, &mut |_, _| {});
                let at = if scope == Scope::default() { String::new() } else { format!("@{scope}") };
                inside.leaning = leaning.with_context(|| format!("--with leaning={position}{at}"))?;
            }
        }
    }
    Ok(inside)
}
