//! The lines of a step's block.

use super::claim::Claim;
use super::deed::{Ask, Deed, Spot, Which};
use super::expression::Expression;
use super::guess::Guess;
use super::parse::{Mistakes, Shelf, model};
use super::quantity::{Name, basis};
use super::table::Table;
use super::words::Words;
use crate::loss::Labels;
use crate::sample::{BUILT_IN, Chat, Form, Message, Record, Sample};

/// Steps of training at once at most.
const MOST_STEPS: usize = 1000;

/// What a step leaves to those after it.
#[derive(Default)]
pub struct Left {
    /// Names under which values are kept, so far in the lesson.
    pub kept: Vec<String>,
    /// The table of the scene, and the view that it shows.
    table: Option<Table>,
    view: Option<String>,
}

/// A step while its block is read.
pub struct Draft<'a> {
    shelf: &'a Shelf<'a>,
    /// What earlier steps leave to this one.
    pub left: &'a mut Left,
    pub deeds: Vec<Deed>,
    pub ask: Ask,
    pub asks: Words,
    pub then: Vec<Deed>,
    pub claims: Vec<(usize, Claim)>,
    pub notes: Vec<String>,
    /// Where the reader was first asked for something.
    asked: Option<usize>,
    /// Whether the line before was one of a chat.
    in_chat: bool,
}

type Read<T> = Result<T, String>;

