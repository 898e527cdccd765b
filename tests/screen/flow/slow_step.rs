//! One step in slow motion: it is asked for, awaited, gone through, and left.

use lossglass::app::{Action, Activity, App, Overlay, SlowMotion, StepStage, TrainingData, update};
use lossglass::engine::{Ended, TrainEvent};
use lossglass::sample::{Record, Sample};

use super::training::{asked, hear, paused, stands, stepped, trained};
use super::{notice, press};
use crate::support::sample::chat;
use crate::support::slow::step;

fn motion(app: &App) -> &SlowMotion {
    match &app.overlay {
        Some(Overlay::SlowStep(motion)) => motion,
        other => panic!("no step but {other:?}"),
    }
}

/// The chat in the view Train, with its first step shown.
fn shown() -> App {
    let mut app = chat();
    let effects = press(&mut app, "4 z");
    assert_eq!(asked(&effects), ["distribution 9", "probe 1 every 1", "continue 10", "step slowly"][1..]);
    arrives(&mut app, 1);
    app
}

/// The trainer's words on step `number`, taken apart.
fn arrives(app: &mut App, number: usize) {
    if number == 1 {
        stands(app, 0);
    }
    stepped(app, number);
    let step = step(app);
    hear(app, TrainEvent::Slow(step.into()));
    hear(app, TrainEvent::Ended(Ended::Goal("1 step".into())));
}

#[test]
fn it_is_a_step_of_the_run() {
    let mut app = chat();
    press(&mut app, "4 z");
    assert!(motion(&app).step.is_none() && app.training.activity == Activity::Running);
    assert!(press(&mut app, "→ ↓ space enter").is_empty(), "nothing is there to go through yet");
    arrives(&mut app, 1);
    assert_eq!((app.training.step, app.training.steps.len(), app.training.film.frames.len()), (1, 1, 2));
    assert_eq!((app.training.activity.clone(), notice(&app).0), (Activity::Idle, "step 1 taken"));
    assert_eq!(asked(&press(&mut app, "esc u")), ["undo"]);
    stands(&mut app, 0);
    assert_eq!((app.training.step, app.training.film.frames.len()), (0, 1));
}

#[test]
fn stages_are_gone_through_and_the_row_stays_chosen() {
    let mut app = shown();
    assert_eq!((motion(&app).stage, motion(&app).line), (StepStage::Batch, 10), "the first scored target");
    press(&mut app, "↓");
    for stage in StepStage::EVERY.into_iter().skip(1).chain([StepStage::Batch]) {
        press(&mut app, "→");
        assert_eq!((motion(&app).stage, motion(&app).line), (stage, 11));
    }
    press(&mut app, "←");
    assert_eq!(motion(&app).stage, StepStage::Again);
    for (key, stage) in ["1", "2", "3", "4", "5", "6", "7"].into_iter().zip(StepStage::EVERY) {
        press(&mut app, key);
        assert_eq!((motion(&app).stage, motion(&app).line), (stage, 11));
    }
    let chosen: Vec<StepStage> = (0..4)
        .map(|_| {
            press(&mut app, "enter");
            motion(&app).stage
        })
        .collect();
    assert_eq!(
        chosen,
        [StepStage::Loss, StepStage::Predict, StepStage::Batch, StepStage::Batch],
        "down to where it all comes from"
    );
    press(&mut app, "6 enter enter");
    assert_eq!((motion(&app).stage, motion(&app).line), (StepStage::Predict, 11));
    press(&mut app, "esc");
    assert_eq!((app.cursor, app.overlay.is_none()), (11, true), "the views go on there");
}

#[test]
fn rows_are_chosen() {
    let mut app = shown();
    let line_after = |app: &mut App, keys: &str| {
        press(app, keys);
        motion(app).line
    };
    assert_eq!(line_after(&mut app, "↑"), 9, "any token of the batch");
    assert_eq!(line_after(&mut app, "2 ↓"), 10, "in predict those that have a row");
    assert_eq!(line_after(&mut app, "↓ ↓ ↓ ↓"), 12);
    assert_eq!(line_after(&mut app, "↑"), 11);
    assert_eq!(line_after(&mut app, "3 home"), 0);
    assert_eq!(line_after(&mut app, "n"), 10);
    assert_eq!(line_after(&mut app, "end"), 13);
    assert_eq!(line_after(&mut app, "N"), 12);
    assert_eq!(line_after(&mut app, "pgup"), 2);
    assert_eq!(line_after(&mut app, "5 home"), 2, "no row before it counts");
    assert_eq!(line_after(&mut app, "end"), 12);
    let place = lossglass::app::SlowPlace { stage: StepStage::Predict, line: Some(10), tensor: None };
    update(&mut app, Action::Trace(place));
    assert_eq!((motion(&app).stage, motion(&app).line), (StepStage::Predict, 10));
}

