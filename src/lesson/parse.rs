//! From a lesson's file to its steps, with every mistake by its line.

use std::fmt;

use super::directive::{Draft, Left};
use super::words::Words;
use super::{Lesson, Step};
use crate::sample::Record;
use crate::sequence::visible_text;
use crate::source::{Embedded, Source, named};

/// Characters of a step's text at most: two or three sentences, which fit under a view of 80 columns.
const LONGEST_TEXT: usize = 420;
/// Characters of a title at most: as many as a panel beside a view has.
const LONGEST_TITLE: usize = 28;
/// Bytes of a lesson's file at most.
const LARGEST: usize = 1 << 20;

/// Something wrong in a lesson's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// From 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub problem: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, visible_text(&self.problem))
    }
}

/// What the program has that a lesson can name.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// Views with their panels, in lower case.
    pub views: Vec<(String, Vec<String>)>,
    /// Keys of the views that a step may press or ask for.
    pub keys: Vec<String>,
    /// Titles of twin runs.
    pub twins: Vec<String>,
}

/// What a lesson is read with.
pub struct Shelf<'a> {
    pub terms: &'a Terms,
    /// The records of a file that lies beside the lesson, or why there are none.
    pub file: &'a dyn Fn(&str) -> Result<Vec<Record>, String>,
}

/// Mistakes, as they are found.
#[derive(Default)]
pub(super) struct Mistakes(Vec<Mistake>);

impl Mistakes {
    pub fn add(&mut self, line: usize, problem: impl Into<String>) {
        self.0.push(Mistake { line, problem: problem.into() });
    }

    /// What came of reading something on this line; a mistake is noted.
    pub fn take<T>(&mut self, line: usize, outcome: Result<T, String>) -> Option<T> {
        outcome.map_err(|problem| self.add(line, problem)).ok()
    }
}

/// Reads a lesson.
///
/// # Errors
/// Every mistake, in the order of lines.
pub fn parse(source: &str, shelf: &Shelf) -> Result<Lesson, Vec<Mistake>> {
    let mut mistakes = Mistakes::default();
    if source.len() > LARGEST {
        mistakes.add(1, "a lesson has at most 1 MiB: this is no lesson");
        return Err(mistakes.0);
    }
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    let lines: Vec<(usize, &str)> = (1..).zip(source.lines()).collect();
    for (line, text) in &lines {
        if let Some(c) = text.chars().find(|c| c.is_control() && *c != '\t') {
            mistakes.add(*line, format!("a control character, U+{:04X}: a lesson is text; take it out", u32::from(c)));
        }
    }
    let (front, rest) = front_matter(&lines, &mut mistakes);
    let steps = steps(rest, shelf, &mut mistakes);
    if steps.is_empty() && mistakes.0.is_empty() {
        mistakes.add(lines.len().max(1), "there is no step: a heading `## Title` begins one");
    }
    mistakes.0.sort_by_key(|mistake| mistake.line);
    if !mistakes.0.is_empty() {
        return Err(mistakes.0);
    }
    let Front { title, about, minutes, base, chat } = front;
    Ok(Lesson { title, about, minutes, base, chat, steps })
}

/// What a lesson says of itself.
struct Front {
    title: String,
    about: String,
    minutes: Option<u32>,
    base: Source,
    chat: Source,
}

