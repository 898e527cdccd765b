//! Names what stands between the located fields: header, stop, default system text, generation prompt.

use std::ops::Range;
use std::sync::Arc;

use super::field::{Field, Kind, THINK};
use super::locate::Located;
use super::locate::Run;
use super::marker::{
    Stops, after_closing_tags, blanks, closing_tags, empty_think, header_end, names_role, opens_think, think_start,
};
use super::{Part, Placed, Rendered, Segment};
use crate::sample::{Chat, is_assistant, is_tool};

/// Turns a chat with located fields into segments that tile its text.
pub(super) fn label(chat: &Chat, fields: &[Field], located: Located, bos: Option<&str>, stops: &Stops) -> Rendered {
    let header = located.prompt.as_deref().map(|prompt| &prompt[..think_start(prompt).unwrap_or(prompt.len())]);
    let mut labels = Labels {
        chat,
        roles: chat.messages.iter().map(|message| message.role.as_str().into()).collect(),
        text: &located.text,
        header: header.map(str::trim).filter(|header| !header.is_empty()),
        bos: bos.unwrap_or(""),
        stops,
        prompt_start: located.prompt_start,
        add_generation_prompt: located.add_generation_prompt,
        unplaced: unplaced(chat, fields, &located.runs),
        segments: Vec::new(),
        notes: Vec::new(),
    };
    let runs = labels.own_texts(fields, &located.runs);
    let mut last: Option<Side> = None;
    let mut at = 0;
    let typed = typed(&located.runs);
    for run in runs {
        let field = &fields[run.field];
        let next = Side { turn: field.message, part: field.part_at(run.source.start) };
        labels.between(at..run.out.start, last, Some(next));
        labels.field(field, run);
        last = Some(Side {
            turn: field.message,
            part: field.part_at(run.source.end.saturating_sub(1).max(run.source.start)),
        });
        at = run.out.end;
    }
    labels.between(at..located.text.len(), last, None);
    let (segments, mut notes) = (labels.segments, labels.notes);
    let contents = contents(fields, &located);
    notes.splice(0..0, located.notes);
    Rendered {
        contents,
        text: located.text,
        segments,
        generation: located.generation,
        typed,
        changes: located.changes,
        notes,
    }
}

/// What came from the messages, runs that adjoin as one.
fn typed(runs: &[Run]) -> Vec<Range<usize>> {
    let mut typed: Vec<Range<usize>> = Vec::new();
    for out in runs.iter().map(|run| run.out.clone()).filter(|out| !out.is_empty()) {
        match typed.last_mut() {
            Some(last) if last.end == out.start => last.end = out.end,
            _ => typed.push(out),
        }
    }
    typed
}

/// Where the messages' contents went, as far as they are what was written.
fn contents(fields: &[Field], located: &Located) -> Vec<Placed> {
    let same = |run: &&Run| {
        let field = &fields[run.field];
        field.kind == Kind::Content && located.text[run.out.clone()] == field.text[run.source.clone()]
    };
    let placed = |run: &Run| {
        let field = &fields[run.field];
        let offset = field.offset?;
        let source = run.source.start + offset..run.source.end + offset;
        Some(Placed { message: field.message, source, out: run.out.clone() })
    };
    located.runs.iter().filter(same).filter_map(placed).collect()
}

/// Messages of which no text was found: empty ones, and those that a template leaves out.
fn unplaced(chat: &Chat, fields: &[Field], runs: &[Run]) -> Vec<usize> {
    let placed = |turn: usize| runs.iter().any(|run| fields[run.field].message == turn);
    (0..chat.messages.len()).filter(|turn| !placed(*turn)).collect()
}

/// The field on one side of a gap: its message and the part that touches the gap.
#[derive(Clone, Copy)]
struct Side {
    turn: usize,
    part: Part,
}

struct Labels<'a> {
    chat: &'a Chat,
    /// The role of every message.
    roles: Vec<Arc<str>>,
    text: &'a str,
    /// The role marker of an assistant turn, without whitespace around it.
    header: Option<&'a str>,
    bos: &'a str,
    stops: &'a Stops,
    prompt_start: Option<usize>,
    add_generation_prompt: bool,
    unplaced: Vec<usize>,
    segments: Vec<Segment>,
    notes: Vec<String>,
}

