//! Whole turns without a text that was followed: of empty messages, and those that the template invents.

use std::ops::Range;

use super::{Labels, Part};
use crate::sample::{is_assistant, is_tool};
use crate::template::marker::{blanks, call_start, empty_think, header_end, names_role, think_start};

impl Labels<'_> {
    /// Whole turns in a gap: of messages without text, and those that the template invents. Returns where they end.
    pub(super) fn turns_without_text(&mut self, gap: Range<usize>, from: Option<usize>, to: Option<usize>) -> usize {
        let mut waiting: Vec<usize> = self
            .unplaced
            .iter()
            .copied()
            .filter(|turn| from.is_none_or(|from| *turn > from) && to.is_none_or(|to| *turn < to))
            .collect();
        let mut at = gap.start;
        while let Some(stop) = self.stop(at..gap.end) {
            let body = &self.text[at..stop.start];
            if body.trim().is_empty()
                && let Some(turn) = from
            {
                // A second marker right after the turn's own, such as an end of text.
                self.push(at..stop.end, Some(turn), Part::AfterStop);
                at = stop.end;
                continue;
            }
            let owner = waiting.iter().position(|turn| names_role(body, self.role(*turn)).is_some());
            let end = stop.end + blanks(&self.text[stop.end..gap.end]);
            if let Some(owner) = owner {
                let turn = waiting.drain(..=owner).next_back();
                self.empty_turn(at..stop.start, turn);
                self.push(stop.clone(), turn, Part::Stop);
                self.push(stop.end..end, turn, Part::AfterStop);
            } else {
                self.invented_turn(at..stop.start, stop.clone(), end);
            }
            at = end;
        }
        at
    }

    /// A turn whose message has no text that was found: it is empty, or the template rewrites it.
    fn empty_turn(&mut self, body: Range<usize>, turn: Option<usize>) {
        let calls = turn.is_some_and(|turn| !self.chat.messages[turn].tool_calls.is_empty());
        let role = turn.map_or("", |turn| self.role(turn)).to_string();
        let end = body.start + self.header_of(body.clone(), &role);
        let part = match empty_think(&self.text[end..body.end]) {
            Some(_) => Part::GenerationPrefill,
            None if calls => Part::ToolCall,
            None if is_tool(&role) => Part::ToolResult,
            None => Part::Content,
        };
        self.push(body.start..end, turn, Part::Header);
        self.push(end..body.end, turn, part);
    }

    /// A turn of no message: the template's default system text.
    fn invented_turn(&mut self, body: Range<usize>, stop: Range<usize>, end: usize) {
        let text = &self.text[body.clone()];
        let roles = ["system", "developer", "user", "assistant"].into_iter();
        let named = roles.filter_map(|role| Some((names_role(text, role)?, role))).min();
        let (header, role) = match named {
            Some((_, role)) => (body.start + self.header_of(body.clone(), role), role),
            None => (body.start, "system"),
        };
        let spans = [body.start..header, header..body.end, stop.clone(), stop.end..end];
        let parts = [Part::Header, Part::DefaultSystem, Part::Stop, Part::AfterStop];
        for (span, part) in spans.into_iter().zip(parts) {
            self.push_as(span, None, Some(role.into()), part);
        }
    }

    /// Bytes of the header of a turn of this role.
    fn header_of(&mut self, turn: Range<usize>, role: &str) -> usize {
        let text = &self.text[turn.clone()];
        if !is_assistant(role) {
            return header_end(text, role);
        }
        let opened = || [think_start(text), call_start(text)].into_iter().flatten().min();
        let supplied = self.supplied_in(turn).map(|found| found.header);
        supplied.or_else(opened).unwrap_or(text.len())
    }
}
