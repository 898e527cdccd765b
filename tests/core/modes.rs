//! Every mode: what it scores, and how it is written.

use lossglass::mask::{LossMask, MaskError, MaskOptions, Mode};
use lossglass::sequence::Sequence;

use crate::support::templates::{bracketed, own, template};
use crate::support::{mask, text};

const LOOP: &str = r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"},
    {"role": "user", "content": "c"}, {"role": "assistant", "content": "d"},
    {"role": "tool", "content": "e"}, {"role": "assistant", "content": "f"}]"#;

/// A chat with reasoning, in ChatML.
fn thinking() -> Sequence {
    template("chatml")
        .of(r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "<think>\nb\n</think>\n\nc"}]"#)
}

fn scored(sequence: &Sequence, mode: &str) -> String {
    let mask = mask(sequence, mode.parse().expect(mode));
    bracketed(sequence, |t| mask.is_scored(t))
}

/// ChatML's turns with brackets, short: `u` for the user's header and so on.
fn short(bracketed: &str) -> String {
    let mut short = bracketed.replace("<|im_end|>", ".");
    for role in ["system", "user", "assistant", "tool"] {
        short = short.replace(&format!("<|im_start|>{role}⏎"), &format!("{}:", &role[..1]));
    }
    short
}

#[test]
fn each_mode_scores_what_the_rules_say() {
    let sequence = template("chatml").of(LOOP);
    for (mode, wanted) in [
        ("assistant", "u:a.⏎a:⟦b.⟧⏎u:c.⏎a:⟦d.⟧⏎t:e.⏎a:⟦f.⟧⏎"),
        ("completion", "u:a.⏎a:b.⏎u:c.⏎a:d.⏎t:e.⏎a:⟦f.⏎⟧"),
        ("last-message", "u:a.⏎a:b.⏎u:c.⏎a:d.⏎t:e.⏎a:⟦f.⟧⏎"),
        ("last-turn", "u:a.⏎a:b.⏎u:c.⏎a:⟦d.⟧⏎t:e.⏎a:⟦f.⟧⏎"),
        ("generation-tags", "u:a.⏎a:⟦b.⟧⏎u:c.⏎a:⟦d.⟧⏎t:e.⏎a:⟦f.⟧⏎"),
        ("messages", "u:⟦a.⟧⏎a:⟦b.⟧⏎u:⟦c.⟧⏎a:⟦d.⟧⏎t:⟦e.⟧⏎a:⟦f.⟧⏎"),
        ("roles=user", "u:⟦a.⟧⏎a:b.⏎u:⟦c.⟧⏎a:d.⏎t:e.⏎a:f.⏎"),
        ("roles=tool,assistant", "u:a.⏎a:⟦b.⟧⏎u:c.⏎a:⟦d.⟧⏎t:⟦e.⟧⏎a:⟦f.⟧⏎"),
        ("reasoning", "u:a.⏎a:b.⏎u:c.⏎a:d.⏎t:e.⏎a:f.⏎"),
        ("answer", "u:a.⏎a:⟦b.⟧⏎u:c.⏎a:⟦d.⟧⏎t:e.⏎a:⟦f.⟧⏎"),
        ("custom", "u:a.⏎a:⟦b.⟧⏎u:c.⏎a:⟦d.⟧⏎t:e.⏎a:⟦f.⟧⏎"),
    ] {
        assert_eq!(short(&scored(&sequence, mode)), wanted, "{mode}");
    }
    // All is all but the first token, which nothing predicts.
    assert_eq!(mask(&sequence, Mode::All).scored(), sequence.target_count());
}

/// Only what the generation prompt has is called supplied by it.
#[test]
fn a_header_says_whether_the_prompt_supplies_it() {
    let reasons = |sequence: &Sequence| {
        let mask = mask(sequence, Mode::Assistant);
        let before = (1..sequence.len()).filter(|t| sequence.tokens[*t].part.precedes_message());
        let of_assistant = before.filter(|t| sequence.tokens[*t].role.as_deref() == Some("assistant"));
        let mut reasons: Vec<String> = of_assistant.map(|t| mask.reason(sequence, t).to_string()).collect();
        reasons.dedup();
        reasons
    };
    let chat = r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]"#;
    let brackets = "{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }}[/INST]{% else %}\
                    {{ m.content }}<|im_end|>{% endif %}{% endfor %}";
    assert_eq!(reasons(&own(brackets).of(chat)), ["unscored: assistant header, written by the template"]);
    let supplied = "unscored: assistant header, supplied by the generation prompt";
    assert_eq!(reasons(&template("chatml").of(chat)), [supplied]);
    assert_eq!(
        reasons(&template("qwen3").of(chat))[..2],
        [supplied, "unscored: empty reasoning, inserted by the template"]
    );
}

