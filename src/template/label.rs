//! Names what stands between the located fields: header, stop, default system text, generation prompt.

mod closing;
mod opening;
mod textless;

use std::ops::Range;
use std::sync::Arc;

use super::field::{Field, Kind};
use super::locate::{Located, Run};
use super::marker::{Supplied, think_start};
use super::stop::Stops;
use super::{Part, Placed, RenderFacts, Rendered, Segment, calls};
use crate::sample::Chat;

/// Turns a chat with located fields into segments that tile its text.
pub(super) fn label(chat: &Chat, fields: &[Field], located: Located, bos: Option<&str>, stops: &Stops) -> Rendered {
    let mut labels = Labels {
        chat,
        roles: chat.messages.iter().map(|message| message.role.as_str().into()).collect(),
        text: &located.text,
        supplied: located.prompt.as_deref().and_then(Supplied::new),
        bos: bos.unwrap_or(""),
        stops,
        prompted: Vec::new(),
        prefilled: 0,
        own_stop: None,
        prompt_start: located.prompt_start,
        add_generation_prompt: located.add_generation_prompt,
        unplaced: unplaced(chat, fields, &located.runs),
        tails: tails(chat, fields, &located.runs, located.text.len()),
        segments: Vec::new(),
        notes: Vec::new(),
    };
    let runs = labels.own_texts(fields, &located.runs);
    labels.learn_stop(fields, &runs);
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
    let contents = contents(fields, &located);
    let (segments, mut notes, prompted) = (labels.segments, labels.notes, labels.prompted);
    notes.splice(0..0, located.notes);
    Rendered {
        contents,
        text: located.text,
        segments,
        generation: located.generation,
        typed,
        changes: located.changes,
        facts: RenderFacts {
            prompted,
            undefined: located.undefined,
            encoded_twice: located.encoded_twice,
            null_arguments: calls::with_null_arguments(chat),
            ..RenderFacts::default()
        },
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

/// What stands behind each message's last text, up to the next text of any.
fn tails(chat: &Chat, fields: &[Field], runs: &[Run], end: usize) -> Vec<Range<usize>> {
    let mut tails = vec![end..end; chat.messages.len()];
    for (index, run) in runs.iter().enumerate() {
        let next = runs.get(index + 1).map_or(end, |next| next.out.start);
        tails[fields[run.field].message] = run.out.end..next;
    }
    tails
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
    /// What the generation prompt supplies of an assistant's turn.
    supplied: Option<Supplied<'a>>,
    bos: &'a str,
    stops: &'a Stops,
    /// What the generation prompt supplies, as bytes of the text.
    prompted: Vec<Range<usize>>,
    /// Bytes that it supplies of the text that comes next.
    prefilled: usize,
    /// What ends turns here, where that is no known marker.
    own_stop: Option<&'a str>,
    prompt_start: Option<usize>,
    add_generation_prompt: bool,
    unplaced: Vec<usize>,
    /// What stands behind each message's last text.
    tails: Vec<Range<usize>>,
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
        for (index, run) in runs.iter().enumerate() {
            let field = &fields[run.field];
            let since = kept.last().map_or(0, |last| last.out.end);
            let repeats = field.kind == Kind::ToolCall && seen[run.field] && self.stop(since..run.out.start).is_some();
            let is_same = |run: &&Run| fields[run.field].message == field.message;
            let before = index.checked_sub(1).map(|before| &runs[before]).filter(is_same);
            let next = runs.get(index + 1).filter(is_same);
            // An empty reasoning or answer with a stop of its own, as gpt-oss has them.
            let is_apart = || {
                before.is_some_and(|before| self.stop(before.out.end..run.out.start).is_some())
                    || next.is_some_and(|next| self.stop(run.out.end..next.out.start).is_some())
            };
            if !repeats && (!run.out.is_empty() || texts[field.message] == 0 || is_apart()) {
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

    /// A field's own text, cut where its parts change. It may begin with what the generation prompt supplies.
    fn field(&mut self, field: &Field, run: &Run) {
        let turn = Some(field.message);
        let rewritten = self.text[run.out.clone()] != field.text[run.source.clone()];
        let supplied = std::mem::take(&mut self.prefilled).min(run.out.len());
        self.push(run.out.start..run.out.start + supplied, turn, Part::GenerationPrefill);
        if rewritten {
            return self.push(run.out.start + supplied..run.out.end, turn, field.part_at(run.source.start));
        }
        let mut at = run.source.start + supplied;
        let ends = field.parts.iter().map(|(start, _)| *start).chain([run.source.end]);
        for end in ends.filter(|end| (run.source.start + supplied + 1..=run.source.end).contains(end)) {
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
        // A result that ends without a stop leaves the word to the model.
        let follows_result = last.is_some_and(|last| last.part == Part::ToolResult);
        let goes_on = follows_result && gap.start < at && self.stop(gap.clone()).is_none();
        at = self.turns_without_text(at..limit, from, to);
        match next {
            Some(next) => self.header(at..gap.end, next, goes_on),
            None => self.prompt(at..gap.end),
        }
    }

    /// The bos token, unless the template opens every turn with the same text (ChatML's `<|im_start|>`).
    fn bos(&mut self, gap: Range<usize>, at: usize) -> usize {
        let Some(rest) = self.text[gap].strip_prefix(self.bos).filter(|_| !self.bos.is_empty()) else {
            return at;
        };
        let opens_turns = self.supplied.as_ref().is_some_and(|supplied| supplied.has(self.bos))
            || ["system", "user", "assistant"].iter().any(|role| rest.starts_with(role));
        if opens_turns {
            return at;
        }
        self.push(at..at + self.bos.len(), None, Part::Bos);
        at + self.bos.len()
    }

    /// First stop marker in `gap`.
    fn stop(&self, gap: Range<usize>) -> Option<Range<usize>> {
        let text = &self.text[gap.clone()];
        let own = self.own_stop.and_then(|own| text.find(own).map(|start| start..start + own.len()));
        let first = [self.stops.first(text), own].into_iter().flatten().min_by_key(|stop| stop.start)?;
        Some(gap.start + first.start..gap.start + first.end)
    }

    /// The end of the text: what asks the model to answer.
    fn prompt(&mut self, gap: Range<usize>) {
        let end = think_start(&self.text[gap.clone()]).map_or(gap.end, |start| gap.start + start);
        let role = self.add_generation_prompt.then(|| "assistant".into());
        self.prompted.extend(self.add_generation_prompt.then(|| gap.clone()));
        self.push_as(gap.start..end, None, role.clone(), Part::Header);
        self.push_as(end..gap.end, None, role, Part::GenerationPrefill);
    }
}
