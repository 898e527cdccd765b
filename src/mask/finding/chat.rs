//! What the data and the template make of a chat, whatever the mask.

use super::{Code, Finding};
use crate::mask::Roles;
use crate::sample::is_assistant;
use crate::sequence::{Kind, Sequence, visible};
use crate::template::{Changed, Part};

pub(super) fn findings(sequence: &Sequence) -> Vec<Finding> {
    if sequence.kind == Kind::Text {
        return Vec::new();
    }
    let single = [stop_absent, last_turn, unstable, default_system, special_text];
    let mut found: Vec<Finding> = single.into_iter().filter_map(|check| check(sequence)).collect();
    found.extend(content_changed(sequence));
    found.extend(messages(sequence));
    found
}

/// The indices of the assistant's messages.
fn assistants(sequence: &Sequence) -> impl DoubleEndedIterator<Item = usize> {
    (0..sequence.roles.len()).filter(|&turn| is_assistant(&sequence.roles[turn]))
}

/// The parts of a message's turn, what the context cut off included.
fn parts(sequence: &Sequence, turn: usize) -> impl Iterator<Item = Part> {
    let origins = sequence.all_tokens().flat_map(|token| token.origins());
    origins.filter(move |origin| origin.0 == Some(turn)).map(|(_, _, part)| part)
}

fn first_of(sequence: &Sequence, turn: usize) -> Option<usize> {
    sequence.tokens.iter().position(|token| token.origins().any(|origin| origin.0 == Some(turn)))
}

fn stop_absent(sequence: &Sequence) -> Option<Finding> {
    let says = |part| matches!(part, Part::Content | Part::Reasoning | Part::ToolCall);
    let lacks_stop =
        |turn: &usize| parts(sequence, *turn).any(says) && !parts(sequence, *turn).any(|part| part == Part::Stop);
    let turn = assistants(sequence).find(lacks_stop)?;
    let of_turn = |t: &usize| sequence.tokens[*t].origins().any(|origin| origin.0 == Some(turn));
    let last = (0..sequence.len()).rev().find(of_turn);
    let next = last.and_then(|last| sequence.tokens.get(last + 1));
    let message = match next {
        Some(next) => {
            format!("nothing of its own ends message {}: {} comes next", turn + 1, visible(&next.bytes))
        }
        None => format!("nothing ends message {}", turn + 1),
    };
    Some(Finding::new(Code::StopAbsent, last, message))
}

fn last_turn(sequence: &Sequence) -> Option<Finding> {
    let role = sequence.roles.last().filter(|role| !is_assistant(role))?;
    let token = first_of(sequence, sequence.roles.len() - 1);
    Some(Finding::new(Code::LastTurnNotAssistant, token, format!("the last message is of role {role}")))
}

/// An earlier assistant turn has lost its reasoning, or lacks the think block that the last one got.
fn unstable(sequence: &Sequence) -> Option<Finding> {
    let last = assistants(sequence).next_back()?;
    let loses = |what| matches!(what, Changed::ReasoningLeftOut | Changed::Cut);
    let lost = sequence
        .changes
        .iter()
        .find(|change| change.message < last && is_assistant(&change.role) && loses(change.what));
    let has_prefill = |turn: usize| parts(sequence, turn).any(|part| part == Part::GenerationPrefill);
    let without = || assistants(sequence).find(|&turn| turn < last && !has_prefill(turn));
    let (turn, message) = match lost {
        Some(change) => (change.message, format!("{change}, because it is not the last answer")),
        None => {
            let turn = without().filter(|_| has_prefill(last))?;
            (turn, format!("message {} lacks the think block that the last answer gets", turn + 1))
        }
    };
    Some(Finding::new(Code::TemplateUnstable, first_of(sequence, turn), message))
}

fn default_system(sequence: &Sequence) -> Option<Finding> {
    let token = sequence.tokens.iter().position(|token| token.part == Part::DefaultSystem)?;
    let count = sequence.tokens.iter().filter(|token| token.part == Part::DefaultSystem).count();
    let message = format!("the template adds {count} tokens of system text that no message has");
    Some(Finding::new(Code::DefaultSystem, Some(token), message))
}

fn special_text(sequence: &Sequence) -> Option<Finding> {
    let token = sequence.tokens.iter().position(|token| token.injected)?;
    let count = sequence.tokens.iter().filter(|token| token.injected).count();
    let text = visible(&sequence.tokens[token].bytes);
    let message = format!("{text} in a message became a special token, {count} of them in all");
    Some(Finding::new(Code::SpecialText, Some(token), message))
}

fn content_changed(sequence: &Sequence) -> impl Iterator<Item = Finding> {
    sequence
        .changes
        .iter()
        .map(|change| Finding::new(Code::ContentChanged, first_of(sequence, change.message), change.to_string()))
}

/// What is odd about single messages.
fn messages(sequence: &Sequence) -> Vec<Finding> {
    let mut found = Vec::new();
    for (turn, role) in sequence.roles.iter().enumerate() {
        let mut add = |code, message| found.push(Finding::new(code, first_of(sequence, turn), message));
        let name = format!("message {}", turn + 1);
        if !Roles::is_known(role) {
            add(Code::UnknownRole, format!("{name} is of role {role:?}"));
        }
        if is_assistant(role) && says_nothing(sequence, turn) {
            add(Code::EmptyAssistant, format!("{name} is the assistant's and says nothing"));
        }
        let weight = sequence.message_weights.get(turn).copied().flatten();
        if let Some(weight) = weight.filter(|&weight| weight != 0.0 && !is_assistant(role)) {
            add(Code::WeightNotAssistant, format!("{name} is of role {role} and has weight {weight}"));
        }
    }
    found
}

/// Whether a turn that the template printed has nothing but what stands around a message.
fn says_nothing(sequence: &Sequence, turn: usize) -> bool {
    let mut printed = false;
    for token in sequence.all_tokens() {
        for (_, _, part) in token.origins().filter(|origin| origin.0 == Some(turn)) {
            printed = true;
            let is_text = matches!(part, Part::Content | Part::Reasoning | Part::ToolCall);
            if is_text && !token.bytes.iter().all(u8::is_ascii_whitespace) {
                return false;
            }
        }
    }
    printed
}
