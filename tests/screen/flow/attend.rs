//! Keys in the view Attend: panels, the crosshair, experiments, and what they ask the engine for.

use lossglass::app::{Action, App, AttendPanel, Effect, View, update};
use lossglass::engine::{Event, LookAt, LookEvent, Request, Seen};
use lossglass::inspect::{LayerWeights, Pick, Weights};
use lossglass::loss::Labels;
use lossglass::mask::{AttentionChoice, AttentionMask, Scope};

use super::training::{stands, stepped, trained};
use super::{notice, press};
use crate::support::sample::{at, chat_sequence, tokenised};

/// What is looked at, and the look's number.
fn looks(effects: &[Effect]) -> Vec<(u64, LookAt)> {
    let look = |effect: &Effect| match effect {
        Effect::Engine(Request::Look(look)) => Some((look.number, look.at.clone())),
        _ => None,
    };
    effects.iter().filter_map(look).collect()
}

fn analysed(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Engine(Request::Analyze { .. })))
}

fn attend() -> App {
    at(View::Attend, 11)
}

#[test]
fn a_panel_asks_once_for_what_it_shows() {
    let mut app = attend();
    let effects = press(&mut app, "i");
    let all = 0..app.len();
    let [(number, look)] = &looks(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(*look, LookAt::Attention { layer: 0, rows: all.clone(), pick: None });
    assert!(looks(&press(&mut app, "← → >")).is_empty(), "the same layer");
    assert_eq!(looks(&press(&mut app, "."))[0].1, LookAt::Attention { layer: 1, rows: all.clone(), pick: None });
    // An answer to the first look comes too late.
    update(
        &mut app,
        Action::Engine(Event::Look { number: *number, step: 0, event: LookEvent::Going { done: 1, of: 2 } }),
    );
    assert_eq!(app.views.attend.going(), None);
    assert_eq!(looks(&press(&mut app, "i"))[0].1, LookAt::Heads { rows: all.clone() });
    let scope = Scope::default();
    assert_eq!(looks(&press(&mut app, "i"))[0].1, LookAt::Leaning { position: 11, scope });
    assert_eq!(looks(&press(&mut app, "←"))[0].1, LookAt::Leaning { position: 10, scope });
    assert_eq!(
        looks(&press(&mut app, "w"))[0].1,
        LookAt::Leaning { position: 10, scope: Scope { layer: Some(1), head: None } }
    );
    assert_eq!(looks(&press(&mut app, "i"))[0].1, LookAt::Layers { rows: all, top_k: 5 });
    press(&mut app, "I I I I");
    assert_eq!(app.views.attend.panel, AttendPanel::Mask);
}

#[test]
fn a_look_that_fails_says_why() {
    let mut app = attend();
    let (number, _) = looks(&press(&mut app, "i"))[0];
    let event = LookEvent::Failed("no memory".into());
    update(&mut app, Action::Engine(Event::Look { number, step: 0, event }));
    assert_eq!(app.unseen().as_deref(), Some("no memory"));
    assert!(looks(&press(&mut app, ">")).is_empty(), "the same look would fail again");
    assert_eq!(looks(&press(&mut app, ".")).len(), 1, "another may not");
    assert_eq!(app.unseen(), None);
}

#[test]
fn a_look_that_was_given_up_is_asked_for_anew() {
    let mut app = attend();
    let (number, look) = looks(&press(&mut app, "i"))[0].clone();
    let dropped = |number| Action::Engine(Event::Look { number, step: 0, event: LookEvent::Dropped });
    let anew = looks(&update(&mut app, dropped(number)));
    assert_eq!(anew, [(number + 1, look)]);
    assert!(looks(&update(&mut app, dropped(number))).is_empty(), "of an older look");
}

#[test]
fn esc_stops_a_look() {
    let mut app = attend();
    let (number, _) = looks(&press(&mut app, "i"))[0];
    assert!(matches!(press(&mut app, "esc")[..], [Effect::CancelEngine]));
    update(&mut app, Action::Engine(Event::Look { number, step: 0, event: LookEvent::Dropped }));
    assert!(app.unseen().is_some_and(|why| why.starts_with("stopped")));
    assert!(press(&mut app, "esc").is_empty(), "there is nothing more to stop");
    assert_eq!(looks(&press(&mut app, ".")).len(), 1);
}

#[test]
fn heads_go_round_by_way_of_mean_and_maximum() {
    let mut app = attend();
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(app.views.attend.pick);
        press(&mut app, ">");
    }
    assert_eq!(seen, [Pick::Mean, Pick::Max, Pick::Head(0), Pick::Head(1)]);
    press(&mut app, "<");
    assert_eq!(app.views.attend.pick, Pick::Head(1));
}

#[test]
fn the_edge_under_the_crosshair_is_forbidden_until_esc() {
    let mut app = attend();
    assert!(!analysed(&press(&mut app, "enter")), "a token always sees itself");
    assert!(notice(&app).0.contains("always sees itself"));
    assert!(analysed(&press(&mut app, "H H H enter")));
    assert_eq!(app.experiment.forbidden.cuts()[0].to_string(), "10:7");
    assert!(analysed(&press(&mut app, "enter")), "the same key allows it again");
    assert!(!app.experiment.is_on());
    press(&mut app, "F 1");
    assert_eq!(app.experiment.forbidden.cuts()[0].to_string(), "*:7");
    assert!(analysed(&press(&mut app, "2 esc")) && !app.experiment.is_on());
    assert!(!analysed(&press(&mut app, "esc")), "nothing more to end");
}

