//! Delimiters of chat formats: tags such as `<think>`, `[/INST]`, `<|END_ACTION|>` or `<channel|>`, which open or close
//! a part.

use std::ops::Range;

/// Letters that a tag may have.
const LONGEST: usize = 64;

/// A tag in a text.
pub(super) struct Delimiter {
    pub span: Range<usize>,
    pub closes: bool,
    /// The words of its name in small letters, but for those that say that it begins or ends something.
    words: Vec<String>,
}

impl Delimiter {
    /// Whether it opens what `other` closes.
    fn opens(&self, other: &Delimiter) -> bool {
        !self.closes && other.closes && self.words == other.words
    }

    /// Whether it opens a tool call.
    pub fn opens_call(&self) -> bool {
        let is_call = |word: &str| matches!(word, "call" | "calls" | "toolcall" | "function" | "action");
        let is_code = self.words.iter().map(String::as_str).eq(["python", "tag"]);
        !self.closes && (is_code || self.words.iter().any(|word| is_call(word)))
    }

    /// Whether it opens a reasoning.
    pub fn opens_reasoning(&self) -> bool {
        let is_thought = |word: &str| matches!(word, "think" | "thinking" | "thought" | "reasoning" | "channel");
        !self.closes && self.words.iter().any(|word| is_thought(word))
    }
}

/// The delimiters of a text, in order.
pub(super) fn delimiters(text: &str) -> impl Iterator<Item = Delimiter> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + text[at..].find(['<', '['])?;
            at = start + 1;
            if let Some(found) = delimiter_at(text, start) {
                at = found.span.end;
                return Some(found);
            }
        }
    })
}

fn delimiter_at(text: &str, start: usize) -> Option<Delimiter> {
    let rest = &text[start..];
    let is_angled = rest.starts_with('<');
    let close = if is_angled { '>' } else { ']' };
    let (length, _) = rest.char_indices().take(LONGEST).find(|(_, letter)| *letter == close)?;
    let inner = &rest[1..length];
    let is_named = inner.chars().any(char::is_alphabetic);
    let fits = |letter: char| match is_angled {
        true => !letter.is_whitespace() && !"<\"'{}()[]".contains(letter),
        // Lists are in brackets too: only [WORDS] and [|words|] are tags.
        false => letter.is_ascii_uppercase() || "_/".contains(letter) || inner.starts_with('|'),
    };
    if !is_named || !inner.chars().all(fits) {
        return None;
    }
    let is_bar = |letter: char| letter == '|' || letter == '｜';
    let name = inner.trim_matches(is_bar);
    // <function=weather> is called function.
    let name = name.split_once('=').map_or(name, |(name, _)| name);
    let words: Vec<String> =
        name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    let closes = name.starts_with('/')
        || words.iter().any(|word| word == "end")
        || (inner.ends_with(is_bar) && !inner.starts_with(is_bar));
    let words = words.into_iter().filter(|word| !matches!(word.as_str(), "begin" | "start" | "end")).collect();
    Some(Delimiter { span: start..start + length + 1, closes, words })
}

/// Bytes up to the end of the last delimiter that closes what `text` itself does not open; 0 if there is none.
pub(super) fn after_closers(text: &str) -> usize {
    let (mut open, mut end): (Vec<Delimiter>, usize) = (Vec::new(), 0);
    for found in delimiters(text) {
        if !found.closes {
            open.push(found);
            continue;
        }
        match open.iter().rposition(|opener| opener.opens(&found)) {
            Some(opener) => open.truncate(opener),
            None => end = found.span.end,
        }
    }
    end
}

/// Where the first delimiter stands in `text` that closes what neither `text` nor `before` opens; at the end of `text` if
/// there is none.
pub(super) fn first_stray(before: &str, text: &str) -> usize {
    let mut open: Vec<Delimiter> = delimiters(before).filter(|found| !found.closes).collect();
    for found in delimiters(text) {
        match open.iter().rposition(|opener| opener.opens(&found)) {
            Some(opener) => open.truncate(opener),
            None if found.closes => return found.span.start,
            None => open.push(found),
        }
    }
    text.len()
}

/// Bytes up to the end of the first delimiter in `text` that closes something; 0 if there is none.
pub(super) fn first_closed(text: &str) -> usize {
    delimiters(text).find(|found| found.closes).map_or(0, |found| found.span.end)
}

/// Where a wrapping opens in `before` that `after` closes: a tag, a bracket or a quote.
pub(super) fn wrapping(before: &str, after: &str) -> Option<usize> {
    let closers: Vec<Delimiter> = delimiters(after).filter(|found| found.closes).collect();
    let tags: Vec<Delimiter> = delimiters(before).collect();
    let tag = tags.iter().find(|tag| closers.iter().any(|closer| tag.opens(closer))).map(|tag| tag.span.start);
    let is_in_tag = |at: usize| tags.iter().any(|tag| tag.span.contains(&at));
    let pairs = [('{', '}'), ('[', ']')].into_iter().filter(|(_, close)| after.contains(*close));
    let bracket =
        pairs.filter_map(|(open, _)| before.match_indices(open).map(|(at, _)| at).find(|at| !is_in_tag(*at))).min();
    let quote = ['"', '\''].into_iter().find(|quote| before.ends_with(*quote) && after.starts_with(*quote));
    [tag, bracket, quote.map(|quote| before.len() - quote.len_utf8())].into_iter().flatten().min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_many_formats_open_and_close() {
        let text = "<think></think>[INST][/INST]<|channel>x<channel|><|START_ACTION|>[1]<|END_ACTION|>\
                    <｜tool▁call▁begin｜><｜tool▁call▁end｜><function=f> a < b <|\"|>";
        let found: Vec<(&str, bool)> = delimiters(text).map(|tag| (&text[tag.span], tag.closes)).collect();
        let expected = [
            ("<think>", false),
            ("</think>", true),
            ("[INST]", false),
            ("[/INST]", true),
            ("<|channel>", false),
            ("<channel|>", true),
            ("<|START_ACTION|>", false),
            ("<|END_ACTION|>", true),
            ("<｜tool▁call▁begin｜>", false),
            ("<｜tool▁call▁end｜>", true),
            ("<function=f>", false),
        ];
        assert_eq!(found, expected);
        assert_eq!(after_closers("<a>1</a></b><|observation|>\n<c>"), "<a>1</a></b>".len());
        assert_eq!(after_closers("<|start_header_id|>tool<|end_header_id|>"), 0);
    }

    #[test]
    fn what_another_turn_opened_is_a_stray() {
        assert_eq!(first_stray("<a>", "</a></b>"), 4);
        assert_eq!(first_stray("<a>", "<b></b></a>"), 11);
    }

    #[test]
    fn what_wraps_a_result_is_found_on_both_sides() {
        let start = |before: &'static str, after| wrapping(before, after).map(|at| &before[at..]);
        assert_eq!(start("<|im_start|>user\n<tool_response>\n", "\n</tool_response>"), Some("<tool_response>\n"));
        assert_eq!(start("response:f{value:<|\"|>", "<|\"|>}<tool_response|>"), Some("{value:<|\"|>"));
        assert_eq!(start("<|message|>\"", "\""), Some("\""));
        assert_eq!(start("<|im_start|>tool\n", ""), None);
    }
}
