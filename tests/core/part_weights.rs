//! Weights for parts of the assistant's turns, on any mode.

use lossglass::loss::{Denominator, Ledger, weight_text};
use lossglass::mask::{LossMask, MaskOptions, Mode, PartWeights};
use lossglass::sequence::{Origin, Sequence};
use lossglass::template::Part;
use proptest::prelude::*;

use crate::support::{any_text, chat, mask, scores, text};

const PARTS: [&str; 8] = ["header", "content", "reasoning", "tool_call", "stop", "after_stop", "tool_result", "answer"];

fn parts(written: &str) -> PartWeights {
    written.parse().expect(written)
}

fn weighted(sequence: &Sequence, mode: Mode, written: &str) -> LossMask {
    LossMask::new(sequence, mode, MaskOptions::new(sequence, None, parts(written))).expect("the mode applies")
}

fn thinking() -> Sequence {
    chat(&[("user", "a"), ("assistant", "<think>\nhm\n</think>\n\nb")])
}

/// The reasons of the assistant's tokens of that part, each once.
fn reasons(sequence: &Sequence, mask: &LossMask, part: Part) -> Vec<String> {
    let is_asked = |t: &usize| sequence.tokens[*t].part == part && sequence.tokens[*t].turn == Some(1);
    let mut reasons: Vec<String> =
        (1..sequence.len()).filter(is_asked).map(|t| mask.reason(sequence, t).to_string()).collect();
    reasons.dedup();
    reasons
}

#[test]
fn a_part_s_weight_takes_the_place_of_the_mode_s_and_its_reason_says_so() {
    let sequence = thinking();
    let mask = weighted(&sequence, Mode::Assistant, "stop=0,header=1,reasoning=0.5");
    assert_eq!(reasons(&sequence, &mask, Part::Reasoning), ["scored with weight 0.5: the assistant's reasoning"]);
    assert_eq!(
        reasons(&sequence, &mask, Part::Stop),
        ["unscored: the stop that ends the assistant's turn; weight 0 set for stop"]
    );
    assert_eq!(
        reasons(&sequence, &mask, Part::Header),
        ["scored: assistant header, supplied by the generation prompt; weight 1 set for header"]
    );
    assert_eq!(reasons(&sequence, &mask, Part::Content), ["scored: the assistant's content"]);
    assert_eq!(mask.name(), "assistant, header=1,reasoning=0.5,stop=0");
    let all = weighted(&sequence, Mode::All, "reasoning=0,content=2");
    assert_eq!(
        reasons(&sequence, &all, Part::Reasoning),
        ["unscored: the assistant's reasoning; weight 0 set for reasoning"]
    );
    assert_eq!(reasons(&sequence, &all, Part::Content), ["scored with weight 2: the assistant's content"]);
    assert!(reasons(&sequence, &all, Part::Stop)[0].ends_with("mode all counts every target"));
}

#[test]
fn a_straddler_has_the_greatest_weight_of_its_parts() {
    let mut sequence = thinking();
    let t = sequence.tokens.iter().rposition(|token| token.part == Part::Reasoning).expect("some reasoning");
    let content = Origin { turn: Some(1), role: Some("assistant".into()), part: Part::Content };
    sequence.tokens[t].overlaps = vec![content];
    for (written, weight, reason) in [
        ("reasoning=0", 1.0, "scored: the assistant's reasoning; straddles reasoning and content"),
        (
            "content=0,reasoning=0.25",
            0.25,
            "scored with weight 0.25: the assistant's reasoning; weight 0.25 set for reasoning; straddles reasoning and \
             content",
        ),
        (
            "answer=0,reasoning=0",
            0.0,
            "unscored: the assistant's reasoning; weight 0 set for reasoning; straddles reasoning and content",
        ),
        (
            "content=3,reasoning=2",
            3.0,
            "scored with weight 3: the assistant's reasoning; weight 3 set for content; straddles reasoning and content",
        ),
    ] {
        let mask = weighted(&sequence, Mode::Assistant, written);
        assert_eq!((mask.weight(t), mask.reason(&sequence, t).to_string().as_str()), (weight, reason), "{written}");
    }
}