#[test]
fn reasoning_and_answer_share_out_what_assistant_scores() {
    let sequence = thinking();
    assert_eq!(short(&scored(&sequence, "reasoning")), "u:a.⏎a:⟦<think>⏎b⏎</think>⟧⏎⏎c.⏎");
    assert_eq!(short(&scored(&sequence, "answer")), "u:a.⏎a:<think>⏎b⏎</think>⟦⏎⏎c.⟧⏎");
    assert_eq!(short(&scored(&sequence, "assistant")), "u:a.⏎a:⟦<think>⏎b⏎</think>⏎⏎c.⟧⏎");
}

#[test]
fn an_empty_answer_scores_its_stop_alone() {
    let sequence = template("chatml").of(r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": ""}]"#);
    for mode in ["assistant", "answer", "last-message", "last-turn", "generation-tags", "custom"] {
        assert_eq!(short(&scored(&sequence, mode)), "u:a.⏎a:⟦.⟧⏎", "{mode}");
    }
}

#[test]
fn a_chat_that_ends_with_a_user_has_no_last_answer() {
    let sequence = template("chatml")
        .of(r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]"#);
    for mode in ["last-message", "last-turn"] {
        assert_eq!(short(&scored(&sequence, mode)), "u:a.⏎a:b.⏎u:c.⏎", "{mode}");
    }
}

#[test]
fn text_that_the_template_adds_is_no_message() {
    let sequence =
        template("smollm2").of(r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]"#);
    for mode in ["messages", "roles=system,user,assistant"] {
        let marked = scored(&sequence, mode);
        assert!(marked.starts_with("<|im_start|>system⏎You") && marked.contains("Face<|im_end|>⏎<|im_start|>user⏎⟦a"));
    }
}

#[test]
fn generation_tags_are_followed_exactly_or_refused() {
    let source = "{% for m in messages %}{{ m.role }}:\n{% generation %}{{ m.content }}{% endgeneration %}<|im_end|>{% endfor %}";
    let chat = r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]"#;
    assert_eq!(scored(&own(source).of(chat), "generation-tags"), "user:⏎⟦a⟧<|im_end|>assistant:⏎⟦b⟧<|im_end|>");
    let untagged = template("smollm2").of(chat);
    let error = LossMask::new(&untagged, Mode::GenerationTags, MaskOptions::default()).expect_err("no tags");
    assert_eq!(error, MaskError::NeedsTags);
    let message = error.to_string();
    assert!(message.contains("{% generation %}") && message.contains("--template") && message.contains("`assistant`"));
}

#[test]
fn raw_text_has_no_turns() {
    let sequence = text("a b c");
    for mode in Mode::EVERY.into_iter().chain(["roles=user".parse().expect("a mode")]) {
        let made = LossMask::new(&sequence, mode, MaskOptions::default());
        match mode {
            Mode::All | Mode::Custom => assert_eq!(made.expect("raw text").scored(), sequence.target_count()),
            Mode::Completion => assert_eq!(made, Err(MaskError::NeedsSplit)),
            mode => {
                let message = made.expect_err("a chat's mode").to_string();
                assert!(message.contains(&format!("`{mode}` needs a chat")), "{message}");
            }
        }
    }
}

#[test]
fn modes_are_read_as_they_are_written() {
    let written = Mode::EVERY.map(|mode| mode.to_string()).into_iter().chain(["roles=system,user,assistant".into()]);
    for name in written {
        assert_eq!(name.parse::<Mode>().expect("a mode").to_string(), name);
    }
    assert_eq!("roles=model, user".parse::<Mode>().expect("a mode").to_string(), "roles=user,assistant");
    let problem = |name: &str| name.parse::<Mode>().expect_err(name).to_string();
    assert_eq!(
        problem("last"),
        "unknown mask \"last\"; the masks are: all, completion, assistant, last-message, last-turn, generation-tags, \
         messages, reasoning, answer, custom, and roles=ROLE,…"
    );
    let known = "the roles are: system, developer, user, assistant, tool";
    assert_eq!(problem("roles=user,boss"), format!("unknown role \"boss\" in roles=…; {known}"));
    assert_eq!(problem("roles="), format!("unknown role \"\" in roles=…; {known}"));
}
