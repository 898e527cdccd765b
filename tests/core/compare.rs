//! Two models on one text: stretches tile what both read, and the totals are the tokens' own.

use std::sync::LazyLock;

use candle_core::Device;
use lossglass::cancel::Cancel;
use lossglass::compare::{Comparison, NothingInCommon, Side};
use lossglass::loss::{Ledger, Row, Scores, Target};
use lossglass::mask::{LossMask, Mode};
use lossglass::model::{Model, Overrides, TemplateChoice};
use lossglass::sample::{Chat, Sample};
use lossglass::sequence::{Prefix, Sequence};
use lossglass::source::Source;
use proptest::prelude::*;

use crate::chats;
use crate::support::{MODEL, any_text, mask};

/// A model with another tokenizer and another template than [`MODEL`].
static OTHER: LazyLock<Model> = LazyLock::new(load_other);

fn load_other() -> Model {
    let source = Source::parse("tiny-chat").expect("it is embedded");
    Model::load(&source, &Device::Cpu, &Cancel::default(), &mut |_| {}).expect("it loads")
}

/// Scores that differ from token to token.
fn scores(sequence: &Sequence) -> Scores {
    let row = |t: usize| {
        let target = sequence.tokens.get(t + 1).map(|token| Target {
            id: token.id,
            nll: 0.25 + f64::from(token.id % 97) / 16.0 + t as f64 / 64.0,
            rank: 1,
        });
        Row { entropy: 1.0, top: Vec::new(), target }
    };
    Scores::new((0..sequence.len()).map(row).collect())
}

fn side<'a>(sequence: &'a Sequence, mask: &'a LossMask, scores: &'a Scores) -> Side<'a> {
    Side { sequence, mask, scores }
}

fn assert_consistent(first: &Sequence, second: &Sequence, mode: Mode) -> Comparison {
    let (masks, scores) = ([mask(first, mode), mask(second, mode)], [scores(first), scores(second)]);
    let sides = [side(first, &masks[0], &scores[0]), side(second, &masks[1], &scores[1])];
    let comparison = Comparison::new(sides[0], sides[1]).expect("the same text");
    let (mut at, mut totals, mut bytes) = (0, [0.0; 2], 0);
    for stretch in &comparison.stretches {
        assert!(stretch.span.start >= at, "in order");
        at = stretch.span.end;
        for (side, tokens) in sides.iter().zip(&stretch.tokens) {
            let spelled: Vec<u8> =
                side.sequence.tokens[tokens.clone()].iter().flat_map(|token| token.bytes.to_vec()).collect();
            assert_eq!(spelled, first.text.as_bytes()[stretch.span.clone()], "the tokens are those of the stretch");
        }
        let nll = [0, 1].map(|k| stretch.tokens[k].clone().map(|t| scores[k].nll(t)).sum::<Option<f64>>());
        assert_eq!(stretch.nll, nll);
        if stretch.counts {
            bytes += stretch.span.len();
            totals = [0, 1].map(|k| totals[k] + nll[k].expect("it counts"));
        }
    }
    assert_eq!(comparison.bytes, bytes);
    assert!((0..2).all(|k| (comparison.nll[k] - totals[k]).abs() < 1e-9));
    comparison
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn stretches_tile_the_text_of_both_tokenizers(text in any_text()) {
        prop_assume!(!text.is_empty());
        let sequences = [&*MODEL, &*OTHER].map(|model| {
            model.encode(&Sample::Text(text.clone()), Prefix::None).expect("any text has tokens")
        });
        let comparison = assert_consistent(&sequences[0], &sequences[1], Mode::All);
        let tiled: usize = comparison.stretches.iter().map(|stretch| stretch.span.len()).sum();
        prop_assert_eq!(tiled, text.len());
        // No stretch could be cut further: no border inside it is both models'.
        for stretch in &comparison.stretches {
            let ends = |k: usize| sequences[k].tokens[stretch.tokens[k].clone()].iter().map(|token| token.span.end);
            prop_assert_eq!(ends(0).filter(|&end| ends(1).any(|other| other == end)).count(), 1);
        }
    }

    #[test]
    fn a_model_beside_itself_has_a_stretch_for_every_token(text in any_text()) {
        prop_assume!(!text.is_empty());
        let sequence = MODEL.encode(&Sample::Text(text), Prefix::None).expect("any text has tokens");
        let comparison = assert_consistent(&sequence, &sequence, Mode::All);
        prop_assert_eq!(comparison.stretches.len(), sequence.len());
        prop_assert!(comparison.stretches.iter().skip(1).all(|stretch| stretch.difference() == Some(0.0)));
        let (mask, scores) = (mask(&sequence, Mode::All), scores(&sequence));
        let ledger = Ledger::new(&sequence, &mask, &scores).expect("scored");
        let of_both = comparison.bits_per_byte().map(|of_both| of_both[0]);
        prop_assert_eq!(of_both.map(|bits| (bits * 1e9).round()), ledger.bits_per_byte().map(|bits| (bits * 1e9).round()));
    }
}

fn chat() -> Chat {
    chats::chat(&[("user", "Why is the sky blue?"), ("assistant", "Air scatters blue light.")])
}

#[test]
fn where_templates_differ_only_the_messages_are_compared() {
    let first = MODEL.encode(&Sample::Chat(chat()), Prefix::None).expect("renders");
    let template = "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}";
    let mut other = load_other();
    let overrides = Overrides { template: Some(TemplateChoice::Source(template.to_owned())), ..Overrides::default() };
    other.override_with(&overrides).expect("it parses");
    let second = other.encode(&Sample::Chat(chat()), Prefix::None).expect("renders");
    let comparison = assert_consistent(&first, &second, Mode::Messages);
    assert_eq!(comparison.notes, ["the two templates give different texts: only what the messages say is compared"]);
    let text: String = comparison.stretches.iter().map(|stretch| &first.text[stretch.span.clone()]).collect();
    // The other tokenizer joins the space before a message and its first word: a stretch begins behind it.
    assert!(text.contains("is the sky blue?") && text.ends_with("scatters blue light."), "{text:?}");
    assert!(!text.contains("im_end"), "{text:?}");
}

#[test]
fn different_texts_and_kinds_are_refused() {
    let text = |text: &str| MODEL.encode(&Sample::Text(text.into()), Prefix::None).expect("encodes");
    let (one, other) = (text("Once upon"), text("Twice"));
    let (masks, scores) = ([mask(&one, Mode::All), mask(&other, Mode::All)], [scores(&one), scores(&other)]);
    let error = Comparison::new(side(&one, &masks[0], &scores[0]), side(&other, &masks[1], &scores[1]));
    assert!(matches!(error, Err(NothingInCommon::Texts { .. })), "{error:?}");
    let chat = MODEL.encode(&Sample::Chat(chat()), Prefix::None).expect("renders");
    let (chat_mask, chat_scores) = (mask(&chat, Mode::All), self::scores(&chat));
    let error = Comparison::new(side(&one, &masks[0], &scores[0]), side(&chat, &chat_mask, &chat_scores));
    assert_eq!(error, Err(NothingInCommon::Kinds));
}
