//! Options on any mode: which parts count, the prompt's weight, straddlers, what the context cuts off.

use lossglass::mask::{Choices, LossMask, MaskOptions, Mode, PartWeights, Split};
use lossglass::sequence::{Origin, Sequence};
use lossglass::template::Part;

use crate::support::templates::{bracketed, own, template};
use crate::support::text;

const CHAT: &str = r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "<think>\nb\n</think>\n\nc"},
    {"role": "tool", "content": "d"}, {"role": "user", "content": "e"}, {"role": "assistant", "content": "f"}]"#;

fn choices(written: &str) -> Choices {
    let mut choices = Choices::default();
    for entry in written.split_whitespace() {
        let (option, value) = entry.split_once('=').expect(entry);
        choices.set(option, value).expect(entry);
    }
    choices
}

fn chosen(sequence: &Sequence, mode: &str, written: &str) -> LossMask {
    let options = MaskOptions::default().with(sequence, choices(written));
    LossMask::new(sequence, mode.parse().expect(mode), options).expect("a chat")
}

fn scored(sequence: &Sequence, mode: &str, written: &str) -> String {
    let mask = chosen(sequence, mode, written);
    let marked = bracketed(sequence, |t| mask.is_scored(t)).replace("<|im_end|>", ".");
    ["user", "assistant", "tool"].iter().fold(marked, |marked, role| {
        let initial = &role[..1];
        marked.replace(&format!("<|im_start|>{role}"), &initial.to_uppercase())
    })
}

#[test]
fn each_option_changes_its_part_in_the_turns_that_are_trained() {
    let sequence = template("chatml").of(CHAT);
    for (mode, written, wanted) in [
        ("assistant", "stop=turn", "U⏎a.⏎A⏎⟦<think>⏎b⏎</think>⏎⏎c.⟧⏎T⏎d.⏎U⏎e.⏎A⏎⟦f.⟧⏎"),
        ("assistant", "stop=last", "U⏎a.⏎A⏎⟦<think>⏎b⏎</think>⏎⏎c⟧.⏎T⏎d.⏎U⏎e.⏎A⏎⟦f.⟧⏎"),
        ("assistant", "stop=all", "U⏎a⟦.⟧⏎A⏎⟦<think>⏎b⏎</think>⏎⏎c.⟧⏎T⏎d⟦.⟧⏎U⏎e⟦.⟧⏎A⏎⟦f.⟧⏎"),
        ("assistant", "stop=none", "U⏎a.⏎A⏎⟦<think>⏎b⏎</think>⏎⏎c⟧.⏎T⏎d.⏎U⏎e.⏎A⏎⟦f⟧.⏎"),
        ("assistant", "header=on", "U⏎a.⏎⟦A⏎<think>⏎b⏎</think>⏎⏎c.⟧⏎T⏎d.⏎U⏎e.⏎⟦A⏎f.⟧⏎"),
        ("assistant", "header=end", "U⏎a.⏎A⟦⏎<think>⏎b⏎</think>⏎⏎c.⟧⏎T⏎d.⏎U⏎e.⏎A⟦⏎f.⟧⏎"),
        ("assistant", "after_stop=on", "U⏎a.⏎A⏎⟦<think>⏎b⏎</think>⏎⏎c.⏎⟧T⏎d.⏎U⏎e.⏎A⏎⟦f.⏎⟧"),
        ("assistant", "reasoning=off", "U⏎a.⏎A⏎<think>⏎b⏎</think>⟦⏎⏎c.⟧⏎T⏎d.⏎U⏎e.⏎A⏎⟦f.⟧⏎"),
        ("assistant", "tool_result=on", "U⏎a.⏎A⏎⟦<think>⏎b⏎</think>⏎⏎c.⟧⏎T⏎⟦d⟧.⏎U⏎e.⏎A⏎⟦f.⟧⏎"),
        ("last-turn", "header=on stop=none", "U⏎a.⏎A⏎<think>⏎b⏎</think>⏎⏎c.⏎T⏎d.⏎U⏎e.⏎⟦A⏎f⟧.⏎"),
        ("reasoning", "stop=turn", "U⏎a.⏎A⏎⟦<think>⏎b⏎</think>⟧⏎⏎c⟦.⟧⏎T⏎d.⏎U⏎e.⏎A⏎f⟦.⟧⏎"),
        ("roles=user", "header=on stop=none", "⟦U⏎a⟧.⏎A⏎<think>⏎b⏎</think>⏎⏎c.⏎T⏎d.⏎⟦U⏎e⟧.⏎A⏎f.⏎"),
        ("completion", "after_stop=off", "U⏎a.⏎A⏎<think>⏎b⏎</think>⏎⏎c.⏎T⏎d.⏎U⏎e.⏎A⏎⟦f.⟧⏎"),
        (
            "all",
            "header=off stop=last after_stop=off reasoning=off tool_result=off",
            "U⏎⟦a⟧.⏎A⏎<think>⏎b⏎</think>⟦⏎⏎c⟧.⏎T⏎d.⏎U⏎⟦e⟧.⏎A⏎⟦f.⟧⏎",
        ),
    ] {
        // The first token is never scored, so its bracket opens one token later.
        let wanted =
            if wanted.starts_with("⟦U") { wanted.replacen("⟦U", "<|im_start|>⟦user", 1) } else { wanted.into() };
        let found = scored(&sequence, mode, written);
        assert_eq!(found, wanted, "{mode} {written}");
    }
}

