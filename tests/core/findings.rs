//! Each finding where it is true, and not where it is not.

use lossglass::mask::finding::{Code, Facts, Finding, Severity, findings};
use lossglass::mask::{Choices, LossMask, MaskOptions, Mode, PartWeights};
use lossglass::sequence::{Origin, Sequence};
use lossglass::template::Part;

use crate::support::templates::{VOCABULARY, own, template};
use crate::support::text;

pub const CLEAN: &str = r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]"#;

pub fn facts() -> Facts {
    Facts { pad: None, ..Facts::new(&VOCABULARY, 1000) }
}

pub fn found(sequence: &Sequence, mode: Mode, options: &str) -> Vec<Finding> {
    let mut choices = Choices::default();
    for (option, value) in options.split_whitespace().filter_map(|entry| entry.split_once('=')) {
        choices.set(option, value).expect(options);
    }
    let options = MaskOptions::default().with(sequence, choices);
    findings(sequence, &LossMask::new(sequence, mode, options).expect("it applies"), &facts())
}

pub fn codes(found: &[Finding]) -> Vec<Code> {
    found.iter().map(|finding| finding.code).collect()
}

pub fn chatml(chat: &str) -> Sequence {
    template("chatml").of(chat)
}

/// The one finding of that code in a ChatML chat under `assistant`.
pub fn the(code: Code, chat: &str) -> Finding {
    only(code, &chatml(chat), Mode::Assistant, "")
}

pub fn only(code: Code, sequence: &Sequence, mode: Mode, options: &str) -> Finding {
    let mut all = found(sequence, mode, options);
    let codes = codes(&all);
    all.retain(|finding| finding.code == code);
    assert_eq!(all.len(), 1, "{code:?} once among {codes:?}");
    let finding = all.remove(0);
    assert!(!finding.message.is_empty() && !finding.fix().is_empty());
    finding
}

pub fn token(sequence: &Sequence, finding: &Finding) -> String {
    sequence.tokens[finding.token.expect("a token")].text()
}

#[test]
fn a_clean_chat_has_no_findings() {
    assert_eq!(found(&chatml(CLEAN), Mode::Assistant, ""), []);
    assert_eq!(found(&text("The cat sat"), Mode::All, ""), []);
}

#[test]
fn nothing_scored_is_major_and_comes_with_the_reason() {
    let user = r#"[{"role": "user", "content": "a"}]"#;
    assert_eq!(the(Code::NothingScored, user).severity, Severity::Major);
    let both = found(&chatml(user), Mode::LastTurn, "");
    assert_eq!(codes(&both), [Code::NothingScored, Code::LastTurnNotAssistant]);
    assert_eq!(both[0].message, "mask last-turn scores none of the 6 targets");
}

#[test]
fn a_stop_that_is_not_scored() {
    let sequence = chatml(CLEAN);
    let finding = only(Code::StopUnscored, &sequence, Mode::Assistant, "stop=none");
    assert_eq!((finding.severity, token(&sequence, &finding).as_str()), (Severity::Major, "<|im_end|>"));
    assert_eq!(finding.message, "the stop is unscored in 1 of 1 trained assistant turns");
    let two = chatml(
        r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"},
            {"role": "user", "content": "c"}, {"role": "assistant", "content": "d"}]"#,
    );
    let finding = only(Code::StopUnscored, &two, Mode::Assistant, "stop=last");
    assert_eq!(finding.message, "the stop is unscored in 1 of 2 trained assistant turns");
    // Turns that are not trained may leave theirs out.
    assert!(!codes(&found(&two, Mode::LastTurn, "")).contains(&Code::StopUnscored));
}

