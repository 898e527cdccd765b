//! The generation prompt of templates in which it is one fixed text at the very end.

use super::tags::{expression_end, statement_end};

/// The flag that asks for a generation prompt.
const FLAG: &str = "add_generation_prompt";

/// A template that prints what the flag adds to any chat: the block that the flag decides over, or nothing where no flag
/// is named. `None` where more than the flag may decide: it is named twice or with other words, in another block, with
/// more than text and string literals in it, or with something behind it.
pub(super) fn fixed(source: &str) -> Option<&str> {
    match source.matches(FLAG).count() {
        0 => return Some(""),
        1 => {}
        _ => return None,
    }
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(start) = source[at..].find('{').map(|offset| at + offset) {
        let rest = &source[start..];
        at = start + piece(rest);
        let words = words(&rest[..at - start]);
        match words.as_slice() {
            ["if", name] if *name == FLAG && depth == 0 => return prints_a_constant(&source[at..]).then_some(rest),
            ["raw", ..] => return None,
            ["set", names @ ..] if names.contains(&"=") => {}
            [name, ..] if name.starts_with("end") => depth = depth.checked_sub(1)?,
            [name, ..] if OPENERS.contains(name) => depth += 1,
            _ => {}
        }
    }
    None
}

/// The statements that an `end…` closes.
const OPENERS: [&str; 9] = ["if", "for", "macro", "call", "filter", "with", "autoescape", "generation", "set"];

/// Whether `body`, behind an `if`, is text and string literals up to the `endif` at the end of the source.
fn prints_a_constant(body: &str) -> bool {
    let mut at = 0;
    while let Some(start) = body[at..].find('{').map(|offset| at + offset) {
        let rest = &body[start..];
        at = start + piece(rest);
        let tag = &rest[..at - start];
        match (words(tag).as_slice(), tag.starts_with("{{")) {
            (_, true) if is_literal(tag) => {}
            // One line end at the end of a source is not part of it.
            (["endif"], false) => return matches!(&body[at..], "" | "\n"),
            _ => return false,
        }
    }
    false
}

/// Bytes of the tag, print or comment at the start of `text`; of a brace that is none of them, its own.
fn piece(text: &str) -> usize {
    match text.as_bytes() {
        [b'{', b'%', ..] => statement_end(text),
        [b'{', b'{', ..] => expression_end(text),
        [b'{', b'#', ..] => text.find("#}").map_or(text.len(), |end| end + 2),
        _ => 1,
    }
}

/// The words of a tag; none for anything else.
fn words(tag: &str) -> Vec<&str> {
    let inner = tag.strip_prefix("{%").and_then(|tag| tag.strip_suffix("%}")).unwrap_or_default();
    inner.trim_matches(['-', '+']).split_whitespace().collect()
}

/// Whether a print is one string literal.
fn is_literal(print: &str) -> bool {
    let inner = print.strip_prefix("{{").and_then(|print| print.strip_suffix("}}")).unwrap_or_default();
    let inner = inner.trim_matches(['-', '+']).trim();
    ['\'', '"'].into_iter().any(|quote| {
        let text = inner.strip_prefix(quote).and_then(|inner| inner.strip_suffix(quote));
        text.is_some_and(|text| !text.contains(quote))
    })
}

#[cfg(test)]
mod tests {
    use super::fixed;
    use crate::sample::{Chat, Message};
    use crate::template::engine::Engine;
    use crate::template::field::Fields;

    /// What is taken for fixed is what a render with the flag has more than one without.
    #[test]
    fn a_fixed_prompt_is_what_the_flag_adds() {
        let sources = [
            (include_str!("../../tests/templates/chatml.jinja"), Some("<|im_start|>assistant\n")),
            (include_str!("../../tests/templates/gemma.jinja"), Some("<start_of_turn>model\n")),
            (include_str!("../../tests/templates/smollm2.jinja"), Some("<|im_start|>assistant\n")),
            (include_str!("../../tests/templates/mistral.jinja"), Some("")),
            (include_str!("../../tests/templates/qwen3.jinja"), None),
            (include_str!("../../tests/templates/zephyr.jinja"), None),
        ];
        let message = |role: &str| Message { role: role.into(), content: "a".into(), ..Message::default() };
        for (source, prompt) in sources {
            let specials = [("bos_token", "<s>".to_owned()), ("eos_token", "</s>".to_owned())];
            let engine = Engine::new(source, &specials).expect("it parses");
            assert_eq!(engine.prompt.as_deref(), prompt);
            for chat in [vec![message("user")], vec![message("user"), message("assistant")]] {
                let chat = Chat { messages: chat, ..Chat::default() };
                let messages = Fields::new(&[]).messages(&chat);
                let render = |flag| engine.render(&chat, &messages, flag, 0).expect("it renders").text;
                if let Some(prompt) = prompt {
                    assert_eq!(render(true), render(false) + prompt);
                }
            }
        }
    }

    #[test]
    fn only_a_block_that_nothing_else_decides_over_is_fixed() {
        let tail = "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\n' }}x{% endif %}";
        let source = |before: &str, tail: &str, after: &str| format!("{before}{tail}{after}");
        let loops =
            "{% for m in messages %}{% set x = '{%' %}{{ m.content }}{% endfor %}{# {% if #}{% set y %}a{% endset %}";
        assert_eq!(fixed(&source(loops, tail, "")), Some(tail));
        assert_eq!(fixed(&source("", tail, "\n")), Some(&*source("", tail, "\n")));
        assert_eq!(fixed(loops), Some(""));
        let not = |source: &str| assert_eq!(fixed(source), None, "{source}");
        not(&source("{% if messages %}", tail, "{% endif %}"));
        not(&source("{% raw %}", tail, "{% endraw %}"));
        not(&source("", tail, " "));
        not(&source("", tail, "{{ bos_token }}"));
        not(&source("{% set add_generation_prompt = true %}", tail, ""));
        not("{% if not add_generation_prompt %}a{% endif %}");
        not("{% if add_generation_prompt %}a{% else %}b{% endif %}");
        not("{% if add_generation_prompt %}{{ 'a' + messages[0]['role'] + 'b' }}{% endif %}");
        not("{% if add_generation_prompt %}{{ bos_token }}{% endif %}");
        not("{{ 'a' if add_generation_prompt }}");
    }
}
