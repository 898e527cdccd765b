//! Where every field of a chat went in the rendered text.
//!
//! Every text of the chat carries its origin through the template, so that one render tells where each of its bytes
//! went, trimmed, cut or escaped as it may be.

use std::ops::Range;

use super::engine::{Engine, TemplateError};
use super::field::{Field, Fields, Kind};
use super::stop::STOPS;
use super::{Change, Changed, calls, edges};
use crate::jinja::{Output, Span};
use crate::sample::Chat;

/// A rendered chat and where its fields went.
pub(super) struct Located {
    pub text: String,
    /// In the order of the text, none overlapping.
    pub runs: Vec<Run>,
    pub generation: Option<Vec<Range<usize>>>,
    /// What `add_generation_prompt` adds to this chat, if it adds at the end.
    pub prompt: Option<String>,
    /// Where that starts in `text`, if it was asked for.
    pub prompt_start: Option<usize>,
    pub add_generation_prompt: bool,
    pub changes: Vec<Change>,
    pub undefined: Vec<String>,
    /// The messages of calls whose arguments are encoded twice.
    pub encoded_twice: Vec<usize>,
    pub notes: Vec<String>,
}

/// Where a stretch of a field went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Bytes of the rendered text.
    pub out: Range<usize>,
    pub field: usize,
    /// Bytes of the field's text.
    pub source: Range<usize>,
}

/// Renders `chat` and locates its fields.
pub(super) fn locate(
    engine: &Engine,
    chat: &Chat,
    tags: &[String],
    add_generation_prompt: bool,
    now: i64,
) -> Result<(Vec<Field>, Located), TemplateError> {
    let mut fields = Fields::new(tags);
    let messages = fields.messages(chat);
    let Output { text, spans, generation, undefined } = engine.render(chat, &messages, add_generation_prompt, now)?;
    let render = |prompt| engine.render(chat, &messages, prompt, now).map(|output| output.text).unwrap_or_default();
    let (prompt, prompt_start) = prompt(engine, &text, add_generation_prompt, render);
    let run = |Span { out, origin, source }| Run { out, field: origin, source };
    let runs = edges::stitch(&fields.list, spans.into_iter().map(run).collect(), &text);
    let mut located = Located {
        text,
        runs,
        generation: engine.generation.then_some(generation),
        prompt,
        prompt_start,
        add_generation_prompt,
        changes: Vec::new(),
        undefined,
        encoded_twice: Vec::new(),
        notes: Vec::new(),
    };
    located.changes = changes(chat, &fields.list, &located);
    located.encoded_twice = calls::encoded_twice(chat, &fields.list, &located.runs, &located.text);
    located.notes.extend(located.changes.iter().map(Change::to_string));
    Ok((fields.list, located))
}

/// What `add_generation_prompt` adds to a chat whose render is `text`, and where that starts if it was `asked` for.
fn prompt(
    engine: &Engine,
    text: &str,
    asked: bool,
    render: impl Fn(bool) -> String,
) -> (Option<String>, Option<usize>) {
    if let Some(fixed) = engine.prompt.as_ref().filter(|_| !asked && !text.is_empty()) {
        return (Some(fixed.clone()), None);
    }
    let other = render(!asked);
    let (without, with) = if asked { (other.as_str(), text) } else { (text, other.as_str()) };
    let added = with.strip_prefix(without).filter(|_| !without.is_empty());
    let prompt = added.or_else(|| after_last_stop(with)).filter(|prompt| !prompt.is_empty());
    let prompt = prompt.or_else(|| engine.usual_prompt()).map(str::to_string);
    (prompt, added.filter(|_| asked).map(|_| without.len()))
}

/// The generation prompt of a template that ends a text differently without one (Phi-3, gpt-oss).
fn after_last_stop(text: &str) -> Option<&str> {
    let ends = STOPS.iter().filter_map(|stop| Some(text.rfind(stop)? + stop.len()));
    ends.max().map(|end| &text[end..])
}

