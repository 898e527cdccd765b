//! What differs between a record as it is read here and the document that a trainer made of it, in words.

use std::fmt;
use std::ops::Range;

use crate::dataset::Masked;
use crate::sample::Prepared;
use crate::sequence::{Sequence, Token, Vocabulary, visible, visible_text};
use crate::template::Part;

/// Characters of text that are shown before a token.
const BEFORE: usize = 40;

/// Where a record and its document part.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// They have other tokens from here on.
    Ids(Other),
    /// The same tokens, and these spans are scored otherwise.
    Mask(Vec<Span>),
}

/// The first token that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Other {
    pub token: usize,
    /// The text before it.
    pub before: String,
    /// Id and text here; `None` where the record ends.
    pub here: Option<(u32, String)>,
    /// Id and text in the trainer's document; `None` where it ends.
    pub there: Option<(u32, String)>,
}

/// Tokens in a row, of one part of one turn, which the trainer weighs otherwise than the mask.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    pub tokens: Range<usize>,
    /// Their text.
    pub text: String,
    pub what: What,
    /// "the header of turn 2".
    pub place: String,
}

/// What a trainer does with a span.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    Scores,
    LeavesOut,
    /// It gives it this weight.
    Weighs(f64),
}

impl Difference {
    /// Between a masked record and a document; both have the same ids, or differ in them.
    pub(super) fn of(ours: &Masked, theirs: &Prepared, vocabulary: &Vocabulary) -> Self {
        let sequence = &ours.sequence;
        let ids = sequence.tokens.iter().map(|token| token.id);
        let first = ids.zip(&theirs.ids).position(|(here, there)| here != *there);
        let ends = || sequence.len().min(theirs.ids.len());
        if first.is_none() && sequence.len() == theirs.ids.len() {
            return Self::Mask(spans(ours, theirs));
        }
        let token = first.unwrap_or_else(ends);
        let here = sequence.tokens.get(token).map(|token| (token.id, visible(&token.bytes)));
        let there = theirs.ids.get(token).map(|&id| (id, visible(&vocabulary.token_bytes(id))));
        let before = visible_text(sequence.text_of(0..token, BEFORE));
        Self::Ids(Other { token, before, here, there })
    }
}

fn spans(ours: &Masked, theirs: &Prepared) -> Vec<Span> {
    let Masked { sequence, mask, .. } = ours;
    let mut spans: Vec<Span> = Vec::new();
    let others = (1..sequence.len()).map(|t| (t, mask.weight(t), theirs.weights.get(t).copied().unwrap_or(0.0)));
    for (t, here, there) in others.filter(|(_, here, there)| here != there) {
        let what = match (here, there) {
            (_, 0.0) => What::LeavesOut,
            (0.0, 1.0) => What::Scores,
            (_, weight) => What::Weighs(weight),
        };
        let place = place(sequence, t);
        match spans.last_mut() {
            Some(last) if last.tokens.end == t && last.what == what && last.place == place => last.tokens.end = t + 1,
            _ => spans.push(Span { tokens: t..t + 1, text: String::new(), what, place }),
        }
    }
    for span in &mut spans {
        span.text = sequence.tokens[span.tokens.clone()].iter().map(|token| visible(&token.bytes)).collect();
    }
    spans
}

/// "the header of turn 2".
fn place(sequence: &Sequence, t: usize) -> String {
    let Token { part, turn, .. } = &sequence.tokens[t];
    let part = match part {
        Part::Bos => "the beginning of sequence",
        Part::Header => "the header",
        Part::Content => "the content",
        Part::Reasoning => "the reasoning",
        Part::ToolCall => "the tool call",
        Part::ToolResult => "the tool's answer",
        Part::Stop => "the stop",
        Part::AfterStop => "what follows the stop",
        Part::GenerationPrefill => "the prefill",
        Part::DefaultSystem => "the default system text",
        Part::Plain => "the text",
        Part::Pad => "the padding",
    };
    turn.map_or_else(|| part.into(), |turn| format!("{part} of turn {}", turn + 1))
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tokens, text, what, place } = self;
        match what {
            What::Scores => write!(f, "the trainer scored {place}")?,
            What::LeavesOut => write!(f, "the trainer left out {place}")?,
            What::Weighs(weight) => write!(f, "the trainer gave weight {weight} to {place}")?,
        }
        match tokens.len() {
            1 => write!(f, ": token {}, {text}", tokens.start),
            _ => write!(f, ": tokens {}–{}, {text}", tokens.start, tokens.end - 1),
        }
    }
}

impl fmt::Display for Other {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = |side: &Option<(u32, String)>| match side {
            Some((id, text)) => format!("{text} ({id})"),
            None => "nothing more".into(),
        };
        write!(f, "token {} differs: behind …{} comes {} here", self.token, self.before, side(&self.here))?;
        write!(f, " and {} there", side(&self.there))
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ids(other) => other.fmt(f),
            Self::Mask(spans) => {
                let spans: Vec<String> = spans.iter().map(Span::to_string).collect();
                f.write_str(&spans.join("; "))
            }
        }
    }
}
