//! What the model's special tokens and its context make of a sequence.

use super::{Code, Facts, Finding};
use crate::sequence::Sequence;

pub(super) fn findings(sequence: &Sequence, facts: &Facts) -> Vec<Finding> {
    [double_bos(sequence, facts), pad_is_eos(facts), over_context(sequence, facts)].into_iter().flatten().collect()
}

fn double_bos(sequence: &Sequence, facts: &Facts) -> Option<Finding> {
    let first_two = sequence.tokens.get(..2)?;
    let is_bos = |id: u32| Some(id) == facts.bos;
    let message = "the sequence begins with two beginning-of-sequence tokens";
    first_two.iter().all(|token| is_bos(token.id)).then(|| Finding::new(Code::DoubleBos, Some(1), message))
}

fn pad_is_eos(facts: &Facts) -> Option<Finding> {
    let (pad, eos) = (facts.pad?, facts.eos?);
    let message = format!("padding and end of sequence are both token {eos}");
    (pad == eos).then(|| Finding::new(Code::PadIsEos, None, message))
}

fn over_context(sequence: &Sequence, facts: &Facts) -> Option<Finding> {
    let tokens = sequence.uncut_len().unwrap_or(sequence.len());
    let message = format!("{tokens} tokens, and the model takes {}", facts.context);
    (tokens > facts.context).then(|| Finding::new(Code::OverContext, Some(facts.context), message))
}
