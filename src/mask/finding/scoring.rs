//! What the mask scores and what it leaves out.

use super::{Code, Finding, Severity};
use crate::mask::rule::{Why, is_in_assistant_turn};
use crate::mask::{LossMask, Mode, Stop};
use crate::sequence::{Kind, Sequence, visible};
use crate::template::Part;

pub(super) fn findings(sequence: &Sequence, mask: &LossMask) -> Vec<Finding> {
    [
        nothing_scored(sequence, mask),
        stop_unscored(sequence, mask),
        stop_typed(sequence, mask),
        header_scored(sequence, mask),
        straddler(sequence, mask),
        cut_off(mask),
        all_scored(sequence, mask),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn nothing_scored(sequence: &Sequence, mask: &LossMask) -> Option<Finding> {
    let message = || format!("mask {} scores none of the {} targets", mask.name(), sequence.target_count());
    (mask.scored() == 0).then(|| Finding::new(Code::NothingScored, None, message()))
}

/// Assistant turns of which the mask scores what they say, but not the stop that they have.
fn stop_unscored(sequence: &Sequence, mask: &LossMask) -> Option<Finding> {
    #[derive(Clone, Default)]
    struct Turn {
        is_trained: bool,
        stop: Option<usize>,
        is_stop_scored: bool,
    }
    let mut turns = vec![Turn::default(); sequence.roles.len()];
    let says = |part| matches!(part, Part::Content | Part::Reasoning | Part::ToolCall);
    for (t, token) in sequence.targets() {
        let told = token.origins().filter(|&(_, _, part)| part == Part::Stop || (says(part) && mask.is_scored(t)));
        for (turn, _, part) in told.filter(|&origin| is_in_assistant_turn(origin)) {
            let Some(turn) = turn.and_then(|turn| turns.get_mut(turn)) else { continue };
            match part {
                part if says(part) => turn.is_trained = true,
                Part::Stop => {
                    turn.stop.get_or_insert(t);
                    turn.is_stop_scored |= mask.is_scored(t);
                }
                _ => {}
            }
        }
    }
    let trained: Vec<&Turn> = turns.iter().filter(|turn| turn.is_trained).collect();
    let unscored: Vec<usize> =
        trained.iter().filter(|turn| !turn.is_stop_scored).filter_map(|turn| turn.stop).collect();
    let first = *unscored.first()?;
    let mut message =
        format!("the stop is unscored in {} of {} trained assistant turns", unscored.len(), trained.len());
    if mask.choices().stop == Some(Stop::Eos) && !sequence.tokens.iter().any(|token| sequence.ends.contains(&token.id))
    {
        message.push_str(": the tokenizer's eos never occurs here (Axolotl: name the stop in eot_tokens; --eot-token)");
    }
    Some(Finding::new(Code::StopUnscored, Some(first), message))
}

/// A stop mark that stands in a message and is scored there.
fn stop_typed(sequence: &Sequence, mask: &LossMask) -> Option<Finding> {
    if sequence.kind == Kind::Text || !sequence.tokens.iter().any(|token| token.injected) {
        return None;
    }
    let own: Vec<u32> = sequence.tokens.iter().filter(|token| token.part == Part::Stop).map(|token| token.id).collect();
    let is_stop = |id: u32| own.contains(&id) || sequence.generation_ends.contains(&id);
    let mut typed = sequence.targets().filter(|(t, token)| token.injected && is_stop(token.id) && mask.is_scored(*t));
    let (first, token) = typed.next()?;
    let of = token.turn.map_or_else(String::new, |turn| format!(" of message {}", turn + 1));
    let message = format!("{} in the text{of} is a stop mark, and is scored", visible(&token.bytes));
    Some(Finding::new(Code::StopTyped, Some(first), message))
}

/// Header tokens that the mask scores by mode, option or paint. Under `all` everything is, and a prompt weight is there
/// for headers too.
fn header_scored(sequence: &Sequence, mask: &LossMask) -> Option<Finding> {
    let is_meant = |t: usize| mask.decide(sequence, t).is_some_and(|decision| decision.why == Why::PromptWeight);
    let headers = sequence.targets().filter(|(t, token)| {
        token.part == Part::Header && token.overlaps.is_empty() && mask.is_scored(*t) && !is_meant(*t)
    });
    let scored: Vec<usize> = headers.map(|(t, _)| t).collect();
    let first = *scored.first().filter(|_| mask.mode != Mode::All)?;
    Some(Finding::new(Code::HeaderScored, Some(first), format!("{} of role markers scored", tokens(scored.len()))))
}

fn straddler(sequence: &Sequence, mask: &LossMask) -> Option<Finding> {
    let divided: Vec<usize> = sequence.targets().map(|(t, _)| t).filter(|&t| mask.divides(sequence, t)).collect();
    let first = *divided.first()?;
    let text = visible(&sequence.tokens[first].bytes);
    let message = format!("{} across a scored border, the first is {text}", tokens(divided.len()));
    Some(Finding::new(Code::StraddlerAtBorder, Some(first), message))
}

fn cut_off(mask: &LossMask) -> Option<Finding> {
    let severity = if mask.scored() == 0 { Severity::Major } else { Severity::Minor };
    let message = match severity {
        Severity::Major => format!("the context cuts off all {} that the mask scores", tokens(mask.lost)),
        Severity::Minor => format!("the context cuts off {} that the mask scores", tokens(mask.lost)),
    };
    (mask.lost > 0).then(|| Finding { severity, ..Finding::new(Code::ScoredCutOff, None, message) })
}

fn all_scored(sequence: &Sequence, mask: &LossMask) -> Option<Finding> {
    let targets = sequence.target_count();
    let is_all = sequence.kind == Kind::Chat && targets > 0 && mask.scored() == targets;
    is_all.then(|| Finding::new(Code::AllScored, None, format!("mask {} scores all {targets} targets", mask.name())))
}

pub(super) fn tokens(count: usize) -> String {
    if count == 1 { "1 token".into() } else { format!("{count} tokens") }
}