impl<'a> Draft<'a> {
    pub fn new(shelf: &'a Shelf<'a>, left: &'a mut Left) -> Self {
        let (deeds, then, claims, notes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (asks, asked, in_chat) = (Words::default(), None, false);
        Self { shelf, left, deeds, ask: Ask::GoOn, asks, then, claims, notes, asked, in_chat }
    }

    /// Reads a line.
    pub fn read(&mut self, line: usize, text: &str, mistakes: &mut Mistakes) {
        let Some((key, value)) = text.split_once(':').map(|(key, value)| (key.trim(), value.trim())) else {
            return mistakes.add(line, format!("{text:?} has no colon: a directive is written view: predict"));
        };
        if value.is_empty() {
            return mistakes.add(line, format!("nothing stands behind {key}:"));
        }
        let outcome = match key.strip_prefix("then ") {
            Some(key) => self.deed(key.trim(), value, true),
            None => match self.asked_for(line, key, value) {
                Some(outcome) => outcome,
                None => self.deed(key, value, false),
            },
        };
        self.in_chat = matches!(key, "system" | "user" | "assistant");
        mistakes.take(line, outcome);
    }

    /// The block is over.
    pub fn end(&mut self, line: usize, mistakes: &mut Mistakes) {
        // A model that is named beside what opens reads that from the first.
        let named = self.deeds.iter().position(|deed| matches!(deed, Deed::Model(_)));
        let opens = self.deeds.iter().any(|deed| matches!(deed, Deed::Open { .. }));
        if let Some(Deed::Model(which)) = named.filter(|_| opens).map(|at| self.deeds.remove(at)) {
            let opening = self.deeds.iter_mut().find_map(|deed| match deed {
                Deed::Open { model, .. } => Some(model),
                _ => None,
            });
            opening.into_iter().for_each(|model| *model = Some(which.clone()));
        }
        if !self.then.is_empty() && self.asked.is_none() {
            mistakes
                .add(line, "then … is done once the reader did something, and nothing is asked: press:, guess:, type:");
        }
        if self.ask == Ask::Guess(Guess::Loss) && self.then.is_empty() {
            mistakes.add(line, "guess: loss needs something that changes the loss: then train: 1");
        }
    }

    /// What is said to the reader, or asked of it; `None` for another directive.
    fn asked_for(&mut self, line: usize, key: &str, value: &str) -> Option<Read<()>> {
        let ask = match key {
            "notes" => {
                self.notes.push(value.to_owned());
                return Some(Ok(()));
            }
            "claim" => return Some(Claim::parse(value, &self.left.kept).map(|claim| self.claims.push((line, claim)))),
            "ask" => return Some(Words::parse(value, &self.left.kept).map(|words| self.asks = words)),
            "until" => return Some(self.until(value)),
            "press" => self.keys(value).map(|keys| Ask::Press { keys, until: None }),
            "guess" => guess(value).map(Ask::Guess),
            "type" => self.typed(value),
            "edit" => self.edit(value),
            _ => return None,
        };
        if let Some(first) = self.asked.replace(line) {
            return Some(Err(format!("a step asks for one thing, and line {first} asks for another")));
        }
        Some(ask.map(|ask| self.ask = ask))
    }

    fn until(&mut self, value: &str) -> Read<()> {
        let claim = Claim::parse(value, &self.left.kept)?;
        match &mut self.ask {
            Ask::Press { until, .. } => {
                *until = Some(claim);
                Ok(())
            }
            _ => Err("until says when keys were pressed enough: press: → stands before it".into()),
        }
    }

    fn typed(&self, value: &str) -> Read<Ask> {
        let (answer, within) = match value.rsplit_once(" within ") {
            Some((answer, within)) => (answer, number(within)?),
            None => (value, 0.0),
        };
        Ok(Ask::Type { answer: Expression::parse(answer, &self.left.kept)?, within })
    }

    fn edit(&self, value: &str) -> Read<Ask> {
        let Some(table) = &self.left.table else {
            return Err("there is no table to edit: table: mat 0.78, floor 0.22".into());
        };
        let (word, p) = value.rsplit_once(' ').ok_or("edit names a candidate and a probability: edit: mat 0.99")?;
        let p = number(p)?;
        let at = table.candidates.iter().position(|(candidate, _)| candidate == word.trim());
        let candidate = at.ok_or_else(|| format!("{word:?} is no candidate of the table"))?;
        if !(p > 0.0 && p < 1.0) {
            return Err(format!("{p} is no probability that can be given: it lies above 0 and below 1"));
        }
        Ok(Ask::Edit { candidate, p })
    }

    fn deed(&mut self, key: &str, value: &str, later: bool) -> Read<()> {
        if matches!(key, "system" | "user" | "assistant") && !later {
            return self.message(key, value);
        }
        let deed = self.one(key, value)?;
        if later {
            self.then.push(deed)
        } else {
            self.deeds.push(deed)
        }
        Ok(())
    }

    fn one(&mut self, key: &str, value: &str) -> Read<Deed> {
        let is_none = value == "none";
        Ok(match key {
            "text" | "open" => {
                (self.left.table, self.left.view) = (None, None);
                if key == "text" { open(Sample::Text(unescaped(value)), "lesson") } else { self.open(value)? }
            }
            "model" => Deed::Model(which(value)?),
            "compare" if is_none => Deed::Compare(None),
            "compare" => Deed::Compare(Some(which(value)?)),
            "view" => self.view(value)?,
            "panel" => self.panel(value)?,
            "cursor" => Deed::Cursor(spot(value)?),
            "mask" => Deed::Mask(basis(value)?),
            "weights" => Deed::Weights(value.parse().map_err(|error| format!("{error}"))?),
            "denominator" => Deed::Denominator(value.parse()?),
            "attention" => Deed::Attention(value.parse().map_err(|error| format!("{error}"))?),
            "labels" => {
                let found = Labels::EVERY.into_iter().find(|labels| labels.name() == value);
                Deed::Labels(found.ok_or_else(|| format!("labels are next or same, not {value:?}"))?)
            }
            "keys" => Deed::Keys(self.keys(value)?),
            "rate" => Deed::Rate(number(value).and_then(|rate| if rate > 0.0 { Ok(rate) } else { Err(above(rate)) })?),
            "train" => Deed::Train(count(value, MOST_STEPS)?),
            "reset" if value == "weights" => Deed::Reset,
            "reset" => return Err(format!("reset: weights is what there is, not {value:?}")),
            "twin" if is_none => Deed::Twin(None),
            "twin" if self.shelf.terms.twins.iter().any(|title| title == value) => Deed::Twin(Some(value.to_owned())),
            "twin" => return Err(one_of("twin run", value, &self.shelf.terms.twins)),
            "data" if value == "screen" => Deed::Data { name: String::new(), records: Vec::new() },
            "data" => Deed::Data { name: value.to_owned(), records: (self.shelf.file)(value)? },
            "write" if value == "all" => Deed::Write(None),
            "write" => Deed::Write(Some(count(value, 128)?)),
            "table" => {
                let table = Table::parse(value)?;
                self.left.table = Some(table.clone());
                Deed::Table(table)
            }
            "keep" => self.keep(value)?,
            _ => return Err(format!("there is no directive {key:?}; `lossglass lesson --help` lists them")),
        })
    }

    /// A line of a chat: the first one opens it.
    fn message(&mut self, role: &str, content: &str) -> Read<()> {
        let message = Message { role: role.into(), content: unescaped(content), ..Message::default() };
        let chat = self.deeds.iter_mut().rev().find_map(|deed| match deed {
            Deed::Open { record, .. } => match &mut record.sample {
                Sample::Chat(chat) => Some(chat),
                _ => None,
            },
            _ => None,
        });
        match chat.filter(|_| self.in_chat) {
            Some(chat) => chat.messages.push(message),
            None => {
                (self.left.table, self.left.view) = (None, None);
                self.deeds.push(open(Sample::Chat(Chat { messages: vec![message], ..Chat::default() }), "lesson"));
            }
        }
        Ok(())
    }

    /// A sample of the program, or a record of a file beside the lesson.
    fn open(&self, value: &str) -> Read<Deed> {
        if let Some(built_in) = BUILT_IN.iter().find(|built_in| built_in.name == value) {
            return Ok(open(built_in.sample(), value));
        }
        let (file, index) = match value.rsplit_once(' ') {
            Some((file, index)) if index.chars().all(|c| c.is_ascii_digit()) => {
                (file.trim(), count(index, usize::MAX)?)
            }
            _ => (value, 0),
        };
        let records = (self.shelf.file)(file)?;
        let record = records.get(index).cloned();
        let record = record.ok_or_else(|| format!("{file} has no record {index}: it has {}", records.len()))?;
        Ok(Deed::Open { record: Box::new(record), name: format!("{file} · record {index}"), model: None })
    }

    fn view(&mut self, value: &str) -> Read<Deed> {
        let views = &self.shelf.terms.views;
        if !views.iter().any(|(view, _)| view == value) {
            return Err(one_of("view", value, &views.iter().map(|(view, _)| view.clone()).collect::<Vec<_>>()));
        }
        self.left.view = Some(value.to_owned());
        Ok(Deed::View(value.to_owned()))
    }

    fn panel(&self, value: &str) -> Read<Deed> {
        let Some(view) = &self.left.view else {
            return Err("a panel is of a view: view: attend stands before it".into());
        };
        let own = self.shelf.terms.views.iter().find(|(name, _)| name == view).map_or(&[][..], |(_, panels)| panels);
        if own.is_empty() {
            return Err(format!("the view {view} has no panels"));
        }
        match own.iter().any(|panel| panel == value) {
            true => Ok(Deed::Panel(value.to_owned())),
            false => Err(one_of(&format!("panel of the view {view}"), value, own)),
        }
    }

    fn keys(&self, value: &str) -> Read<Vec<String>> {
        let known = &self.shelf.terms.keys;
        let keys = value.split_whitespace().map(|key| match known.iter().any(|known| known == key) {
            true => Ok(key.to_owned()),
            false if matches!(key, "enter" | "backspace") => {
                Err(format!("{key} is the lesson's own key: it cannot be asked for or pressed"))
            }
            false => Err(format!("no view has a key {key:?}; keys are written as help writes them: →, space, tab, i")),
        });
        keys.collect()
    }

    fn keep(&mut self, value: &str) -> Read<Deed> {
        let (name, value) = value.split_once('=').ok_or("keep names a value: keep: base = loss")?;
        let name = name.trim();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
            return Err(format!("{name:?} is no name: letters from a to z and _"));
        }
        if name.parse::<Name>().is_ok() || name.starts_with("here_") {
            return Err(format!("{name} is a live value already: another name"));
        }
        let value = Expression::parse(value, &self.left.kept)?;
        if !self.left.kept.iter().any(|kept| kept == name) {
            self.left.kept.push(name.to_owned());
        }
        Ok(Deed::Keep { name: name.to_owned(), value })
    }
}

