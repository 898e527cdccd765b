//! Marks: private-use characters that travel through a template with the text they stand around.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::engine::GenerationMarks;
use super::field::Field;

/// How a field carries marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// No marks.
    Bare,
    /// Around each piece.
    Pieces,
    /// Around the whole text: for blank texts, which have no piece.
    Whole,
    /// Marks instead of the text: for blank texts that the template trims.
    Hollow,
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

/// The first character of the private-use planes in `text`, or another one as high: they alone begin with such a byte.
fn next_high(text: &str) -> Option<(usize, char)> {
    let at = text.bytes().position(|byte| byte >= 0xf3)?;
    Some((at, text[at..].chars().next()?))
}

/// A rendered text with its marks cut out.
pub(super) struct Cut {
    pub text: String,
    pub runs: Vec<Run>,
    pub generation: Vec<Range<usize>>,
}

/// An opening and a closing character for every piece, none of which occurs in the chat or its plain render, so that
/// text with private-use characters of its own (icon fonts) is safe.
pub(super) struct Marks {
    pub generation: GenerationMarks,
    letters: Vec<char>,
    numbers: HashMap<char, usize>,
    /// Number of the first piece of each field.
    first: Vec<usize>,
}

impl Marks {
    /// `None` if the two planes of private-use characters do not suffice.
    pub(super) fn new(fields: &[Field], plain: &str) -> Option<Self> {
        let texts = fields.iter().map(|field| field.text.as_str());
        let high = texts.chain([plain]).filter(|text| next_high(text).is_some());
        let taken: HashSet<char> = high.flat_map(str::chars).filter(|letter| *letter >= '\u{f0000}').collect();
        let mut first = Vec::with_capacity(fields.len());
        let mut count = 0;
        for field in fields {
            first.push(count);
            count += field.pieces.len().max(1);
        }
        let mut free =
            ('\u{100000}'..='\u{10fffd}').chain('\u{f0000}'..='\u{ffffd}').filter(|letter| !taken.contains(letter));
        let generation = (free.next()?, free.next()?);
        let letters: Vec<char> = free.take(2 * count).collect();
        (letters.len() == 2 * count).then(|| Self {
            generation,
            numbers: letters.iter().enumerate().map(|(number, letter)| (*letter, number)).collect(),
            letters,
            first,
        })
    }

    /// The text of field `index` with its marks.
    pub(super) fn mark(&self, index: usize, field: &Field, style: Style) -> String {
        let (whole, nothing) = (0..field.text.len(), 0..0);
        let (pieces, text) = match style {
            Style::Bare => return field.text.clone(),
            Style::Pieces => (field.pieces.as_slice(), field.text.as_str()),
            Style::Whole => (std::slice::from_ref(&whole), field.text.as_str()),
            Style::Hollow => (std::slice::from_ref(&nothing), ""),
        };
        let mut out = String::with_capacity(text.len() + 8 * pieces.len());
        let mut at = 0;
        for (piece, number) in pieces.iter().zip(self.first[index]..) {
            out.push_str(&text[at..piece.start]);
            out.push(self.letters[2 * number]);
            out.push_str(&text[piece.clone()]);
            out.push(self.letters[2 * number + 1]);
            at = piece.end;
        }
        out.push_str(&text[at..]);
        out
    }

    /// Cuts the marks out of a rendered text; `None` if a mark lost its partner.
    pub(super) fn cut(&self, marked: &str, fields: &[Field], styles: &[Style]) -> Option<Cut> {
        let mut text = String::with_capacity(marked.len());
        let (mut runs, mut generation) = (Vec::new(), Vec::new());
        let (mut open, mut generation_open) = (None, Vec::new());
        let mut rest = marked;
        while let Some((at, letter)) = next_high(rest) {
            text.push_str(&rest[..at]);
            rest = &rest[at + letter.len_utf8()..];
            if let Some(number) = self.numbers.get(&letter) {
                let piece = number / 2;
                match (number % 2, open) {
                    (0, None) => open = Some((piece, text.len())),
                    (1, Some((opened, start))) if opened == piece => {
                        runs.push(self.run(piece, start..text.len(), fields, styles));
                        open = None;
                    }
                    _ => return None,
                }
            } else if letter == self.generation.0 {
                generation_open.push(text.len());
            } else if letter == self.generation.1 {
                generation.push(generation_open.pop()?..text.len());
            } else {
                text.push(letter);
            }
        }
        text.push_str(rest);
        (open.is_none() && generation_open.is_empty()).then_some(Cut { text, runs, generation })
    }

    fn run(&self, piece: usize, out: Range<usize>, fields: &[Field], styles: &[Style]) -> Run {
        let field = self.first.partition_point(|first| *first <= piece) - 1;
        let source = match styles[field] {
            Style::Pieces => fields[field].pieces[piece - self.first[field]].clone(),
            Style::Hollow => 0..0,
            Style::Whole | Style::Bare => 0..fields[field].text.len(),
        };
        Run { out, field, source }
    }
}
