//! A run of training steps as JSON lines or as a table.

use std::io::{self, Write};

use serde_json::json;
use unicode_width::UnicodeWidthStr;

use crate::sequence::{Sequence, visible};
use crate::train::{Example, StepReport};

/// Tokens that the closing table shows.
const MOVERS: usize = 12;

/// Where a run stands after its last step.
pub struct Done<'a> {
    /// Steps that the weights have had.
    pub steps: usize,
    /// −log p of every token after the last update; of several records none.
    pub nll: Option<&'a [Option<f64>]>,
    /// Records that are trained on.
    pub records: usize,
    /// Loss after the last update.
    pub loss: Option<f64>,
}

/// One object and a newline.
///
/// # Errors
/// If writing fails.
pub fn step_json(report: &StepReport, out: &mut impl Write) -> io::Result<()> {
    let StepReport { step, loss, grad_norm, lr, scored, seconds, .. } = *report;
    let line = json!({
        "event": "step", "step": step, "loss": loss, "grad_norm": grad_norm, "lr": lr, "scored": scored,
        "seconds": seconds,
    });
    writeln!(out, "{line}")
}

/// One object and a newline; `records` only where there are several.
///
/// # Errors
/// If writing fails.
pub fn done_json(done: &Done, out: &mut impl Write) -> io::Result<()> {
    let mut line = json!({"event": "done", "steps": done.steps, "nll": done.nll, "loss": done.loss});
    if done.nll.is_none() {
        line["records"] = done.records.into();
    }
    writeln!(out, "{line}")
}

/// The head of the table of steps.
///
/// # Errors
/// If writing fails.
pub fn steps_head(out: &mut impl Write) -> io::Result<()> {
    writeln!(out, " step       loss  grad norm         lr  scored  seconds")
}

/// A line of the table of steps.
///
/// # Errors
/// If writing fails.
pub fn step_line(report: &StepReport, out: &mut impl Write) -> io::Result<()> {
    let StepReport { step, loss, grad_norm, clipped, lr, scored, seconds, .. } = *report;
    let mark = if clipped { " clipped" } else { "" };
    writeln!(out, "{step:>5}  {loss:>9.6}  {grad_norm:>9.4}  {lr:>9.2e}  {scored:>6}  {seconds:>7.3}{mark}")
}

/// The tokens whose −log p changed most, the most first; scored and unscored alike.
///
/// # Errors
/// If writing fails.
pub fn movers(
    sequence: &Sequence,
    example: &Example,
    before: &[Option<f64>],
    after: &[Option<f64>],
    out: &mut impl Write,
) -> io::Result<()> {
    let change = |t: usize| Some((t, before[t]?, after[t]?));
    let mut changes: Vec<_> = (0..before.len().min(after.len())).filter_map(change).collect();
    changes.sort_by(|a, b| (b.2 - b.1).abs().total_cmp(&(a.2 - a.1).abs()));
    changes.truncate(MOVERS);
    let label = |t: usize| sequence.tokens.get(t).map_or_else(String::new, |token| visible(&token.bytes));
    let width = changes.iter().map(|&(t, ..)| label(t).width()).max().unwrap_or(0).max(5);
    writeln!(out, "\nwhat changed most, −log p before and after:")?;
    for (t, before, after) in changes {
        let (label, mark) = (label(t), if example.weights[t] != 0.0 { "scored" } else { "not scored" });
        let pad = " ".repeat(width - label.width());
        let way = if after < before { "▼" } else { "▲" };
        writeln!(out, "{t:>5}  {label}{pad}  {before:>7.3} → {after:>7.3}  {way} {mark}")?;
    }
    Ok(())
}
