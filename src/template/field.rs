//! The texts of a chat that a template prints, and the pieces of them that can carry marks.

use std::ops::Range;

use serde_json::Value;

use super::Part;
use crate::sample::{Chat, Message};

/// More pieces than this in one field (a text made of tags) are taken as one, so that marks do not run out.
const MOST_PIECES: usize = 4096;

/// Reasoning delimiters in use: Qwen3, DeepSeek and SmolLM3; others that data sets have; Magistral.
pub(super) const THINK: [(&str, &str); 4] =
    [("<think>", "</think>"), ("<thinking>", "</thinking>"), ("<reasoning>", "</reasoning>"), ("[THINK]", "[/THINK]")];

/// Which text of a message a [`Field`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Content,
    Reasoning,
    /// A tool's name, its arguments or a string in them.
    ToolCall,
}

/// One text of one message.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub message: usize,
    pub kind: Kind,
    pub text: String,
    /// What marks go around, as bytes of `text`: all but the tags that the template may look for and the whitespace at
    /// either end of a piece, which it may trim.
    pub pieces: Vec<Range<usize>>,
    /// Where the parts of the text start, as bytes of `text`; the first at 0.
    pub parts: Vec<(usize, Part)>,
}

impl Field {
    fn new(message: usize, kind: Kind, text: &str, parts: Vec<(usize, Part)>, tags: &[String]) -> Self {
        let pieces = pieces(text, tags);
        Self { message, kind, text: text.to_string(), pieces, parts }
    }

    /// The part that byte `at` of the text belongs to.
    pub(super) fn part_at(&self, at: usize) -> Part {
        let after = self.parts.partition_point(|(start, _)| *start <= at);
        self.parts[after.saturating_sub(1)].1
    }

    /// The same field without the whitespace around its text.
    pub(super) fn trimmed(&self) -> Self {
        let cut = self.text.len() - self.text.trim_start().len();
        let pieces = self.pieces.iter().map(|piece| piece.start - cut..piece.end - cut).collect();
        Self { text: self.text.trim().to_string(), pieces, ..self.clone() }
    }
}

/// The fields of all messages: reasoning, content, then the strings of the tool calls.
pub(super) fn fields(chat: &Chat, tags: &[String]) -> Vec<Field> {
    let mut fields = Vec::new();
    for (index, message) in chat.messages.iter().enumerate() {
        if let Some(reasoning) = &message.reasoning_content {
            let parts = vec![(0, Part::Reasoning)];
            fields.push(Field::new(index, Kind::Reasoning, reasoning, parts, tags));
        }
        let parts = content_parts(message);
        fields.push(Field::new(index, Kind::Content, &message.content, parts, tags));
        for call in &message.tool_calls {
            strings_of_call(&mut call.clone(), &mut |text| {
                let parts = vec![(0, Part::ToolCall)];
                fields.push(Field::new(index, Kind::ToolCall, text, parts, tags));
            });
        }
    }
    fields
}

/// Visits the strings of a tool call that stand for what the model wrote: its name and its arguments. Its id and type
/// stay as they are, for templates check them.
pub(super) fn strings_of_call(call: &mut Value, visit: &mut impl FnMut(&mut String)) {
    let function = match call.get_mut("function") {
        Some(function) => function,
        None => call,
    };
    if let Some(Value::String(name)) = function.get_mut("name") {
        visit(name);
    }
    if let Some(arguments) = function.get_mut("arguments") {
        strings(arguments, visit);
    }
}

fn strings(value: &mut Value, visit: &mut impl FnMut(&mut String)) {
    match value {
        Value::String(text) => visit(text),
        Value::Array(items) => items.iter_mut().for_each(|item| strings(item, visit)),
        Value::Object(fields) => fields.values_mut().for_each(|item| strings(item, visit)),
        _ => {}
    }
}

/// Whether a message of this role is what a tool answered.
pub(super) fn is_tool(role: &str) -> bool {
    matches!(role, "tool" | "ipython" | "function" | "tool_response")
}

fn content_parts(message: &Message) -> Vec<(usize, Part)> {
    match message.role.as_str() {
        "assistant" | "model" => inline_reasoning(&message.content),
        role if is_tool(role) => vec![(0, Part::ToolResult)],
        _ => vec![(0, Part::Content)],
    }
}

