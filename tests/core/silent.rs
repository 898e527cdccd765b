//! What silently goes wrong in training data: each finding where it is true, and none on clean chats.

use lossglass::mask::finding::{Code, Severity, findings};
use lossglass::mask::{LossMask, MaskOptions, Mode, PartWeights};
use lossglass::sequence::Sequence;

use crate::findings::{CLEAN, chatml, codes, facts, found, only, the, token};
use crate::support::templates::{TEMPLATES, VOCABULARY, chat_of, own, template};
use crate::support::text;

/// A turn's reasoning, its calls or the message itself, where no other answer has to do with it.
#[test]
fn what_the_template_drops() {
    let chat = r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "reasoning_content": "x"}]"#;
    let finding = the(Code::DataDropped, chat);
    assert_eq!(finding.severity, Severity::Major);
    assert_eq!(finding.message, "message 2 (assistant): its reasoning left out by the template");
    let call = r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b",
        "tool_calls": [{"function": {"name": "f", "arguments": {"x": "y"}}}]}]"#;
    assert!(the(Code::DataDropped, call).message.contains("tool calls left out"));
    let only_users = "{% for m in messages if m.role == 'user' %}{{ m.content }}<|im_end|>{% endfor %}";
    let sequence = own(only_users).of(CLEAN);
    assert!(
        only(Code::DataDropped, &sequence, Mode::Assistant, "").message.starts_with("message 2 (assistant): left out")
    );
    // What Qwen3 leaves out of earlier answers alone is a template that is not stable.
    let history = template("qwen3")
        .of(r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "reasoning_content": "x"},
            {"role": "user", "content": "c"}, {"role": "assistant", "content": "d", "reasoning_content": "y"}]"#);
    let codes = codes(&found(&history, Mode::Assistant, ""));
    assert!(codes.contains(&Code::TemplateUnstable) && !codes.contains(&Code::DataDropped), "{codes:?}");
}

#[test]
fn a_stop_that_ends_no_generation() {
    let mut sequence = chatml(CLEAN);
    let id = |text: &str| VOCABULARY.tokenizer.token_to_id(text).expect(text);
    sequence.generation_ends = vec![id("<eos>")];
    let finding = only(Code::StopNotEos, &sequence, Mode::Assistant, "");
    assert_eq!((finding.severity, token(&sequence, &finding).as_str()), (Severity::Major, "<|im_end|>"));
    assert!(finding.message.contains("--profile axolotl"), "{}", finding.message);
    // One of several is enough, and a model that names none says nothing.
    sequence.generation_ends.push(id("<|im_end|>"));
    assert_eq!(found(&sequence, Mode::Assistant, ""), []);
}

