//! Which bytes of the text each token covers: spans that tile it.

use std::ops::Range;

use super::Vocabulary;

/// A token's place in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Bytes of the text.
    pub span: Range<usize>,
    /// The token begins with a space that the tokenizer put before the text: the dummy prefix of SentencePiece.
    pub prefixed: bool,
    /// The token spells the bytes of its span, but for that prefix; else the tokenizer has rewritten the text.
    pub spells: bool,
}

/// The places of tokens that spell the text, as byte-level BPE's and SentencePiece's do; `None` where one does not and
/// the tokenizer's offsets are needed.
pub(super) fn by_bytes(vocabulary: &Vocabulary, ids: &[u32], text: &str) -> Option<Vec<Place>> {
    let mut tiler = Tiler::new(vocabulary, text);
    let places: Option<Vec<Place>> = ids.iter().map(|&id| tiler.place(id)).collect();
    places.filter(|_| tiler.at == text.len())
}

/// The same with the tokenizer's offsets, the end of each token, where it rewrites the text. What it skipped goes to the
/// token after it, at the end to the last.
pub(super) fn by_offsets(
    vocabulary: &Vocabulary,
    tokens: impl Iterator<Item = (u32, usize)>,
    text: &str,
) -> Vec<Place> {
    let mut tiler = Tiler::new(vocabulary, text);
    let mut places: Vec<Place> =
        tokens.map(|(id, end)| tiler.place(id).unwrap_or_else(|| tiler.rewritten(id, end))).collect();
    if let Some(last) = places.last_mut().filter(|last| last.span.end < text.len()) {
        (last.span.end, last.spells) = (text.len(), false);
    }
    places
}

/// Walks along the text.
struct Tiler<'a> {
    vocabulary: &'a Vocabulary,
    text: &'a str,
    at: usize,
    /// The tokenizer begins a piece of text here, before which it may put a prefix.
    begins: bool,
}

impl<'a> Tiler<'a> {
    fn new(vocabulary: &'a Vocabulary, text: &'a str) -> Self {
        Self { vocabulary, text, at: 0, begins: true }
    }

    /// The place of the next token, if it spells what comes next.
    fn place(&mut self, id: u32) -> Option<Place> {
        let spelled = self.vocabulary.spelled(id);
        let is_added = self.vocabulary.is_added(id);
        let is_prefixed = !is_added && self.begins && self.vocabulary.prefixes(&self.text[self.at..], self.at);
        let (own, prefixed) = match spelled.strip_prefix(b" ") {
            Some(own) if is_prefixed => (own, true),
            _ => (spelled, false),
        };
        let end = self.end_of(own, is_added)?;
        let span = self.at..end;
        (self.at, self.begins) = (end, is_added && self.vocabulary.begins_anew(id));
        Some(Place { span, prefixed, spells: true })
    }

    /// Where the text ends that spells these bytes; SentencePiece takes a `▁` of the text for a space.
    fn end_of(&self, bytes: &[u8], is_added: bool) -> Option<usize> {
        let text = self.text.as_bytes();
        if text[self.at..].starts_with(bytes) {
            return Some(self.at + bytes.len());
        }
        let mut at = self.at;
        for byte in bytes {
            at += match text.get(at..)? {
                [next, ..] if next == byte => 1,
                rest if *byte == b' ' && !is_added && rest.starts_with("▁".as_bytes()) => "▁".len(),
                _ => return None,
            };
        }
        (self.vocabulary.writes_spaces_as_bars()).then_some(at)
    }

    fn rewritten(&mut self, id: u32, end: usize) -> Place {
        let start = self.at;
        self.at = self.text.ceil_char_boundary(end.clamp(start, self.text.len()));
        self.begins = self.vocabulary.is_added(id) && self.vocabulary.begins_anew(id);
        Place { span: start..self.at, prefixed: false, spells: false }
    }
}
