//! Whether an earlier answer loses something because others follow it.

use super::engine::Engine;
use super::locate::locate;
use super::{Change, Changed};
use crate::sample::{Chat, is_assistant};

/// The first change that takes something from an earlier answer and would not be made were that answer the last. Of each
/// way to lose something the first answer is tried.
pub(super) fn first(engine: &Engine, tags: &[String], chat: &Chat, changes: &[Change], now: i64) -> Option<usize> {
    let last = chat.messages.iter().rposition(|message| is_assistant(&message.role))?;
    let of_last = |what| changes.iter().any(|change| change.message == last && change.what == what);
    let first_of = |what| changes.iter().position(|change| change.what == what && is_assistant(&change.role));
    let tried =
        [Changed::ReasoningLeftOut, Changed::Cut].into_iter().filter(|what| !of_last(*what)).filter_map(first_of);
    let mut tried: Vec<usize> = tried.collect();
    tried.sort_unstable();
    tried.into_iter().find(|index| {
        let Change { message, what, .. } = changes[*index];
        let until = Chat { messages: chat.messages[..=message].to_vec(), ..chat.clone() };
        let alone = locate(engine, &until, tags, false, now);
        alone.is_ok_and(|(_, alone)| !alone.changes.iter().any(|same| same.message == message && same.what == what))
    })
}
