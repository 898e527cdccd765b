//! Where every field of a chat went in the rendered text.
//!
//! The chat is rendered as it is, and again with marks around its texts. If the second text without its marks equals the
//! first byte for byte, the marks tell where each text went. A template that measures, compares or cuts a text changes
//! its output; the fields that cause it are found one by one, located by their text instead, and named in the notes.

use minijinja::Value;
use minijinja::value::Serde;

use super::engine::{Engine, TemplateError};
use super::field::{Field, Kind, strings_of_call};
use super::marker::STOPS;
use super::marks::{Cut, Marks, Run, Style};
use super::{Change, Changed, date, edges, search};
use crate::sample::Chat;

/// Bytes that may be rendered to try fields one by one, when marking all of them changes what the template prints.
const TRIAL_BYTES: usize = 4 << 20;

/// A rendered chat and where its fields went.
pub(super) struct Located {
    pub text: String,
    /// In the order of the text, none overlapping.
    pub runs: Vec<Run>,
    pub generation: Option<Vec<std::ops::Range<usize>>>,
    /// What `add_generation_prompt` adds to this chat, if it adds at the end.
    pub prompt: Option<String>,
    /// Where that starts in `text`, if it was asked for.
    pub prompt_start: Option<usize>,
    pub add_generation_prompt: bool,
    pub changes: Vec<Change>,
    pub notes: Vec<String>,
}

/// One chat's renders.
struct Renders<'a> {
    engine: &'a Engine,
    chat: &'a Chat,
    tools: Value,
    add_generation_prompt: bool,
    now: i64,
}

impl Renders<'_> {
    fn plain(&self, add_generation_prompt: bool) -> Result<String, TemplateError> {
        let messages = Engine::messages(&self.chat.messages);
        self.engine.render(&messages, &self.tools, add_generation_prompt, self.now, None)
    }

    /// What `add_generation_prompt` adds to this chat, whose render is `text`, and where that starts if it was asked for.
    fn prompt(&self, text: &str) -> (Option<String>, Option<usize>) {
        let asked = self.add_generation_prompt;
        if let Some(fixed) = self.engine.prompt.as_ref().filter(|_| !asked && !text.is_empty()) {
            return (Some(fixed.clone()), None);
        }
        let other = self.plain(!asked).unwrap_or_default();
        let (without, with) = if asked { (other.as_str(), text) } else { (text, other.as_str()) };
        let added = with.strip_prefix(without).filter(|_| !without.is_empty());
        let prompt = added.or_else(|| after_last_stop(with)).map(str::to_string);
        (prompt, added.filter(|_| asked).map(|_| without.len()))
    }

    /// The text with marks in the given styles, cut apart.
    fn marked(&self, marks: &Marks, fields: &[Field], styles: &[Style]) -> Option<Cut> {
        let texts = fields.iter().zip(styles).enumerate();
        let mut texts = texts.map(|(index, (field, style))| marks.mark(index, field, *style));
        let mut messages = self.chat.messages.clone();
        for message in &mut messages {
            if let Some(reasoning) = &mut message.reasoning_content {
                *reasoning = texts.next()?;
            }
            message.content = texts.next()?;
            for call in &mut message.tool_calls {
                strings_of_call(call, &mut |text| {
                    if let Some(marked) = texts.next() {
                        *text = marked;
                    }
                });
            }
        }
        let messages = Engine::messages(&messages);
        let generation = Some(marks.generation);
        let text = self.engine.render(&messages, &self.tools, self.add_generation_prompt, self.now, generation);
        marks.cut(&text.ok()?, fields, styles)
    }
}

/// Renders `chat` and locates its `fields`.
pub(super) fn locate(
    engine: &Engine,
    chat: &Chat,
    fields: &[Field],
    add_generation_prompt: bool,
) -> Result<Located, TemplateError> {
    let tools = if chat.tools.is_empty() { Value::from(()) } else { Value::from(Serde(&chat.tools)) };
    let renders = Renders { engine, chat, tools, add_generation_prompt, now: date::now() };
    let text = renders.plain(add_generation_prompt)?;
    let (prompt, prompt_start) = renders.prompt(&text);
    let mut located = Located {
        text,
        runs: Vec::new(),
        generation: None,
        prompt,
        prompt_start,
        add_generation_prompt,
        changes: Vec::new(),
        notes: Vec::new(),
    };
    let styles = place(&renders, fields, &mut located);
    search::search(chat, fields, &styles, &mut located);
    let changes = changes(chat, fields, &styles, &located);
    located.notes.extend(changes.iter().map(Change::to_string));
    located.changes.extend(changes);
    Ok(located)
}

/// The generation prompt of a template that ends a text differently without one (Phi-3, gpt-oss).
fn after_last_stop(text: &str) -> Option<&str> {
    let ends = STOPS.iter().filter_map(|stop| Some(text.rfind(stop)? + stop.len()));
    ends.max().map(|end| &text[end..])
}

