//! Think marks that have no partner in their turn.

use std::ops::Range;

use super::{Code, Finding};
use crate::mask::LossMask;
use crate::sample::is_assistant;
use crate::sequence::{Kind, Sequence};
use crate::template::THINK;

/// The first think mark of each assistant turn that is scored and does not pair up there. What the template or the
/// generation prompt supplies counts as a partner.
pub(super) fn unpaired(sequence: &Sequence, mask: &LossMask) -> Vec<Finding> {
    let is_there = |(open, close): &&(&str, &str)| sequence.text.contains(open) || sequence.text.contains(close);
    let Some(&(open, close)) = THINK.iter().find(is_there).filter(|_| sequence.kind == Kind::Chat) else {
        return Vec::new();
    };
    let turns = (0..sequence.roles.len()).filter(|&turn| is_assistant(&sequence.roles[turn]));
    turns.filter_map(|turn| of_turn(sequence, mask, turn, [open, close])).collect()
}

fn of_turn(sequence: &Sequence, mask: &LossMask, turn: usize, [open, close]: [&str; 2]) -> Option<Finding> {
    let is_of_turn = |t: &usize| sequence.tokens[*t].origins().any(|(of, ..)| of == Some(turn));
    let mut own = (0..sequence.len()).filter(is_of_turn);
    let first = own.next()?;
    let last = own.next_back().unwrap_or(first);
    let span = sequence.tokens[first].span.start..sequence.tokens[last].span.end;
    // What the context cut off may hold the partner.
    let is_cut = last + 1 == sequence.len() && !sequence.beyond.is_empty();
    let marks = alone(sequence.text.get(span.clone())?, open, close);
    let found = marks.into_iter().filter(|(_, opens)| !(is_cut && *opens)).find_map(|(range, opens)| {
        let place = span.start + range.start;
        let token = sequence.tokens.partition_point(|token| token.span.end <= place);
        mask.is_scored(token).then_some((token, opens))
    });
    let (token, opens) = found?;
    let message = match opens {
        true => format!("{open} in message {} has no {close} behind it", turn + 1),
        false => format!("{close} in message {} has no {open} before it", turn + 1),
    };
    Some(Finding::new(Code::ThinkUnpaired, Some(token), message))
}

/// The marks of `text` without a partner, in order, and whether each opens.
fn alone(text: &str, open: &str, close: &str) -> Vec<(Range<usize>, bool)> {
    let of = |mark: &str, opens: bool| {
        text.match_indices(mark).map(|(at, mark)| (at..at + mark.len(), opens)).collect::<Vec<_>>()
    };
    let mut marks = [of(open, true), of(close, false)].concat();
    marks.sort_by_key(|(range, _)| range.start);
    let (mut waiting, mut alone) = (None, Vec::new());
    for (range, opens) in marks {
        match (opens, waiting.take()) {
            (true, before) => {
                alone.extend(before.map(|before| (before, true)));
                waiting = Some(range);
            }
            (false, Some(_)) => {}
            (false, None) => alone.push((range, false)),
        }
    }
    alone.extend(waiting.map(|last| (last, true)));
    alone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_pair_up_in_order() {
        let alone = |text| alone(text, "<t>", "</t>").into_iter().map(|(range, _)| range.start).collect::<Vec<_>>();
        assert!(alone("a <t>b</t> c <t></t>").is_empty());
        assert_eq!(alone("a</t>b"), [1]);
        assert_eq!(alone("<t>a<t>b</t>"), [0]);
        assert_eq!(alone("<t>a</t></t>"), [8]);
        assert_eq!(alone("a<t>"), [1]);
    }
}
