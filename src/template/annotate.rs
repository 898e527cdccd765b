//! A chat template with `{% generation %}` tags around what the assistant writes, proven to render like the original.
//!
//! ```text
//! source  ─▶ the prints, and the summands of each
//! probes  ─▶ rendered; provenance says which characters the assistant writes: its content, reasoning, calls and stops
//! measure ─▶ each summand alone in tags: which of its characters are wanted?
//! tag     ─▶ wanted summands in tags, for the assistant's messages alone where a print serves other roles too
//! prove   ─▶ every probe renders byte for byte as before, and the tags enclose what is wanted, no more and no less
//! ```

mod plan;
mod source;

use std::ops::Range;
use std::sync::Arc;

use thiserror::Error;

use super::engine::Engine;
use super::field::Fields;
use super::{ChatTemplate, Part, TemplateError};
use crate::jinja::{self, Output};
use crate::sample::{Chat, is_assistant, read_record};
use plan::{Condition, Wanted, tagged, wanted};
use source::{Print, Source};

/// What brackets generated text while it is measured. A probe must not have them.
const MARKS: (char, char) = ('\u{10fff0}', '\u{10fff1}');

/// The texts of the special tokens that a template can name.
#[derive(Clone, Copy, Debug, Default)]
pub struct Specials<'a> {
    pub bos: Option<&'a str>,
    pub eos: Option<&'a str>,
    pub pad: Option<&'a str>,
}

/// Chats that most templates take: one turn and several, a system text, empty and padded answers, reasoning, tool loops.
pub fn probes() -> Vec<Chat> {
    // A test reads all of them.
    let records: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("annotate/probes.json")).unwrap_or_default();
    records.into_iter().filter_map(|record| read_record(record, None).ok()?.chat()).collect()
}

/// Why no annotated template is given.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AnnotateError {
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error(
        "the template takes none of the chats that it is tried with, so nothing can be proven; annotate it by hand"
    )]
    NoProbe,
    #[error(
        "the template has generation tags, and on probe {probe} they enclose {tags:?} where the assistant writes \
         {written:?}; correct them by hand"
    )]
    Tagged { probe: usize, tags: String, written: String },
    #[error("with generation tags, probe {probe} would render {text:?} instead of {original:?}; annotate it by hand")]
    Text { probe: usize, text: String, original: String },
    #[error(
        "no place for generation tags fits: on probe {probe} they would enclose {tags:?} where the assistant writes \
         {written:?}; annotate it by hand"
    )]
    Spans { probe: usize, tags: String, written: String },
}

/// A chat as the original renders it, and what of it the assistant writes.
struct Probe<'a> {
    /// Its number, from 1.
    number: usize,
    chat: &'a Chat,
    prompt: bool,
    text: String,
    written: Vec<Range<usize>>,
}

/// `source` with generation tags around what the assistant writes: content, reasoning, tool calls and stop. A template
/// that has such tags is returned as it is.
///
/// The assistant's messages are those of the role `assistant`. What no probe makes the template print gets no tags.
///
/// # Errors
/// If the template does not parse or takes no probe, if its own tags enclose something else, or if no tagging can be
/// proven on all `probes` that it takes; the message says what differs.
pub fn annotate(source: &str, specials: Specials<'_>, probes: &[Chat]) -> Result<String, AnnotateError> {
    let template = ChatTemplate::new(source, specials.bos, specials.eos, specials.pad)?;
    let workshop = Workshop { specials, now: jinja::now(), probes: rendered(&template, probes) };
    if workshop.probes.is_empty() {
        return Err(AnnotateError::NoProbe);
    }
    if template.has_generation_tags() {
        return match workshop.prove(source) {
            Err(AnnotateError::Spans { probe, tags, written }) => Err(AnnotateError::Tagged { probe, tags, written }),
            proven => proven.map(|()| source.to_string()),
        };
    }
    // Line ends as jinja2 reads them.
    let source = source.replace("\r\n", "\n").replace('\r', "\n");
    let first = workshop.tag(&source);
    let Err(error) = first else { return first };
    rewritten(&source).into_iter().find_map(|variant| workshop.tag(&variant).ok()).ok_or(error)
}

