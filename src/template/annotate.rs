//! A chat template with `{% generation %}` tags around what the assistant writes, proven to render like the original.
//!
//! ```text
//! source  ─▶ the prints, and the summands of each
//! probes  ─▶ rendered; provenance says which characters the assistant writes: its content, reasoning, calls and stops
//! measure ─▶ each summand alone in tags: which of its characters are wanted, each time that it is printed?
//! plan    ─▶ where the times disagree, conditions on which they agree: the role, or what the source itself asks
//! prove   ─▶ every probe renders byte for byte as before, and the tags enclose what mask assistant scores of it
//! ```

mod plan;
mod source;

use std::collections::HashSet;
use std::ops::Range;

use thiserror::Error;

use super::engine::Engine;
use super::field::Fields;
use super::{Changed, ChatTemplate, Part, Rendered, Segment, TemplateError};
use crate::jinja::{self, Output};
use crate::sample::{Chat, is_assistant, read_record};
use plan::{Place, Plan, Wanted, agreed, asking, begins, tagged};
use source::{Print, Source};

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
    let now = jinja::now();
    let template = ChatTemplate::new(source, specials.bos, specials.eos, specials.pad)?.dated(now);
    let workshop = Workshop { specials, now, probes: rendered(&template, probes) };
    if workshop.probes.iter().all(|probe| probe.written.is_empty()) {
        return Err(AnnotateError::NoProbe);
    }
    if template.has_generation_tags() {
        return match workshop.prove(source) {
            Err(AnnotateError::Spans { probe, tags, written }) => Err(AnnotateError::Tagged { probe, tags, written }),
            proven => proven.map(|()| source.to_string()),
        };
    }
    // Line ends as jinja2 reads them.
    workshop.tag(&source.replace("\r\n", "\n").replace('\r', "\n"))
}

fn rendered<'a>(template: &ChatTemplate, chats: &'a [Chat]) -> Vec<Probe<'a>> {
    let both = chats.iter().enumerate().flat_map(|(i, chat)| [(i + 1, chat, false), (i + 1, chat, true)]);
    both.filter_map(|(number, chat, prompt)| {
        let rendered = template.render(chat, prompt).ok()?;
        // A list of parts that is printed as Python writes it is nothing to learn.
        let is_list = rendered.changes.iter().any(|change| change.what == Changed::PrintedAsList);
        (!is_list).then(|| Probe { number, chat, prompt, written: written(&rendered), text: rendered.text })
    })
    .collect()
}