fn front_matter<'a>(lines: &'a [(usize, &'a str)], mistakes: &mut Mistakes) -> (Front, &'a [(usize, &'a str)]) {
    let (base, chat) = (Source::Embedded(Embedded::TinyBase), Source::Embedded(Embedded::TinyChat));
    let mut front = Front { title: String::new(), about: String::new(), minutes: None, base, chat };
    if lines.first().is_none_or(|(_, text)| text.trim() != "---") {
        mistakes.add(1, "a lesson begins with its front matter: a line ---, then title: …, then --- again");
        return (front, lines);
    }
    let Some(end) = lines.iter().skip(1).position(|(_, text)| text.trim() == "---").map(|at| at + 1) else {
        mistakes.add(1, "the front matter never ends: a line --- closes it");
        return (front, &[]);
    };
    let mut seen: Vec<&str> = Vec::new();
    for &(line, text) in &lines[1..end] {
        if text.trim().is_empty() {
            continue;
        }
        let Some((key, value)) = text.split_once(':').map(|(key, value)| (key.trim(), value.trim())) else {
            mistakes.add(line, format!("{text:?} has no colon: title: A first look"));
            continue;
        };
        if seen.contains(&key) {
            mistakes.add(line, format!("{key} is given twice"));
        }
        seen.push(key);
        match key {
            "title" => value.clone_into(&mut front.title),
            "about" => value.clone_into(&mut front.about),
            "minutes" => {
                let minutes = value.parse().map_err(|_| format!("minutes is a whole number, not {value:?}"));
                front.minutes = mistakes.take(line, minutes);
            }
            "base" => front.base = mistakes.take(line, model(value)).unwrap_or(front.base),
            "chat" => front.chat = mistakes.take(line, model(value)).unwrap_or(front.chat),
            _ => mistakes.add(line, format!("unknown key {key:?}; a lesson has title, about, minutes, base and chat")),
        }
    }
    if front.title.is_empty() {
        mistakes.add(1, "the lesson has no title: title: A first look");
    }
    (front, &lines[end + 1..])
}

/// The model of that name: one that is embedded, or of the catalogue. A path is none: it may lie anywhere.
pub(super) fn model(name: &str) -> Result<Source, String> {
    let is_known = named().iter().any(|known| known.name == name);
    match is_known {
        true => Source::parse(name).map_err(|error| error.to_string()),
        false => Err(format!("there is no model {name:?} that a lesson may name; `lossglass models` lists them")),
    }
}

/// The lines of one step.
struct Section<'a> {
    line: usize,
    title: &'a str,
    body: Vec<(usize, &'a str)>,
}

fn steps(lines: &[(usize, &str)], shelf: &Shelf, mistakes: &mut Mistakes) -> Vec<Step> {
    let mut sections: Vec<Section> = Vec::new();
    for &(line, text) in lines {
        match (text.strip_prefix("## "), sections.last_mut()) {
            (Some(title), _) => sections.push(Section { line, title: title.trim(), body: Vec::new() }),
            (None, Some(section)) => section.body.push((line, text)),
            // What stands before the first step is for who reads the file.
            (None, None) if text.starts_with("```") => {
                mistakes.add(line, "a block stands before the first heading: `## Title` begins a step");
            }
            (None, None) => {}
        }
    }
    let mut left = Left::default();
    let mut steps: Vec<Step> = sections.iter().map(|section| step(section, shelf, &mut left, mistakes)).collect();
    if let Some(first) = steps.first_mut().filter(|step| !step.opens()) {
        mistakes.add(first.line, "the first step opens nothing: text: …, or user: … and assistant: …, or open: …");
    }
    steps
}

fn step(section: &Section, shelf: &Shelf, left: &mut Left, mistakes: &mut Mistakes) -> Step {
    let Section { line, title, body } = section;
    if title.is_empty() || title.chars().count() > LONGEST_TITLE {
        mistakes.add(*line, format!("a step's title has 1 to {LONGEST_TITLE} characters"));
    }
    let parts = parts(*line, body, mistakes);
    let mut draft = Draft::new(shelf, left);
    for (line, text) in &parts.directives {
        draft.read(*line, text, mistakes);
    }
    draft.end(*line, mistakes);
    let words = |text: &str, line: usize, mistakes: &mut Mistakes| {
        let words = mistakes.take(line, Words::parse(text, &draft.left.kept)).unwrap_or_default();
        if words.length() > LONGEST_TEXT {
            mistakes.add(line, format!("the text is too long: {} characters, at most {LONGEST_TEXT}", words.length()));
        }
        words
    };
    let text = words(&parts.text.1, parts.text.0, mistakes);
    if parts.text.1.trim().is_empty() {
        mistakes.add(*line, "the step says nothing: its text stands below the block");
    }
    let otherwise = words(&parts.otherwise.1, parts.otherwise.0, mistakes);
    match (draft.claims.first(), parts.otherwise.1.is_empty()) {
        (Some((line, _)), true) => mistakes.add(*line, "a claim needs other words for where it does not hold: > …"),
        (None, false) => mistakes.add(parts.otherwise.0, "other words stand here, and nothing is claimed: claim: …"),
        _ => {}
    }
    let Draft { deeds, ask, asks, then, claims, notes, .. } = draft;
    Step { line: *line, title: (*title).to_owned(), deeds, ask, asks, then, claims, text, otherwise, notes }
}

/// The parts of a step, each text with the line where it begins.
struct Parts<'a> {
    directives: Vec<(usize, &'a str)>,
    text: (usize, String),
    otherwise: (usize, String),
}

fn parts<'a>(heading: usize, body: &[(usize, &'a str)], mistakes: &mut Mistakes) -> Parts<'a> {
    let mut parts =
        Parts { directives: Vec::new(), text: (heading, String::new()), otherwise: (heading, String::new()) };
    let (mut fenced, mut blocks, mut is_comment) = (None, 0, false);
    for &(line, text) in body {
        let trimmed = text.trim();
        match (fenced, trimmed) {
            (Some(_), "```") => fenced = None,
            (Some(_), "") => {}
            (Some(_), _) => parts.directives.push((line, trimmed)),
            (None, "```step") => (fenced, blocks) = (Some(line), blocks + 1),
            (None, _) if trimmed.starts_with("```") => {
                mistakes
                    .add(line, format!("{trimmed} opens a block that is no step: a step's block opens with ```step"));
                fenced = Some(line);
            }
            (None, _) if is_comment || trimmed.starts_with("<!--") => is_comment = !trimmed.ends_with("-->"),
            (None, _) => {
                let (place, words) = match trimmed.strip_prefix('>') {
                    Some(words) => (&mut parts.otherwise, words.trim()),
                    None => (&mut parts.text, trimmed),
                };
                if place.1.is_empty() {
                    place.0 = line;
                } else if !words.is_empty() {
                    place.1.push(' ');
                }
                place.1.push_str(words);
            }
        }
        if blocks > 1 && trimmed == "```step" {
            mistakes.add(line, "a step has one block: a heading `## Title` begins the next step");
        }
    }
    if let Some(line) = fenced {
        mistakes.add(line, "the block never closes: a line ``` does");
    }
    if blocks == 0 {
        mistakes.add(heading, "the step has no block: ```step, its directives, ```");
    }
    parts
}