fn rendered<'a>(template: &ChatTemplate, chats: &'a [Chat]) -> Vec<Probe<'a>> {
    let both = chats.iter().enumerate().flat_map(|(i, chat)| [(i + 1, chat, false), (i + 1, chat, true)]);
    both.filter_map(|(number, chat, prompt)| {
        let rendered =
            template.render(chat, prompt).ok().filter(|rendered| !rendered.text.contains([MARKS.0, MARKS.1]))?;
        let is_written = |part| matches!(part, Part::Content | Part::Reasoning | Part::ToolCall | Part::Stop);
        let of_assistant = |role: &Option<Arc<str>>| role.as_deref().is_some_and(is_assistant);
        let segments = rendered.segments.iter();
        let written = segments.filter(|one| one.turn.is_some() && of_assistant(&one.role) && is_written(one.part));
        let written = merged(written.map(|one| one.span.clone()));
        Some(Probe { number, chat, prompt, text: rendered.text, written })
    })
    .collect()
}

/// Spans in order, those that touch made one, empty ones left out.
fn merged(spans: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for span in spans.filter(|span| !span.is_empty()) {
        match out.last_mut() {
            Some(last) if last.end == span.start => last.end = span.end,
            _ => out.push(span),
        }
    }
    out
}

/// Sources that render the same and can be cut where the original cannot: the end of an assigned text moved to where the
/// variable is printed, and text outside tags made a print. That they render the same is for the proof.
fn rewritten(source: &str) -> Vec<String> {
    let found = Source::of(source);
    let mut variants = Vec::new();
    for assignment in &found.assignments {
        let prints = found.prints.iter().filter(|print| {
            print.span.start > assignment.span.end && print.terms.len() == 1 && print.terms[0].text == assignment.name
        });
        let Some(print) = prints.into_iter().next() else { continue };
        for cut in (1..assignment.terms.len()).rev() {
            let joined = |terms: &[source::Term]| {
                let mut text = terms[0].text.clone();
                terms[1..].iter().for_each(|term| text += &format!(" {} {}", term.operator, term.text));
                text
            };
            let (kept, moved) = assignment.terms.split_at(cut);
            let name = print.span.start + source[print.span.clone()].find(&assignment.name).unwrap_or(0);
            let edits = vec![
                (assignment.span.clone(), format!(" {} ", joined(kept))),
                (name..name + assignment.name.len(), format!("{} + {}", assignment.name, joined(moved))),
            ];
            variants.push(edited(source, edits));
        }
    }
    let as_print = |span: &Range<usize>| {
        let text = source[span.clone()].replace('\\', "\\\\").replace('\'', "\\'");
        (span.clone(), format!("{{{{ '{text}' }}}}"))
    };
    if !found.texts.is_empty() {
        variants.push(edited(source, found.texts.iter().map(as_print).collect()));
    }
    variants
}

/// `source` with these stretches, which are in order, replaced.
fn edited(source: &str, edits: Vec<(Range<usize>, String)>) -> String {
    let (mut out, mut at) = (String::with_capacity(source.len()), 0);
    for (span, text) in edits {
        out += &source[at..span.start];
        out += &text;
        at = span.end;
    }
    out + &source[at..]
}

/// What templates are tried with.
struct Workshop<'a> {
    specials: Specials<'a>,
    now: i64,
    probes: Vec<Probe<'a>>,
}

