//! Where a completion begins and ends.

use super::scoring::tokens;
use super::{Code, Finding};
use crate::mask::LossMask;
use crate::sequence::{Kind, Sequence, visible};

pub(super) fn findings(sequence: &Sequence, mask: &LossMask) -> impl Iterator<Item = Finding> {
    [straddled(sequence, mask), trailing_space(sequence, mask), end_absent(sequence, mask)].into_iter().flatten()
}

/// The first token of a completion reaches into the prompt.
fn straddled(sequence: &Sequence, mask: &LossMask) -> Option<Finding> {
    let split = mask.split().filter(|split| split.straddles)?;
    let text = visible(&sequence.tokens.get(split.token)?.bytes);
    let message = format!("the completion's first token, {text}, begins in the prompt");
    Some(Finding::new(Code::StraddlerAtBorder, Some(split.token), message))
}

/// What a trainer scores that encodes the prompt by itself, `prompt` tokens, and cuts there.
pub fn cut_at_prompt(sequence: &Sequence, prompt: usize) -> String {
    let scored = sequence.len().saturating_sub(prompt);
    match (scored, sequence.tokens.get(prompt)) {
        (1.., Some(first)) => {
            let text = visible(&first.bytes);
            format!("cutting at the prompt's own {} would score {}, from {text} on", tokens(prompt), tokens(scored))
        }
        _ => format!("cutting at the prompt's own {} would score nothing", tokens(prompt)),
    }
}

fn trailing_space(sequence: &Sequence, mask: &LossMask) -> Option<Finding> {
    if let Some(split) = mask.split().filter(|split| split.straddles && split.after_space) {
        let message = "a space ends the prompt, and the tokenizer makes one token of it and what follows";
        return Some(Finding::new(Code::TrailingSpace, Some(split.token), message));
    }
    let ends_in_space = |t: usize| sequence.tokens[t].bytes.ends_with(b" ") && !sequence.tokens[t].special;
    let borders = (1..sequence.len()).filter(|&t| mask.is_scored(t) && !mask.is_scored(t - 1));
    let found: Vec<usize> = borders.map(|t| t - 1).filter(|&t| ends_in_space(t)).collect();
    let first = *found.first()?;
    let message = format!("a space stands right before what is scored, {} of them in all", found.len());
    Some(Finding::new(Code::TrailingSpace, Some(first), message))
}

/// A completion of raw text that no end-of-sequence token ends.
fn end_absent(sequence: &Sequence, mask: &LossMask) -> Option<Finding> {
    let last = sequence.len().checked_sub(1)?;
    let is_completion = sequence.kind == Kind::Text && mask.split().is_some() && mask.is_scored(last);
    let ends = &sequence.generation_ends;
    let is_ended = ends.is_empty() || ends.contains(&sequence.tokens[last].id) || !sequence.beyond.is_empty();
    let message =
        || format!("nothing ends the completion: its last token is {}", visible(&sequence.tokens[last].bytes));
    (is_completion && !is_ended).then(|| Finding::new(Code::EndAbsent, Some(last), message()))
}