#[test]
fn a_completion_s_first_token_counts_only_for_what_it_has_of_the_completion() {
    let mut sequence = chat(&[("user", "a"), ("assistant", "b")]);
    let start = sequence.completion_start().expect("the assistant speaks");
    let header = Origin { turn: Some(1), role: Some("assistant".into()), part: Part::Header };
    sequence.tokens[start].overlaps = vec![header];
    assert!(mask(&sequence, Mode::Completion).is_scored(start));
    assert!(!weighted(&sequence, Mode::Completion, "content=0").is_scored(start));
}

#[test]
fn part_weights_are_read_as_written() {
    assert_eq!(parts("stop=0, header = 1").to_string(), "header=1,stop=0");
    assert_eq!(parts("answer=2,stop=0.5"), parts("stop=0.5,content=2,tool_call=2"), "a part's own weight counts first");
    assert_eq!(parts("answer=2,stop=0.5"), parts("stop=0.5,answer=2"));
    assert_eq!((parts("none"), parts("stop=-0").to_string()), (PartWeights::default(), "stop=0".into()));
    for (written, problem) in [
        ("", "\"\" is not PART=WEIGHT; write stop=0, or several as stop=0,reasoning=0.5"),
        ("stop", "\"stop\" is not PART=WEIGHT; write stop=0, or several as stop=0,reasoning=0.5"),
        ("stop=0,stop=1", "stop has two weights; give one"),
        ("answer=1,answer=1", "answer has two weights; give one"),
        ("stop=-1", "weight \"-1\" of stop is not a finite number from 0 on"),
        ("answer=NaN", "weight \"NaN\" of answer is not a finite number from 0 on"),
        ("stop=1e999", "weight \"1e999\" of stop is not a finite number from 0 on"),
        ("stop=much", "weight \"much\" of stop is not a finite number from 0 on"),
        (
            "plain=1",
            "no weight can be set for \"plain\"; the parts are: header, reasoning, content, tool_call, stop, after_stop, \
             tool_result, and answer for content, tool_call, stop",
        ),
    ] {
        assert_eq!(written.parse::<PartWeights>().expect_err(written).to_string(), problem);
    }
    assert!(PartWeights::default().with(Part::Plain, 1.0).is_err());
    assert!(PartWeights::default().with(Part::Stop, f64::INFINITY).is_err());
}

#[test]
fn raw_text_has_no_parts() {
    let sequence = text("a b c");
    assert_eq!(weighted(&sequence, Mode::All, "content=0,stop=0"), mask(&sequence, Mode::All));
}

#[test]
fn what_the_context_cuts_off_is_lost_only_where_it_has_a_weight() {
    let mut sequence = chat(&[("user", "a"), ("assistant", "b")]);
    let stop = sequence.tokens.iter().rposition(|token| token.part == Part::Stop).expect("a stop");
    sequence.truncate(stop);
    assert_eq!(mask(&sequence, Mode::Assistant).lost, 1);
    assert_eq!(weighted(&sequence, Mode::Assistant, "stop=0").lost, 0);
    sequence.truncate(stop - 1);
    assert_eq!(mask(&sequence, Mode::Completion).lost, 3, "a completion that is cut off altogether: b, stop, newline");
}

#[test]
fn perplexity_needs_weights_of_one() {
    let sequence = thinking();
    let scores = scores(&sequence);
    let perplexity = |written| {
        let ledger = Ledger::new(&sequence, &weighted(&sequence, Mode::Assistant, written), &scores);
        ledger.expect("complete").perplexity(Denominator::Scored).is_some()
    };
    assert!(perplexity("none") && perplexity("stop=0"));
    assert!(!perplexity("stop=0.5") && !perplexity("answer=0.5,reasoning=0.5"));
}

#[test]
fn sums_of_weights_are_printed_without_rounding_noise() {
    assert_eq!([8.0, 0.1 + 0.2, 1e-9, 0.0].map(weight_text), ["8", "0.3", "0.000000001", "0"]);
}

fn any_weights() -> impl Strategy<Value = PartWeights> {
    prop::collection::btree_map(0..PARTS.len(), prop_oneof![Just(0.0), Just(1.0), 0.0..4.0], 0..5).prop_map(|weights| {
        let entries: Vec<String> = weights.iter().map(|(&part, weight)| format!("{}={weight}", PARTS[part])).collect();
        parts(if entries.is_empty() { "none".into() } else { entries.join(",") }.as_str())
    })
}

