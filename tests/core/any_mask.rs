//! Any chat, through any template, under any mask.

use lossglass::mask::{
    Choices, Header, LossMask, MaskError, MaskOptions, Mode, Paint, PartWeights, Stop, Straddlers, Stroke, finding,
    profile,
};
use lossglass::sample::{Chat, Message};
use lossglass::sequence::Sequence;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::any_text;
use crate::support::templates::{TEMPLATES, VOCABULARY};

fn any_message() -> impl Strategy<Value = Message> {
    let content = prop_oneof![
        any_text(),
        any_text().prop_map(|text| format!("<think>\n{text}\n</think>\n\nso")),
        select(vec!["", " ", "a<|im_end|>b", "</s>", " b\n"]).prop_map(str::to_string),
    ];
    let call = any_text().prop_map(|text| serde_json::json!({"function": {"name": "f", "arguments": {"x": text}}}));
    let roles = select(vec!["system", "user", "assistant", "tool", "boss"]);
    let weight = option::weighted(0.3, prop_oneof![Just(0.0), Just(1.0), 0.0..3.0]);
    let spans = option::weighted(0.3, (0..20usize, 0..20usize, 0.0..2.0));
    (roles, content, option::weighted(0.2, any_text()), option::weighted(0.2, call), weight, spans).prop_map(
        |(role, content, reasoning, call, weight, span)| Message {
            role: role.into(),
            content,
            reasoning_content: reasoning.filter(|_| role == "assistant"),
            tool_calls: call.filter(|_| role == "assistant").into_iter().collect(),
            weight,
            spans: span.map(|(start, length, weight)| (start..start + length, weight)).into_iter().collect(),
            ..Message::default()
        },
    )
}

/// Chats of which most alternate, as strict templates want.
pub fn any_chat() -> impl Strategy<Value = Chat> {
    let alternate = |messages: Vec<Message>| {
        let roles = ["user", "assistant"].into_iter().cycle();
        messages.into_iter().zip(roles).map(|(message, role)| Message { role: role.into(), ..message }).collect()
    };
    let messages = || prop::collection::vec(any_message(), 0..6);
    prop_oneof![messages(), messages().prop_map(alternate)].prop_map(|messages| Chat { messages, ..Chat::default() })
}

pub fn any_choices() -> impl Strategy<Value = Choices> {
    let stop = option::of(select(vec![Stop::Turn, Stop::Last, Stop::All, Stop::None]));
    let header = option::of(select(vec![Header::On, Header::End, Header::Off]));
    let straddlers = select(vec![Straddlers::Any, Straddlers::Inside]);
    let switches = prop::array::uniform5(option::of(any::<bool>()));
    (stop, header, switches, option::weighted(0.3, 0.0..2.0), straddlers).prop_map(
        |(stop, header, [after_stop, prefill, reasoning, tool_call, tool_result], prompt_weight, straddlers)| Choices {
            stop,
            header,
            after_stop,
            prefill,
            reasoning,
            tool_call,
            tool_result,
            prompt_weight,
            straddlers,
        },
    )
}

pub fn any_mode() -> impl Strategy<Value = Mode> {
    let roles =
        ["roles=user", "roles=assistant,tool", "roles=system,developer,user"].map(|name| name.parse().expect(name));
    select(Mode::EVERY.into_iter().chain(roles).collect::<Vec<Mode>>())
}

pub fn any_parts() -> impl Strategy<Value = PartWeights> {
    select(vec!["none", "stop=0", "reasoning=0.5,answer=1", "header=0.25,after_stop=2", "tool_result=0.5"])
        .prop_map(|written| written.parse().expect(written))
}

pub fn any_paint() -> impl Strategy<Value = Vec<(usize, usize, f64)>> {
    prop::collection::vec((0..40usize, 0..40usize, 0.0..2.0), 0..3)
}