#[test]
fn a_turn_that_nothing_of_its_own_ends() {
    let source = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}{% endfor %}";
    let chat = r#"[{"role": "assistant", "content": "b"}, {"role": "user", "content": "a"}, {"role": "assistant", "content": "c"}]"#;
    let sequence = own(source).of(chat);
    let finding = only(Code::StopAbsent, &sequence, Mode::Assistant, "");
    assert_eq!(token(&sequence, &finding), "b");
    assert_eq!(finding.message, "nothing of its own ends message 1: <|im_start|> comes next");
    let last = own(source).of(CLEAN);
    assert_eq!(only(Code::StopAbsent, &last, Mode::Assistant, "").message, "nothing ends message 2");
    // Mistral's user turns have no stop, and need none.
    assert!(!codes(&found(&template("mistral").of(CLEAN), Mode::Assistant, "")).contains(&Code::StopAbsent));
    let mut cut = chatml(CLEAN);
    cut.truncate(cut.len() - 2);
    assert!(!codes(&found(&cut, Mode::Assistant, "")).contains(&Code::StopAbsent), "cut off is not absent");
}

#[test]
fn headers_that_are_scored() {
    let sequence = chatml(CLEAN);
    let finding = only(Code::HeaderScored, &sequence, Mode::Assistant, "header=on");
    assert_eq!(token(&sequence, &finding), "<|im_start|>");
    assert!(!codes(&found(&sequence, Mode::Assistant, "prompt_weight=0.1")).contains(&Code::HeaderScored));
    assert!(!codes(&found(&sequence, Mode::All, "")).contains(&Code::HeaderScored), "all-scored says it");
}

#[test]
fn two_bos_in_a_row() {
    let mut twice = template("gemma").of(CLEAN);
    assert!(!codes(&found(&twice, Mode::Assistant, "")).contains(&Code::DoubleBos));
    twice.tokens.insert(0, twice.tokens[0].clone());
    let finding = only(Code::DoubleBos, &twice, Mode::Assistant, "");
    assert_eq!((finding.severity, finding.token), (Severity::Major, Some(1)));
}

#[test]
fn a_last_turn_of_somebody_else() {
    let finding =
        the(Code::LastTurnNotAssistant, r#"[{"role": "assistant", "content": "b"}, {"role": "tool", "content": "a"}]"#);
    assert_eq!(finding.message, "the last message is of role tool");
}

#[test]
fn a_template_that_prints_earlier_turns_otherwise() {
    let two = |reasoning: &str| {
        template("qwen3").of(&format!(
            r#"[{{"role": "user", "content": "a"}}, {{"role": "assistant", "content": "b" {reasoning}}},
                {{"role": "user", "content": "c"}}, {{"role": "assistant", "content": "d"}}]"#
        ))
    };
    let finding = only(Code::TemplateUnstable, &two(r#", "reasoning_content": "x""#), Mode::Assistant, "");
    assert!(finding.message.starts_with("message 2 (assistant): its reasoning left out"), "{}", finding.message);
    let finding = only(Code::TemplateUnstable, &two(""), Mode::Assistant, "");
    assert_eq!(finding.message, "message 2 lacks the think block that the last answer gets");
    assert!(!codes(&found(&template("qwen3").of(CLEAN), Mode::Assistant, "")).contains(&Code::TemplateUnstable));
}

/// The cause that is named is the true one: a template that never prints a reasoning does not look at what follows.
#[test]
fn a_template_that_never_prints_a_reasoning_is_stable() {
    let thought = r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "reasoning_content": "x"},
                      {"role": "user", "content": "c"}, {"role": "assistant", "content": "d"}]"#;
    assert_eq!(codes(&found(&chatml(thought), Mode::Assistant, "")), [Code::DataDropped]);
    // The earlier answer has a reasoning of its own where the last one has an empty think block.
    let keeps = "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.reasoning_content or loop.last %}<think>\n\
                 {{ m.reasoning_content|default('') }}\n</think>\n\n{% endif %}{{ m.content }}<|im_end|>\n{% endfor %}";
    assert_eq!(codes(&found(&own(keeps).of(thought), Mode::Assistant, "")), []);
}

