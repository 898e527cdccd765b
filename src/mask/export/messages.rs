//! Whether a mask can be said by one weight for each assistant message.

use super::super::{Choices, LossMask, MaskOptions, Mode};
use super::{ExportError, Trainer};
use crate::sample::{Chat, is_assistant};
use crate::sequence::{Sequence, Token, TokenOrigin};
use crate::template::Part;

/// The weight of each assistant message, `None` for the others.
///
/// The weights found are put back as data and masked as the trainer would: with mode `custom`, and for LLaMA-Factory with
/// the text after the stop and the prefill, which it scores too. Every token is compared, but those of an assistant turn
/// that are nothing but text after the stop or prefill, if the mask has them at 0 or at their message's weight and
/// neither paint nor an option speaks of them: whether these count is a trainer's own custom.
pub(super) fn weights(
    trainer: Trainer,
    chat: &Chat,
    sequence: &Sequence,
    mask: &LossMask,
) -> Result<Vec<Option<f64>>, ExportError> {
    if chat.messages.len() != sequence.roles.len() {
        return Err(ExportError::OtherSample);
    }
    if !sequence.beyond.is_empty() {
        return Err(ExportError::Cut { trainer, cut: sequence.beyond.len() });
    }
    let weights: Vec<Option<f64>> = (0..chat.messages.len())
        .map(|turn| is_assistant(&sequence.roles[turn]).then(|| weight_of(turn, sequence, mask)))
        .collect();
    let there = as_there(trainer, sequence, &weights)?;
    let differs = |t: &usize| {
        let token = &sequence.tokens[*t];
        let of_message = token.turn.and_then(|turn| weights[turn]).unwrap_or(0.0);
        let is_custom = is_trainers_own(token, *t, mask) && [0.0, of_message].contains(&mask.weight(*t));
        mask.weight(*t) != there.weight(*t) && !is_custom
    };
    match (0..sequence.len()).find(differs) {
        None => Ok(weights),
        Some(token) => Err(ExportError::Differs {
            trainer,
            token,
            text: sequence.tokens[token].text(),
            weight: mask.weight(token),
            there: there.weight(token),
        }),
    }
}

/// The weight of what the message says, of tokens that are of no other message; 0 where the template prints none of it.
fn weight_of(turn: usize, sequence: &Sequence, mask: &LossMask) -> f64 {
    let is_said = |(of, _, part): TokenOrigin<'_>| {
        of == Some(turn) && matches!(part, Part::Content | Part::Reasoning | Part::ToolCall | Part::Stop)
    };
    let is_own = |token: &Token| {
        token.origins().any(is_said) && token.origins().all(|(of, ..)| of.is_none() || of == Some(turn))
    };
    let own = sequence.targets().filter(|(_, token)| is_own(token)).map(|(t, _)| mask.weight(t));
    own.reduce(f64::max).unwrap_or(0.0)
}

/// The mask that the trainer makes of these weights.
fn as_there(trainer: Trainer, sequence: &Sequence, weights: &[Option<f64>]) -> Result<LossMask, ExportError> {
    let data = Sequence { message_weights: weights.to_vec(), span_weights: Vec::new(), ..sequence.clone() };
    let mut choices = Choices::default();
    if trainer == Trainer::LlamaFactory {
        (choices.after_stop, choices.prefill) = (Some(true), Some(true));
    }
    Ok(LossMask::new(&data, Mode::Custom, MaskOptions::default().with(&data, choices))?)
}

fn is_trainers_own(token: &Token, t: usize, mask: &LossMask) -> bool {
    let is_own = |(turn, role, part): TokenOrigin<'_>| {
        let is_free = match part {
            Part::AfterStop => mask.choices().after_stop.is_none(),
            Part::GenerationPrefill => mask.choices().prefill.is_none(),
            _ => false,
        };
        is_free && turn.is_some() && role.is_some_and(is_assistant) && mask.parts().get(part).is_none()
    };
    mask.paint().get(t).is_none() && token.origins().all(is_own)
}
