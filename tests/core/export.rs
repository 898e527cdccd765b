//! What is written for trainers: the mask itself, or an error, never less.

use lossglass::mask::export::{ExportError, Trainer, chat_of_llama_factory, record, weights_of};
use lossglass::mask::{Choices, LossMask, MaskOptions, Mode, Paint, PartWeights, Stop, Stroke};
use lossglass::sample::{Chat, Sample};
use lossglass::sequence::Sequence;
use lossglass::template::Part;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::any_mask::{any_chat, any_choices, any_mode, any_paint, any_parts};
use crate::support::templates::{TEMPLATES, Template, template};

const TOOLS: &str = r#"{"messages": [{"role": "user", "content": "Sky?"}, {"role": "assistant", "content": "", "tool_calls":
    [{"id": "a", "type": "function", "function": {"name": "sky", "arguments": {"at": "noon"}}}]},
    {"role": "tool", "content": "grey", "tool_call_id": "a"}, {"role": "assistant", "content": "Grey."}],
    "tools": [{"type": "function", "function": {"name": "sky"}}]}"#;
const TWO: &str = r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "weight": 0},
    {"role": "user", "content": "c"}, {"role": "assistant", "content": "d"}]"#;

fn read(chat: &str) -> Chat {
    crate::support::templates::chat_of(chat)
}

/// The record of `chat` through ChatML.
fn exported(trainer: Trainer, chat: &str, mode: Mode, choices: Choices) -> Result<Value, ExportError> {
    let chat = read(chat);
    let sequence = template("chatml").encode(&chat).expect("ChatML takes any chat");
    let mask = LossMask::new(&sequence, mode, MaskOptions::default().with(&sequence, choices)).expect("it applies");
    record(trainer, &Sample::Chat(chat), &sequence, &mask)
}

/// The weights that the trainer's record comes to when it is read again.
fn read_back(trainer: Trainer, record: &Value, template: &Template) -> (Vec<u32>, Vec<f64>) {
    if trainer.takes_tokens() {
        return weights_of(record).expect("a record of token ids");
    }
    let (chat, choices) = match trainer {
        Trainer::OpenAi => (serde_json::from_value(record.clone()).expect("its form"), Choices::default()),
        _ => {
            let choices = Choices { after_stop: Some(true), prefill: Some(true), ..Choices::default() };
            (chat_of_llama_factory(record).expect("its form"), choices)
        }
    };
    let sequence = template.encode(&chat).expect("it was rendered before");
    let mask = LossMask::new(&sequence, Mode::Custom, MaskOptions::default().with(&sequence, choices));
    (sequence.ids(), mask.expect("a chat").weights().to_vec())
}

/// Text that trainers count or do not count as is their custom, unless somebody said what it shall count.
fn is_trainers_own(sequence: &Sequence, mask: &LossMask, t: usize) -> bool {
    let is_free = |part: Part| {
        let told = match part {
            Part::AfterStop => mask.choices().after_stop,
            Part::GenerationPrefill => mask.choices().prefill,
            _ => Some(true),
        };
        told.is_none() && mask.parts().get(part).is_none()
    };
    mask.paint().get(t).is_none() && sequence.tokens[t].origins().all(|(.., part)| is_free(part))
}

#[test]
fn names_are_read_again() {
    for &trainer in Trainer::EVERY {
        assert_eq!(trainer.name().parse(), Ok(trainer));
    }
    let error = "unsloth".parse::<Trainer>().unwrap_err();
    insta::assert_snapshot!(error, @r#"unknown export "unsloth"; the exports are: trl, axolotl, openai, llama-factory, labels"#);
}

#[test]
fn token_records_have_unshifted_labels() {
    let chat = r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]"#;
    let written = |trainer| exported(trainer, chat, Mode::Assistant, Choices::default()).expect("0 and 1 alone");
    let (labels, trl, axolotl) = (written(Trainer::Labels), written(Trainer::Trl), written(Trainer::Axolotl));
    let ids = labels["input_ids"].as_array().unwrap();
    for (t, label) in labels["labels"].as_array().unwrap().iter().enumerate() {
        let is_scored = labels["weights"][t] == json!(1.0);
        let ignored = json!(-100);
        assert_eq!(label, if is_scored { &ids[t] } else { &ignored });
        assert_eq!(trl["assistant_masks"][t], json!(u8::from(is_scored)));
    }
    assert!(labels["labels"] == trl["labels"] && labels["labels"] == axolotl["labels"]);
    assert_eq!(axolotl["attention_mask"], json!(vec![1; ids.len()]));
}