#[test]
fn a_stop_mark_typed_in_an_answer() {
    let typed = |role: &str| {
        let other = if role == "user" { "assistant" } else { "user" };
        format!(r#"[{{"role": "{role}", "content": "a<|im_end|>"}}, {{"role": "{other}", "content": "b"}}]"#)
    };
    let finding = the(Code::StopTyped, &typed("assistant"));
    assert_eq!(finding.severity, Severity::Major);
    assert_eq!(finding.message, "<|im_end|> in the text of message 1 is a stop mark, and is scored");
    assert!(!codes(&found(&chatml(&typed("user")), Mode::Assistant, "")).contains(&Code::StopTyped));
}

#[test]
fn think_marks_pair_up_in_a_scored_turn() {
    let said = |answer: &str| {
        format!(r#"[{{"role": "user", "content": "a"}}, {{"role": "assistant", "content": "{answer}"}}]"#)
    };
    let finding = the(Code::ThinkUnpaired, &said("x</think>b"));
    assert_eq!(
        (finding.severity, finding.message.as_str()),
        (Severity::Major, "</think> in message 2 has no <think> before it")
    );
    let finding = the(Code::ThinkUnpaired, &said("<think>b"));
    assert_eq!(finding.message, "<think> in message 2 has no </think> behind it");
    let has = |sequence: &Sequence, mode| codes(&found(sequence, mode, "")).contains(&Code::ThinkUnpaired);
    assert!(!has(&chatml(&said("<think>x</think>b")), Mode::Assistant));
    assert!(!has(&chatml(&said("x</think>b")), Mode::Roles("user".parse().expect("a role"))), "it is not scored");
    // What the template writes before the answer is a partner.
    let opens = "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' %}<think>\n{% endif %}\
                 {{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}";
    assert!(!has(&own(opens).of(&said("x</think>b")), Mode::Assistant));
}

#[test]
fn a_completion_without_an_end() {
    let of = |sequence: &Sequence, chars| {
        let split = MaskOptions::new(sequence, Some(chars), PartWeights::default());
        let mask = LossMask::new(sequence, Mode::Completion, split).expect("a split");
        findings(sequence, &mask, &facts())
    };
    let eos = crate::support::MODEL.vocabulary.eos_text().expect("an eos");
    assert_eq!(codes(&of(&text("a b"), 1)), [Code::EndAbsent]);
    assert_eq!(of(&text("a b"), 1)[0].severity, Severity::Major);
    assert_eq!(of(&text(&format!("a b{eos}")), 1), []);
    assert_eq!(found(&text("a b"), Mode::All, ""), [], "no completion is meant");
}

#[test]
fn tool_calls_with_odd_arguments() {
    let source = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}{% for c in m.tool_calls or [] %}\
                  {{ c.function.name }}{{ c.function.arguments | tojson }}{% endfor %}<|im_end|>\n{% endfor %}";
    let of = |arguments: &str, tools: &str| {
        let call = format!(r#"{{"function": {{"name": "f", "arguments": {arguments}}}}}"#);
        own(source).of(&format!(
            r#"{{"messages": [{{"role": "user", "content": "a"}}, {{"role": "assistant", "content": "b", "tool_calls": [{call}]}}]{tools}}}"#
        ))
    };
    let twice = only(Code::ArgumentsEncodedTwice, &of(r#""{\"x\": \"y\"}""#, ""), Mode::Assistant, "");
    assert_eq!(twice.severity, Severity::Minor);
    assert_eq!(
        twice.message,
        "a tool call in message 2 has JSON text as arguments, and the template encodes it once more"
    );
    assert_eq!(found(&of(r#"{"x": "{\"y\": 1}"}"#, ""), Mode::Assistant, ""), [], "an argument may be JSON text");
    let null = only(Code::NullArguments, &of(r#"{"x": null}"#, ""), Mode::Assistant, "");
    assert_eq!(null.message, "a tool call in message 2 has an argument that is null");
    let asked = r#", "tools": [{"function": {"name": "f", "parameters": {"properties": {"x": {"type": ["string", "null"]}}}}}]"#;
    assert!(!codes(&found(&of(r#"{"x": null}"#, asked), Mode::Assistant, "")).contains(&Code::NullArguments));
}

#[test]
fn weights_that_the_mask_does_not_take() {
    let weighed = |weight: &str| {
        format!(r#"[{{"role": "user", "content": "a"}}, {{"role": "assistant", "content": "b", "weight": {weight}}}]"#)
    };
    let finding = the(Code::WeightIgnored, &weighed("0"));
    assert_eq!(finding.severity, Severity::Minor);
    assert_eq!(finding.message, "message 2 has the weight 0 in the data, and mask assistant scores it with weight 1");
    let finding = the(Code::WeightIgnored, &weighed("0.5"));
    assert_eq!(finding.message, "message 2 has the weight 0.5 in the data, and mask assistant scores it with weight 1");
    assert_eq!(found(&chatml(&weighed("1")), Mode::Assistant, ""), []);
    assert!(!codes(&found(&chatml(&weighed("0")), Mode::Custom, "")).contains(&Code::WeightIgnored));
}

/// Chats as they should be, under nine templates whose models end a generation with the template's stop: nothing of what
/// goes silently wrong is found where nothing does.
#[test]
fn clean_chats_are_no_false_alarms() {
    use Code::*;
    let silent = [
        StopNotEos,
        StopTyped,
        EndAbsent,
        DataDropped,
        ThinkUnpaired,
        WeightIgnored,
        ArgumentsEncodedTwice,
        NullArguments,
    ];
    let chats = [
        CLEAN,
        r#"[{"role": "user", "content": "What is <b>?"}, {"role": "assistant", "content": "A tag: {\"x\": null}."}]"#,
        r#"[{"role": "system", "content": "s"}, {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"},
            {"role": "user", "content": "c"}, {"role": "assistant", "content": "d", "weight": 1}]"#,
        r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "<think>\nx\n</think>\n\nb"},
            {"role": "user", "content": "c"}, {"role": "assistant", "content": "<think>\ny\n</think>\n\nd"}]"#,
    ];
    let (mut alarms, mut looked) = (Vec::new(), 0);
    for template in TEMPLATES.iter() {
        for chat in chats {
            let Some(mut sequence) = template.encode(&chat_of(chat)) else { continue };
            let stops = ["<|im_end|>", "<|eot_id|>", "<end_of_turn>", "</s>"];
            sequence.generation_ends = stops.iter().filter_map(|stop| VOCABULARY.tokenizer.token_to_id(stop)).collect();
            let found = found(&sequence, Mode::Assistant, "");
            alarms.extend(found.into_iter().filter(|one| silent.contains(&one.code)).map(|one| (&template.name, one)));
            looked += 1;
        }
    }
    assert_eq!(TEMPLATES.len(), 9);
    assert!(looked >= 30, "{looked} chats are taken");
    assert!(alarms.is_empty(), "{alarms:#?}");
}
