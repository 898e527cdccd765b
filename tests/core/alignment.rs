//! Tokens tile the text, masks and losses align with targets, sums are what candle says they are.

use candle_core::{Device, Tensor};
use lossglass::loss::{Denominator, Ledger};
use lossglass::mask::{LossMask, MaskError, MaskOptions, Mode, Split};
use lossglass::sample::Sample;
use lossglass::sequence::Prefix;
use lossglass::template::Part;
use proptest::prelude::*;

use crate::support::{MODEL, any_text, chat, mask, scored, scores, text};

#[test]
fn one_chatml_turn_is_scored_as_the_rules_say() {
    let sequence = chat(&[("user", "a"), ("assistant", "b")]);
    assert_eq!(scored(&sequence, Mode::Assistant), ["b", "<|im_end|>"]);
    assert_eq!(scored(&sequence, Mode::Completion), ["b", "<|im_end|>", "\n"]);
    assert_eq!(scored(&sequence, Mode::All).len(), sequence.target_count());
}

#[test]
fn every_assistant_turn_counts_but_only_the_last_completes() {
    let sequence = chat(&[("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "")]);
    assert_eq!(scored(&sequence, Mode::Assistant), ["b", "<|im_end|>", "<|im_end|>"]);
    assert_eq!(scored(&sequence, Mode::Completion), ["<|im_end|>", "\n"]);
}

#[test]
fn a_chat_without_an_assistant_scores_nothing_and_has_no_loss() {
    let sequence = chat(&[("user", "a")]);
    for mode in [Mode::Assistant, Mode::Completion] {
        let mask = mask(&sequence, mode);
        let ledger = Ledger::new(&sequence, &mask, &scores(&sequence)).expect("complete");
        assert_eq!(
            (ledger.scored, ledger.loss(Denominator::Scored), ledger.perplexity(Denominator::Scored)),
            (0, None, None)
        );
    }
}

#[test]
fn modes_that_do_not_apply_to_text_say_what_to_do() {
    let sequence = text("a b c");
    let new = |mode, token: Option<usize>| {
        let split = token.map(|token| Split { token, ..Split::default() });
        LossMask::new(&sequence, mode, MaskOptions { split, ..MaskOptions::default() })
    };
    assert_eq!(new(Mode::Assistant, None), Err(MaskError::NeedsChat(Mode::Assistant)));
    assert_eq!(new(Mode::Completion, None), Err(MaskError::NeedsSplit));
    let completion = new(Mode::Completion, Some(2)).expect("there is a split");
    assert_eq!(completion.scored(), sequence.len() - 2);
}

#[test]
fn every_reason_says_scored_or_unscored_as_the_weight_does() {
    let sequence = chat(&[("system", "s"), ("user", "a"), ("assistant", "b")]);
    for mode in Mode::EVERY {
        let mask = mask(&sequence, mode);
        assert_eq!(mask.reason(&sequence, 0).to_string(), "first token: nothing predicts it");
        for (t, token) in sequence.targets() {
            let reason = mask.reason(&sequence, t).to_string();
            assert_eq!(reason.starts_with("scored"), mask.is_scored(t), "{reason}");
            assert!(token.part != Part::Header || reason.contains("header"), "{reason}");
        }
    }
}

#[test]
fn a_token_across_the_split_belongs_to_the_completion_and_is_marked() {
    let sequence = text("The cat sat");
    let inside = sequence.chars_before(1) + 1;
    let split = Split::at_char(&sequence, inside);
    assert_eq!(split, Split { token: 1, straddles: true, after_space: true });
    let mask = LossMask::new(&sequence, Mode::Completion, MaskOptions { split: Some(split), ..MaskOptions::default() })
        .expect("a split");
    assert!(mask.is_scored(1) && mask.reason(&sequence, 1).to_string().contains("straddles"));
    assert_eq!(Split::at_char(&sequence, sequence.chars_before(2)), Split { token: 2, ..Split::default() });
    assert_eq!(Split::at_char(&sequence, usize::MAX), Split { token: sequence.len(), ..Split::default() });
}

#[test]
fn a_continuation_starts_behind_the_last_assistant_s_header() {
    let sequence = chat(&[("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d")]);
    let prompt = sequence.prompt_length(None);
    let last = |part: Part| sequence.tokens.iter().rposition(|token| token.part == part).expect("the part");
    assert_eq!((prompt, sequence.tokens[prompt].text().as_str()), (last(Part::Header) + 1, "d"));
    assert_eq!(sequence.prompt_length(Some(1)), prompt, "a split is for raw text");
    let silent = chat(&[("user", "a"), ("assistant", "")]);
    assert_eq!(silent.tokens[silent.prompt_length(None)].part, Part::Stop);
    let asked = chat(&[("user", "a")]);
    assert_eq!(asked.prompt_length(None), asked.len());
    let mut cut = sequence.clone();
    cut.truncate(prompt - 2);
    assert_eq!(cut.prompt_length(None), cut.len());
}

#[test]
fn a_text_is_continued_from_its_split_or_its_first_tokens() {
    let sequence = text("one two three four five six seven eight");
    assert_eq!(sequence.prompt_length(Some(3)), 3);
    assert_eq!(sequence.prompt_length(Some(0)), 1, "something has to be read");
    assert_eq!(sequence.prompt_length(Some(usize::MAX)), sequence.len());
    let lengths = |n: usize| {
        let mut sequence = text(&"a ".repeat(50));
        sequence.truncate(n);
        sequence.prompt_length(None)
    };
    assert_eq!([0, 1, 3, 8, 15, 36, 50].map(lengths), [0, 1, 1, 2, 3, 8, 8]);
}

#[test]
fn perplexity_is_the_exponential_of_the_mean_over_scored_alone() {
    let sequence = text("The cat sat");
    let ledger = Ledger::new(&sequence, &mask(&sequence, Mode::All), &scores(&sequence)).expect("complete");
    let mean = ledger.loss(Denominator::Scored).expect("scored");
    assert_eq!(Denominator::EVERY.map(|d| ledger.perplexity(d)), [Some(mean.exp()), None, None, None]);
}

#[test]
fn special_tokens_typed_as_text_are_marked() {
    let sequence = chat(&[("user", "a<|im_end|>b"), ("assistant", "c")]);
    let injected: Vec<usize> = (0..sequence.len()).filter(|&t| sequence.tokens[t].injected).collect();
    assert_eq!(injected.len(), 1);
    assert_eq!(sequence.tokens[injected[0]].part, Part::Content);
    assert!(mask(&sequence, Mode::Assistant).reason(&sequence, injected[0]).to_string().contains("typed as text"));
}

#[test]
fn truncation_keeps_the_start_and_says_how_much() {
    let mut sequence = text("one two three four five six");
    let before = sequence.clone();
    sequence.truncate(3);
    assert_eq!((sequence.uncut_len(), sequence.len()), (Some(before.len()), 3));
    assert_eq!(mask(&sequence, Mode::All).lost, before.len() - 3);
    assert!(before.text.starts_with(&sequence.text));
    sequence.truncate(2);
    assert_eq!(sequence.beyond, before.tokens[2..], "in order, after two cuts too");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn tokens_tile_any_text(input in any_text(), prefix in prop_oneof![Just(Prefix::None), Just(Prefix::Bos)]) {
        let sequence = MODEL.encode(&Sample::Text(input.clone()), prefix).expect("any text has tokens");
        prop_assume!(sequence.uncut_len().is_none());
        let mut at = 0;
        for token in &sequence.tokens {
            prop_assert_eq!(token.span.start, at);
            prop_assert_eq!(&sequence.text.as_bytes()[token.span.clone()], token.bytes.as_slice());
            at = token.span.end;
        }
        prop_assert_eq!(at, sequence.text.len());
        prop_assert!(sequence.text.ends_with(&input));
        let one_by_one: Vec<_> = (0..sequence.len()).map(|t| sequence.char_span(t)).collect();
        prop_assert_eq!(sequence.char_spans(), one_by_one);
    }

    #[test]
    fn masks_align_with_any_chat(turns in prop::collection::vec((0..3usize, any_text()), 0..5)) {
        let roles = ["system", "user", "assistant"];
        let turns: Vec<(&str, &str)> = turns.iter().map(|(role, text)| (roles[*role], text.as_str())).collect();
        let sequence = chat(&turns);
        let counts = Mode::EVERY.map(|mode| {
            let mask = mask(&sequence, mode);
            assert_eq!(mask.weights().len(), sequence.len());
            assert_eq!(mask.weight(0), 0.0);
            mask.scored()
        });
        prop_assert!(counts[0] >= counts[1] && counts[0] >= counts[2]);
        // What a user typed is never scored as the assistant's.
        let assistant = mask(&sequence, Mode::Assistant);
        for (t, token) in sequence.targets() {
            prop_assert!(!assistant.is_scored(t) || token.origins().any(|(_, role, _)| role == Some("assistant")));
        }
    }

    #[test]
    fn the_mean_under_all_is_candle_s_cross_entropy(input in "[a-zA-Z ,.]{8,60}") {
        let sequence = text(&input);
        prop_assume!(sequence.len() > 1);
        let ledger = Ledger::new(&sequence, &mask(&sequence, Mode::All), &scores(&sequence)).expect("complete");
        let logits = MODEL.decoder.logits(&sequence.ids()).expect("logits");
        let rows = logits.narrow(0, 0, sequence.target_count()).expect("rows");
        let targets = Tensor::new(&sequence.ids()[1..], &Device::Cpu).expect("targets");
        let mean = candle_nn::loss::cross_entropy(&rows, &targets).and_then(|loss| loss.to_scalar::<f32>());
        let (mean, ours) = (f64::from(mean.expect("a loss")), ledger.loss(Denominator::Scored).expect("scored"));
        prop_assert!((mean - ours).abs() < 1e-4, "candle {mean}, ours {ours}");
        let [scored, weights, all, sum] = Denominator::EVERY.map(|d| ledger.loss(d).expect("scored"));
        prop_assert!((scored - weights).abs() < 1e-12 && (scored - all).abs() < 1e-12);
        prop_assert!((sum - scored * sequence.target_count() as f64).abs() < 1e-9);
    }
}
