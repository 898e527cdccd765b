//! What leads up to a message's first text.

use std::ops::Range;

use super::{Labels, Part, Side};
use crate::sample::{is_assistant, is_tool};
use crate::template::delimiter::{after_closers, first_closed, wrapping};
use crate::template::marker::{call_start, empty_think, header_end, opens_think, reasoning_start, think_start};

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
        let supplied = self.supplied.as_ref().and_then(|supplied| supplied.ends(text));
        let (header, prefill) = match supplied {
            Some(ends) => ends,
            None if goes_on => (0, 0),
            None => {
                let opened = [think_start(text), call_start(text)].into_iter().flatten().min();
                let end = opened.unwrap_or(text.len());
                (end, end)
            }
        };
        let empty = empty_think(&text[header..]);
        let prefill = empty.map_or(prefill, |length| header + length);
        self.push(gap.start..gap.start + header, turn, Part::Header);
        self.push(gap.start + header..gap.start + prefill, turn, Part::GenerationPrefill);
        let rest = gap.start + prefill..gap.end;
        if supplied.is_some() || goes_on || next.part == Part::ToolCall {
            return self.written(rest, next);
        }
        if empty.is_some() {
            return self.push(rest, turn, Part::Header);
        }
        let text = &self.text[rest.clone()];
        let start = match next.part {
            // The delimiter that opens the reasoning, if the message does not hold it itself.
            Part::Reasoning if !opens_think(&self.text[gap.end..]) => reasoning_start(text).unwrap_or(0),
            _ => text.len(),
        };
        self.push(rest.start..rest.start + start, turn, Part::Header);
        self.push(rest.start + start..rest.end, turn, next.part);
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
