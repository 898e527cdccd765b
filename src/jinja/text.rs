//! A string that knows where its bytes came from.

use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

/// A stretch of a text that came from a source: the `out` bytes of the text are the `source` bytes of source number
/// `origin`. Where both are of one length they are the same bytes, unless a filter changed their letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub out: Range<usize>,
    pub origin: usize,
    pub source: Range<usize>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Marks {
    spans: Vec<Span>,
    generation: Vec<Range<usize>>,
}

/// A string value. Cheap to clone; every operation on it carries the origins of its bytes along.
#[derive(Clone, Debug)]
pub struct Text {
    text: Arc<str>,
    marks: Option<Rc<Marks>>,
}

impl Text {
    /// All of source number `origin`. An empty one keeps its place: where it is printed, a span of no bytes says so.
    pub fn of_source(text: &str, origin: usize) -> Self {
        let span = Span { out: 0..text.len(), origin, source: 0..text.len() };
        let marks = Marks { spans: vec![span], generation: Vec::new() };
        Self { text: text.into(), marks: Some(Rc::new(marks)) }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The bytes `range`, which lie between characters.
    pub(super) fn slice(&self, range: Range<usize>) -> Self {
        if range == (0..self.text.len()) {
            return self.clone();
        }
        let mut out = Output::default();
        out.push_slice(self, range);
        out.into_text()
    }

    /// The part of this text that `part`, a slice of [`Text::as_str`], is.
    pub(super) fn part(&self, part: &str) -> Self {
        let start = (part.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        match start.checked_add(part.len()) {
            Some(end) if end <= self.text.len() => self.slice(start..end),
            _ => Self::from(part),
        }
    }

    /// Letter by letter `change`d, as case filters do.
    pub(super) fn map(&self, mut change: impl FnMut(usize, char, &mut String)) -> Self {
        let mut out = Output::default();
        let mut letters = String::new();
        for (at, letter) in self.text.char_indices() {
            letters.clear();
            change(at, letter, &mut letters);
            out.push_changed(&letters, self, at..at + letter.len_utf8());
        }
        out.into_text()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self { text: text.into(), marks: None }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self { text: text.into(), marks: None }
    }
}

impl From<Arc<str>> for Text {
    fn from(text: Arc<str>) -> Self {
        Self { text, marks: None }
    }
}

/// A text that grows, and in the end what a template rendered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    pub text: String,
    /// In the order of the text, none overlapping; what no span holds the template wrote.
    pub spans: Vec<Span>,
    /// What stood in `{% generation %}` blocks, in the order of their ends.
    pub generation: Vec<Range<usize>>,
    /// The variables and attributes that were printed and are undefined, as the source names them, each once.
    pub undefined: Vec<String>,
}

impl Output {
    pub(super) fn push_str(&mut self, text: &str) {
        self.text.push_str(text);
    }

    pub(super) fn push(&mut self, text: &Text) {
        if text.marks.is_some() {
            self.push_slice(text, 0..text.text.len());
        } else {
            self.text.push_str(&text.text);
        }
    }

    /// The bytes `range` of `text`. Of a text from a source, no bytes at all still keep their place.
    pub(super) fn push_slice(&mut self, text: &Text, range: Range<usize>) {
        let base = self.text.len();
        self.text.push_str(&text.text[range.clone()]);
        let Some(marks) = text.marks.as_deref() else { return };
        for span in &marks.spans {
            let cut = span.out.start.max(range.start)..span.out.end.min(range.end);
            if cut.start > cut.end || (cut.is_empty() && !range.is_empty() && !span.out.is_empty()) {
                continue;
            }
            let source = if span.out.len() == span.source.len() {
                let start = span.source.start + (cut.start - span.out.start);
                start..start + cut.len()
            } else {
                span.source.clone()
            };
            let out = base + cut.start - range.start..base + cut.end - range.start;
            self.span(Span { out, origin: span.origin, source });
        }
        for block in &marks.generation {
            let cut = block.start.max(range.start)..block.end.min(range.end);
            if cut.start <= cut.end {
                self.generation.push(base + cut.start - range.start..base + cut.end - range.start);
            }
        }
    }

    /// `letters`, which stand for the bytes `range` of `text`.
    pub(super) fn push_changed(&mut self, letters: &str, text: &Text, range: Range<usize>) {
        if text.marks.is_none() {
            return self.push_str(letters);
        }
        if letters == &text.text[range.clone()] {
            return self.push_slice(text, range);
        }
        let start = self.text.len();
        let before = self.spans.len();
        self.push_slice(text, range);
        let first = self.spans.get(before.saturating_sub(1)).cloned();
        // The span of the letter that was there, with the letters that are there now.
        self.text.truncate(start);
        self.text.push_str(letters);
        let end = self.text.len();
        let grown = first.filter(|span| span.out.end > start && span.out.start < start);
        if let Some(span) = grown {
            // It was joined to the span before it: part them again, for lengths may differ now.
            let kept = start - span.out.start;
            let index = before - 1;
            let whole = self.spans[index].clone();
            self.spans[index].out.end = start;
            self.spans[index].source.end = whole.source.start + kept;
            let source = whole.source.start + kept..whole.source.end;
            self.spans.push(Span { out: start..end, origin: whole.origin, source });
        } else {
            for span in self.spans.iter_mut().filter(|span| span.out.start >= start) {
                span.out.end = end;
            }
        }
    }

    fn span(&mut self, span: Span) {
        if let Some(last) = self.spans.last_mut()
            && last.origin == span.origin
            && last.out.end == span.out.start
            && last.source.end == span.source.start
            && last.out.len() == last.source.len()
            && span.out.len() == span.source.len()
            && !(last.out.is_empty() && span.out.is_empty())
        {
            last.out.end = span.out.end;
            last.source.end = span.source.end;
        } else {
            self.spans.push(span);
        }
    }

    pub(super) fn into_text(self) -> Text {
        let marks = Marks { spans: self.spans, generation: self.generation };
        let empty = marks.spans.is_empty() && marks.generation.is_empty();
        Text { text: self.text.into(), marks: (!empty).then(|| Rc::new(marks)) }
    }
}
