//! What a model wrote, as a table, as JSON, and in a few words.

use std::io::{self, Write};

use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use super::json::model_object;
use super::table::{named, probability};
use super::{token_label, token_text};
use crate::generate::{Choice, End, Sampling, Step};
use crate::model::ModelInfo;
use crate::sequence::{Sequence, visible, visible_text};

/// Everything that is printed of a generation.
pub struct Generation<'a> {
    pub model: &'a ModelInfo,
    pub prompt: &'a Sequence,
    /// How the first continuation was drawn; each has a seed of its own.
    pub sampling: Sampling,
    pub continuations: Vec<Written<'a>>,
    /// First tokens and how many continuations begin with each, the most first.
    pub first: Vec<(u32, usize)>,
}

/// One continuation.
pub struct Written<'a> {
    pub seed: u64,
    /// Up to the stop token or the stop text.
    pub text: &'a str,
    /// Its tokens, the stop token too.
    pub steps: &'a [Step],
    /// The text that ended it.
    pub stop_text: Option<&'a str>,
    /// Why it goes no further; with `stop_text` of no account, and `None` where it was interrupted.
    pub end: Option<End>,
}

impl Written<'_> {
    /// Whether it ended by itself.
    fn is_stopped(&self) -> bool {
        self.stop_text.is_some() || self.end == Some(End::StopToken)
    }

    /// Why it ended and how long it is, in words.
    pub fn ending(&self, model: &ModelInfo) -> String {
        let why = match (self.stop_text, self.end) {
            (Some(stop), _) => format!("ended before the stop text {}", visible(stop.as_bytes())),
            (None, Some(End::StopToken)) => {
                let stop = self.steps.last().map_or_else(String::new, |step| token_label(model, step.id));
                format!("ended with the stop token {stop}")
            }
            (None, Some(End::MaxTokens)) => "cut off by --max-tokens".into(),
            (None, Some(End::Context)) => format!("cut off: the model's context of {} tokens is full", model.context),
            (None, None) => "interrupted".into(),
        };
        let tokens = self.steps.len();
        format!("{tokens} token{}, {why}", if tokens == 1 { "" } else { "s" })
    }

    fn end_name(&self) -> &'static str {
        match (self.stop_text, self.end) {
            (Some(_), _) => "stop_text",
            (None, Some(end)) => end.name(),
            (None, None) => "interrupted",
        }
    }
}

/// A text as a terminal may get it: lines stay lines, other control characters have glyphs.
pub fn shown(text: &str) -> String {
    text.split('\n').map(visible_text).collect::<Vec<_>>().join("\n")
}

/// By how many of several continuations the most frequent first token is shared, in words.
pub fn agreement(model: &ModelInfo, first: &[(u32, usize)]) -> Option<String> {
    let (&(id, count), all) = (first.first()?, first.iter().map(|(_, count)| count).sum::<usize>());
    (all > 1).then(|| format!("{count} of {all} begin with {}", token_label(model, id)))
}

/// Writes a header and each continuation: a line a token, the text, and why it ended. Plain text: no escape codes.
///
/// # Errors
/// If writing fails.
pub fn table(generation: &Generation, out: &mut impl Write) -> io::Result<()> {
    let Generation { model, prompt, sampling, .. } = generation;
    let how = if sampling.is_greedy() { "greedy".into() } else { format!("temperature {}", sampling.temperature) };
    writeln!(out, "{} · {} of {} tokens · {how}", named(model), prompt.kind.name(), prompt.len())?;
    for (number, written) in (1..).zip(&generation.continuations) {
        let seed = if sampling.is_greedy() { String::new() } else { format!(" · seed {}", written.seed) };
        writeln!(out, "\ncontinuation {number}{seed}\n")?;
        tokens(generation, written.steps, out)?;
        writeln!(out, "\n{}\n({})", shown(written.text), written.ending(model))?;
    }
    match agreement(model, &generation.first) {
        Some(agreement) => writeln!(out, "\n{agreement}"),
        None => Ok(()),
    }
}

fn tokens(generation: &Generation, steps: &[Step], out: &mut impl Write) -> io::Result<()> {
    let model = generation.model;
    let labels: Vec<String> = steps.iter().map(|step| token_label(model, step.id)).collect();
    let width = labels.iter().map(|label| label.width()).max().unwrap_or(0).clamp(5, 24);
    let pad = |text: &str| " ".repeat(width.saturating_sub(text.width()));
    writeln!(out, "    t  token{}   −log p         p    rank  drawn with    kept  best guess", pad("token"))?;
    for ((t, step), label) in (generation.prompt.len()..).zip(steps).zip(&labels) {
        let guess = step.moment.top.first().map_or_else(String::new, |best| token_label(model, best.id));
        writeln!(
            out,
            "{t:>5}  {label}{}  {:>7.3}  {:>8}  {:>6}  {:>10}  {:>6}  {guess}",
            pad(label),
            step.nll,
            probability(step.p),
            step.rank,
            probability(step.drawn_with),
            step.moment.kept,
        )?;
    }
    Ok(())
}

/// Writes one object and a newline.
///
/// # Errors
/// If writing fails.
pub fn json(generation: &Generation, out: &mut impl Write) -> io::Result<()> {
    let Generation { model, prompt, sampling, continuations, first } = generation;
    let Sampling { temperature, top_k, top_p, min_p, seed, max_tokens } = sampling;
    let object = json!({
        "schema": 1,
        "model": model_object(model),
        "sampling": {
            "temperature": temperature, "top_k": top_k, "top_p": top_p, "min_p": min_p, "seed": seed,
            "max_tokens": max_tokens,
        },
        "prompt": {"kind": prompt.kind.name(), "text": prompt.text, "ids": prompt.ids()},
        "prompt_tokens": prompt.len(),
        "continuations": continuations.iter().map(|written| continuation(model, written)).collect::<Vec<_>>(),
        "first_token": first_token(model, first),
    });
    serde_json::to_writer(&mut *out, &object)?;
    writeln!(out)
}

fn continuation(model: &ModelInfo, written: &Written) -> Value {
    json!({
        "seed": written.seed,
        "text": written.text,
        "stopped": written.is_stopped(),
        "end": written.end_name(),
        "tokens": written.steps.iter().map(|step| token(model, step)).collect::<Vec<_>>(),
    })
}

fn token(model: &ModelInfo, step: &Step) -> Value {
    let choice = |choice: &Choice| {
        let Choice { id, p, drawn_with, .. } = *choice;
        json!({"id": id, "text": token_text(model, id), "p": p, "drawn_with": drawn_with})
    };
    json!({
        "id": step.id,
        "text": token_text(model, step.id),
        "p": step.p,
        "nll": step.nll,
        "rank": step.rank,
        "entropy": step.moment.entropy,
        "drawn_with": step.drawn_with,
        "kept": step.moment.kept,
        "top": step.moment.top.iter().map(choice).collect::<Vec<_>>(),
    })
}

/// The first token that most continuations share, and how many do; null where there is none.
fn first_token(model: &ModelInfo, first: &[(u32, usize)]) -> Value {
    let Some(&(id, count)) = first.first() else { return Value::Null };
    let all: usize = first.iter().map(|(_, count)| count).sum();
    json!({"id": id, "text": token_text(model, id), "share": count as f64 / all as f64})
}
