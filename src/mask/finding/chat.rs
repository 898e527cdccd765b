//! What the data and the template make of a chat, whatever the mask.

use super::{Code, Finding};
use crate::mask::Roles;
use crate::sample::is_assistant;
use crate::sequence::{Kind, Sequence, Token, visible};
use crate::template::{Change, Changed, Part};

pub(super) fn findings(sequence: &Sequence) -> Vec<Finding> {
    if sequence.kind == Kind::Text {
        return Vec::new();
    }
    let chat = Chat::new(sequence);
    let single = [stop_absent, stop_not_eos, last_turn, unstable, undefined, default_system, special_text];
    let mut found: Vec<Finding> = single.into_iter().filter_map(|check| check(&chat)).collect();
    found.extend(changed(&chat));
    found.extend(calls(&chat));
    found.extend(messages(&chat));
    found
}

/// What one message's turn has, in one pass over the tokens.
#[derive(Clone, Default)]
struct Turn {
    first: Option<usize>,
    last: Option<usize>,
    /// What the context cut off included.
    printed: bool,
    says: bool,
    /// It says something that is not whitespace.
    says_words: bool,
    stop: bool,
    prefill: bool,
    reasons: bool,
}

/// A chat and what its turns have.
struct Chat<'a> {
    sequence: &'a Sequence,
    turns: Vec<Turn>,
}

impl<'a> Chat<'a> {
    fn new(sequence: &'a Sequence) -> Self {
        let mut turns = vec![Turn::default(); sequence.roles.len()];
        for (t, token) in sequence.all_tokens().enumerate() {
            for (turn, _, part) in token.origins() {
                let Some(turn) = turn.and_then(|turn| turns.get_mut(turn)) else { continue };
                if t < sequence.len() {
                    turn.first.get_or_insert(t);
                    turn.last = Some(t);
                }
                let says = matches!(part, Part::Content | Part::Reasoning | Part::ToolCall);
                turn.printed = true;
                turn.says |= says;
                turn.says_words |= says && !token.is_blank();
                turn.stop |= part == Part::Stop;
                turn.prefill |= part == Part::GenerationPrefill;
                turn.reasons |= part == Part::Reasoning;
            }
        }
        Self { sequence, turns }
    }

    /// The indices of the assistant's messages.
    fn assistants(&self) -> impl DoubleEndedIterator<Item = usize> {
        (0..self.turns.len()).filter(|&turn| is_assistant(&self.sequence.roles[turn]))
    }

    fn first_of(&self, turn: usize) -> Option<usize> {
        self.turns.get(turn)?.first
    }
}

fn stop_absent(chat: &Chat) -> Option<Finding> {
    let turn = chat.assistants().find(|&turn| chat.turns[turn].says && !chat.turns[turn].stop)?;
    let last = chat.turns[turn].last;
    let message = match last.and_then(|last| chat.sequence.tokens.get(last + 1)) {
        Some(next) => format!("nothing of its own ends message {}: {} comes next", turn + 1, visible(&next.bytes)),
        None => format!("nothing ends message {}", turn + 1),
    };
    Some(Finding::new(Code::StopAbsent, last, message))
}

/// None of the assistant's turns ends with a token that ends a generation.
fn stop_not_eos(chat: &Chat) -> Option<Finding> {
    let sequence = chat.sequence;
    let is_own = |token: &Token| {
        token.part == Part::Stop && token.turn.is_some() && token.role.as_deref().is_some_and(is_assistant)
    };
    let ends = &sequence.generation_ends;
    let mut stops = sequence.all_tokens().enumerate().filter(|(_, token)| is_own(token));
    let (first, token) = stops.clone().next().filter(|_| !ends.is_empty())?;
    if stops.any(|(_, token)| ends.contains(&token.id)) {
        return None;
    }
    let stop = visible(&token.bytes);
    let message = format!(
        "the turn ends with {stop}, which is no end-of-sequence token of the model: its generation will not end there; \
         --profile axolotl leaves the stop untrained (--eot-token names it)"
    );
    Some(Finding::new(Code::StopNotEos, Some(first).filter(|&t| t < sequence.len()), message))
}

fn last_turn(chat: &Chat) -> Option<Finding> {
    let role = chat.sequence.roles.last().filter(|role| !is_assistant(role))?;
    let token = chat.first_of(chat.turns.len() - 1);
    Some(Finding::new(Code::LastTurnNotAssistant, token, format!("the last message is of role {role}")))
}

/// An earlier assistant turn has lost its reasoning to those that follow, or lacks the think block that the last one got.
fn unstable(chat: &Chat) -> Option<Finding> {
    let last = chat.assistants().next_back()?;
    let lost = chat.sequence.facts.unstable.and_then(|index| chat.sequence.changes.get(index));
    let (turn, message) = match lost {
        Some(change) => (change.message, format!("{change}, because it is not the last answer")),
        None if !chat.turns[last].prefill => return None,
        None => {
            let lacks = |turn: &usize| *turn < last && !chat.turns[*turn].prefill && !chat.turns[*turn].reasons;
            let turn = chat.assistants().find(lacks)?;
            (turn, format!("message {} lacks the think block that the last answer gets", turn + 1))
        }
    };
    Some(Finding::new(Code::TemplateUnstable, chat.first_of(turn), message))
}