#[test]
fn undefined_values_that_the_template_prints() {
    let source = "{{ bos_token }}{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m['name'] | trim }}\
                  {{ m.tone | default('calm') }}{{ m.content ~ m.end }}<|im_end|>\n{% endfor %}";
    let finding = only(Code::UndefinedPrinted, &own(source).of(CLEAN), Mode::Assistant, "");
    assert_eq!(finding.message, "the template prints what is undefined: bos_token, m['name'], m.end");
    let one = own("{% for m in messages %}{{ m.content }}{{ m.call.id }}<|im_end|>{% endfor %}");
    let named = r#"[{"role": "assistant", "content": "b", "call": {}}]"#;
    let finding = only(Code::UndefinedPrinted, &one.of(named), Mode::Assistant, "");
    assert_eq!(finding.message, "the template prints m.call.id, which is undefined");
}

#[test]
fn content_that_the_template_changes() {
    let trimmed =
        template("llama3").of(r#"[{"role": "user", "content": " a"}, {"role": "assistant", "content": "b"}]"#);
    let finding = only(Code::ContentChanged, &trimmed, Mode::Assistant, "");
    assert_eq!(finding.message, "message 1 (user): text trimmed by the template");
    assert!(!codes(&found(&template("llama3").of(CLEAN), Mode::Assistant, "")).contains(&Code::ContentChanged));
    let source = "{% for m in messages %}{{ m.content[::-1] }}<|im_end|>{% endfor %}";
    let reversed = own(source).of(r#"[{"role": "assistant", "content": "abc"}]"#);
    only(Code::ContentChanged, &reversed, Mode::Assistant, "");
}

#[test]
fn system_text_that_the_template_adds() {
    let finding = only(Code::DefaultSystem, &template("smollm2").of(CLEAN), Mode::Assistant, "");
    assert!(finding.message.contains("tokens of system text that no message has"));
    let own = r#"[{"role": "system", "content": "s"}, {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]"#;
    assert!(!codes(&found(&template("smollm2").of(own), Mode::Assistant, "")).contains(&Code::DefaultSystem));
}

/// What the template writes of the record's tools is no text that it invents; its own default before it is.
#[test]
fn a_list_of_tools_is_the_records() {
    let tools = "{% if tools %}\n# Tools\n{{ tools|tojson }}{% endif %}<|im_end|>\n";
    let turns = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}";
    let chat = |tools: &str| format!(r#"{{"messages": {CLEAN}{tools}}}"#);
    let with = chat(r#", "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]"#);
    let only_tools = own(&format!("{{% if tools %}}<|im_start|>system{tools}{{% endif %}}{turns}"));
    let sequence = only_tools.of(&with);
    assert_eq!(codes(&found(&sequence, Mode::Assistant, "")), []);
    assert!(sequence.notes.is_empty(), "{:?}", sequence.notes);
    let both = own(&format!("<|im_start|>system\nBe kind.{tools}{turns}"));
    let count = |chat: &str| only(Code::DefaultSystem, &both.of(chat), Mode::Assistant, "").message;
    assert_eq!(count(&with), count(&chat("")), "the tools are not counted");
}

#[test]
fn special_tokens_in_messages() {
    let finding = the(
        Code::SpecialText,
        r#"[{"role": "user", "content": "a<|im_end|>"}, {"role": "assistant", "content": "b"}]"#,
    );
    assert_eq!(finding.message, "<|im_end|> in a message became a special token");
}

#[test]
fn straddlers_at_a_scored_border() {
    let mut sequence = chatml(CLEAN);
    let t = sequence.tokens.iter().rposition(|token| token.part == Part::Header).expect("a header");
    sequence.tokens[t].overlaps = vec![Origin { turn: Some(1), role: Some("assistant".into()), part: Part::Content }];
    let finding = only(Code::StraddlerAtBorder, &sequence, Mode::Assistant, "");
    assert_eq!((finding.token, finding.message.as_str()), (Some(t), "1 token across a scored border, the first is ⏎"));
    assert!(!codes(&found(&sequence, Mode::Assistant, "header=on")).contains(&Code::StraddlerAtBorder));
}

#[test]
fn pad_and_eos_may_be_one_token() {
    let sequence = chatml(CLEAN);
    let mask = LossMask::new(&sequence, Mode::Assistant, MaskOptions::default()).expect("a chat");
    let of = |pad, eos| codes(&findings(&sequence, &mask, &Facts { pad, eos, ..facts() }));
    assert_eq!(of(Some(2), Some(2)), [Code::PadIsEos]);
    assert!(of(Some(1), Some(2)).is_empty() && of(None, None).is_empty());
}

#[test]
fn a_space_before_what_is_scored() {
    let sequence = text("ab  cd");
    let split = |chars| MaskOptions::new(&sequence, Some(chars), PartWeights::default());
    let of = |chars| {
        let mask = LossMask::new(&sequence, Mode::Completion, split(chars)).expect("a split");
        codes(&findings(&sequence, &mask, &facts())).contains(&Code::TrailingSpace)
    };
    assert!(of(3) && !of(2), "the first space ends the prompt, or belongs to the completion");
}

#[test]
fn scored_tokens_that_the_context_cuts_off() {
    let cut = |by: usize| {
        let mut sequence = chatml(CLEAN);
        sequence.truncate(sequence.len() - by);
        sequence
    };
    let some = only(Code::ScoredCutOff, &cut(2), Mode::Assistant, "");
    assert_eq!(
        (some.severity, some.message.as_str()),
        (Severity::Minor, "the context cuts off 1 token that the mask scores")
    );
    let all = only(Code::ScoredCutOff, &cut(3), Mode::Assistant, "");
    assert_eq!(
        (all.severity, all.message.as_str()),
        (Severity::Major, "the context cuts off all 2 tokens that the mask scores")
    );
    assert!(!codes(&found(&cut(1), Mode::Assistant, "")).contains(&Code::ScoredCutOff), "the newline is not scored");
}

#[test]
fn a_sequence_longer_than_the_context() {
    let sequence = chatml(CLEAN);
    let mask = LossMask::new(&sequence, Mode::Assistant, MaskOptions::default()).expect("a chat");
    let of = |context| codes(&findings(&sequence, &mask, &Facts { context, ..facts() }));
    assert_eq!(of(sequence.len() - 1), [Code::OverContext]);
    assert!(of(sequence.len()).is_empty());
}

#[test]
fn odd_messages() {
    let chat = r#"[{"role": "boss", "content": "a"}, {"role": "user", "content": "a", "weight": 1},
        {"role": "assistant", "content": "\n", "weight": 0}]"#;
    assert_eq!(the(Code::UnknownRole, chat).message, "message 1 is of role \"boss\"");
    assert_eq!(the(Code::WeightNotAssistant, chat).message, "message 2 is of role user and has weight 1");
    assert_eq!(the(Code::EmptyAssistant, chat).message, "message 3 is the assistant's and says nothing");
    // A text that the template takes away is not missing in the data.
    let gone = own("{% for m in messages %}{{ m.content.split('</think>')[-1] }}<|im_end|>{% endfor %}");
    let thought = gone.of(r#"[{"role": "assistant", "content": "<think>a</think>"}]"#);
    assert!(!codes(&found(&thought, Mode::Assistant, "")).contains(&Code::EmptyAssistant));
    let fine = r#"[{"role": "developer", "content": "a", "weight": 0}, {"role": "user", "content": "", "train": false},
        {"role": "assistant", "content": "b", "weight": 1}]"#;
    assert_eq!(found(&chatml(fine), Mode::Assistant, ""), []);
}

#[test]
fn a_chat_of_which_everything_is_scored() {
    let sequence = chatml(CLEAN);
    only(Code::AllScored, &sequence, Mode::All, "");
    assert!(!codes(&found(&text("a b"), Mode::All, "")).contains(&Code::AllScored), "raw text is there for that");
}

#[test]
fn a_record_that_does_not_parse() {
    let finding = Finding::unreadable("line 3 has no messages").in_record(2);
    assert_eq!((finding.code, finding.severity, finding.record), (Code::Unreadable, Severity::Major, Some(2)));
}

#[test]
fn codes_are_named_once() {
    let names: std::collections::BTreeSet<&str> = Code::EVERY.iter().map(|code| code.name()).collect();
    assert_eq!(names.len(), Code::EVERY.len());
    assert!(Code::EVERY.iter().all(|code| !code.describe().is_empty() && !code.fix().is_empty()));
}
