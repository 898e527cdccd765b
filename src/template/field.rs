//! The texts of a chat that a template prints, and the messages as the template sees them.

use std::ops::Range;

use serde_json::Value;

use super::Part;
use crate::jinja::{self, Dict, Text};
use crate::sample::{Chat, Message, is_assistant, is_tool, part_text};

/// More pieces than this in one field (a text made of tags) are taken as one, so that marks do not run out.
const MOST_PIECES: usize = 4096;

/// Reasoning delimiters in use: Qwen3, DeepSeek and SmolLM3; others that data sets have; Magistral.
pub const THINK: [(&str, &str); 4] =
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
    /// Where the text starts in the message's content; `None` if it is not of the content.
    pub offset: Option<usize>,
    /// The text but for the tags that the template may look for and the whitespace at either end of a piece, which it
    /// may trim.
    pub pieces: Vec<Range<usize>>,
    /// Where the parts of the text start, as bytes of `text`; the first at 0.
    pub parts: Vec<(usize, Part)>,
}

impl Field {
    /// The part that byte `at` of the text belongs to.
    pub(super) fn part_at(&self, at: usize) -> Part {
        let after = self.parts.partition_point(|(start, _)| *start <= at);
        self.parts[after.saturating_sub(1)].1
    }
}

/// The fields of a chat, in the order in which its messages hold them.
pub(super) struct Fields<'a> {
    tags: &'a [String],
    pub list: Vec<Field>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(tags: &'a [String]) -> Self {
        Self { tags, list: Vec::new() }
    }

    /// The messages as transformers hands them to a template, in which every text knows its field.
    pub(super) fn messages(&mut self, chat: &Chat) -> jinja::Value {
        let messages = chat.messages.iter().enumerate();
        jinja::Value::list(messages.map(|(index, message)| jinja::Value::dict(self.message(index, message))).collect())
    }

    fn add(
        &mut self,
        message: usize,
        kind: Kind,
        text: &str,
        offset: Option<usize>,
        parts: Vec<(usize, Part)>,
    ) -> Text {
        let pieces = pieces(text, self.tags);
        self.list.push(Field { message, kind, text: text.to_string(), offset, pieces, parts });
        Text::of_source(text, self.list.len() - 1)
    }

    /// One message: the keys of the data in their order, but null ones; reasoning has a second name, `thinking`, for
    /// gpt-oss' template.
    fn message(&mut self, index: usize, message: &Message) -> Dict {
        let reasoning = message.reasoning_content.as_deref();
        let reasoning = reasoning.map(|text| self.add(index, Kind::Reasoning, text, None, vec![(0, Part::Reasoning)]));
        let mut dict = Dict::default();
        if let Some(text) = reasoning.as_ref().filter(|_| !message.given.contains_key("thinking")) {
            dict.push("thinking", text.clone().into());
        }
        for (key, given) in message.as_seen() {
            let value = match key {
                "content" => self.content(index, message, &given),
                "tool_plan" if given.is_string() => self.plan(index, &given),
                "reasoning_content" => continue,
                "reasoning" | "thinking" => match given.as_str() {
                    Some(text) if Some(text) != message.reasoning_content.as_deref() => text.into(),
                    _ => reasoning.clone().map_or(jinja::Value::None, Into::into),
                },
                "tool_calls" => self.tool_calls(index, &given),
                _ => plain(&given),
            };
            dict.insert(key.into(), value);
        }
        if let Some(text) = reasoning {
            dict.insert("reasoning_content".into(), text.into());
        }
        dict
    }

    /// What Command R's templates print as the reasoning before a tool call.
    fn plan(&mut self, index: usize, given: &Value) -> jinja::Value {
        let text = given.as_str().unwrap_or_default();
        self.add(index, Kind::Reasoning, text, None, vec![(0, Part::Reasoning)]).into()
    }

    fn content(&mut self, index: usize, message: &Message, given: &Value) -> jinja::Value {
        match given {
            Value::String(text) => {
                let parts = content_parts(message, text);
                self.add(index, Kind::Content, text, Some(0), parts).into()
            }
            Value::Array(items) if items.iter().all(|item| part_text(item).is_some()) => {
                let mut at = 0;
                let mut seen = Vec::with_capacity(items.len());
                for item in items {
                    let text = part_text(item).unwrap_or_default();
                    let parts = content_parts(message, text);
                    let made = self.add(index, Kind::Content, text, Some(at), parts);
                    at += text.len();
                    seen.push(part_value(item, made));
                }
                jinja::Value::list(seen)
            }
            other => jinja::Value::from_json(other, &mut |text| {
                self.add(index, Kind::Content, text, None, vec![(0, said(message))])
            }),
        }
    }

    fn tool_calls(&mut self, index: usize, given: &Value) -> jinja::Value {
        let Value::Array(calls) = given else { return plain(given) };
        let mut texts = Vec::new();
        for call in calls {
            strings_of_call(&mut call.clone(), &mut |text| {
                texts.push(self.add(index, Kind::ToolCall, text, None, vec![(0, Part::ToolCall)]));
            });
        }
        let mut texts = texts.into_iter();
        jinja::Value::list(calls.iter().map(|call| call_value(call, &mut texts)).collect())
    }
}

/// A value of which no text is followed.
pub(super) fn plain(value: &Value) -> jinja::Value {
    jinja::Value::from_json(value, &mut |text| text.into())
}

/// A part of a content, its text being `text`.
fn part_value(part: &Value, text: Text) -> jinja::Value {
    let Value::Object(fields) = part else { return text.into() };
    let mut dict = Dict::default();
    for (key, value) in fields {
        dict.push(key, if key == "text" { text.clone().into() } else { plain(value) });
    }
    jinja::Value::dict(dict)
}

/// A tool call with `texts` as its strings, in the order of [`strings_of_call`].
fn call_value(call: &Value, texts: &mut impl Iterator<Item = Text>) -> jinja::Value {
    let Value::Object(fields) = call else { return plain(call) };
    let has_function = fields.contains_key("function");
    let mut next = |text: &str| texts.next().unwrap_or_else(|| text.into());
    let function = match fields.get("function") {
        Some(function) => function,
        None => call,
    };
    let name = function.get("name").and_then(Value::as_str).map(&mut next);
    let arguments = function.get("arguments").map(|arguments| jinja::Value::from_json(arguments, &mut next));
    let replaced = |fields: &serde_json::Map<String, Value>| {
        let mut dict = Dict::default();
        for (key, value) in fields {
            let value = match (key.as_str(), &name, &arguments) {
                ("name", Some(name), _) => name.clone().into(),
                ("arguments", _, Some(arguments)) => arguments.clone(),
                _ => plain(value),
            };
            dict.push(key, value);
        }
        dict
    };
    if !has_function {
        return jinja::Value::dict(replaced(fields));
    }
    let mut dict = Dict::default();
    for (key, value) in fields {
        let value = match value {
            Value::Object(function) if key == "function" => jinja::Value::dict(replaced(function)),
            value => plain(value),
        };
        dict.push(key, value);
    }
    jinja::Value::dict(dict)
}

/// Visits the strings of a tool call that stand for what the model wrote: its name and its arguments.
fn strings_of_call(call: &mut Value, visit: &mut impl FnMut(&mut String)) {
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

/// The part that all of a message's content is, but for reasoning in it.
fn said(message: &Message) -> Part {
    if is_tool(&message.role) { Part::ToolResult } else { Part::Content }
}

fn content_parts(message: &Message, text: &str) -> Vec<(usize, Part)> {
    if is_assistant(&message.role) { inline_reasoning(text) } else { vec![(0, said(message))] }
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