#[test]
fn tool_calls_can_be_left_out() {
    let sequence = template("qwen3")
        .of(r#"{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "",
            "tool_calls": [{"function": {"name": "f", "arguments": {"x": 1}}}]}]}"#);
    let with = bracketed(&sequence, |t| chosen(&sequence, "assistant", "tool_call=on").is_scored(t));
    let without = bracketed(&sequence, |t| chosen(&sequence, "assistant", "tool_call=off").is_scored(t));
    assert!(with.contains("⟦<tool_call>⏎{\"name\":") && with.contains("</tool_call><|im_end|>⟧"), "{with}");
    assert!(without.ends_with("</tool_call>⟦<|im_end|>⟧⏎") && !without.contains("⟦<tool"), "{without}");
}

#[test]
fn the_prompt_s_weight_is_for_what_the_mode_leaves_out() {
    let sequence = template("chatml").of(CHAT);
    let mask = chosen(&sequence, "assistant", "prompt_weight=0.25 stop=none");
    for (t, token) in sequence.targets() {
        let is_assistant = token.role.as_deref() == Some("assistant");
        let wanted = match token.part {
            Part::Stop => 0.0, // an option left it out, not the mode
            Part::Content | Part::Reasoning if is_assistant => 1.0,
            _ => 0.25,
        };
        assert_eq!(mask.weight(t), wanted, "{t} {token:?}");
    }
    assert_eq!(mask.weight(0), 0.0);
    assert!(mask.reason(&sequence, 2).to_string().ends_with("prompt weight 0.25"));
    let raw = text("a b c d");
    let split = Some(Split { token: 2, ..Split::default() });
    let options = MaskOptions { split, ..MaskOptions::default() }.with(&raw, choices("prompt_weight=0.5 stop=none"));
    let mask = LossMask::new(&raw, Mode::Completion, options).expect("a split");
    assert_eq!((mask.weight(1), mask.weight(2), mask.choices().stop), (0.5, 1.0, None));
}