#[test]
fn masks_go_round_and_labels_are_shifted() {
    let mut app = attend();
    let mut masks = Vec::new();
    for _ in 0..4 {
        assert!(analysed(&press(&mut app, "a")));
        masks.push(app.experiment.attention.to_string());
    }
    assert_eq!(masks, ["window=8", "prefix=10", "none", "causal"]);
    assert_eq!(app.experiment.attention, AttentionChoice::Mask(AttentionMask::Causal));
    press(&mut app, "y");
    assert_eq!(app.experiment.labels, Labels::Same);
    let generation = app.analysis.generation;
    update(&mut app, Action::Engine(tokenised(generation, chat_sequence())));
    assert!(app.analysis.scores.is_empty());
    press(&mut app, "esc");
    assert_eq!(app.experiment.labels, Labels::Next);
}

#[test]
fn another_text_has_other_edges() {
    let mut app = attend();
    press(&mut app, "H F");
    assert!(app.experiment.is_on());
    update(&mut app, Action::Paste("another text".into()));
    assert!(!app.experiment.is_on());
}

/// The steps whose weights are looked into; `None` = those of now.
fn steps(effects: &[Effect]) -> Vec<Option<usize>> {
    let step = |effect: &Effect| match effect {
        Effect::Engine(Request::Look(look)) => Some(look.step),
        _ => None,
    };
    effects.iter().filter_map(step).collect()
}

fn seen(app: &mut App, number: u64, step: usize) -> Vec<Effect> {
    let heads = vec![Weights::zeros(0..app.len(), app.len()); 2];
    let event = LookEvent::Seen(Seen::Attention(LayerWeights::new(0, heads)));
    update(app, Action::Engine(Event::Look { number, step, event }))
}

#[test]
fn a_past_step_of_the_film_is_looked_into() {
    let mut app = trained(3);
    let effects = press(&mut app, "2 i");
    assert_eq!(steps(&effects), [None]);
    seen(&mut app, looks(&effects)[0].0, 3);
    assert!(app.seen_attention().is_some() && app.unseen().is_none());
    let effects = press(&mut app, "4 ↑ 2");
    assert_eq!(steps(&effects), [Some(2)]);
    assert!(app.seen_attention().is_none(), "what was seen is of now");
    seen(&mut app, looks(&effects)[0].0, 2);
    assert!(app.seen_attention().is_some());
    assert!(looks(&press(&mut app, "esc")).is_empty() && app.seen_attention().is_some(), "both are still known");
    assert!(looks(&press(&mut app, "4 ↑ 2")).is_empty());
    // Gone back to, it is the step of now.
    press(&mut app, "4 b");
    assert_eq!(steps(&stands(&mut app, 2)), [] as [Option<usize>; 0], "no panel looks in the view Train");
    assert_eq!((steps(&press(&mut app, "2")), app.seen_attention().is_none()), (vec![None], true));
}

#[test]
fn a_run_that_goes_on_does_not_disturb_a_look_back() {
    let mut app = trained(3);
    let effects = press(&mut app, "r ↑ ↑ 2 i");
    assert_eq!(steps(&effects), [Some(1)]);
    assert!(looks(&stepped(&mut app, 4)).is_empty(), "it is on its way");
    seen(&mut app, looks(&effects)[0].0, 1);
    assert!(looks(&stepped(&mut app, 5)).is_empty() && app.seen_attention().is_some());
}

#[test]
fn weights_that_are_not_kept_are_said_with_the_way_out() {
    let mut app = trained(3);
    let number = looks(&press(&mut app, "↑ ↑ 2 i"))[0].0;
    let event = LookEvent::NotKept { nearest: [Some(0), Some(2)] };
    update(&mut app, Action::Engine(Event::Look { number, step: 1, event }));
    let why = app.unseen().expect("a reason");
    assert!(
        why.starts_with("the weights after step 1 are not kept; those after step 0 and step 2 are (↑ ↓ in Train). b"),
        "{why}"
    );
    assert_eq!(steps(&press(&mut app, "4 ↓ 2")), [Some(2)], "another step is asked for");
    press(&mut app, "4 ↑");
    assert_eq!(steps(&press(&mut app, "b 2")), [Some(1)]);
    assert_eq!(steps(&stands(&mut app, 1)), [None], "the weights are there now");
}

/// What the text costs under an experiment is another film; the one before waits.
#[test]
fn the_film_comes_back_when_an_experiment_ends() {
    let frames = |app: &App| app.training.film.frames.iter().map(|frame| frame.step).collect::<Vec<_>>();
    let mut app = trained(3);
    let anew = |app: &mut App| {
        let generation = app.analysis.generation;
        update(app, Action::Engine(tokenised(generation, chat_sequence())));
        stands(app, app.training.step);
    };
    press(&mut app, "2 a");
    assert!(frames(&app).is_empty());
    anew(&mut app);
    assert_eq!(frames(&app), [3]);
    stepped(&mut app, 4);
    press(&mut app, "a");
    anew(&mut app);
    assert_eq!(frames(&app), [4], "another experiment");
    let samples = app.training.before.clone();
    press(&mut app, "esc");
    assert_eq!((frames(&app), app.training.before.clone()), (vec![0, 1, 2, 3], samples));
    anew(&mut app);
    assert_eq!(frames(&app), [0, 1, 2, 3, 4]);
    press(&mut app, "a");
    anew(&mut app);
    stands(&mut app, 2);
    press(&mut app, "esc");
    assert_eq!(frames(&app), [0, 1, 2], "what was gone back on did not happen");
}