/// Splits an assistant's content at its reasoning delimiters, which belong to the reasoning. A block that is not closed
/// reaches to the end, one that only closes began in the generation prompt.
fn inline_reasoning(content: &str) -> Vec<(usize, Part)> {
    let mut parts = vec![(0, Part::Content)];
    if !content.contains(['<', '[']) {
        return parts;
    }
    let Some((open, close)) = THINK.into_iter().find(|(open, close)| content.contains(open) || content.contains(close))
    else {
        return parts;
    };
    let mut at = 0;
    if let Some(end) = content.find(close)
        && content.find(open).is_none_or(|start| start > end)
    {
        at = end + close.len();
        parts = vec![(0, Part::Reasoning), (at, Part::Content)];
    }
    while let Some(start) = content[at..].find(open).map(|start| at + start) {
        if start == 0 {
            parts.clear();
        }
        parts.push((start, Part::Reasoning));
        let Some(end) = content[start..].find(close) else { break };
        at = start + end + close.len();
        parts.push((at, Part::Content));
    }
    parts
}

/// The tag-like texts (`</think>`, `[TOOL_CALLS]`) that a template's source names, longest first.
pub(super) fn tags(source: &str) -> Vec<String> {
    let mut tags: Vec<String> =
        source.char_indices().filter_map(|(start, open)| tag_at(&source[start..], open)).map(str::to_string).collect();
    tags.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    tags.dedup();
    tags
}

fn tag_at(text: &str, open: char) -> Option<&str> {
    let close = match open {
        '<' => '>',
        '[' => ']',
        _ => return None,
    };
    let end = text.char_indices().take(64).find(|(_, letter)| *letter == close)?.0;
    let name = &text[1..end];
    let fits = |letter: char| match open {
        '<' => !letter.is_whitespace() && !"<>'\"{}".contains(letter),
        _ => letter.is_ascii_uppercase() || "/_".contains(letter),
    };
    (!name.is_empty() && name.chars().all(fits)).then(|| &text[..=end])
}

/// The runs of `text` between tags, without the whitespace at their ends.
fn pieces(text: &str, tags: &[String]) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices(['<', '[']) {
        if at >= start
            && let Some(tag) = tags.iter().find(|tag| text[at..].starts_with(tag.as_str()))
        {
            pieces.extend(trim(text, start..at));
            start = at + tag.len();
        }
    }
    pieces.extend(trim(text, start..text.len()));
    if pieces.len() > MOST_PIECES {
        pieces = Vec::from_iter(trim(text, 0..text.len()));
    }
    pieces
}

/// `run` without the whitespace at its ends; `None` if nothing is left.
fn trim(text: &str, run: Range<usize>) -> Option<Range<usize>> {
    let behind = text[run.clone()].trim_start();
    let (start, trimmed) = (run.end - behind.len(), behind.trim_end());
    (!trimmed.is_empty()).then(|| start..start + trimmed.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_leave_out_tags_of_the_template_and_outer_whitespace() {
        let tags = tags("{{ '</think>' in x and '<think>' }}{% if messages[0]['role'] %}[INST]");
        assert_eq!(tags, ["</think>", "<think>", "[INST]"]);
        let text = " <think>\na <b> c\n</think>\n\nParis. ";
        let found: Vec<&str> = pieces(text, &tags).into_iter().map(|piece| &text[piece]).collect();
        assert_eq!(found, ["a <b> c", "Paris."]);
        assert!(pieces("<think>\n</think>", &tags).is_empty());
    }

    #[test]
    fn inline_reasoning_holds_its_delimiters() {
        use Part::{Content, Reasoning};
        assert_eq!(inline_reasoning("<think>a</think>b"), [(0, Reasoning), (16, Content)]);
        assert_eq!(inline_reasoning("x<think>a"), [(0, Content), (1, Reasoning)]);
        assert_eq!(inline_reasoning("a</think>b"), [(0, Reasoning), (9, Content)]);
        assert_eq!(inline_reasoning("plain"), [(0, Content)]);
    }
}