fn assert_tiles(sequence: &Sequence) {
    let mut at = 0;
    for token in sequence.all_tokens() {
        assert_eq!(token.span.start, at);
        at = token.span.end;
    }
    assert_eq!(at, sequence.text.len(), "the tokens cover every character");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(250) })]

    #[test]
    fn weights_align_and_are_explained(
        chat in any_chat(), mode in any_mode(), choices in any_choices(), parts in any_parts(), strokes in any_paint(),
    ) {
        for template in TEMPLATES.iter() {
            let Some(sequence) = template.encode(&chat) else { continue };
            assert_tiles(&sequence);
            let mut paint = Paint::default();
            for &(start, length, weight) in &strokes {
                paint.set(&sequence, &Stroke::Tokens(start..start + length), weight);
            }
            let options = MaskOptions::new(&sequence, None, parts).with(&sequence, choices);
            let mask = match LossMask::painted(&sequence, mode, options, paint.clone()) {
                Ok(mask) => mask,
                Err(MaskError::NeedsTags) => {
                    prop_assert!(mode == Mode::GenerationTags && !sequence.generation_tags);
                    continue;
                }
                Err(error) => panic!("{}: {error}", template.name),
            };
            prop_assert_eq!(mask.weights().len(), sequence.len());
            prop_assert_eq!(mask.weight(0), 0.0, "nothing predicts the first token");
            for t in 0..sequence.len() {
                let (weight, reason) = (mask.weight(t), mask.reason(&sequence, t).to_string());
                prop_assert!(weight.is_finite() && weight >= 0.0);
                if t > 0 {
                    prop_assert_eq!(reason.starts_with("scored"), weight != 0.0, "{}", reason);
                    prop_assert_eq!(weight, paint.get(t).unwrap_or(weight), "paint counts before all else");
                }
            }
            for finding in finding::findings(&sequence, &mask, &finding::Facts::new(&VOCABULARY, 100)) {
                let is_token = finding.token.is_none_or(|t| t < sequence.len());
                prop_assert!(is_token && !finding.message.is_empty(), "{finding:?}");
            }
        }
    }

    #[test]
    fn profiles_never_score_the_first_token_and_always_what_the_assistant_says(chat in any_chat()) {
        for template in TEMPLATES.iter() {
            let Some(sequence) = template.encode(&chat) else { continue };
            for profile in profile::every() {
                let mask = profile.mask(&sequence).expect("a chat");
                prop_assert_eq!((mask.weights().len(), mask.weight(0)), (sequence.len(), 0.0));
                if matches!(profile.mode, Mode::Custom | Mode::All | Mode::Nothing) {
                    continue; // the data decides, or nobody
                }
                for (t, token) in sequence.targets().filter(|(_, token)| token.overlaps.is_empty()) {
                    let is_assistant = token.role.as_deref() == Some("assistant") && token.turn.is_some();
                    let says = is_assistant && ["content", "reasoning", "tool_call"].contains(&token.part.name());
                    prop_assert!(!says || mask.is_scored(t), "{}: {token:?}", profile.name);
                    prop_assert!(is_assistant || !mask.is_scored(t), "{}: {token:?}", profile.name);
                }
            }
        }
    }

    #[test]
    fn weights_do_not_depend_on_what_the_context_cuts_off(
        chat in any_chat(), mode in any_mode(), choices in any_choices(), keep in 1..40usize,
    ) {
        for template in TEMPLATES.iter() {
            let Some(sequence) = template.encode(&chat) else { continue };
            let options = MaskOptions::default().with(&sequence, choices);
            let Ok(whole) = LossMask::new(&sequence, mode, options) else { continue };
            let mut cut = sequence.clone();
            cut.truncate(keep);
            let mask = LossMask::new(&cut, mode, options).expect("it applied before");
            prop_assert_eq!(mask.weights(), &whole.weights()[..cut.len()]);
            prop_assert_eq!(mask.scored() + mask.lost, whole.scored());
        }
    }
}