#[test]
fn a_straddler_counts_for_any_of_its_parts_or_only_inside() {
    let mut sequence = template("chatml").of(CHAT);
    let t = sequence.tokens.iter().position(|token| token.part == Part::Reasoning).expect("reasoning") - 1;
    let (turn, role) = (sequence.tokens[t].turn, sequence.tokens[t].role.clone());
    assert_eq!(sequence.tokens[t].part, Part::Header);
    sequence.tokens[t].overlaps = vec![Origin { turn, role, part: Part::Reasoning }];
    for (written, is_scored) in
        [("straddlers=any", true), ("straddlers=inside", false), ("straddlers=inside header=on", true)]
    {
        assert_eq!(chosen(&sequence, "assistant", written).is_scored(t), is_scored, "{written}");
    }
    assert!(chosen(&sequence, "assistant", "").divides(&sequence, t));
    assert!(!chosen(&sequence, "assistant", "header=on").divides(&sequence, t));
    let raw = text("The cat");
    let options = MaskOptions::new(&raw, Some(raw.chars_before(1) + 1), PartWeights::default());
    assert!(options.split.expect("a split").straddles);
    let inside = LossMask::new(&raw, Mode::Completion, options.with(&raw, choices("straddlers=inside"))).expect("raw");
    assert!(!inside.is_scored(1));
    assert_eq!(inside.reason(&raw, 1).to_string(), "unscored: prompt; straddles the place where the prompt ends");
}

#[test]
fn generation_tags_obey_the_straddlers_rule_too() {
    let source =
        "{% for m in messages %}{{ m.role }}:{% generation %} {{ m.content }}{% endgeneration %}<|im_end|>{% endfor %}";
    let chat = r#"[{"role": "assistant", "content": "the"}]"#;
    let sequence = own(&source.replace(":{% generation %} ", ": {% generation %}")).of(chat);
    let t = sequence.tokens.iter().position(|token| token.text() == " the").expect("␣the is one token");
    assert!(chosen(&sequence, "generation-tags", "").is_scored(t));
    assert!(!chosen(&sequence, "generation-tags", "straddlers=inside").is_scored(t));
    let whole = own(source).of(chat);
    assert!(chosen(&whole, "generation-tags", "straddlers=inside").is_scored(t));
}

#[test]
fn options_are_read_as_they_are_written() {
    let written = "stop=last header=end after_stop=on prefill=off reasoning=off tool_call=on tool_result=on \
                   prompt_weight=0.5 straddlers=inside";
    assert_eq!(choices(written).to_string(), written.split_whitespace().collect::<Vec<_>>().join(","));
    assert!(Choices::default().is_empty() && Choices::default().to_string().is_empty());
    let problem = |option: &str, value: &str| Choices::default().set(option, value).expect_err(value).to_string();
    assert_eq!(problem("stop", "yes"), "stop cannot be \"yes\"; it can be: turn, eos, last, all, none");
    assert_eq!(problem("reasoning", "1"), "reasoning cannot be \"1\"; it can be: on, off");
    assert_eq!(problem("prompt_weight", "-1"), "prompt_weight cannot be \"-1\"; it can be: a finite number from 0 on");
    assert!(problem("eos", "on").starts_with("unknown option \"eos\" of a mask; the options are: stop, header, "));
}

#[test]
fn a_mask_is_named_with_its_options() {
    let sequence = template("chatml").of(CHAT);
    let options = MaskOptions::new(&sequence, None, "content=0.5".parse().expect("weights"));
    let mask =
        LossMask::new(&sequence, "roles=user".parse().expect("a mode"), options.with(&sequence, choices("stop=none")));
    assert_eq!(mask.expect("a chat").name(), "roles=user, stop=none, content=0.5");
}

#[test]
fn what_is_cut_off_is_counted_as_the_options_say() {
    let mut sequence = template("chatml").of(CHAT);
    let length = sequence.len();
    sequence.truncate(length - 3); // f, the stop, the newline
    assert_eq!(chosen(&sequence, "assistant", "").lost, 2);
    assert_eq!(chosen(&sequence, "assistant", "stop=none").lost, 1);
    assert_eq!(chosen(&sequence, "assistant", "after_stop=on").lost, 3);
    assert_eq!(chosen(&sequence, "assistant", "stop=last").lost, 2, "the last stop is the one that is cut off");
}
