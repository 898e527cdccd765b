//! Keys of the view Score: which rule counts, what is painted over it, what is looked at.

use std::sync::Arc;

use lossglass::app::{Action, App, Overlay, ScorePanel, TrainingData, update};
use lossglass::engine::{CopyMask, Event};
use lossglass::mask::finding::{Code, Facts};
use lossglass::mask::{Basis, Mode, profile};
use lossglass::sample::Sample;
use lossglass::sequence::Sequence;

use super::training::{asked, changes, paused, plan, stands, stepped, weights};
use super::{notice, press};
use crate::support::sample::{chat, chat_sequence, loaded, text, tokenised};

/// The chat in the view Score, with the cursor at token `t`.
fn score(t: usize) -> App {
    let mut app = chat();
    update(&mut app, Action::Goto(t));
    press(&mut app, "3");
    app
}

fn scored(app: &App) -> Vec<usize> {
    let mask = app.mask().expect("a mask");
    (0..app.len()).filter(|&t| mask.is_scored(t)).collect()
}

fn painted(app: &App) -> Vec<(usize, f64)> {
    app.painting.paint.iter().collect()
}

fn rule(name: &str) -> Basis {
    Basis::Profile(profile::find(name).expect("a profile"))
}

/// The engine's word that this is what there is now, after an edit.
fn show(app: &mut App, sequence: Sequence) {
    let generation = app.analysis.generation;
    update(app, Action::Engine(tokenised(generation, sequence)));
}

#[test]
fn keys_paint_and_take_back() {
    // Where the cursor is, keys, what is scored then; `assistant` scores 10, 11 and 12.
    for (at, keys, expected) in [
        (11, "p", &[10, 12][..]),
        (11, "p p", &[10, 11, 12]),
        (3, "p", &[3, 10, 11, 12]),
        (9, "x → → p", &[9, 10, 11, 12]),
        (10, "x → → p", &[]),
        (12, "x ← ← p", &[]),
        (8, "shift-→ p", &[8, 9, 10, 11, 12]),
        (8, "shift-← shift-← p", &[6, 7, 8, 10, 11, 12]),
        (12, "x ← esc p", &[10, 12]),
        (12, "x ← x p", &[10, 12]),
        (3, "P", &[1, 2, 3, 4, 5, 10, 11, 12]),
        (3, "P P", &[10, 11, 12]),
        (3, "O", &[3, 10, 11, 12]),
        (7, "O", &[6, 7, 8, 9, 10, 11, 12]),
        (11, "O", &[12]),
        (3, "p z", &[10, 11, 12]),
        (3, "p ← p z z Z", &[3, 10, 11, 12]),
        (3, "p ctrl-z ctrl-y", &[3, 10, 11, 12]),
        (3, "p → p C", &[3, 10, 11, 12]),
        (3, "p → p E", &[10, 11, 12]),
        (3, "p → p E z", &[3, 4, 10, 11, 12]),
        (0, "x pgdn pgdn p", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]),
    ] {
        let mut app = score(at);
        press(&mut app, keys);
        assert_eq!(scored(&app), expected, "{at} {keys}");
        assert_eq!(app.ledger().unwrap().scored, expected.len(), "{at} {keys}");
    }
}

#[test]
fn what_cannot_be_painted_is_said() {
    for (at, keys, why) in [
        (0, "p", "nothing predicts the first token"),
        (0, "W", "nothing predicts the first token"),
        (14, "p", "there is no token here to paint"),
        (14, "P", "this token is of no message"),
        (14, "O", "this token is of no message"),
        (3, "z", "no stroke to take back"),
        (3, "Z", "no stroke to paint again"),
        (3, "C", "no paint here"),
        (3, "E", "nothing is painted"),
    ] {
        let mut app = score(at);
        press(&mut app, keys);
        assert!(notice(&app).0.contains(why), "{keys}: {:?}", notice(&app));
        assert!(app.painting.paint.is_empty() && app.overlay.is_none());
    }
}

