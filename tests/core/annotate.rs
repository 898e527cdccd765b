//! Templates with generation tags put in: they render as before, and the tags enclose what the assistant writes.

use std::ops::Range;
use std::path::Path;
use std::sync::LazyLock;

use lossglass::sample::{Chat, Message};
use lossglass::template::annotate::{AnnotateError, Specials, annotate, probes};
use lossglass::template::{ChatTemplate, Part, Rendered, Segment};
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::templates::{Source, chats, sources};

fn specials(source: &Source) -> Specials<'_> {
    Specials { bos: source.special("bos_token"), eos: source.special("eos_token"), pad: None }
}

fn without_tags(source: &str) -> String {
    ["{% generation %}", "{% endgeneration %}", "{%- generation %}", "{%- endgeneration %}"]
        .iter()
        .fold(source.to_string(), |source, tag| source.replace(tag, ""))
}

fn merged(spans: impl IntoIterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for span in spans.into_iter().filter(|span| !span.is_empty()) {
        match out.last_mut() {
            Some(last) if last.end == span.start => last.end = span.end,
            _ => out.push(span),
        }
    }
    out
}

/// What mode `assistant` scores.
fn written(rendered: &Rendered) -> Vec<Range<usize>> {
    let parts = [Part::Content, Part::Reasoning, Part::ToolCall, Part::Stop];
    let is_written = |one: &&Segment| one.role.as_deref() == Some("assistant") && parts.contains(&one.part);
    merged(rendered.segments.iter().filter(|one| one.turn.is_some()).filter(is_written).map(|one| one.span.clone()))
}

#[test]
fn every_probe_is_read() {
    assert_eq!(probes().len(), 29);
}

