//! Chat templates against what transformers' jinja2 makes of them, and the provenance of every character.

mod any_chat;
mod written;

use std::collections::BTreeMap;

use lossglass::sample::Chat;
use lossglass::template::{ChatTemplate, Part, Rendered, TemplateError};

use crate::support::templates::{Source, chats, json, read, sources};

/// Template -> chat -> text without and with the generation prompt; `None` where jinja2 raises.
type Recorded = BTreeMap<String, BTreeMap<String, [Option<String>; 2]>>;

fn templates() -> Vec<(String, ChatTemplate)> {
    let parse = |source: Source| {
        let [bos, eos, pad] = ["bos_token", "eos_token", "pad_token"].map(|token| source.special(token));
        let template = ChatTemplate::new(&source.text, bos, eos, pad).unwrap();
        (source.name, template)
    };
    sources().into_iter().map(parse).collect()
}

/// The segments, one a line, as a person would check them.
fn show(rendered: &Rendered) -> String {
    let mut lines: Vec<String> = rendered
        .segments
        .iter()
        .map(|segment| {
            let turn = segment.turn.map_or("-".into(), |turn| turn.to_string());
            let role = segment.role.as_deref().unwrap_or("-");
            let text = &rendered.text[segment.span.clone()];
            format!("{turn} {role:<9} {:<18} {text:?}", segment.part.name())
        })
        .collect();
    lines.extend(rendered.notes.iter().map(|note| format!("note: {note}")));
    for span in rendered.generation.iter().flatten() {
        lines.push(format!("generation: {:?}", &rendered.text[span.clone()]));
    }
    lines.join("\n") + "\n"
}

fn assert_tiles(rendered: &Rendered) {
    let mut at = 0;
    for segment in &rendered.segments {
        assert_eq!(segment.span.start, at, "{}", show(rendered));
        assert!(!segment.span.is_empty());
        at = segment.span.end;
    }
    assert_eq!(at, rendered.text.len(), "{}", show(rendered));
}

#[test]
fn every_template_renders_as_jinja2_does() {
    let recorded: Recorded = json("templates/rendered.json");
    for (name, template) in templates() {
        for (title, chat) in chats() {
            for (prompt, expected) in [false, true].into_iter().zip(&recorded[&name][&title]) {
                match (template.render(&chat, prompt), expected) {
                    (Ok(rendered), Some(expected)) => {
                        assert_eq!(&rendered.text, expected, "{name}, {title}");
                        assert_tiles(&rendered);
                    }
                    (Err(TemplateError::Refused { .. }), None) => {}
                    (result, expected) => panic!("{name}, {title}: {result:?} where jinja2 has {expected:?}"),
                }
            }
        }
    }
}

