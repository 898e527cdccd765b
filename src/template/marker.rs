//! The markers of chat formats: what ends a turn, what opens a tool call, how far a role marker reaches.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

use super::field::THINK;
use crate::sample::is_tool;

/// The markers that end a turn in the templates of the supported families and their kin.
pub(super) const STOPS: [&str; 16] = [
    "<|im_end|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|eot|>",
    "<end_of_turn>",
    "<turn|>",
    "<end_of_utterance>",
    "<|tool_response>",
    "</s>",
    "<|end|>",
    "<|return|>",
    "<|call|>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<|END_OF_TURN_TOKEN|>",
    "<｜end▁of▁sentence｜>",
];

/// Finds what ends a turn.
pub(super) struct Stops(AhoCorasick);

impl Stops {
    /// The markers above, and the model's own end of sequence.
    pub fn new(eos: Option<&str>) -> Self {
        let markers = STOPS.into_iter().chain(eos.filter(|eos| !eos.is_empty()));
        let finder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(markers);
        Self(finder.expect("a few short patterns fit"))
    }

    /// The first stop marker in `text`; of several at one place the longest.
    pub fn first(&self, text: &str) -> Option<Range<usize>> {
        self.0.find(text).map(|found| found.range())
    }
}

/// How templates open a tool call.
const CALLS: [&str; 7] =
    ["<tool_call>", "<|tool_call|>", "<|tool_call>", "<|python_tag|>", "[TOOL_CALLS]", "<function=", "{\""];

/// Bytes of whitespace at the start of `text`.
pub(super) fn blanks(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

/// Bytes of the closing tags at the start of `text`, with whitespace before each.
pub(super) fn closing_tags(text: &str) -> usize {
    let mut rest = text;
    while let Some(tag) = rest.trim_start().strip_prefix("</")
        && let Some(end) = tag.find('>')
    {
        rest = &tag[end + 1..];
    }
    text.len() - rest.len()
}

/// Bytes up to the end of the last closing tag in `text`; 0 if there is none.
pub(super) fn after_closing_tags(text: &str) -> usize {
    let mut end = 0;
    for (at, _) in text.match_indices("</") {
        let tag = &text[at + 2..];
        let length = tag.find(|letter: char| letter != '_' && letter != '|' && !letter.is_alphanumeric());
        end = length.filter(|length| tag[*length..].starts_with('>')).map_or(end, |length| at + 3 + length);
    }
    end
}

/// Whether `text` starts with a reasoning block.
pub(super) fn opens_think(text: &str) -> bool {
    THINK.iter().any(|(open, _)| text.starts_with(open))
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

/// Bytes of the role marker at the start of `text`. `assistant` is what the generation prompt shows of an assistant's
/// marker; where it does not help, the marker is the role's name and the punctuation and whitespace after it.
pub(super) fn header_end(text: &str, role: &str, assistant: Option<&str>) -> usize {
    if matches!(role, "assistant" | "model") {
        if let Some(marker) = assistant
            && let Some(start) = text.find(marker)
        {
            let end = start + marker.len();
            return end + blanks(&text[end..]);
        }
        let openers = THINK.iter().map(|(open, _)| *open).chain(CALLS);
        return openers.filter_map(|opener| text.find(opener)).min().unwrap_or(text.len());
    }
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