impl Workshop<'_> {
    /// The tagged source, proven.
    fn tag(&self, source: &str) -> Result<String, AnnotateError> {
        let prints = Source::of(source).prints;
        let edits = prints.iter().filter_map(|print| Some((print.span.clone(), self.tag_print(source, print)?)));
        let annotated = edited(source, edits.collect());
        self.prove(&annotated)?;
        Ok(annotated)
    }

    /// The print with tags, if it prints anything that is wanted and can be cut where that begins and ends.
    fn tag_print(&self, source: &str, print: &Print) -> Option<String> {
        let whole = vec![Wanted::All; print.terms.len()];
        let all = self.occurrences(source, print, &whole, None);
        if all.iter().all(|(_, wanted)| wanted.is_empty()) {
            return None;
        }
        let tag = |condition: Option<Condition<'_>>| {
            let plan = self.plan(source, print, condition.as_ref())?;
            let is_some = plan.iter().any(|wanted| *wanted != Wanted::Nothing);
            is_some.then(|| tagged(source, print, &plan, condition.as_ref())).flatten()
        };
        let of_role = |name: &String| Condition { text: format!("{name}['role'] == 'assistant'"), otherwise: None };
        let by_role = || print.variables.iter().find_map(|name| tag(Some(of_role(name))));
        tag(None).or_else(by_role).or_else(|| self.tag_where_printed(source, print))
    }

    /// A print whose summands are wanted or not as another of them, or the message's content, prints something or not:
    /// delimiters of a reasoning that are the assistant's where it reasons and the template's where it does not, or a
    /// newline before a tool call that ends the header where nothing was said before.
    fn tag_where_printed(&self, source: &str, print: &Print) -> Option<String> {
        let terms = print.terms.iter().map(|term| term.text.clone()).filter(|text| source::literal(text).is_none());
        let contents = print.variables.iter().map(|name| format!("{name}['content']"));
        let after_others = contents.clone().map(|content| format!("{content} or not loop.first"));
        terms.chain(contents).chain(after_others).find_map(|text| {
            let condition = |text: String| Condition { text, otherwise: None };
            let then = self.plan(source, print, Some(&condition(text.clone())))?;
            let otherwise = self.plan(source, print, Some(&condition(format!("not ({text})"))))?;
            tagged(source, print, &then, Some(&Condition { text, otherwise: Some(&otherwise) }))
        })
    }

    /// What is wanted of each summand where the condition holds; `None` where that is not always the same.
    fn plan(&self, source: &str, print: &Print, condition: Option<&Condition<'_>>) -> Option<Vec<Wanted>> {
        let of_term = |term: usize| {
            let mut alone = vec![Wanted::Nothing; print.terms.len()];
            alone[term] = Wanted::All;
            wanted(&self.occurrences(source, print, &alone, condition))
        };
        (0..print.terms.len()).map(of_term).collect()
    }

    /// Where the probes print what is tagged so, and what of each place is wanted.
    fn occurrences(
        &self,
        source: &str,
        print: &Print,
        plan: &[Wanted],
        condition: Option<&Condition<'_>>,
    ) -> Vec<(Range<usize>, Range<usize>)> {
        let Some(text) = tagged(source, print, plan, condition) else { return Vec::new() };
        let Ok(engine) = self.engine(&edited(source, vec![(print.span.clone(), text)])) else { return Vec::new() };
        let of_probe = |probe: &Probe<'_>| {
            let (_, spans) = self.render(&engine, probe).unwrap_or_default();
            let wanted = |span: &Range<usize>| {
                let overlaps =
                    probe.written.iter().map(|written| span.start.max(written.start)..span.end.min(written.end));
                overlaps.into_iter().find(|overlap| !overlap.is_empty()).unwrap_or(span.start..span.start)
            };
            spans.into_iter().map(|span| (span.clone(), wanted(&span))).collect::<Vec<_>>()
        };
        self.probes.iter().flat_map(of_probe).collect()
    }

    /// Whether every probe renders as before and the tags enclose what the assistant writes.
    fn prove(&self, source: &str) -> Result<(), AnnotateError> {
        let engine = self.engine(source)?;
        for probe in &self.probes {
            let (text, spans) = self.render(&engine, probe)?;
            let number = probe.number;
            if text != probe.text {
                return Err(AnnotateError::Text { probe: number, text, original: probe.text.clone() });
            }
            let spans = merged(spans.into_iter());
            if spans != probe.written {
                let shown = |spans: &[Range<usize>]| {
                    let texts: Vec<&str> = spans.iter().map(|span| &text[span.clone()]).collect();
                    texts.join(" … ")
                };
                let (tags, written) = (shown(&spans), shown(&probe.written));
                return Err(AnnotateError::Spans { probe: number, tags, written });
            }
        }
        Ok(())
    }

    fn engine(&self, source: &str) -> Result<Engine, TemplateError> {
        let named =
            [("bos_token", self.specials.bos), ("eos_token", self.specials.eos), ("pad_token", self.specials.pad)];
        let specials: Vec<_> = named.into_iter().filter_map(|(name, text)| Some((name, text?.to_string()))).collect();
        Engine::new(source, &specials)
    }

    /// The probe's text and the spans that the tags enclose.
    fn render(&self, engine: &Engine, probe: &Probe<'_>) -> Result<(String, Vec<Range<usize>>), TemplateError> {
        let messages = Fields::new(&[]).messages(probe.chat);
        let Output { text, generation, .. } = engine.render(probe.chat, &messages, probe.prompt, self.now)?;
        let spans = generation.into_iter().filter(|span| !span.is_empty()).collect();
        Ok((text, spans))
    }
}