#[test]
fn every_template_of_the_set_is_annotated_and_renders_as_before() {
    let mut failed = Vec::new();
    for of_the_set in sources() {
        let (name, source, specials) = (&of_the_set.name, without_tags(&of_the_set.text), specials(&of_the_set));
        let annotated = match annotate(&source, specials, &probes()) {
            Ok(annotated) => annotated,
            Err(error) => {
                failed.push(format!("{name}: {error}"));
                continue;
            }
        };
        if let Ok(directory) = std::env::var("ANNOTATED") {
            std::fs::write(Path::new(&directory).join(format!("{name}.jinja")), &annotated).expect("a directory");
        }
        let parse = |source: &str| ChatTemplate::new(source, specials.bos, specials.eos, None).expect("it parses");
        let (plain, tagged) = (parse(&source), parse(&annotated));
        for (_, chat) in chats() {
            for prompt in [false, true] {
                let (plain, tagged) = (plain.render(&chat, prompt), tagged.render(&chat, prompt));
                let texts = [&plain, &tagged].map(|one| one.as_ref().ok().map(|rendered| rendered.text.clone()));
                assert_eq!(texts[0], texts[1], "{name}");
                let (Ok(plain), Ok(tagged)) = (plain, tagged) else { continue };
                assert_eq!(merged(tagged.generation.expect("tags")), written(&plain), "{name}: {chat:?}");
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn one_line_of_chatml_is_cut_where_the_assistant_begins_and_ends() {
    let source =
        "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>\\n' }}{% endfor %}";
    let annotated = annotate(source, Specials::default(), &probes()).expect("it can be cut");
    insta::assert_snapshot!(annotated, @r#"{% for m in messages %}{%+ if m['role'] == 'assistant' %}{{ '<|im_start|>' + m['role'] + '\n' }}{% generation %}{{ m['content'] + '<|im_end|>' }}{% endgeneration %}{{ '\n' }}{% else %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endif +%}{% endfor %}"#);
    assert_eq!(annotate(&annotated, Specials::default(), &probes()).as_ref(), Ok(&annotated), "proven as it is");
}

#[test]
fn text_outside_tags_and_assigned_text_can_be_cut_too() {
    for source in [
        "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}<|end|>\n{% endfor %}",
        "{% for m in messages %}{% set t = '<|' + m.role + '|>' + m.content + '<|end|>' %}{{ t }}\n{% endfor %}",
        "{% for m in messages %}\n  {{ '<|' ~ m.role ~ '|>' ~ m.content ~ '<|end|>' }}\n\n{% endfor %}",
    ] {
        let annotated = annotate(source, Specials::default(), &probes());
        assert!(annotated.is_ok(), "{source}: {}", annotated.unwrap_err());
    }
}

/// As Qwen2.5 writes calls: the newline before the first one ends the header where the message says nothing else.
const CALLS: &str = r#"{%- for m in messages %}
    {%- if m.role == "assistant" and m.tool_calls %}
        {{- '<|im_start|>' + m.role }}
        {%- if m.content %}
            {{- '\n' + m.content }}
        {%- endif %}
        {%- for call in m.tool_calls %}
            {%- if call.function is defined %}
                {%- set call = call.function %}
            {%- endif %}
            {{- '\n<tool_call>\n{"name": "' }}
            {{- call.name }}
            {{- '", "arguments": ' }}
            {{- call.arguments | tojson }}
            {{- '}\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\n' }}
    {%- else %}
        {{- '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>' + '\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\n' }}
{%- endif %}
"#;

/// Tags stand where transformers counts them: outside of macros and of blocks that are captured.
#[test]
fn text_that_macros_and_blocks_make_is_tagged_where_it_is_printed() {
    let source = "{% macro said(m) %}{{ m.content | trim }}{% endmacro %}{% for m in messages %}{% set text %}{{ said(m) }}\
                  {% endset %}<|im_start|>{{ m.role }}\n{{ text }}<|im_end|>\n{% endfor %}";
    let annotated = annotate(source, Specials::default(), &probes()).expect("it can be cut");
    insta::assert_snapshot!(annotated, @r"
    {% macro said(m) %}{{ m.content | trim }}{% endmacro %}{% for m in messages %}{% set text %}{{ said(m) }}{% endset %}<|im_start|>{{ m.role }}
    {%+ if m['role'] == 'assistant' %}{% generation %}{{ text }}{% endgeneration %}{% else %}{{ text }}{% endif +%}{%+ if m['role'] == 'assistant' %}{% generation %}{{ '<|im_end|>' }}{% endgeneration %}{{ '\n' }}{% else %}{{ '<|im_end|>\n' }}{% endif +%}{% endfor %}
    ");
}

/// A prefix that a template puts into a variable is cut off where the variable is printed.
#[test]
fn what_a_variable_begins_or_ends_with_is_cut_off() {
    let source = "{% for m in messages %}{% set text = m.content %}{% if m.role == 'assistant' %}\
                  {% set text = '<think></think>' ~ text %}{% endif %}\
                  {{ '<|im_start|>' ~ m.role ~ '\n' ~ text ~ '<|im_end|>' }}{% endfor %}\
                  {% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
    let annotated = annotate(source, Specials::default(), &probes()).expect("it can be cut");
    assert!(annotated.contains("{% generation %}{{ text[15:] ~ '<|im_end|>' }}"), "{annotated}");
}

/// What opens a turn is the model's where a reasoning stands before it, as in gpt-oss' template.
#[test]
fn what_the_source_asks_decides_over_tags() {
    let source = "{% for m in messages %}{% if m.role == 'assistant' %}{% if 'thinking' in m %}<|start|>assistant<|channel|>\
                  analysis<|message|>{{ m.thinking }}<|end|>{% endif %}<|start|>assistant<|channel|>final<|message|>\
                  {{ m.content }}<|return|>{% else %}<|start|>{{ m.role }}<|message|>{{ m.content }}<|end|>{% endif %}\
                  {% endfor %}{% if add_generation_prompt %}<|start|>assistant{% endif %}";
    let annotated = annotate(source, Specials::default(), &probes()).expect("it can be cut");
    let tagged = "{%+ if 'thinking' in m %}{% generation %}{{ '<|start|>assistant<|channel|>final<|message|>' }}";
    assert!(annotated.contains(tagged), "{annotated}");
}

/// Contents in parts, as templates of vision models read them, and what is said before a call.
#[test]
fn every_branch_for_a_content_is_tagged() {
    let source = "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.content is string %}{{ m.content }}{% else %}\
                  {% for part in m.content %}{% if part.type == 'image' %}<image>{% else %}{{ part.text }}{% endif %}{% endfor %}\
                  {% endif %}{% for c in m.tool_calls or [] %}{% if loop.first and m.content or not loop.first %}{{ '\n' }}{% endif %}\
                  <tool_call>{{ c|tojson }}</tool_call>{% endfor %}<|im_end|>\n{% endfor %}\
                  {% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
    let annotated = annotate(source, Specials::default(), &probes()).expect("it can be cut");
    let template = ChatTemplate::new(&annotated, None, None, None).expect("it parses");
    let chat = serde_json::json!([
        {"role": "user", "content": [{"type": "text", "text": "Look."}]},
        {"role": "assistant", "content": [{"type": "text", "text": "So"}, {"type": "text", "text": " far."}]},
        {"role": "assistant", "content": "I call.", "tool_calls": [{"name": "f", "arguments": {}}]},
    ]);
    let chat = lossglass::sample::read_record(chat, None).expect("a record").chat().expect("a chat");
    let rendered = template.render(&chat, false).expect("it renders");
    let spans = merged(rendered.generation.clone().expect("tags"));
    let texts: Vec<&str> = spans.iter().map(|span| &rendered.text[span.clone()]).collect();
    let call = "I call.\n<tool_call>{\"name\": \"f\", \"arguments\": {}}</tool_call><|im_end|>";
    assert_eq!(texts, ["So far.<|im_end|>", call]);
    assert_eq!(spans, written(&rendered));
}

/// The annotator reads a source as the parser does.
#[test]
fn whatever_parses_can_be_annotated() {
    let turn = "<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>";
    for before in [
        "{{ {'a': {}}['a'] and '}}' or '' }}",
        "{# {% for x in y %} {{ #}",
        "{% raw %}{{ m }} {% if %}{% endraw %}",
        "{% set x = '%} {{' %}{% set y %}{{ '#}' }}{% endset %}",
        "{%- if m.content is defined and \"'\" not in '\\'' -%} {%- endif -%}",
        "{{- ('a' if m.role == 'user' else '') -}}",
        "{% for c in m.role if c == '+' %}{{ c ~ '~' }}{% else %}{% endfor %}",
        "{ {}} }{%+ if true +%}{% endif %}",
    ] {
        let source = format!("{{% for m in messages %}}{before}{turn}{{% endfor %}}");
        let annotated = annotate(&source, Specials::default(), &probes());
        assert!(annotated.is_ok(), "{source}: {}", annotated.unwrap_err());
    }
}

#[test]
fn other_ways_to_write_templates_can_be_annotated() {
    let phi = "{% for m in messages %}{% if m['role'] == 'user' %}{{'<|user|>\n' + m['content'] + '<|end|>\n'}}\
               {% elif m['role'] == 'assistant' %}{{'<|assistant|>\n' + m['content'] + '<|end|>\n'}}{% endif %}\
               {% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}";
    let llama2 = "{% for m in messages %}{% if m['role'] == 'user' %}{{ bos_token + '[INST] ' + m['content'].strip() + \
                  ' [/INST]' }}{% elif m['role'] == 'assistant' %}{{ ' ' + m['content'].strip() + ' ' + eos_token }}\
                  {% endif %}{% endfor %}";
    let specials = Specials { bos: Some("<s>"), eos: Some("</s>"), pad: None };
    for (name, source) in [("phi", phi), ("llama2", llama2), ("calls", CALLS)] {
        let annotated = annotate(source, specials, &probes());
        assert!(annotated.is_ok(), "{name}: {}", annotated.unwrap_err());
    }
}

#[test]
fn what_cannot_be_proven_is_an_error_that_says_what_differs() {
    let wrong =
        "{% for m in messages %}{% generation %}{{ m.role + m.content }}<|im_end|>{% endgeneration %}{% endfor %}";
    let whole = "{{ messages | map(attribute='content') | join('<|im_end|>') ~ '<|im_end|>' }}";
    let deaf = "{{ raise_exception('no') }}";
    let errors = [wrong, whole, deaf]
        .map(|source| annotate(source, Specials::default(), &probes()).expect_err(source).to_string());
    insta::assert_snapshot!(errors.join("\n"), @r#"
    the template has generation tags, and on probe 1 they enclose "userWhat is 2+2?<|im_end|>assistantIt is four.<|im_end|>" where the assistant writes "It is four.<|im_end|>"; correct them by hand
    no place for generation tags fits: on probe 1 they would enclose "" where the assistant writes "It is four.<|im_end|>"; annotate it by hand
    the template takes none of the chats that it is tried with, so nothing can be proven; annotate it by hand
    "#);
    let error = annotate("{% if %}", Specials::default(), &probes()).expect_err("no template");
    assert!(matches!(error, AnnotateError::Template(_)), "{error}");
}

/// Name, the template without tags, and the annotated one.
static PAIRS: LazyLock<Vec<(String, ChatTemplate, ChatTemplate)>> = LazyLock::new(|| {
    let pair = |of_the_set: Source| {
        let specials = specials(&of_the_set);
        let parse = |source: &str| ChatTemplate::new(source, specials.bos, specials.eos, None).expect("it parses");
        let source = without_tags(&of_the_set.text);
        let annotated = annotate(&source, specials, &probes()).expect(&of_the_set.name);
        (of_the_set.name.clone(), parse(&source), parse(&annotated))
    };
    sources().into_iter().map(pair).collect()
});

fn any_text() -> impl Strategy<Value = String> {
    let bits = ["a", "Paris.", " ", "\n", "<think>", "</think>", "<|im_end|>", "user", "é", "[/INST]", "{{ x }}", "{%"];
    proptest::collection::vec(select(bits.to_vec()), 0..6).prop_map(|bits| bits.concat())
}

fn any_message() -> impl Strategy<Value = Message> {
    let call = any_text().prop_map(|text| serde_json::json!({"function": {"name": "f", "arguments": {"x": text}}}));
    // A think tag within a reasoning is one that provenance cannot tell from the template's.
    let reasoning =
        proptest::option::weighted(0.2, select(vec!["why", "so\n", " é ", "user"]).prop_map(str::to_string));
    let role = select(vec!["system", "user", "assistant", "tool"]);
    (role, any_text(), reasoning, proptest::option::weighted(0.2, call)).prop_map(|(role, content, reasoning, call)| {
        let of_assistant = role == "assistant";
        Message {
            role: role.into(),
            content,
            reasoning_content: reasoning.filter(|_| of_assistant),
            tool_calls: call.filter(|_| of_assistant).into_iter().collect(),
            ..Message::default()
        }
    })
}

/// Chats of which half alternate, as strict templates want.
fn any_chat() -> impl Strategy<Value = Chat> {
    (proptest::collection::vec(any_message(), 1..6), any::<bool>()).prop_map(|(mut messages, alternates)| {
        if alternates {
            for (message, role) in messages.iter_mut().zip(["user", "assistant"].into_iter().cycle()) {
                *message = Message { role: role.into(), ..message.clone() };
            }
        }
        Chat { messages, ..Chat::default() }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn annotated_templates_render_any_chat_as_before(chat in any_chat(), prompt: bool) {
        for (name, plain, tagged) in PAIRS.iter() {
            let (plain, tagged) = (plain.render(&chat, prompt), tagged.render(&chat, prompt));
            prop_assert_eq!(plain.is_ok(), tagged.is_ok(), "{}", name);
            let (Ok(plain), Ok(tagged)) = (plain, tagged) else { continue };
            prop_assert_eq!(&plain.text, &tagged.text, "{}", name);
            // Where a template rewrites a message, provenance says that it is not certain.
            if plain.notes.is_empty() {
                prop_assert_eq!(merged(tagged.generation.expect("tags")), written(&plain), "{}: {:?}", name, plain.text);
            }
        }
    }
}
