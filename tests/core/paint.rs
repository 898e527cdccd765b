//! Weights set by hand, over any mode.

use lossglass::mask::{LossMask, MaskOptions, Mode, Paint, Stroke};
use lossglass::sequence::{Sequence, Token};
use lossglass::template::Part;

use crate::support::{chat, mask, text};

fn painted(sequence: &Sequence, mode: Mode, paint: &Paint) -> LossMask {
    LossMask::painted(sequence, mode, MaskOptions::default(), paint.clone()).expect("a chat")
}

#[test]
fn paint_survives_every_mode_and_can_be_taken_off() {
    let sequence = chat(&[("user", "a"), ("assistant", "b")]);
    let mut paint = Paint::default();
    paint.set(&sequence, &Stroke::Part(1, Part::Header), 0.5);
    paint.set(&sequence, &Stroke::Part(1, Part::Stop), 0.0);
    for mode in Mode::EVERY {
        let (plain, mask) = (mask(&sequence, mode), painted(&sequence, mode, &paint));
        for (t, token) in sequence.targets() {
            let wanted = match (token.turn, token.part) {
                (Some(1), Part::Header) => 0.5,
                (Some(1), Part::Stop) => 0.0,
                _ => plain.weight(t),
            };
            assert_eq!(mask.weight(t), wanted, "{mode}: {token:?}");
            assert_eq!(mask.reason(&sequence, t).to_string().contains("painted"), paint.get(t).is_some());
        }
    }
    assert_eq!(painted(&sequence, Mode::Assistant, &paint).name(), format!("assistant, {} painted", paint.len()));
    paint.clear(&sequence, &Stroke::Message(1));
    assert!(paint.is_empty());
}

#[test]
fn a_toggle_fills_up_first_and_then_empties() {
    let sequence = chat(&[("user", "a"), ("assistant", "b c")]);
    let header = Stroke::Part(1, Part::Header);
    let stroke = Stroke::Message(1);
    let mut paint = Paint::default();
    paint.toggle(&sequence, &stroke, &painted(&sequence, Mode::Assistant, &paint));
    let mask = painted(&sequence, Mode::Assistant, &paint);
    assert!(stroke.tokens(&sequence).into_iter().all(|t| mask.weight(t) == 1.0));
    let content = Stroke::Part(1, Part::Content).tokens(&sequence);
    assert!(content.iter().all(|&t| paint.get(t).is_none()), "what was scored already needs no paint");
    paint.toggle(&sequence, &stroke, &mask);
    let mask = painted(&sequence, Mode::Assistant, &paint);
    assert_eq!(mask.scored(), 0);
    paint.toggle(&sequence, &header, &mask);
    assert_eq!(painted(&sequence, Mode::Assistant, &paint).scored(), header.tokens(&sequence).len());
}

#[test]
fn the_first_token_and_tokens_that_do_not_exist_are_never_painted() {
    let sequence = text("a b c");
    let mut paint = Paint::default();
    paint.set(&sequence, &Stroke::Tokens(0..usize::MAX), 2.0);
    assert_eq!(paint.iter().map(|(t, _)| t).collect::<Vec<_>>(), (1..sequence.len()).collect::<Vec<_>>());
    let mask = painted(&sequence, Mode::All, &paint);
    assert_eq!((mask.weight(0), mask.weight(1)), (0.0, 2.0));
    assert_eq!(mask.reason(&sequence, 1).to_string(), "scored with weight 2: mode all counts every target; painted");
    for weight in [-1.0, f64::NAN, f64::INFINITY] {
        let before = paint.clone();
        paint.set(&sequence, &Stroke::Tokens(0..3), weight);
        assert_eq!(paint, before);
    }
}

#[test]
fn an_edit_keeps_the_paint_around_it() {
    let before = chat(&[("user", "a"), ("assistant", "b c d")]);
    let after = chat(&[("user", "a"), ("assistant", "b x y d")]);
    let mut paint = Paint::default();
    paint.set(&before, &Stroke::Message(0), 0.25);
    paint.set(&before, &Stroke::Message(1), 0.5);
    let carried = paint.carried(&before, &after);
    let weight = |word: &str| {
        let is_asked = |(_, token): &(usize, &Token)| token.text() == word && token.part != Part::Header;
        carried.get(after.targets().find(is_asked).expect(word).0)
    };
    let words = ["a", "b", " d"].map(weight);
    assert_eq!((words, carried.get(after.len() - 1)), ([Some(0.25), Some(0.5), Some(0.5)], Some(0.5)));
    let bare = after.targets().filter(|(t, _)| carried.get(*t).is_none());
    assert_eq!(bare.map(|(_, token)| token.text()).collect::<String>(), " x y");
    assert_eq!(paint.carried(&before, &before), paint);
    assert!(paint.carried(&before, &Sequence::default()).is_empty());
}