#[test]
fn a_weight_is_typed() {
    let mut app = score(11);
    press(&mut app, "x → W 0 . 5 enter");
    assert_eq!(painted(&app), [(11, 0.5), (12, 0.5)]);
    assert_eq!(app.ledger().unwrap().weight, 2.0);
    let reason = app.mask().unwrap().reason(app.sequence(), 11).to_string();
    assert!(reason.contains("weight 0.5") && reason.contains("painted"), "{reason}");
    let pure = app.scorings.iter().find(|row| row.basis == app.basis()).unwrap();
    assert_eq!((pure.difference.reweighted, pure.scored), (2, 3), "the rows are without paint");
    for typed in ["", "- 1", "n a n", "i n f", "h a l f", "1 e 9 9 9"] {
        press(&mut app, "W");
        press(&mut app, typed);
        press(&mut app, "enter");
        assert!(notice(&app).1 && notice(&app).0.contains("a number from 0 on"), "{typed}: {:?}", notice(&app));
        assert!(matches!(app.overlay, Some(Overlay::Weight { .. })), "there to be corrected");
        press(&mut app, "esc");
        assert!(app.overlay.is_none());
    }
    press(&mut app, "W");
    update(&mut app, Action::Paste("2\n".into()));
    press(&mut app, "3 backspace enter");
    assert_eq!(painted(&app), [(11, 2.0), (12, 2.0)]);
}

#[test]
fn the_mouse_selects() {
    let mut app = score(3);
    update(&mut app, Action::Goto(8));
    update(&mut app, Action::Drag(10));
    update(&mut app, Action::Drag(9));
    assert_eq!((app.selection(), app.cursor), (Some(8..10), 9));
    press(&mut app, "p");
    assert_eq!(scored(&app), [8, 9, 10, 11, 12]);
    update(&mut app, Action::Goto(9));
    assert_eq!(app.selection(), None, "a click selects nothing");
    press(&mut app, "1");
    update(&mut app, Action::Drag(4));
    assert_eq!((app.selection(), app.cursor), (None, 4), "elsewhere the cursor alone follows");
}

#[test]
fn paint_survives_another_rule_and_is_what_is_learned() {
    let mut app = score(11);
    press(&mut app, "p tab");
    assert_eq!((app.mode(), scored(&app)), (Mode::LastMessage, vec![10, 12]));
    update(&mut app, Action::Basis(rule("trl-qwen3")));
    assert_eq!(scored(&app), [10, 12, 13]);
    for keys in ["1 space", "3 space"] {
        let mut app = score(11);
        update(&mut app, Action::Basis(rule("trl-qwen3")));
        press(&mut app, "p");
        let effects = press(&mut app, keys);
        assert_eq!(weights(&plan(&effects).first.mask), app.mask().unwrap().weights());
        assert_eq!(weights(&plan(&effects).first.mask).iter().sum::<f64>(), 3.0);
    }
}

#[test]
fn a_stroke_in_mid_run_holds_at_once() {
    let mut app = score(11);
    press(&mut app, "r");
    stands(&mut app, 0);
    stepped(&mut app, 1);
    let effects = press(&mut app, "p");
    assert_eq!(asked(&effects), ["replan"]);
    assert_eq!(weights(&plan(&effects).first.mask).iter().sum::<f64>(), 2.0);
    // One token is painted before and after: only the paint tells.
    let effects = press(&mut app, "W 3 enter");
    assert_eq!(asked(&effects), ["replan"]);
    assert_eq!(weights(&plan(&effects).first.mask).iter().sum::<f64>(), 5.0);
    assert_eq!(changes(&app), [(2, "mask assistant, 1 painted")]);
    stepped(&mut app, 2);
    press(&mut app, "r");
    paused(&mut app);
    app.training.data = TrainingData::Samples { name: "set".into(), samples: vec![app.sample.clone().into()].into() };
    update(&mut app, Action::Basis(rule("no-stop")));
    let effects = press(&mut app, "space");
    let CopyMask::Policy(policy) = plan(&effects).first.mask else { panic!("a policy for each sample") };
    assert_eq!(policy.basis, rule("no-stop"));
}

#[test]
fn both_copies_of_a_twin_run_learn_under_the_paint() {
    let mut app = score(11);
    update(&mut app, Action::Basis(rule("header")));
    press(&mut app, "p 4 t");
    update(&mut app, Action::Paste("rate".into()));
    press(&mut app, "enter");
    stands(&mut app, 0);
    let effects = press(&mut app, "space");
    let plan = plan(&effects);
    let copies = [&plan.first, plan.second.as_ref().expect("a second copy")].map(|side| weights(&side.mask));
    assert_eq!(copies[0], app.mask().unwrap().weights());
    assert_eq!(copies[0], copies[1]);
}

