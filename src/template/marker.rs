//! The markers of chat formats: what the generation prompt supplies, what opens a part, how far a role marker reaches.

use std::ops::Range;

use super::delimiter::{Delimiter, delimiters};
use super::field::THINK;
use crate::sample::is_tool;

/// Bytes of whitespace at the start of `text`.
pub(super) fn blanks(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

/// Whether `text` starts with a reasoning block.
pub(super) fn opens_think(text: &str) -> bool {
    THINK.iter().any(|(open, _)| text.starts_with(open))
}

/// Where a tool call opens in `text`: a tag, or a bare object.
pub(super) fn call_start(text: &str) -> Option<usize> {
    let tag = delimiters(text).find(Delimiter::opens_call).map(|tag| tag.span.start);
    [tag, text.find("{\"")].into_iter().flatten().min()
}

/// Where a reasoning opens in `text`, in any format.
pub(super) fn reasoning_start(text: &str) -> Option<usize> {
    let tag = delimiters(text).find(Delimiter::opens_reasoning).map(|tag| tag.span.start);
    [tag, think_start(text)].into_iter().flatten().min()
}

/// Where a reasoning block opens in `text`.
pub(super) fn think_start(text: &str) -> Option<usize> {
    THINK.iter().filter_map(|(open, _)| text.find(open)).min()
}

/// Bytes of an empty reasoning block at the start of `text`, the whitespace around it included.
pub(super) fn empty_think(text: &str) -> Option<usize> {
    let body = text.trim_start();
    THINK.iter().find_map(|(open, close)| {
        let rest = body.strip_prefix(open)?.trim_start().strip_prefix(close)?.trim_start();
        Some(text.len() - rest.len())
    })
}

/// What the generation prompt supplies of an assistant's turn.
pub(super) struct Supplied<'a> {
    /// The role marker.
    header: &'a str,
    /// The reasoning that it opens, or opens and closes.
    prefill: &'a str,
}

impl<'a> Supplied<'a> {
    /// `None` where there is nothing to look for.
    pub fn new(prompt: &'a str) -> Option<Self> {
        let (header, prefill) = prompt.split_at(think_start(prompt).unwrap_or(prompt.len()));
        let header = header.trim_start();
        (!header.is_empty()).then_some(Self { header, prefill })
    }

    /// Whether the role marker has this text in it.
    pub fn has(&self, text: &str) -> bool {
        self.header.contains(text)
    }

    /// Bytes of the reasoning that it opens at the start of `text`.
    pub fn prefilled(&self, text: &str) -> usize {
        let starts = !self.prefill.is_empty() && text.starts_with(self.prefill.trim_end());
        if starts { find(text, self.prefill).map_or(0, |found| found.end) } else { 0 }
    }

    /// Where what it supplies stands in `text`, which leads up to an assistant's. Where the turn goes on otherwise than the
    /// prompt, the tags of the marker count that both begin with.
    pub fn find(&self, text: &str) -> Option<Found> {
        if let Some(Range { start, end }) = find(text, self.header) {
            return Some(Found { start, header: end, prefill: end + self.prefilled(&text[end..]) });
        }
        let cuts: Vec<usize> = delimiters(self.header).map(|tag| tag.span.start).filter(|start| *start > 0).collect();
        let shorter = cuts.into_iter().rev().map(|cut| &self.header[..cut]);
        let found =
            shorter.filter(|start| names_role(start, "assistant").is_some()).find_map(|start| find(text, start))?;
        Some(Found { start: found.start, header: found.end, prefill: found.end })
    }
}

/// Where what the generation prompt supplies stands in a text.
pub(super) struct Found {
    /// The start of the role marker.
    pub start: usize,
    /// Its end.
    pub header: usize,
    /// The end of the reasoning that it opens.
    pub prefill: usize,
}

/// Where `wanted` stands in `text`; of the whitespace at its end what is there counts.
fn find(text: &str, wanted: &str) -> Option<Range<usize>> {
    let words = wanted.trim_end();
    let start = text.find(words)?;
    let end = start + words.len();
    let same = wanted[words.len()..].bytes().zip(text[end..].bytes()).take_while(|(one, other)| one == other);
    Some(start..end + same.count())
}

/// Bytes before which a role marker names its role.
const MARKER_REACH: usize = 64;

/// Where the marker at the start of `text` names `role`, in upper or lower case.
pub(super) fn names_role(text: &str, role: &str) -> Option<usize> {
    let names: &[&str] = match role {
        "assistant" => &["assistant", "model", "chatbot"],
        role if is_tool(role) => &[role, "tool", "ipython", "user"],
        role => &[role],
    };
    let start = text.get(..text.floor_char_boundary(MARKER_REACH)).unwrap_or(text).to_ascii_lowercase();
    names.iter().filter_map(|name| start.find(name)).min()
}

/// Bytes of the role marker at the start of `text`: the role's name and the punctuation and whitespace after it; all of
/// `text` where it names no role.
pub(super) fn header_end(text: &str, role: &str) -> usize {
    let Some(start) = names_role(text, role) else {
        return text.len();
    };
    let mut end = start + text[start..].find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len() - start);
    let rest = &text[end..];
    if rest.starts_with("<|") {
        end += rest.find("|>").map_or(0, |close| close + 2);
    } else {
        // The rest of a word as in <|SYSTEM_TOKEN|>, and what closes the marker.
        let word = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '_').len();
        let close = rest[word..].len() - rest[word..].trim_start_matches(['|', '>', ']', ':']).len();
        end += if word == 0 || close > 0 { word + close } else { 0 };
    }
    end + blanks(&text[end..])
}
