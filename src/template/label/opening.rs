//! What leads up to a message's first text.

use std::ops::Range;

use super::{Labels, Part, Side};
use crate::sample::{is_assistant, is_tool};
use crate::template::delimiter::{after_closers, first_closed, wrapping};
use crate::template::marker::{Found, call_start, empty_think, header_end, opens_think, reasoning_start, think_start};

impl Labels<'_> {
    /// What leads up to the first text of a message; `goes_on` where the model has the word without a marker.
    pub(super) fn header(&mut self, gap: Range<usize>, next: Side, goes_on: bool) {
        let turn = Some(next.turn);
        let role = self.role(next.turn);
        let text = &self.text[gap.clone()];
        let (end, rest) = match role {
            role if is_assistant(role) => return self.opening(gap, next, goes_on),
            "system" | "developer" => (header_end(text, role), Part::DefaultSystem),
            role if is_tool(role) => (self.result_start(text, next.turn), Part::ToolResult),
            _ => (text.len(), Part::Header),
        };
        self.push(gap.start..gap.start + end, turn, Part::Header);
        self.push(gap.start + end..gap.end, turn, rest);
    }

    /// Where what wraps a tool's answer opens in the text before it.
    fn result_start(&self, before: &str, turn: usize) -> usize {
        let tail = self.tails[turn].clone();
        let after = &self.text[tail.clone()];
        let end = match self.stop(tail.clone()) {
            Some(stop) => stop.start - tail.start,
            None => after_closers(after),
        };
        wrapping(before, &after[..end]).unwrap_or(before.len())
    }

    /// What leads up to the first text of an assistant's message. Behind what the generation prompt supplies the model
    /// itself writes: it opens the part that follows.
    fn opening(&mut self, gap: Range<usize>, next: Side, goes_on: bool) {
        let turn = Some(next.turn);
        let text = &self.text[gap.clone()];
        let supplied = self.supplied_in(gap.clone());
        let (header, prefill) = match &supplied {
            Some(found) => (found.header, found.prefill),
            None if goes_on => (0, 0),
            None => {
                let end = self.opener(gap.clone(), next.part);
                (end, end)
            }
        };
        if header == text.len() && supplied.is_some() {
            self.prefilled = self.supplied.as_ref().map_or(0, |supplied| supplied.prefilled(&self.text[gap.end..]));
            self.prompted.push(gap.end..gap.end + self.prefilled);
        }
        let empty = empty_think(&text[header..]);
        let prefill = empty.map_or(prefill, |length| header + length);
        self.push(gap.start..gap.start + header, turn, Part::Header);
        self.push(gap.start + header..gap.start + prefill, turn, Part::GenerationPrefill);
        let rest = gap.start + prefill..gap.end;
        if supplied.is_some() || goes_on || next.part != Part::Content {
            return self.written(rest, next);
        }
        self.push(rest, turn, Part::Header);
    }

    /// Where what the generation prompt supplies stands in `gap`, which leads up to an assistant's text; noted as its.
    pub(super) fn supplied_in(&mut self, gap: Range<usize>) -> Option<Found> {
        let found = self.supplied.as_ref()?.find(&self.text[gap.clone()])?;
        self.prompted.push(gap.start + found.start..gap.start + found.prefill);
        Some(found)
    }

    /// Bytes of a header that the generation prompt does not show: up to what opens the part that follows.
    fn opener(&self, gap: Range<usize>, next: Part) -> usize {
        let text = &self.text[gap.clone()];
        let opened = match next {
            Part::ToolCall => [think_start(text), call_start(text)].into_iter().flatten().min(),
            // The message may hold the delimiter itself.
            Part::Reasoning if !opens_think(&self.text[gap.end..]) => reasoning_start(text),
            // An empty think block before an answer.
            _ => think_start(text),
        };
        opened.unwrap_or(text.len())
    }

    /// What the model writes before the first text that is followed: a reasoning of which none is, and what opens a part.
    fn written(&mut self, rest: Range<usize>, next: Side) {
        let text = &self.text[rest.clone()];
        let opens =
            next.part != Part::Reasoning && reasoning_start(text).is_some_and(|at| text[..at].trim().is_empty());
        let end = if opens { rest.start + first_closed(text) } else { rest.start };
        self.push(rest.start..end, Some(next.turn), Part::Reasoning);
        self.push(end..rest.end, Some(next.turn), next.part);
    }
}