fn open(sample: Sample, name: &str) -> Deed {
    let record = Record { form: Form::of_sample(&sample), split: None, sample };
    Deed::Open { record: Box::new(record), name: name.to_owned(), model: None }
}

fn which(value: &str) -> Read<Which> {
    Ok(match value {
        "base" => Which::Base,
        "chat" => Which::Chat,
        name => Which::Named(model(name)?),
    })
}

fn guess(value: &str) -> Read<Guess> {
    let names = Guess::EVERY.map(|guess| guess.name().to_owned());
    Guess::EVERY.into_iter().find(|guess| guess.name() == value).ok_or_else(|| one_of("guess", value, &names))
}

/// `mat`, `" mat"`, `" mat" 2`, `7`, `end`, `scored`, `costliest`.
fn spot(value: &str) -> Read<Spot> {
    if let Some(rest) = value.strip_prefix('"') {
        let (text, nth) = rest.split_once('"').ok_or_else(|| format!("the text in quotes never ends: {value}"))?;
        let nth = match nth.trim() {
            "" => 1,
            nth => count(nth, usize::MAX)?,
        };
        return match text {
            "" => Err("a token has a text".into()),
            text => Ok(Spot::Token { text: text.to_owned(), nth: nth.max(1) }),
        };
    }
    Ok(match value {
        "end" => Spot::End,
        "scored" => Spot::Scored,
        "costliest" => Spot::Costliest,
        text => match text.parse() {
            Ok(at) => Spot::At(at),
            Err(_) => Spot::Token { text: text.to_owned(), nth: 1 },
        },
    })
}

fn number(text: &str) -> Read<f64> {
    let number: Option<f64> = text.trim().parse().ok().filter(|n: &f64| n.is_finite() && *n >= 0.0);
    number.ok_or_else(|| format!("{:?} is no number from 0 on", text.trim()))
}

fn above(number: f64) -> String {
    format!("{number} is not above 0")
}

fn count(text: &str, most: usize) -> Read<usize> {
    match text.trim().parse() {
        Ok(n) if n <= most => Ok(n),
        Ok(n) => Err(format!("{n} is too many: at most {most}")),
        Err(_) => Err(format!("{:?} is no whole number from 0 on", text.trim())),
    }
}

fn one_of(what: &str, given: &str, all: &[String]) -> String {
    format!("there is no {what} {given:?}; there are {}", all.join(", "))
}

/// `\n` is a line break, `\\` a backslash.
fn unescaped(text: &str) -> String {
    let mut written = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => written.push('\n'),
                Some(other) => written.push(other),
                None => written.push('\\'),
            },
            (c, false) => written.push(c),
        }
    }
    written
}