fn undefined(Chat { sequence, .. }: &Chat) -> Option<Finding> {
    let names = &sequence.facts.undefined;
    let (first, rest) = names.split_first()?;
    let message = match rest {
        [] => format!("the template prints {first}, which is undefined"),
        _ => format!("the template prints what is undefined: {}", names.join(", ")),
    };
    Some(Finding::new(Code::UndefinedPrinted, None, message))
}

/// What the template says of the record's own tools is the record's.
fn default_system(Chat { sequence, .. }: &Chat) -> Option<Finding> {
    let is_of_tools = |token: &Token| {
        let tools = &sequence.facts.tools;
        tools.iter().any(|range| range.start <= token.span.start && token.span.end <= range.end)
    };
    let is_default = |token: &Token| token.part == Part::DefaultSystem && !is_of_tools(token);
    let first = sequence.tokens.iter().position(is_default)?;
    let count = sequence.tokens.iter().filter(|token| is_default(token)).count();
    let message = format!("the template adds {count} tokens of system text that no message has");
    Some(Finding::new(Code::DefaultSystem, Some(first), message))
}

fn special_text(Chat { sequence, .. }: &Chat) -> Option<Finding> {
    let token = sequence.tokens.iter().position(|token| token.injected)?;
    let injected = || sequence.tokens.iter().filter(|token| token.injected);
    let mut texts: Vec<String> = Vec::new();
    for text in injected().map(|token| visible(&token.bytes)) {
        if texts.len() < 3 && !texts.contains(&text) {
            texts.push(text);
        }
    }
    let texts = texts.join(", ");
    let message = match injected().count() {
        1 => format!("{texts} in a message became a special token"),
        count => format!("{texts} in messages became special tokens, {count} in all"),
    };
    Some(Finding::new(Code::SpecialText, Some(token), message))
}

fn changed(chat: &Chat) -> impl Iterator<Item = Finding> {
    let changes = chat.sequence.changes.iter();
    changes.map(|change| {
        let code = match change.what {
            Changed::PrintedAsList => Code::PartsPrinted,
            what if what.drops() && !is_of_history(chat, change) => Code::DataDropped,
            _ => Code::ContentChanged,
        };
        Finding::new(code, chat.first_of(change.message), change.to_string())
    })
}

/// Whether the template does that to earlier answers alone, which `template-unstable` says.
fn is_of_history(chat: &Chat, change: &Change) -> bool {
    let lost = chat.sequence.facts.unstable.and_then(|index| chat.sequence.changes.get(index));
    let is_earlier = chat.assistants().next_back().is_some_and(|last| change.message < last);
    lost.is_some_and(|lost| lost.what == change.what) && is_earlier && is_assistant(&change.role)
}

/// What is odd about the arguments of tool calls.
fn calls(chat: &Chat) -> impl Iterator<Item = Finding> {
    let facts = &chat.sequence.facts;
    let found = |messages: &[usize], code, one: &str, several: &str| {
        let first = *messages.first()?;
        let message = match messages.len() {
            1 => format!("a tool call in message {} {one}", first + 1),
            count => format!("{count} tool calls {several}, the first in message {}", first + 1),
        };
        Some(Finding::new(code, chat.first_of(first), message))
    };
    let twice = found(
        &facts.encoded_twice,
        Code::ArgumentsEncodedTwice,
        "has JSON text as arguments, and the template encodes it once more",
        "have JSON text as arguments, and the template encodes it once more",
    );
    let nulls = found(
        &facts.null_arguments,
        Code::NullArguments,
        "has an argument that is null",
        "have arguments that are null",
    );
    twice.into_iter().chain(nulls)
}

/// What is odd about single messages.
fn messages(chat: &Chat) -> Vec<Finding> {
    let mut found = Vec::new();
    for (i, (role, turn)) in chat.sequence.roles.iter().zip(&chat.turns).enumerate() {
        let mut add = |code, message| found.push(Finding::new(code, turn.first, message));
        let name = format!("message {}", i + 1);
        if !Roles::is_known(role) {
            add(Code::UnknownRole, format!("{name} is of role {role:?}"));
        }
        let drops = |change: &Change| {
            use Changed::{CallsLeftOut, ContentLeftOut, Cut, LeftOut, ReasoningLeftOut, Rewritten};
            let drops =
                matches!(change.what, CallsLeftOut | ContentLeftOut | Cut | LeftOut | ReasoningLeftOut | Rewritten);
            change.message == i && drops
        };
        let is_dropped = chat.sequence.changes.iter().any(drops);
        if is_assistant(role) && turn.printed && !turn.says_words && !is_dropped {
            add(Code::EmptyAssistant, format!("{name} is the assistant's and says nothing"));
        }
        let weight = chat.sequence.message_weights.get(i).copied().flatten();
        if let Some(weight) = weight.filter(|&weight| weight != 0.0 && !is_assistant(role)) {
            add(Code::WeightNotAssistant, format!("{name} is of role {role} and has weight {weight}"));
        }
    }
    found
}