fn any_chat() -> impl Strategy<Value = Sequence> {
    let content = prop_oneof![any_text(), any_text().prop_map(|text| format!("<think>\n{text}\n</think>\n\nso"))];
    prop::collection::vec((0..3usize, content), 0..5).prop_map(|turns| {
        let turn = |(role, text): &(usize, String)| (["system", "user", "assistant"][*role], text.clone());
        let turns: Vec<(&str, String)> = turns.iter().map(turn).collect();
        chat(&turns.iter().map(|(role, text)| (*role, text.as_str())).collect::<Vec<_>>())
    })
}

/// Whether the mode trains an assistant's turn, in other words than the program's.
fn trains(mode: Mode, roles: &[String], turn: usize) -> bool {
    let behind = &roles[turn + 1..];
    let is_last = !behind.iter().any(|role| role == "assistant");
    let no_user = !behind.iter().any(|role| role == "user");
    match mode {
        Mode::Completion => is_last,
        Mode::LastMessage => is_last && no_user,
        Mode::LastTurn => no_user,
        _ => true,
    }
}

fn any_mode() -> impl Strategy<Value = Mode> {
    prop::sample::select(Mode::EVERY.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_weights_align_with_any_chat(sequence in any_chat(), mode in any_mode(), parts in any_weights()) {
        prop_assert_eq!(parts.to_string().parse::<PartWeights>(), Ok(parts));
        let plain = mask(&sequence, mode);
        let mask = LossMask::new(&sequence, mode, MaskOptions::new(&sequence, None, parts)).expect("a chat");
        prop_assert_eq!(mask.weights().len(), sequence.len());
        prop_assert_eq!(mask.weight(0), 0.0);
        for (t, token) in sequence.targets() {
            let set: Vec<f64> = token
                .origins()
                .filter(|(turn, role, _)| {
                    turn.is_some_and(|turn| *role == Some("assistant") && trains(mode, &sequence.roles, turn))
                })
                .filter_map(|(_, _, part)| parts.get(part))
                .collect();
            match set[..] {
                [] => prop_assert_eq!(mask.weight(t), plain.weight(t)),
                [weight] if token.overlaps.is_empty() => prop_assert_eq!(mask.weight(t), weight),
                _ => prop_assert!(set.iter().all(|&weight| mask.weight(t) >= weight)),
            }
            let reason = mask.reason(&sequence, t).to_string();
            prop_assert_eq!(reason.starts_with("scored"), mask.is_scored(t), "{}", reason);
            let weight = mask.weight(t);
            prop_assert_eq!(reason.starts_with(&format!("scored with weight {weight}: ")), weight != 0.0 && weight != 1.0);
        }
    }

    #[test]
    fn stop_0_leaves_the_assistant_s_set_without_its_stops(sequence in any_chat()) {
        let (plain, without) = (mask(&sequence, Mode::Assistant), weighted(&sequence, Mode::Assistant, "stop=0"));
        for (t, token) in sequence.targets() {
            let is_stop = token.origins().all(|(_, _, part)| part == Part::Stop);
            prop_assert_eq!(without.is_scored(t), plain.is_scored(t) && !is_stop);
        }
    }

    #[test]
    fn denominators_agree_with_the_weights(sequence in any_chat(), mode in any_mode(), parts in any_weights()) {
        let mask = LossMask::new(&sequence, mode, MaskOptions::new(&sequence, None, parts)).expect("a chat");
        let scores = scores(&sequence);
        let ledger = Ledger::new(&sequence, &mask, &scores).expect("complete");
        let weights: Vec<f64> = mask.weights().iter().copied().filter(|&w| w != 0.0).collect();
        let sum: f64 = (1..sequence.len()).filter_map(|t| Some(mask.weight(t) * scores.nll(t)?)).sum();
        let by = [weights.len() as f64, weights.iter().sum(), sequence.target_count() as f64, 1.0];
        for (denominator, by) in Denominator::EVERY.into_iter().zip(by) {
            let loss = ledger.loss(denominator);
            prop_assert_eq!(loss.is_some(), !weights.is_empty());
            prop_assert!(loss.is_none_or(|loss| (loss * by - sum).abs() <= 1e-9 * sum.max(1.0)));
        }
        let perplexity = ledger.perplexity(Denominator::Scored);
        prop_assert_eq!(perplexity.is_some(), !weights.is_empty() && weights.iter().all(|&w| w == 1.0));
    }
}