/// What the template did to the messages beyond printing them.
fn changes(chat: &Chat, fields: &[Field], located: &Located) -> Vec<Change> {
    let mut runs: Vec<Vec<&Run>> = vec![Vec::new(); fields.len()];
    located.runs.iter().for_each(|run| runs[run.field].push(run));
    let mut own: Vec<Vec<usize>> = vec![Vec::new(); chat.messages.len()];
    fields.iter().enumerate().for_each(|(index, field)| own[field.message].push(index));
    let mut changes = Vec::new();
    for (index, message) in chat.messages.iter().enumerate() {
        let mut add = |what| changes.push(Change { message: index, role: message.role.clone(), what });
        let texts = own[index].iter().copied().filter(|field| !fields[*field].text.is_empty());
        let (lost, kept): (Vec<usize>, Vec<usize>) = texts.partition(|field| runs[*field].is_empty());
        let (blank, lost): (Vec<usize>, Vec<usize>) =
            lost.into_iter().partition(|field| fields[*field].text.trim().is_empty());
        if !blank.is_empty() {
            add(Changed::BlankLost);
        }
        let present = own[index].iter().any(|field| !runs[*field].is_empty());
        if !present && !lost.is_empty() {
            add(Changed::LeftOut);
        } else {
            for (kind, what) in [
                (Kind::Reasoning, Changed::ReasoningLeftOut),
                (Kind::Content, Changed::ContentLeftOut),
                (Kind::ToolCall, Changed::CallsLeftOut),
            ] {
                if lost.iter().any(|field| fields[*field].kind == kind) {
                    add(what);
                }
            }
        }
        if message.in_parts() && kept.iter().any(|field| is_in_a_list(&runs[*field], &located.text)) {
            add(Changed::PrintedAsList);
            continue;
        }
        let told = kept.into_iter().filter(|field| fields[*field].kind != Kind::ToolCall);
        for what in told.filter_map(|field| change(&fields[field], &runs[field], &located.text)) {
            add(what);
        }
    }
    changes
}

/// Whether the text of a part stands in what Python prints of the list of parts.
fn is_in_a_list(runs: &[&Run], text: &str) -> bool {
    runs.iter().any(|run| ["'text': '", "'text': \""].iter().any(|key| text[..run.out.start].ends_with(key)))
}

/// What became of one field, where that is worth saying.
fn change(field: &Field, runs: &[&Run], text: &str) -> Option<Changed> {
    let first = runs.iter().map(|run| run.source.start).min();
    let turns_back = |pair: &[&Run]| {
        let again = Some(pair[1].source.start) == first;
        pair[1].source.start < pair[0].source.start && !again
    };
    if runs.windows(2).any(turns_back) || runs.iter().any(|run| text[run.out.clone()] != field.text[run.source.clone()])
    {
        return Some(Changed::Rewritten);
    }
    let gaps = gaps(field.text.len(), runs);
    // All of it is there, with something between what was one.
    let is_parted = |pair: &[&Run]| pair[0].source.end == pair[1].source.start && pair[0].out.end < pair[1].out.start;
    if gaps.is_empty() && runs.windows(2).any(is_parted) {
        return Some(Changed::TagsRewritten);
    }
    let blank = |gap: &Range<usize>| field.text[gap.clone()].trim().is_empty();
    if gaps.iter().all(blank) {
        return (!gaps.is_empty()).then_some(Changed::Trimmed);
    }
    let is_cut = |gap: &Range<usize>| {
        field.pieces.iter().any(|piece| {
            piece.start < gap.end
                && gap.start < piece.end
                && !blank(&(piece.start.max(gap.start)..piece.end.min(gap.end)))
        })
    };
    Some(if gaps.iter().any(is_cut) { Changed::Cut } else { Changed::TagsRewritten })
}

/// The bytes of a field's text that went nowhere.
fn gaps(length: usize, runs: &[&Run]) -> Vec<Range<usize>> {
    let mut sources: Vec<_> = runs.iter().map(|run| run.source.clone()).collect();
    sources.sort_by_key(|source| source.start);
    let mut gaps = Vec::new();
    let mut at = 0;
    for source in sources {
        if source.start > at {
            gaps.push(at..source.start);
        }
        at = at.max(source.end);
    }
    if at < length {
        gaps.push(at..length);
    }
    gaps
}
