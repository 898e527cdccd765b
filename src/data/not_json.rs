//! Why a line is not JSON, and what to do.

/// What is wrong with a record that begins at `first_line` of its file.
pub(super) fn problem(bytes: &[u8], error: &serde_json::Error, first_line: usize) -> String {
    if let Some(problem) = foreign(bytes) {
        return problem.into();
    }
    let text = error.to_string();
    let problem = text.split(" at line ").next().unwrap_or(&text);
    let place = match error.line() {
        0 | 1 => format!("column {}", error.column()),
        line => format!("line {} column {}", first_line + line - 1, error.column()),
    };
    format!("is not JSON at {place}: {problem}; mend it, or leave it out")
}

/// What a line that is not JSON has that other programs take, and what to do.
fn foreign(bytes: &[u8]) -> Option<&'static str> {
    let text = bytes.trim_ascii_end();
    if let Some(record) = text.strip_suffix(b",")
        && serde_json::from_slice::<serde::de::IgnoredAny>(record).is_ok()
    {
        return Some("has a comma behind it: JSONL has none between records; take it off");
    }
    ["NaN", "Infinity"]
        .into_iter()
        .any(|word| is_a_value(text, word))
        .then_some("has NaN or Infinity, which are no JSON; write null or a number")
}

/// Whether `word` stands outside of strings.
fn is_a_value(text: &[u8], word: &str) -> bool {
    let (mut in_string, mut at) = (false, 0);
    while at < text.len() {
        match text[at] {
            b'\\' if in_string => at += 1,
            b'"' => in_string = !in_string,
            _ if !in_string && text[at..].starts_with(word.as_bytes()) => return true,
            _ => {}
        }
        at += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_named_by_what_they_have() {
        assert!(foreign(b"{\"a\": 1},").is_some_and(|problem| problem.contains("comma")));
        assert!(foreign(b"{\"a\": NaN}").is_some_and(|problem| problem.contains("NaN")));
        assert_eq!(foreign(b"{\"a\": \"NaN\", }"), None);
    }
}