#[test]
fn chats_keep_their_tools_and_say_their_weights() {
    let written = |trainer, chat, mode| exported(trainer, chat, mode, Choices::default()).expect("whole messages");
    let openai = written(Trainer::OpenAi, TOOLS, Mode::LastMessage);
    assert_eq!((&openai["messages"][1]["weight"], &openai["messages"][3]["weight"]), (&json!(0), &json!(1)));
    assert!(openai["messages"][2].get("weight").is_none() && openai["tools"].is_array());
    let custom = written(Trainer::OpenAi, TWO, Mode::Custom);
    assert_eq!((&custom["messages"][1]["weight"], &custom["messages"][3]["weight"]), (&json!(0), &json!(1)));
    let factory = written(Trainer::LlamaFactory, TOOLS, Mode::Assistant);
    insta::assert_snapshot!(factory["messages"][1], @r#"{"role":"assistant","content":[{"type":"text","value":""},{"type":"tool_call","value":"{\"name\":\"sky\",\"arguments\":{\"at\":\"noon\"}}"}],"loss_weight":1.0}"#);
    assert!(factory["tools"].is_string());
}

#[test]
fn what_a_form_cannot_say_is_an_error_with_the_way_out() {
    let stopless = Choices { stop: Some(Stop::None), ..Choices::default() };
    let half = r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "weight": 0.5}]"#;
    let errors: Vec<String> = [
        exported(Trainer::Trl, half, Mode::Custom, Choices::default()),
        exported(Trainer::OpenAi, half, Mode::Custom, Choices::default()),
        exported(Trainer::OpenAi, TWO, Mode::Assistant, stopless),
        exported(Trainer::LlamaFactory, TWO, Mode::All, Choices::default()),
        exported(Trainer::OpenAi, TWO, Mode::Assistant, Choices { after_stop: Some(true), ..Choices::default() }),
    ]
    .map(|result| result.unwrap_err().to_string())
    .into();
    insta::assert_snapshot!(errors.join("\n"), @r#"
    token 13 ("b") has the weight 0.5, and TRL takes labels alone, which score or leave out; --export labels keeps weights
    message 2 has the weight 0.5, and OpenAI takes 0 or 1; use --export labels, trl or axolotl, or change the data
    OpenAI weights an assistant message as a whole, its stop included, and nothing else: token 14 ("<|im_end|>") has the weight 0 here and would have 1 there; use --export labels, trl or axolotl
    LLaMA-Factory weights an assistant message as a whole, its stop included, and nothing else: token 1 ("us") has the weight 1 here and would have 0 there; use --export labels, trl or axolotl
    OpenAI weights an assistant message as a whole, its stop included, and nothing else: token 15 ("\n") has the weight 1 here and would have 0 there; use --export labels, trl or axolotl
    "#);
}

#[test]
fn a_record_that_contradicts_itself_is_refused() {
    for record in [
        json!({"input_ids": [1, 2]}),
        json!({"input_ids": [1, 2], "labels": [-100]}),
        json!({"input_ids": [1, 2], "labels": [-100, 3]}),
        json!({"input_ids": [1, 2], "labels": [-100, 2], "weights": [0.0, 0.0]}),
        json!({"input_ids": [1, -2], "labels": [-100, -100]}),
    ] {
        assert!(matches!(weights_of(&record), Err(ExportError::Record(_))), "{record}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn export_and_import_give_the_same_weights_or_an_error(
        chat in any_chat(), mode in any_mode(), choices in any_choices(), parts in any_parts(), strokes in any_paint(),
        plain: bool,
    ) {
        for template in TEMPLATES.iter() {
            let Some(sequence) = template.encode(&chat) else { continue };
            let mut paint = Paint::default();
            for &(start, length, weight) in strokes.iter().filter(|_| !plain) {
                paint.set(&sequence, &Stroke::Tokens(start..start + length), weight);
            }
            let (choices, parts) = if plain { Default::default() } else { (choices, parts) };
            let options = MaskOptions::new(&sequence, None, parts as PartWeights).with(&sequence, choices);
            let Ok(mask) = LossMask::painted(&sequence, mode, options, paint) else { continue };
            for &trainer in Trainer::EVERY {
                let written = match record(trainer, &Sample::Chat(chat.clone()), &sequence, &mask) {
                    Ok(written) => written,
                    Err(error) => {
                        prop_assert!(trainer != Trainer::Labels && !error.to_string().is_empty());
                        continue;
                    }
                };
                let (ids, weights) = read_back(trainer, &written, template);
                prop_assert_eq!(ids, sequence.ids(), "{} {}", template.name, trainer);
                for (t, &weight) in weights.iter().enumerate() {
                    let excused = !trainer.takes_tokens() && is_trainers_own(&sequence, &mask, t);
                    prop_assert!(
                        weight == mask.weight(t) || excused,
                        "{} {trainer}, token {t}: {} not {}", template.name, weight, mask.weight(t)
                    );
                }
                prop_assert_eq!(weights.first().copied().unwrap_or(0.0), 0.0);
            }
        }
    }
}