/// What mode `assistant` scores.
fn written(rendered: &Rendered) -> Vec<Range<usize>> {
    let is_written = |one: &&Segment| {
        matches!(one.part, Part::Content | Part::Reasoning | Part::ToolCall | Part::Stop)
            && one.turn.is_some()
            && one.role.as_deref().is_some_and(is_assistant)
    };
    merged(rendered.segments.iter().filter(is_written).map(|one| one.span.clone()))
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

/// What the probes want of one summand, each time that its print is reached.
type Places = Vec<Option<Place>>;

/// A condition, and whether it holds each time.
type Asked = (String, Vec<bool>);

/// Conditions that may stand inside one another.
const DEEPEST: usize = 3;

impl Workshop<'_> {
    /// The tagged source, proven.
    fn tag(&self, source: &str) -> Result<String, AnnotateError> {
        let found = Source::new(source).map_err(TemplateError::from)?;
        let edits = found.prints.iter().filter_map(|print| {
            let plan = self.plan(source, &found, print).filter(Plan::is_some)?;
            Some((print.span.clone(), tagged(print, &plan)))
        });
        let annotated = edited(source, edits.collect());
        self.prove(&annotated)?;
        Ok(annotated)
    }

    /// How to tag a print; `None` if no conditions are found on which every probe agrees.
    fn plan(&self, source: &str, found: &Source, print: &Print) -> Option<Plan> {
        let count = print.terms.len();
        let whole = self.places(source, print, &vec![Wanted::All; count])?;
        if whole.iter().flatten().all(|place| place.length == 0) {
            return None;
        }
        let alone = |term| {
            let mut wanted = vec![Wanted::Nothing; count];
            wanted[term] = Wanted::All;
            self.places(source, print, &wanted)
        };
        let places: Vec<Places> = (0..count).map(alone).collect::<Option<_>>()?;
        let all: Vec<usize> = (0..whole.len()).collect();
        if let Some(plan) = decided(&places, &[], &all, 0) {
            return Some(plan);
        }
        let asked = self.asked(source, print, candidates(found, print, &places), all.len());
        (1..=DEEPEST).find_map(|depth| decided(&places, &asked, &all, depth))
    }

    /// The conditions that can be asked of the print each of so many `times`, of those that always say the same the first.
    fn asked(&self, source: &str, print: &Print, conditions: Vec<String>, times: usize) -> Vec<Asked> {
        let mut seen = HashSet::new();
        let ask = |condition: String| {
            let holds = self.holds(source, print, &condition).filter(|holds| holds.len() == times)?;
            seen.insert(holds.clone()).then_some((condition, holds))
        };
        conditions.into_iter().filter_map(ask).collect()
    }

    /// What is wanted of the summands that are to be tagged, each time that the print is reached.
    fn places(&self, source: &str, print: &Print, wanted: &[Wanted]) -> Option<Places> {
        let spans = self.spans(source, print, &tagged(print, &Plan::Terms(wanted.to_vec())))?;
        let place = |(probe, text, span): (&Probe<'_>, String, Range<usize>)| {
            let overlap = |written: &Range<usize>| span.start.max(written.start)..span.end.min(written.end);
            let found = probe.written.iter().map(overlap).find(|overlap| !overlap.is_empty());
            let found = found.unwrap_or(span.end..span.end);
            let letters = |range: Range<usize>| text[range].chars().count();
            (!span.is_empty()).then(|| Place {
                head: text[span.start..found.start].into(),
                length: letters(found.clone()),
                tail: letters(found.end..span.end),
            })
        };
        Some(spans.into_iter().map(place).collect())
    }

    /// Whether `condition` holds, each time that the print is reached; `None` if it cannot be asked there.
    fn holds(&self, source: &str, print: &Print, condition: &str) -> Option<Vec<bool>> {
        let spans = self.spans(source, print, &asking(print, condition))?;
        Some(spans.into_iter().map(|(_, _, span)| !span.is_empty()).collect())
    }

    /// What the tags enclose in all probes if the print is replaced by `text`; `None` if one does not render.
    fn spans(&self, source: &str, print: &Print, text: &str) -> Option<Vec<(&Probe<'_>, String, Range<usize>)>> {
        let engine = self.engine(&edited(source, vec![(print.span.clone(), text.into())])).ok()?;
        let mut all = Vec::new();
        for probe in &self.probes {
            let Output { text, generation, .. } = self.render(&engine, probe).ok()?;
            all.extend(generation.into_iter().map(|span| (probe, text.clone(), span)));
        }
        Some(all)
    }

    /// Whether every probe renders as before and the tags enclose what the assistant writes.
    fn prove(&self, source: &str) -> Result<(), AnnotateError> {
        let Specials { bos, eos, pad } = self.specials;
        let template = ChatTemplate::new(source, bos, eos, pad)?.dated(self.now);
        for probe in &self.probes {
            let rendered = template.render(probe.chat, probe.prompt)?;
            let number = probe.number;
            let spans = merged(rendered.generation.iter().flatten().cloned());
            let masked = written(&rendered);
            let text = rendered.text;
            if text != probe.text {
                return Err(AnnotateError::Text { probe: number, text, original: probe.text.clone() });
            }
            if spans != probe.written || spans != masked {
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

    fn render(&self, engine: &Engine, probe: &Probe<'_>) -> Result<Output, TemplateError> {
        let messages = Fields::new(&[]).messages(probe.chat);
        engine.render(probe.chat, &messages, probe.prompt, self.now)
    }
}

/// A plan on which all these places agree, with conditions `depth` deep.
fn decided(terms: &[Places], asked: &[Asked], places: &[usize], depth: usize) -> Option<Plan> {
    let of_term = |term: &Places| agreed(places.iter().map(|place| &term[*place]));
    if let Some(wanted) = terms.iter().map(of_term).collect() {
        return Some(Plan::Terms(wanted));
    }
    let depth = depth.checked_sub(1)?;
    asked.iter().find_map(|(condition, holds)| {
        let (yes, no): (Vec<usize>, Vec<usize>) = places.iter().partition(|place| holds[**place]);
        if yes.is_empty() || no.is_empty() {
            return None;
        }
        let then = decided(terms, asked, &yes, depth)?;
        let otherwise = decided(terms, asked, &no, depth)?;
        Some(Plan::If(condition.clone(), Box::new(then), Box::new(otherwise)))
    })
}

/// What may decide whether a print is the assistant's: the role, what a summand begins with, whether one or the message's
/// content prints something (delimiters of a reasoning that are the template's where it reasons not, a newline before a
/// call that ends the header where nothing was said before), and what the source itself asks.
fn candidates(found: &Source, print: &Print, places: &[Places]) -> Vec<String> {
    let mut all: Vec<String> = print.variables().map(|name| format!("{name}['role'] == 'assistant'")).collect();
    let terms = || print.terms.iter().zip(places).filter(|(term, _)| source::literal(&term.text).is_none());
    for (term, places) in terms() {
        let wanted = places.iter().flatten().filter(|place| place.length > 0 && !place.head.is_empty());
        all.extend(wanted.map(|place| begins(term, &place.head)));
    }
    all.extend(terms().map(|(term, _)| term.text.clone()));
    let contents: Vec<String> = print.variables().map(|name| format!("{name}['content']")).collect();
    all.extend(contents.iter().cloned());
    all.extend(contents.iter().map(|content| format!("{content} or not loop.first")));
    all.extend(found.conditions(print).into_iter().map(str::to_string));
    all
}
