//! What the data says of messages and of spans of them.

use lossglass::mask::{LossMask, MaskError, MaskOptions, Mode};
use lossglass::sample::read_record;
use lossglass::sequence::Sequence;
use lossglass::template::Part;

use crate::support::templates::template;

/// The words of the messages with their weights under `custom`.
fn weighted(sequence: &Sequence) -> Vec<(String, f64)> {
    let mask = LossMask::new(sequence, Mode::Custom, MaskOptions::default()).expect("weights");
    let says = |part| matches!(part, Part::Content | Part::Stop);
    let said = sequence.targets().filter(|(_, token)| says(token.part));
    said.map(|(t, token)| (token.text().replace("<|im_end|>", "."), mask.weight(t))).collect()
}

fn named(words: &[(&str, f64)]) -> Vec<(String, f64)> {
    words.iter().map(|(word, weight)| (word.to_string(), *weight)).collect()
}

#[test]
fn a_message_s_own_weight_counts_before_the_mode() {
    let sequence = template("chatml").of(
        r#"[{"role": "user", "content": "a", "train": true}, {"role": "assistant", "content": "b", "weight": 0},
            {"role": "user", "content": "c"}, {"role": "assistant", "content": "d", "weight": 0.5, "train": true},
            {"role": "user", "content": "e"}, {"role": "assistant", "content": "f"},
            {"role": "assistant", "content": "g", "train": false, "weight": 1}]"#,
    );
    let wanted = [
        ("a", 1.0),
        (".", 1.0),
        ("b", 0.0),
        (".", 0.0),
        ("c", 0.0),
        (".", 0.0),
        ("d", 0.5),
        (".", 0.5),
        ("e", 0.0),
        (".", 0.0),
        ("f", 1.0),
        (".", 1.0),
        ("g", 0.0),
        (".", 0.0),
    ];
    assert_eq!(weighted(&sequence), named(&wanted));
    let mask = LossMask::new(&sequence, Mode::Custom, MaskOptions::default()).expect("weights");
    let reason = |word: &str| {
        let t = sequence.tokens.iter().position(|token| token.text() == word).expect(word);
        mask.reason(&sequence, t).to_string()
    };
    assert_eq!(reason("b"), "unscored: the assistant's content; weight that the data gives its message");
    assert_eq!(reason("d"), "scored with weight 0.5: the assistant's content; weight that the data gives its message");
    assert_eq!(reason("f"), "scored: the assistant's content; mode custom counts it");
    // Other modes do not look at the data's weights.
    let assistant = LossMask::new(&sequence, Mode::Assistant, MaskOptions::default()).expect("a chat");
    assert_eq!(assistant.scored(), 8);
}

#[test]
fn part_weights_work_inside_a_weighted_message() {
    let sequence = template("chatml")
        .of(r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "weight": 0.5}]"#);
    let options = MaskOptions::new(&sequence, None, "stop=0.5,header=2".parse().expect("weights"));
    let mask = LossMask::new(&sequence, Mode::Custom, options).expect("weights");
    let weight = |part: Part| {
        let is_asked = |token: &lossglass::sequence::Token| token.part == part && token.turn == Some(1);
        mask.weight(sequence.tokens.iter().rposition(is_asked).expect("the part"))
    };
    assert_eq!([Part::Header, Part::Content, Part::Stop].map(weight), [1.0, 0.5, 0.25]);
}

#[test]
fn spans_count_before_their_message() {
    let sequence = template("chatml").of_joined(
        r#"[{"role": "user", "content": "a"}, {"role": "assistant", "weight": 0, "content": [
            {"type": "text", "text": "b c"}, {"type": "text", "text": " d", "weight": 0.25},
            {"type": "text", "text": " e", "train": true}]}]"#,
    );
    let wanted = [("a", 0.0), (".", 0.0), ("b", 0.0), (" c", 0.0), (" d", 0.25), (" e", 1.0), (".", 0.0)];
    assert_eq!(weighted(&sequence), named(&wanted));
}

#[test]
fn train_detail_trains_what_it_names_and_no_more() {
    let chat = |detail: &str| {
        template("chatml").of(&format!(
            r#"[{{"role": "user", "content": "a"}}, {{"role": "assistant", "content": "b c d", "train_detail": {detail}}}]"#
        ))
    };
    let both =
        r#"[{"begin_offset": 3, "end_offset": 4, "train": true}, {"begin_offset": 0, "end_offset": 0, "train": true}]"#;
    let wanted = |b, c, d| named(&[("a", 0.0), (".", 0.0), ("b", b), (" c", c), (" d", d), (".", 1.0)]);
    assert_eq!(weighted(&chat(both)), wanted(1.0, 0.0, 1.0));
    assert_eq!(weighted(&chat("[]")), wanted(0.0, 0.0, 0.0));
    assert_eq!(weighted(&chat("null")), wanted(1.0, 1.0, 1.0));
}

#[test]
fn weights_follow_content_that_the_template_trims() {
    let sequence = template("llama3").of_joined(
        r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": [
            {"type": "text", "text": "  b", "weight": 0.5}, {"type": "text", "text": " c  ", "weight": 0.25}]}]"#,
    );
    let words = weighted(&sequence);
    let answers: Vec<&(String, f64)> = words.iter().filter(|(word, _)| word == "b" || word == " c").collect();
    assert_eq!(answers, [&("b".to_string(), 0.5), &(" c".to_string(), 0.25)]);
}

#[test]
fn weights_that_are_none_are_refused() {
    let sequence = template("chatml")
        .of(r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "weight": -1}]"#);
    let error = LossMask::new(&sequence, Mode::Custom, MaskOptions::default()).expect_err("negative");
    assert_eq!(error, MaskError::Weight { message: 2, weight: -1.0 });
    assert!(error.to_string().contains("message 2 has the weight -1"));
    for (content, problem) in [
        (r#"[{"text": "a", "weight": -1}]"#, "not a finite number from 0 on"),
        (r#"[{"text": "a", "weight": "1"}]"#, "as the weight of a content part"),
        (r#"[{"text": "a", "train": 1}]"#, "as `train` of a content part"),
        (r#""a", "train_detail": 1"#, "`train_detail` that is no list"),
        (r#""a", "train_detail": [{"begin_offset": 0}]"#, "is not {begin_offset, end_offset, train}"),
        (
            r#""abc", "train_detail": [{"begin_offset": 0, "end_offset": 1, "train": true},
                {"begin_offset": 1, "end_offset": 2, "train": true}]"#,
            "overlap",
        ),
    ] {
        let chat = format!(r#"[{{"role": "assistant", "content": {content}}}]"#);
        let error = read_record(serde_json::from_str(&chat).expect(content), None).expect_err(content);
        assert!(error.contains(problem) && error.contains("message 1"), "{error}");
    }
}