impl Labels<'_> {
    /// The runs that are their message's own text: not a tool's name that the tool's turn repeats, and not the place of
    /// an empty text beside others of the same message.
    fn own_texts<'r>(&self, fields: &[Field], runs: &'r [Run]) -> Vec<&'r Run> {
        let mut kept: Vec<&Run> = Vec::with_capacity(runs.len());
        let mut seen = vec![false; fields.len()];
        let mut texts = vec![0; self.chat.messages.len()];
        for run in runs {
            texts[fields[run.field].message] += run.out.len();
        }
        for run in runs {
            let field = &fields[run.field];
            let since = kept.last().map_or(0, |last| last.out.end);
            let repeats = field.kind == Kind::ToolCall && seen[run.field] && self.stop(since..run.out.start).is_some();
            if !repeats && (!run.out.is_empty() || texts[field.message] == 0) {
                kept.push(run);
            }
            seen[run.field] = true;
        }
        kept
    }

    fn role(&self, turn: usize) -> &str {
        &self.chat.messages[turn].role
    }

    fn push(&mut self, span: Range<usize>, turn: Option<usize>, part: Part) {
        let role = turn.map(|turn| self.roles[turn].clone());
        self.push_as(span, turn, role, part);
    }

    fn push_as(&mut self, span: Range<usize>, turn: Option<usize>, role: Option<Arc<str>>, part: Part) {
        if span.is_empty() {
            return;
        }
        match self.segments.last_mut() {
            Some(last) if last.turn == turn && last.part == part && last.role == role => last.span.end = span.end,
            _ => self.segments.push(Segment { span, turn, role, part }),
        }
    }

    /// A field's own text, cut where its parts change.
    fn field(&mut self, field: &Field, run: &Run) {
        let turn = Some(field.message);
        let rewritten = self.text[run.out.clone()] != field.text[run.source.clone()];
        if rewritten {
            return self.push(run.out.clone(), turn, field.part_at(run.source.start));
        }
        let mut at = run.source.start;
        let ends = field.parts.iter().map(|(start, _)| *start).chain([run.source.end]);
        for end in ends.filter(|end| (run.source.start + 1..=run.source.end).contains(end)) {
            let place = |byte: usize| byte - run.source.start + run.out.start;
            self.push(place(at)..place(end), turn, field.part_at(at));
            at = end;
        }
    }

    /// The text between two fields, or before the first or after the last.
    fn between(&mut self, gap: Range<usize>, last: Option<Side>, next: Option<Side>) {
        let mut at = gap.start;
        match (last, next) {
            (Some(last), Some(next)) if last.turn == next.turn => return self.inside(gap, last, next),
            (Some(last), _) => at = self.close(gap.clone(), last, next.is_none()),
            (None, _) => at = self.bos(gap.clone(), at),
        }
        let (from, to) = (last.map(|side| side.turn), next.map(|side| side.turn));
        let limit = match (next, self.prompt_start) {
            (None, Some(start)) => start.clamp(at, gap.end),
            _ => gap.end,
        };
        at = self.turns_without_text(at..limit, from, to);
        match next {
            Some(next) => self.header(at..gap.end, next),
            None => self.prompt(at..gap.end),
        }
    }

    /// The bos token, unless the template opens every turn with the same text (ChatML's `<|im_start|>`).
    fn bos(&mut self, gap: Range<usize>, at: usize) -> usize {
        let Some(rest) = self.text[gap].strip_prefix(self.bos).filter(|_| !self.bos.is_empty()) else {
            return at;
        };
        let opens_turns = self.header.is_some_and(|header| header.contains(self.bos))
            || ["system", "user", "assistant"].iter().any(|role| rest.starts_with(role));
        if opens_turns {
            return at;
        }
        self.push(at..at + self.bos.len(), None, Part::Bos);
        at + self.bos.len()
    }

    /// First stop marker in `gap`.
    fn stop(&self, gap: Range<usize>) -> Option<Range<usize>> {
        let stop = self.stops.first(&self.text[gap.clone()])?;
        Some(gap.start + stop.start..gap.start + stop.end)
    }

    /// Ends the turn of `last`: what the template puts after its text, the stop marker, the whitespace after it.
    fn close(&mut self, gap: Range<usize>, last: Side, at_end: bool) -> usize {
        let turn = Some(last.turn);
        let limit = self.prompt_start.filter(|_| at_end).map_or(gap.end, |start| start.clamp(gap.start, gap.end));
        match self.stop(gap.start..limit) {
            Some(stop) => {
                self.tail(gap.start..stop.start, last);
                self.push(stop.clone(), turn, Part::Stop);
                let end = stop.end + blanks(&self.text[stop.end..gap.end]);
                self.push(stop.end..end, turn, Part::AfterStop);
                end
            }
            None if at_end => {
                self.open_end(gap.start..limit, last);
                limit
            }
            // No marker ends the turn: what follows is the next one's, but for tags that close a call or an answer.
            None if last.part == Part::ToolCall => {
                // A call may end in arguments of which no text is followed, such as numbers.
                let end = gap.start + after_closing_tags(&self.text[gap.clone()]);
                self.push(gap.start..end, turn, last.part);
                end
            }
            None if last.part == Part::ToolResult => {
                let end = gap.start + closing_tags(&self.text[gap.clone()]);
                self.push(gap.start..end, turn, last.part);
                end
            }
            None => gap.start,
        }
    }

    /// The end of a text whose last turn no known marker ends.
    fn open_end(&mut self, rest: Range<usize>, last: Side) {
        let words = self.text[rest.clone()].trim();
        if words.is_empty() {
            self.push(rest, Some(last.turn), Part::AfterStop);
        } else if self.role(last.turn) == "assistant" {
            self.notes.push(format!("no known stop marker: {words:?} at the end is taken for one"));
            self.push(rest, Some(last.turn), Part::Stop);
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
                let end = self.think_end(gap.clone());
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
    fn inside(&mut self, gap: Range<usize>, last: Side, next: Side) {
        let turn = Some(last.turn);
        let after = match (last.part, next.part) {
            (Part::ToolCall, _) | (_, Part::ToolCall) => Part::ToolCall,
            (_, Part::Reasoning) => Part::Reasoning,
            _ => Part::Content,
        };
        let mut at = gap.start;
        if last.part == Part::Reasoning {
            at = self.think_end(gap.clone());
            self.push(gap.start..at, turn, Part::Reasoning);
        }
        self.push(at..gap.end, turn, if last.part == Part::ToolResult { Part::ToolResult } else { after });
    }

    /// End of the closing reasoning delimiter in `gap`; its whole end if there is none.
    fn think_end(&self, gap: Range<usize>) -> usize {
        let text = &self.text[gap.clone()];
        let ends = THINK.iter().filter_map(|(_, close)| Some(text.find(close)? + close.len()));
        ends.min().map_or(gap.end, |end| gap.start + end)
    }

    /// Whole turns in a gap: of messages without text, and those that the template invents. Returns where they end.
    fn turns_without_text(&mut self, gap: Range<usize>, from: Option<usize>, to: Option<usize>) -> usize {
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
        let end = body.start + header_end(&self.text[body.clone()], &role, self.header);
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
            Some((_, role)) => (body.start + header_end(text, role, self.header), role),
            None => (body.start, "system"),
        };
        if !self.text[header..body.end].trim().is_empty() {
            self.notes.push(format!("the template adds a {role} text of its own"));
        }
        let spans = [body.start..header, header..body.end, stop.clone(), stop.end..end];
        let parts = [Part::Header, Part::DefaultSystem, Part::Stop, Part::AfterStop];
        for (span, part) in spans.into_iter().zip(parts) {
            self.push_as(span, None, Some(role.into()), part);
        }
    }

    /// What leads up to the first text of a message.
    fn header(&mut self, gap: Range<usize>, next: Side) {
        let turn = Some(next.turn);
        let text = &self.text[gap.clone()];
        let role = self.role(next.turn).to_string();
        let end = gap.start
            + match role.as_str() {
                "system" | "developer" | "assistant" | "model" => header_end(text, &role, self.header),
                _ => text.len(),
            };
        self.push(gap.start..end, turn, Part::Header);
        let rest = end..gap.end;
        if role == "system" || role == "developer" {
            return self.push(rest, turn, Part::DefaultSystem);
        }
        let text = &self.text[rest.clone()];
        // Behind what the generation prompt supplies the model itself writes: it opens the part that follows.
        let is_written =
            is_assistant(&role) && self.header.is_some_and(|marker| self.text[gap.clone()].contains(marker));
        if let Some(length) = empty_think(text) {
            let after = if next.part == Part::ToolCall || is_written { next.part } else { Part::Header };
            self.push(rest.start..rest.start + length, turn, Part::GenerationPrefill);
            return self.push(rest.start + length..rest.end, turn, after);
        }
        let start = match next.part {
            Part::ToolCall => 0,
            _ if is_written => 0,
            // The delimiter that opens the reasoning, if the message does not hold it itself.
            Part::Reasoning if opens_think(&self.text[gap.end..]) => text.len(),
            Part::Reasoning => think_start(text).unwrap_or(0),
            _ => text.len(),
        };
        self.push(rest.start..rest.start + start, turn, Part::Header);
        self.push(rest.start + start..rest.end, turn, next.part);
    }

    /// The end of the text: what asks the model to answer.
    fn prompt(&mut self, gap: Range<usize>) {
        let end = think_start(&self.text[gap.clone()]).map_or(gap.end, |start| gap.start + start);
        let role = self.add_generation_prompt.then(|| "assistant".into());
        self.push_as(gap.start..end, None, role.clone(), Part::Header);
        self.push_as(end..gap.end, None, role, Part::GenerationPrefill);
    }
}