#[test]
fn paint_stays_with_its_tokens_when_the_text_is_edited() {
    let mut app = score(11);
    press(&mut app, "p");
    update(&mut app, Action::Goto(1));
    press(&mut app, "p e x");
    let mut longer = chat_sequence();
    let world = longer.tokens[10].clone();
    longer.tokens.insert(4, world);
    show(&mut app, longer);
    assert_eq!(painted(&app), [(1, 1.0), (12, 0.0)], "behind what was typed it moves on");
    press(&mut app, "esc z z Z");
    assert_eq!(painted(&app), [(12, 0.0)], "and so do the strokes taken back");
    press(&mut app, "o");
    update(&mut app, Action::Pick(0));
    show(&mut app, chat_sequence());
    assert!(app.painting.paint.is_empty(), "another sample is without paint");
    press(&mut app, "z");
    assert!(app.painting.paint.is_empty() && notice(&app).0.contains("no stroke"));
}

#[test]
fn paint_means_nothing_to_another_vocabulary() {
    let mut app = score(11);
    press(&mut app, "p R");
    let Event::Tokenised { generation, mut model, sequence } = tokenised(app.analysis.generation, chat_sequence())
    else {
        unreachable!()
    };
    Arc::make_mut(&mut model).tokens = vec![b"other".to_vec()].into();
    update(&mut app, Action::Engine(Event::Tokenised { generation, model, sequence }));
    assert!(app.painting.paint.is_empty());
    assert_eq!(notice(&app).0, "the paint is gone: this model has other tokens");
}

#[test]
fn tab_goes_through_profiles_and_each_counts_at_once() {
    let mut app = score(11);
    let mut seen = Vec::new();
    loop {
        press(&mut app, "↓");
        let row = app.scorings.iter().find(|row| row.basis == app.basis()).expect("a row");
        assert_eq!(app.mask().unwrap().weights(), row.mask.as_ref().unwrap().weights());
        assert_eq!((row.difference, app.ledger()), (Default::default(), row.ledger.as_ref()));
        seen.push(app.basis().name());
        if app.basis() == Basis::Mode(Mode::Assistant) {
            break;
        }
    }
    for profile in profile::every() {
        assert!(seen.contains(&profile.name), "{seen:?}");
        let row = app.scorings.iter().find(|row| row.basis == Basis::Profile(profile)).unwrap();
        assert_eq!(row.mask.as_ref().unwrap().weights(), profile.mask(app.sequence()).unwrap().weights());
    }
    press(&mut app, "shift-tab k k");
    assert_eq!(app.basis().name(), "no-tags", "round and round");
    let mut raw = loaded(text());
    press(&mut raw, "3 tab");
    assert!(raw.scorings.iter().all(|row| matches!(row.basis, Basis::Mode(_))), "profiles are about chats");
}

#[test]
fn a_profile_is_left_for_a_text() {
    let mut app = score(11);
    update(&mut app, Action::Basis(rule("header")));
    update(&mut app, Action::Paste("a text".into()));
    assert!(matches!(app.sample, Sample::Text(_)));
    assert_eq!(app.basis(), Basis::Mode(Mode::All));
    show(&mut app, text());
    assert_eq!(app.mask().unwrap().mode, Mode::All);
}

#[test]
fn panels_and_findings_are_gone_through() {
    let mut app = score(3);
    let mut seen = vec![app.views.score.panel];
    for _ in 0..3 {
        press(&mut app, "i");
        seen.push(app.views.score.panel);
    }
    assert_eq!(seen, ScorePanel::EVERY);
    press(&mut app, "i f");
    assert_eq!((app.views.score.panel, notice(&app).0), (ScorePanel::Ledger, "nothing is found wrong under this mask"));
    update(&mut app, Action::ShowPanel(ScorePanel::Labels as usize));
    assert_eq!(app.views.score.panel, ScorePanel::Labels);
    // The stop of the answer and the first token of its header.
    update(&mut app, Action::Goto(12));
    press(&mut app, "p");
    update(&mut app, Action::Goto(6));
    press(&mut app, "p home");
    let found: Vec<Code> = app.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(found, [Code::StopUnscored, Code::HeaderScored], "the major one first");
    for to in [6, 12, 6] {
        press(&mut app, "f");
        assert_eq!((app.cursor, app.views.score.panel), (to, ScorePanel::Findings));
    }
    press(&mut app, "E");
    assert!(app.findings.is_empty());
    Arc::make_mut(app.shared.analysis.model.as_mut().unwrap()).facts =
        Facts { bos: None, eos: Some(1), pad: Some(1), context: 64 };
    press(&mut app, "tab f");
    assert_eq!(notice(&app).0, "what is found is about no token of its own");
}
