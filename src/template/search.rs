//! Locates the fields that cannot carry marks by their text, between the fields that can.

use super::field::{Field, Kind};
use super::locate::Located;
use super::marker::STOPS;
use super::marks::{Run, Style};
use super::{Change, Changed};
use crate::sample::Chat;

/// Looks for every field without marks and says so in the notes.
pub(super) fn search(chat: &Chat, fields: &[Field], styles: &[Style], located: &mut Located) {
    for (index, field) in fields.iter().enumerate() {
        let core = field.text.trim();
        if styles[index] != Style::Bare || core.is_empty() {
            continue;
        }
        let before = located.runs.iter().rposition(|run| run.field < index);
        let at = before.map_or(0, |at| at + 1);
        let start = before.map_or(0, |at| located.runs[at].out.end);
        let end = located.runs.get(at).map_or(located.text.len(), |run| run.out.start);
        let window = located.text.get(start..end).unwrap_or("");
        let places: Vec<usize> = window.match_indices(core).map(|(place, _)| place).collect();
        // A short text such as "user" may stand in a role marker too: prefer one that a stop marker follows.
        let ends_turn = |place: &&usize| {
            let rest = window[**place + core.len()..].trim_start();
            STOPS.iter().any(|stop| rest.starts_with(stop))
        };
        let place = places.iter().find(ends_turn).or(places.first());
        let found = match (place, places.len()) {
            (None, _) => "not found in the rendered text; the template rewrites it",
            (Some(_), 1) => "located by its text, for the template reads or changes it",
            (Some(_), _) => "located by its text, which occurs more than once there; its place may be wrong",
        };
        let what = match field.kind {
            Kind::Content => "content",
            Kind::Reasoning => "reasoning",
            Kind::ToolCall => "tool call",
        };
        let role = &chat.messages[field.message].role;
        if place.is_none() {
            let what = Changed::Rewritten;
            located.changes.push(Change { message: field.message, role: role.clone(), what });
        }
        located.notes.push(format!("message {} ({role}): {what} {found}", field.message + 1));
        if let Some(place) = place {
            let edge = field.text.len() - field.text.trim_start().len();
            let out = start + place..start + place + core.len();
            located.runs.insert(at, Run { out, field: index, source: edge..edge + core.len() });
        }
    }
}