#[test]
fn weights_are_chosen() {
    let mut app = shown();
    press(&mut app, "6");
    let step = motion(&app).step.clone().unwrap();
    let weights = || step.tensors.iter().flat_map(|tensor| &tensor.weights);
    let (_, pulled) = motion(&app).moved(&step).unwrap();
    assert!(weights().all(|other| other.gradient.abs() <= pulled.gradient.abs()), "the greatest gradient of all");
    press(&mut app, "end");
    let (_, moved) = motion(&app).moved(&step).unwrap();
    assert!(weights().all(|other| other.change().abs() <= moved.change().abs()), "the greatest move of all");
    press(&mut app, "pgup ↓ ↓");
    assert_eq!((motion(&app).tensor, motion(&app).weight), (2, 0));
    press(&mut app, "tab tab shift-tab shift-tab shift-tab");
    assert_eq!(motion(&app).weight, 5, "round and round");
    press(&mut app, "1 tab 6");
    assert_eq!((motion(&app).tensor, motion(&app).weight), (2, 5), "it stays chosen");
    press(&mut app, "pgdn pgdn");
    assert_eq!((motion(&app).tensor, motion(&app).weight), (10, 0));
}

#[test]
fn the_next_step_is_seen_at_the_same_place() {
    let mut app = shown();
    press(&mut app, "6 pgup ↓ tab 3 n");
    assert_eq!(asked(&press(&mut app, "space")), ["step slowly"]);
    assert!(motion(&app).step.is_none());
    arrives(&mut app, 2);
    let motion = motion(&app);
    assert!(motion.step.is_some());
    assert_eq!((motion.stage, motion.line, motion.tensor, motion.weight), (StepStage::Loss, 11, 1, 1));
    assert_eq!(app.training.step, 2);
}

#[test]
fn a_step_that_does_not_come_is_not_waited_for() {
    for event in [
        TrainEvent::Ended(Ended::Failed("the loss is no number".into())),
        TrainEvent::Refused("the text was changed".into()),
        TrainEvent::Ended(Ended::Paused),
    ] {
        let mut app = chat();
        press(&mut app, "4 z");
        hear(&mut app, event);
        assert!(app.overlay.is_none() && !notice(&app).0.is_empty());
    }
    let mut app = chat();
    assert_eq!(asked(&press(&mut app, "4 z esc")).last().map(String::as_str), Some("pause"));
    assert!(app.overlay.is_none());
    let step = step(&app);
    hear(&mut app, TrainEvent::Slow(step.into()));
    assert!(app.overlay.is_none(), "what was given up does not come back");
    paused(&mut app);
}

#[test]
fn a_run_under_way_is_not_disturbed() {
    let mut app = trained(2);
    press(&mut app, "r");
    assert!(asked(&press(&mut app, "z")).is_empty() && app.overlay.is_none());
    assert!(notice(&app).0.starts_with("a run is under way"));
    let mut app = chat();
    press(&mut app, "4 s esc");
    update(&mut app, Action::Paste("another text".into()));
    press(&mut app, "4 z");
    assert!(notice(&app).1 && app.overlay.is_none(), "why there is none: {}", notice(&app).0);
}

#[test]
fn a_paste_does_not_take_the_step_away() {
    let mut app = shown();
    let sample = app.sample.clone();
    assert!(update(&mut app, Action::Paste("another text".into())).is_empty());
    assert!(motion(&app).step.is_some() && app.sample == sample);
}

#[test]
fn the_cursor_stays_where_the_step_was_on_something_else() {
    let mut app = chat();
    let record = Record::from(Sample::Text("Hello world".into()));
    app.training.data = TrainingData::Samples { name: "set".into(), samples: vec![record].into() };
    press(&mut app, "4 g z");
    arrives(&mut app, 1);
    press(&mut app, "↓ esc");
    assert_eq!(app.cursor, 0);
}
