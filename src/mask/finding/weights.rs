//! Weights of the data that the mask in use does not take.

use super::{Code, Finding};
use crate::mask::{LossMask, Mode};
use crate::sample::is_assistant;
use crate::sequence::{Sequence, TokenOrigin};
use crate::template::Part;

/// The first message that the data weighs otherwise than the mask does: 0 where it is scored, another weight where it is
/// not, or a weight between that the mask does not give.
pub(super) fn ignored(sequence: &Sequence, mask: &LossMask) -> Option<Finding> {
    if mask.mode == Mode::Custom || sequence.message_weights.iter().all(Option::is_none) {
        return None;
    }
    let is_said = |turn: usize, (of, _, part): TokenOrigin<'_>| {
        of == Some(turn) && matches!(part, Part::Content | Part::Reasoning | Part::ToolCall | Part::Stop)
    };
    let weights = sequence.message_weights.iter().enumerate().filter_map(|(turn, weight)| Some((turn, (*weight)?)));
    // That a message of another role has a weight is a finding of its own.
    let weights = weights.filter(|&(turn, weight)| weight == 0.0 || is_assistant(&sequence.roles[turn]));
    let mut others = weights.filter_map(|(turn, weight)| {
        let own = sequence.targets().filter(|(_, token)| token.origins().any(|origin| is_said(turn, origin)));
        let (first, here) = own
            .map(|(t, _)| (t, mask.weight(t)))
            .reduce(|one, other| if other.1 > one.1 { (one.0, other.1) } else { one })?;
        let is_other = (weight == 0.0) != (here == 0.0) || (weight != 0.0 && weight != 1.0 && weight != here);
        is_other.then_some((turn, weight, first, here))
    });
    let (turn, weight, first, here) = others.next()?;
    let here = if here == 0.0 { "leaves it out".into() } else { format!("scores it with weight {here}") };
    let message = format!("message {} has the weight {weight} in the data, and mask {} {here}", turn + 1, mask.name());
    Some(Finding::new(Code::WeightIgnored, Some(first), message))
}
