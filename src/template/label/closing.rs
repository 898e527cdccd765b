//! What follows a message's texts: tails, stops, and what stands between two of its texts.

use std::ops::Range;

use super::{Field, Kind, Labels, Part, Run, Side};
use crate::sample::is_assistant;
use crate::template::delimiter::{after_closers, delimiters, first_stray};
use crate::template::field::THINK;
use crate::template::marker::{blanks, call_start};

impl Labels<'_> {
    /// Where no known marker ends the last turn, what does end it ends all turns.
    pub(super) fn learn_stop(&mut self, fields: &[Field], runs: &[&Run]) {
        let Some(last) = runs.last() else { return };
        let end = self.prompt_start.map_or(self.text.len(), |start| start.clamp(last.out.end, self.text.len()));
        if self.stop(last.out.end..end).is_some() {
            return;
        }
        let (tail, field) = (&self.text[last.out.end..end], &fields[last.field]);
        let ends_others = |marker: &str, of: fn(&Field, &str) -> bool| {
            runs.windows(2).any(|pair| {
                let (one, other) = (&fields[pair[0].field], &fields[pair[1].field]);
                let after = self.text[pair[0].out.end..pair[1].out.start].trim_start();
                one.message != other.message && of(one, self.role(one.message)) && after.starts_with(marker)
            })
        };
        let marker = match field.kind {
            // What closes a call is no stop, unless it ends contents too.
            Kind::ToolCall => {
                let of_content: fn(&Field, &str) -> bool = |field, _| field.kind == Kind::Content;
                let starts = delimiters(tail).map(|tag| tag.span.start);
                let shared = starts.map(|start| tail[start..].trim()).find(|marker| ends_others(marker, of_content));
                shared.unwrap_or(tail[after_closers(tail)..].trim())
            }
            _ => tail.trim(),
        };
        let is_stop = is_assistant(self.role(field.message)) || ends_others(marker, |_, role| is_assistant(role));
        if !marker.is_empty() && is_stop {
            self.notes.push(format!("no known stop marker: {marker:?} at the end is taken for one"));
            self.own_stop = Some(marker);
        }
    }

    /// Ends the turn of `last`: what the template puts after its text, the stop marker, the whitespace after it.
    pub(super) fn close(&mut self, gap: Range<usize>, last: Side, at_end: bool) -> usize {
        let turn = Some(last.turn);
        let limit = self.prompt_start.filter(|_| at_end).map_or(gap.end, |start| start.clamp(gap.start, gap.end));
        if let Some(stop) = self.stop(gap.start..limit) {
            self.tail(gap.start..stop.start, last);
            self.push(stop.clone(), turn, Part::Stop);
            let end = stop.end + blanks(&self.text[stop.end..gap.end]);
            self.push(stop.end..end, turn, Part::AfterStop);
            return end;
        }
        // No marker ends the turn: what follows is the next one's, but for what closes a call, a result or an answer.
        let end = gap.start + self.closed(&self.text[gap.start..limit], last);
        let own = if last.part == Part::ToolResult { self.result_end(gap.start..end, last.turn) } else { end };
        self.push(gap.start..own, turn, last.part);
        self.push(own..end, turn, Part::Header);
        if at_end {
            self.open_end(end..limit, last);
            return limit;
        }
        end
    }

    /// Bytes of what closes the last text of a turn that no marker ends.
    fn closed(&self, text: &str, last: Side) -> usize {
        match after_closers(text) {
            // A call may end in arguments of which no text is followed, such as numbers.
            0 if last.part == Part::ToolCall => {
                let marker = delimiters(text).next().map_or(0, |marker| marker.span.start);
                text[..marker].trim_end().len()
            }
            _ if last.part == Part::Content && !is_assistant(self.role(last.turn)) => 0,
            end => end,
        }
    }

    /// Where a tool's answer ends before the end of what several answers have in common.
    fn result_end(&self, tail: Range<usize>, turn: usize) -> usize {
        let first = self.segments.iter().find(|segment| segment.turn == Some(turn));
        let start = first.map_or(tail.start, |first| first.span.start);
        tail.start + first_stray(&self.text[start..tail.start], &self.text[tail.clone()])
    }

    /// The end of a text whose last turn nothing ends.
    fn open_end(&mut self, rest: Range<usize>, last: Side) {
        if self.text[rest.clone()].trim().is_empty() {
            self.push(rest, Some(last.turn), Part::AfterStop);
        } else {
            // Mistral's [/INST] asks for the answer without a generation prompt.
            self.push_as(rest, None, Some("assistant".into()), Part::Header);
        }
    }

    /// What a template puts between the last text of a turn and its stop marker.
    fn tail(&mut self, gap: Range<usize>, last: Side) {
        let turn = Some(last.turn);
        let words = !self.text[gap.clone()].trim().is_empty();
        match last.part {
            Part::Reasoning => {
                let end = self.reasoning_end(gap.clone(), Part::Content);
                self.push(gap.start..end, turn, Part::Reasoning);
                self.push(end..gap.end, turn, Part::Content);
            }
            Part::Content if words && self.role(last.turn) == "system" => self.push(gap, turn, Part::DefaultSystem),
            Part::Content if words && !self.chat.messages[last.turn].tool_calls.is_empty() => {
                self.push(gap, turn, Part::ToolCall);
            }
            part => self.push(gap, turn, part),
        }
    }

    /// The text between two fields of one message.
    pub(super) fn inside(&mut self, gap: Range<usize>, last: Side, next: Side) {
        let turn = Some(last.turn);
        let after = match (last.part, next.part) {
            (Part::ToolCall, _) | (_, Part::ToolCall) => Part::ToolCall,
            (_, Part::Reasoning) => Part::Reasoning,
            _ => Part::Content,
        };
        let mut at = gap.start;
        if last.part == Part::Reasoning {
            at = self.reasoning_end(gap.clone(), next.part);
            self.push(gap.start..at, turn, Part::Reasoning);
        }
        self.push(at..gap.end, turn, if last.part == Part::ToolResult { Part::ToolResult } else { after });
    }

    /// Where the reasoning before `gap` ends: behind the delimiter or the stop that closes it, or where a call opens; at
    /// the end of the gap if there is none.
    fn reasoning_end(&self, gap: Range<usize>, next: Part) -> usize {
        let text = &self.text[gap.clone()];
        let known = THINK.iter().filter_map(|(_, close)| Some(text.find(close)? + close.len())).min();
        let closed = || {
            let tag = delimiters(text).find(|tag| tag.closes).map(|tag| tag.span.end);
            let stop = self.stop(gap.clone()).map(|stop| stop.end - gap.start);
            [tag, stop].into_iter().flatten().min()
        };
        let called = || call_start(text).filter(|_| next == Part::ToolCall);
        gap.start + known.or_else(closed).or_else(called).unwrap_or(text.len())
    }
}
