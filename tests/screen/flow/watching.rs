//! A run of others: what is asked for, what is shown, and which keys say that it is not steered from here.

use std::time::{Duration, SystemTime};

use lossglass::app::{Action, App, Effect, FileOutcome, Watching, update};
use lossglass::board::{Checkpoint, Run};
use lossglass::engine::{CheckpointRequest, Event, Request, TrainEvent, TrainRequest};
use lossglass::loss::Scores;
use lossglass::source::Source;

use super::training::{hear, rows, stands};
use super::{notice, press};
use crate::support::sample::{chat, chat_sequence, tokenised};

fn checkpoint(step: usize, seconds: u64) -> Checkpoint {
    let written = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    Checkpoint { step, directory: format!("run/checkpoint-{step}").into(), written }
}

fn run(checkpoints: &[(usize, u64)]) -> Run {
    let checkpoints = checkpoints.iter().map(|&(step, seconds)| checkpoint(step, seconds)).collect();
    Run { checkpoints, ..Run::default() }
}

fn watching(base: Option<Source>) -> App {
    let mut app = chat();
    app.watching = Some(Watching::new("run".into(), Run::default(), base));
    app
}

fn told(app: &mut App, run: Run) -> Vec<(usize, bool)> {
    requests(&update(app, Action::Files(FileOutcome::Watched(Box::new(run)))))
}

/// Which weights are asked for, and whether they stay.
fn requests(effects: &[Effect]) -> Vec<(usize, bool)> {
    let of = |effect: &Effect| match effect {
        Effect::Engine(Request::Train(TrainRequest::Checkpoint(CheckpointRequest { step, stays, .. }))) => {
            Some((*step, *stays))
        }
        _ => None,
    };
    effects.iter().filter_map(of).collect()
}

fn past(app: &mut App, step: usize) -> Vec<(usize, bool)> {
    let (generation, rows) = (app.analysis.generation, rows(app, step));
    requests(&hear(app, TrainEvent::Past { step, generation, rows }))
}

fn film(app: &App) -> Vec<usize> {
    app.training.film.frames.iter().map(|frame| frame.step).collect()
}

fn base() -> Option<Source> {
    Source::parse("tiny-chat").ok()
}

#[test]
fn the_newest_is_read_first_and_stays_then_the_others() {
    let mut app = watching(base());
    assert_eq!(told(&mut app, run(&[(4, 1), (8, 2), (12, 3)])), [(12, true)]);
    assert_eq!(film(&app), [0], "the analysis is of the model that the run began with");
    assert_eq!(requests(&press(&mut app, "→ ←")), [], "one at a time");
    assert_eq!(requests(&stands(&mut app, 12)), [(8, false)]);
    assert_eq!((app.training.step, film(&app)), (12, vec![0, 12]));
    press(&mut app, "4 ↑");
    assert_eq!(past(&mut app, 8), [(4, false)]);
    assert_eq!((film(&app), app.training.shown_step()), (vec![0, 8, 12], 0), "what is shown stays");
    assert_eq!((past(&mut app, 4), film(&app)), (vec![], vec![0, 4, 8, 12]));
    assert_eq!(app.training.film.frames[1].scores.as_ref(), &Scores::new(rows(&app, 4)));
    assert_eq!(told(&mut app, run(&[(8, 2), (12, 3), (16, 4)])), [(16, true)]);
    stands(&mut app, 16);
    assert_eq!((film(&app), app.training.shown_step()), (vec![0, 4, 8, 12, 16], 0));
    assert_eq!((app.watching.as_ref().unwrap().scored(), app.watching.as_ref().unwrap().present()), (3, Some(16)));
}

#[test]
fn without_the_base_the_first_frame_is_the_newest_checkpoint() {
    let mut app = watching(None);
    assert_eq!(told(&mut app, run(&[(8, 1)])), [(8, true)]);
    assert!(film(&app).is_empty(), "of what step the analysis is is not known");
    assert_eq!((requests(&stands(&mut app, 8)), film(&app)), (vec![], vec![8]));
}

#[test]
fn a_step_that_is_reached_again_has_other_weights() {
    let mut app = watching(base());
    told(&mut app, run(&[(8, 1), (12, 2)]));
    stands(&mut app, 12);
    past(&mut app, 8);
    assert_eq!(told(&mut app, run(&[(8, 1), (12, 5)])), [(12, true)]);
    assert_eq!(requests(&stands(&mut app, 12)), []);
    // Begun anew in the same directory.
    assert_eq!(told(&mut app, run(&[(4, 9)])), [(4, true)]);
    stands(&mut app, 4);
    assert_eq!(film(&app), [0, 4]);
    assert_eq!(told(&mut app, Run { went_back: vec![3], ..run(&[(4, 9)]) }), []);
    assert_eq!(app.training.changes[0].after, 2);
}

#[test]
fn another_text_is_scored_anew_and_what_is_late_is_dropped() {
    let mut app = watching(base());
    told(&mut app, run(&[(4, 1), (8, 2)]));
    stands(&mut app, 8);
    let old = app.analysis.generation;
    let late = rows(&app, 4);
    press(&mut app, "e x esc");
    let generation = app.analysis.generation;
    assert_ne!(generation, old);
    let effects = hear(&mut app, TrainEvent::Past { step: 4, generation: old, rows: late });
    assert_eq!(requests(&effects), [], "the text is not scored yet");
    let mut longer = chat_sequence();
    longer.tokens.pop();
    update(&mut app, Action::Engine(tokenised(generation, longer)));
    let rows = rows(&app, 8);
    let effects = update(&mut app, Action::Engine(Event::Scored { generation, from: 0, rows }));
    assert_eq!((requests(&effects), film(&app)), (vec![(4, false)], vec![8]));
}

#[test]
fn what_cannot_be_read_is_said_once_and_not_asked_for_again() {
    let mut app = watching(base());
    told(&mut app, run(&[(4, 1), (8, 2)]));
    let effects = hear(&mut app, TrainEvent::Unread { step: 8, why: "it is \u{1b}damaged".into() });
    assert_eq!(requests(&effects), [(4, false)]);
    assert_eq!(notice(&app), ("checkpoint 8 is not shown: it is ⟨1B⟩damaged", true));
    past(&mut app, 4);
    assert_eq!(told(&mut app, run(&[(4, 1), (8, 2)])), []);
    assert_eq!(told(&mut app, run(&[(4, 1), (8, 7)])), [(8, true)], "it was written anew");
}

#[test]
fn keys_that_steer_a_run_say_that_it_is_trained_elsewhere() {
    let mut app = watching(base());
    press(&mut app, "4");
    for key in ["space", "r", "u", "X", "b", "z", "*", "+", "-", "s", "t", "a", "D", "w", "m", "A"] {
        let effects = press(&mut app, key);
        assert!(effects.is_empty() && app.overlay.is_none(), "{key}: {effects:?}");
        assert!(notice(&app).0.starts_with("this run is trained elsewhere"), "{key}: {:?}", notice(&app));
    }
}