/// Fills in what marks tell; returns the styles that left the text as it is.
fn place(renders: &Renders<'_>, fields: &[Field], located: &mut Located) -> Vec<Style> {
    let bare = vec![Style::Bare; fields.len()];
    let generation = renders.engine.generation;
    let Some((marks, (styles, cut))) = Marks::new(fields, &located.text)
        .and_then(|marks| fit(renders, &marks, fields, &located.text).map(|fitted| (marks, fitted)))
    else {
        if generation {
            located
                .notes
                .push("the generation tags could not be followed: the template changes what stands in them".into());
        }
        return bare;
    };
    located.generation = generation.then_some(cut.generation);
    located.runs = edges::stitch(fields, cut.runs, &located.text);
    if edges::any(fields, &styles) {
        let trimmed: Vec<Field> = fields
            .iter()
            .zip(&styles)
            .map(|(field, style)| if *style == Style::Pieces { field.trimmed() } else { field.clone() })
            .collect();
        let bare_edges = renders
            .marked(&marks, &trimmed, &styles)
            .map(|cut| (edges::stitch(&trimmed, cut.runs, &cut.text), cut.text));
        edges::widen(fields, located, bare_edges);
    }
    styles
}

/// The most marks that leave the text as it is, and the text they give.
fn fit(renders: &Renders<'_>, marks: &Marks, fields: &[Field], plain: &str) -> Option<(Vec<Style>, Cut)> {
    let attempt = |styles: &[Style]| renders.marked(marks, fields, styles).filter(|cut| cut.text == plain);
    let full = |field: &Field| if field.pieces.is_empty() { Style::Whole } else { Style::Pieces };
    let mut styles: Vec<Style> = fields.iter().map(full).collect();
    if let Some(cut) = attempt(&styles) {
        return Some((styles, cut));
    }
    for style in &mut styles {
        if *style == Style::Whole {
            *style = Style::Bare;
        }
    }
    let mut best = attempt(&styles);
    if best.is_none() {
        styles.fill(Style::Bare);
        best = attempt(&styles);
    }
    best.as_ref()?;
    let open: Vec<usize> = (0..fields.len()).filter(|index| styles[*index] == Style::Bare).collect();
    let trials = TRIAL_BYTES / plain.len().max(1);
    for index in open.into_iter().take(trials.min(256)) {
        let options: &[Style] = match fields[index].pieces.is_empty() {
            true => &[Style::Whole, Style::Hollow],
            false => &[Style::Pieces],
        };
        for option in options {
            styles[index] = *option;
            if let Some(cut) = attempt(&styles) {
                best = Some(cut);
                break;
            }
            styles[index] = Style::Bare;
        }
    }
    best.map(|cut| (styles, cut))
}

/// What the template did to the messages whose texts carry marks; [`search`] speaks of the others.
fn changes(chat: &Chat, fields: &[Field], styles: &[Style], located: &Located) -> Vec<Change> {
    let mut changes = Vec::new();
    for (index, message) in chat.messages.iter().enumerate() {
        let mut add = |what| changes.push(Change { message: index, role: message.role.clone(), what });
        let own = |field: &usize| fields[*field].message == index && !fields[*field].text.is_empty();
        let texts: Vec<usize> = (0..fields.len()).filter(own).collect();
        let found = |field: usize| located.runs.iter().filter(move |run| run.field == field);
        let (lost, kept): (Vec<usize>, Vec<usize>) = texts.iter().partition(|field| found(**field).next().is_none());
        let (blank, lost): (Vec<usize>, Vec<usize>) =
            lost.into_iter().partition(|field| fields[*field].text.trim().is_empty());
        if !blank.is_empty() {
            add(Changed::BlankLost);
        }
        let present = located.runs.iter().any(|run| fields[run.field].message == index);
        if !present && !lost.is_empty() && lost.iter().all(|field| styles[*field] != Style::Bare) {
            add(Changed::LeftOut);
        } else {
            let is_lost = |kind| lost.iter().any(|field| fields[*field].kind == kind && styles[*field] != Style::Bare);
            for (kind, what) in [
                (Kind::Reasoning, Changed::ReasoningLeftOut),
                (Kind::Content, Changed::ContentLeftOut),
                (Kind::ToolCall, Changed::CallsLeftOut),
            ] {
                if is_lost(kind) {
                    add(what);
                }
            }
        }
        for field in kept.into_iter().filter(|field| fields[*field].kind != Kind::ToolCall) {
            if let Some(what) = change(&fields[field], found(field), &located.text) {
                add(what);
            }
        }
    }
    changes
}

/// What became of one field, where that is worth saying.
fn change<'a>(field: &Field, runs: impl Iterator<Item = &'a Run> + Clone, text: &str) -> Option<Changed> {
    if runs.clone().any(|run| text[run.out.clone()] != field.text[run.source.clone()]) {
        return Some(Changed::Rewritten);
    }
    if runs.clone().any(|run| run.source == (0..field.text.len())) {
        return None;
    }
    let has = |at: usize| runs.clone().any(|run| run.source.contains(&at));
    if field.pieces.iter().any(|piece| !has(piece.start)) {
        return Some(Changed::Cut);
    }
    let mut missing = field.text.char_indices().filter(|(at, _)| !has(*at));
    if missing.all(|(_, letter)| letter.is_whitespace()) {
        Some(Changed::Trimmed)
    } else {
        Some(Changed::TagsRewritten)
    }
}
