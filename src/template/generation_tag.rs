//! `{% generation %}` for an engine that does not know it.
//!
//! transformers' templates mark what the assistant generates with `{% generation %}…{% endgeneration %}`. The tags become
//! a filter block, which obeys the same whitespace control, and the filter brackets its text with marks when asked to.

/// The filter that a generation block becomes.
pub(super) const FILTER: &str = "lossglass_generation";

/// Rewrites the generation tags of `source`, leaving comments, raw blocks and strings alone; `None` if there are none.
/// Line numbers stay as they are.
pub(super) fn rewrite(source: &str) -> Option<String> {
    let mut out = String::with_capacity(source.len());
    let (mut rest, mut found, mut raw) = (source, false, false);
    while let Some(start) = rest.find('{') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let length = if rest.starts_with("{%") {
            let tag = &rest[..statement_end(rest)];
            let word = tag.trim_start_matches(['{', '%', '-', '+']).trim_start();
            let name_length = word.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(word.len());
            let name = &word[..name_length];
            let replacement = match name {
                "generation" => Some(format!("filter {FILTER}")),
                "endgeneration" => Some("endfilter".to_string()),
                _ => None,
            };
            match name {
                "endraw" => raw = false,
                "raw" => raw = true,
                _ => {}
            }
            if let (Some(replacement), false) = (replacement, raw) {
                found = true;
                out.push_str(&tag[..tag.len() - word.len()]);
                out.push_str(&replacement);
                out.push_str(&word[name_length..]);
                rest = &rest[tag.len()..];
                continue;
            }
            if raw { 2 } else { tag.len() }
        } else if raw {
            1
        } else if rest.starts_with("{#") {
            rest.find("#}").map_or(rest.len(), |end| end + 2)
        } else if rest.starts_with("{{") {
            expression_end(rest)
        } else {
            1
        };
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out.push_str(rest);
    found.then_some(out)
}

pub(super) fn statement_end(text: &str) -> usize {
    end_outside_strings(text, "%}")
}

pub(super) fn expression_end(text: &str) -> usize {
    end_outside_strings(text, "}}")
}

/// Bytes up to and including the first `close` outside a quoted string; all of `text` if there is none.
fn end_outside_strings(text: &str, close: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut quote) = (2, None);
    while at < bytes.len() {
        match (quote, bytes[at]) {
            (Some(_), b'\\') => at += 1,
            (Some(open), byte) if open == byte => quote = None,
            (None, byte @ (b'"' | b'\'')) => quote = Some(byte),
            (None, _) if bytes[at..].starts_with(close.as_bytes()) => return at + close.len(),
            _ => {}
        }
        at += 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_keep_their_trim_marks_and_lines() {
        let source = "a\n{%- generation -%}\n{{ x }}{%+ endgeneration %}";
        let expected = "a\n{%- filter lossglass_generation -%}\n{{ x }}{%+ endfilter %}";
        assert_eq!(rewrite(source).as_deref(), Some(expected));
    }

    #[test]
    fn comments_strings_and_raw_blocks_are_no_tags() {
        for source in [
            "{# {% generation %} #}",
            "{{ '{% generation %}' }}",
            "{% raw %}{% generation %}{% endraw %}",
            "{% set a = \"{% generation %}\" %}",
            "{% generations %}",
            "{% if generation %}",
        ] {
            assert_eq!(rewrite(source), None, "{source}");
        }
    }
}