#[test]
fn snippets_render_as_jinja2_does() {
    let snippets: Vec<String> = json("templates/snippets.json");
    let recorded: Vec<Option<String>> = json("templates/snippets_rendered.json");
    let hi = chat(serde_json::json!([{"role": "user", "content": "hi"}]));
    let mut wrong = Vec::new();
    for (source, expected) in snippets.iter().zip(&recorded) {
        let text = ChatTemplate::new(source, None, None, None).and_then(|template| template.render(&hi, false));
        if text.as_ref().ok().map(|rendered| &rendered.text) != expected.as_ref() {
            wrong.push(format!("{source:?}\n  jinja2 {expected:?}\n  here   {:?}", text.map(|rendered| rendered.text)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_character_has_its_part() {
    for (name, template) in templates() {
        let mut page = String::new();
        for (title, chat) in chats() {
            let shown =
                template.render(&chat, true).map_or_else(|error| format!("{error}\n"), |rendered| show(&rendered));
            page += &format!("== {title}\n{shown}\n");
        }
        insta::assert_snapshot!(format!("parts_{name}"), page);
    }
}

fn chat(messages: serde_json::Value) -> Chat {
    lossglass::sample::read_record(messages, None).unwrap().chat().unwrap()
}

fn render(source: &str, messages: serde_json::Value) -> Result<Rendered, TemplateError> {
    ChatTemplate::new(source, None, Some("<|im_end|>"), None)?.render(&chat(messages), false)
}

#[test]
fn fixtures_chats_render_and_their_generation_spans_are_what_the_assistant_writes() {
    let expected: serde_json::Value = json("fixtures/llama/expected.json");
    let template = read("fixtures/llama/chat_template.jinja");
    for case in expected["chat"].as_array().unwrap() {
        let rendered = render(&template, case["messages"].clone()).unwrap();
        assert_eq!(rendered.text, case["rendered"].as_str().unwrap());
        let answers: Vec<String> = case["messages"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|message| message["role"] == "assistant")
            .map(|message| format!("{}<|im_end|>", message["content"].as_str().unwrap()))
            .collect();
        let spans = rendered.generation.unwrap();
        let generated: Vec<&str> = spans.into_iter().map(|span| &rendered.text[span]).collect();
        assert_eq!(generated, answers);
    }
}

/// A template that measures, compares, cuts or rewrites texts: the note says so, and what can be exact stays exact.
#[test]
fn a_template_that_reads_its_messages_is_followed_as_far_as_possible() {
    let source = "{% for m in messages %}<{{ m.role }}>{% if m.content == 'hello' %}{{ m.content }}!\
                  {% elif m.content | length > 20 %}{{ m.content[:20] }}…{% else %}{{ m.content | upper }}{% endif %}\
                  <|im_end|>{% endfor %}";
    let rendered = render(
        source,
        serde_json::json!([
            {"role": "user", "content": "hello"},
            {"role": "assistant", "content": "fine"},
            {"role": "user", "content": "this is quite a long message"},
        ]),
    );
    insta::assert_snapshot!(show(&rendered.unwrap()), @r#"
    0 user      header             "<user>"
    0 user      content            "hello!"
    0 user      stop               "<|im_end|>"
    1 assistant header             "<assistant>"
    1 assistant content            "FINE"
    1 assistant stop               "<|im_end|>"
    2 user      header             "<user>"
    2 user      content            "this is quite a long…"
    2 user      stop               "<|im_end|>"
    note: message 2 (assistant): text rewritten by the template
    note: message 3 (user): part of its text left out by the template
    "#);
}

#[test]
fn a_last_turn_without_a_known_stop_marker() {
    let source = "{% for m in messages %}{{ '[' + m.role + '] ' + m.content + '[over]' }}{% endfor %}";
    let rendered = render(source, serde_json::json!([{"role": "assistant", "content": "yes"}]));
    insta::assert_snapshot!(show(&rendered.unwrap()), @r#"
    0 assistant header             "[assistant] "
    0 assistant content            "yes"
    0 assistant stop               "[over]"
    note: no known stop marker: "[over]" at the end is taken for one
    "#);
}

#[test]
fn what_the_generation_prompt_adds_beyond_the_header() {
    let turns = "{% for m in messages %}{{ '<|' + m.role + '|>' + m.content + '<|end|>\n' }}{% endfor %}";
    for (think, prefill) in [("<think>\\n", "<think>\n"), ("<think>\\n\\n</think>\\n\\n", "<think>\n\n</think>\n\n")] {
        let source = format!("{turns}{{% if add_generation_prompt %}}{{{{ '<|assistant|>{think}' }}}}{{% endif %}}");
        let template = ChatTemplate::new(&source, None, None, None).unwrap();
        let chat = chat(serde_json::json!([{"role": "user", "content": "hi"}]));
        let rendered = template.render(&chat, true).unwrap();
        let last: Vec<_> =
            rendered.segments.iter().rev().take(2).map(|s| (s.part, &rendered.text[s.span.clone()])).collect();
        assert_eq!(last, [(Part::GenerationPrefill, prefill), (Part::Header, "<|assistant|>")], "{}", show(&rendered));
    }
}

#[test]
fn errors_say_the_line_and_the_way_out() {
    let hi = serde_json::json!([{"role": "user", "content": "hi"}]);
    let error = |source: &str| render(source, hi.clone()).unwrap_err().to_string();
    insta::assert_snapshot!(error("a\n{% if x %}\nb"), @"the chat template does not parse: line 3: expected elif or else or endif, found the end of the template; give another with --template FILE or chatml");
    insta::assert_snapshot!(error("a\nb\n{{ messages[0].content.nope() }}"), @"the chat template fails at line 3: 'str object' has no attribute 'nope'");
    insta::assert_snapshot!(error("{{ raise_exception('roles must alternate') }}"), @"the chat template refuses this chat: roles must alternate");
    insta::assert_snapshot!(error("a\n{{ x.y.z }}"), @"the chat template fails at line 2: 'x' is undefined");
}

#[test]
fn a_template_that_does_not_end_is_stopped() {
    let hi = serde_json::json!([{"role": "user", "content": "hi"}]);
    for source in [
        "{% for a in range(99999) %}{% for b in range(99999) %}{{ b }}{% endfor %}{% endfor %}",
        "{% set ns = namespace(x='ab') %}{% for a in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x='ab') %}{% for a in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}",
        "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
        "{% macro f(n) %}{% for i in range(3) %}{{ f(n + 1) }}{% endfor %}{% endmacro %}{{ f(0) }}",
    ] {
        assert!(render(source, hi.clone()).is_err(), "{source}");
    }
}

/// Whatever a template does to the stack, to numbers or to memory is an error, never a crash.
#[test]
fn hostile_templates_are_errors() {
    let hi = serde_json::json!([{"role": "user", "content": "hi"}]);
    let grow = |with: &str| {
        format!("{{% set ns = namespace(x=0) %}}{{% for i in range(99999) %}}{{% set ns.x = {with} %}}{{% endfor %}}a")
    };
    let most = i128::MAX;
    let sources = [
        format!("{{{{ {} }}}}", vec!["1"; 20_000].join("+")),
        format!("{{{{ {} }}}}", vec!["1"; 1_500].join("+")),
        format!("{{{{ {} }}}}", vec!["1"; 20_000].join(" and ")),
        format!("{{{{ {} }}}}", vec!["1"; 20_000].join(" if 1 else ")),
        format!("{{{{ 'a'{} }}}}", "|upper".repeat(20_000)),
        format!("{{{{ messages{} }}}}", "[0]".repeat(20_000)),
        format!("{{{{ {}1{} }}}}", "(".repeat(50_000), ")".repeat(50_000)),
        format!("{{% macro f() %}}{{{{ {}f(){} }}}}{{% endmacro %}}{{{{ f() }}}}", "[".repeat(90), "]".repeat(90)),
        format!("{}{}", "{% for a in [1] %}".repeat(5_000), "{% endfor %}".repeat(5_000)),
        grow("[ns.x]"),
        grow("{'a': ns.x}"),
        grow("cycler(ns.x)"),
        grow("[ns.x].index"),
        grow("namespace(x=ns)"),
        grow("ns"),
        grow("[ns]"),
        format!("{{{{ range(-{most}, {most}) }}}}"),
        format!("{{{{ -(-{most} - 1) }}}}"),
        format!("{{{{ {most} + 1 }}}}"),
        "{{ 'a' * 1000000000 }}".into(),
        "{{ 'a'.center(1000000000)|length * 'b' * 1000000 }}".into(),
    ];
    for source in sources {
        assert!(render(&source, hi.clone()).is_err(), "{:.90}", source);
    }
}

#[test]
fn dates_are_todays() {
    let hi = serde_json::json!([{"role": "user", "content": "hi"}]);
    let text = render("{{ strftime_now('%Y') }}", hi).unwrap().text;
    assert!(text.parse::<u32>().unwrap() >= 2025, "{text}");
}
