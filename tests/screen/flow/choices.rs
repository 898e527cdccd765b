//! What is chosen of training: twin runs, probes, what is learned, settings, where to save.

use lossglass::app::{Action, Activity, App, Effect, FileOutcome, FileRequest, Overlay, TrainingData, update};
use lossglass::engine::{CopyMask, Data, Ended, Event, TrainEvent};
use lossglass::loss::Scores;
use lossglass::mask::{Mode, Policy};
use lossglass::sample::Sample;
use lossglass::train::{Method, StepReport};

use super::training::{asked, at, changes, hear, paused, plan, report, rows, stands, stepped, trained, weights};
use super::{notice, picker, press};
use crate::support::sample::{chat, chat_sequence, tokenised};

#[test]
fn a_twin_run_carries_both_sides() {
    let mut app = trained(2);
    press(&mut app, "t");
    assert!(picker(&app).total() >= 7);
    let effects = press(&mut app, "enter");
    assert_eq!(asked(&effects)[..2], ["reset", "twin true"]);
    stands(&mut app, 0);
    let effects = press(&mut app, "space");
    let plan = plan(&effects);
    let second = plan.second.as_ref().expect("a second side");
    assert_eq!((weights(&plan.first.mask).iter().sum::<f64>(), weights(&second.mask).iter().sum::<f64>()), (3.0, 13.0));
    let mut at = at(&app, 1, vec![report(1), StepReport { loss: 9.0, ..report(1) }]);
    at.rows.push(rows(&app, 5));
    at.probes = vec![vec![Some(1.5)], vec![Some(2.5)]];
    hear(&mut app, TrainEvent::At(at));
    let training = &app.training;
    let twin = training.twin.as_ref().unwrap();
    assert_eq!((training.steps[0].loss, twin.steps[0].loss), (1.0, 9.0));
    assert_eq!((&training.probes[0].losses, &training.probes[0].twin_losses), (&vec![(1, 1.5)], &vec![(1, 2.5)]));
    assert_eq!(training.frame().unwrap().twin.as_deref(), Some(&Scores::new(rows(&app, 5))));
    hear(&mut app, TrainEvent::Ended(Ended::Goal("1 step".into())));
    assert_eq!(asked(&press(&mut app, "t")), ["twin false"]);
    assert!(app.training.twin.is_none() && app.training.frame().unwrap().twin.is_none() && app.overlay.is_none());
}

#[test]
fn every_twin_run_differs_in_what_it_says() {
    for (query, differs) in
        [("rate", "lr"), ("lora", "method"), ("sgd", "optimizer"), ("stop", "mask"), ("header", "mask")]
    {
        let mut app = chat();
        press(&mut app, "4 t");
        update(&mut app, Action::Paste(query.into()));
        press(&mut app, "enter");
        if query == "stop" {
            // The embedded chat model knows how to stop: the base model takes its place first.
            assert!(app.training.twin.is_none() && app.source().name() == "tiny-base");
            let generation = app.analysis.generation;
            update(&mut app, Action::Engine(tokenised(generation, chat_sequence())));
            let rows = rows(&app, 0);
            update(&mut app, Action::Engine(Event::Scored { generation, from: 0, rows }));
            update(&mut app, Action::Engine(Event::Finished { generation, seconds: 0.0 }));
            assert_eq!(app.training.settings.lr, 1e-3);
            app.training.settings.lr = 5e-5;
        }
        assert!(app.training.twin.is_some(), "{query}: {:?}", notice(&app));
        let effects = press(&mut app, "+ space");
        let plan = plan(&effects);
        let (first, second) = (&plan.first, plan.second.as_ref().unwrap());
        let (a, b) = (&first.settings, &second.settings);
        let found = [
            ("lr", a.lr != b.lr),
            ("method", a.method != b.method),
            ("optimizer", a.optimizer != b.optimizer),
            ("mask", weights(&first.mask) != weights(&second.mask)),
        ];
        let found: Vec<&str> = found.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect();
        assert_eq!((found, a.lr), (vec![differs], 1e-4), "{query}: both follow the settings");
    }
    let mut app = chat();
    press(&mut app, "4 t r e a s o n i n g enter");
    assert!(notice(&app).1 && notice(&app).0.contains("makes no difference here"), "{:?}", notice(&app));
    assert!(app.training.twin.is_none());
}

#[test]
fn sentences_are_watched_and_let_go() {
    let mut app = chat();
    assert_eq!(app.training.probes.len(), 1, "something unrelated is there from the start");
    assert_eq!(asked(&press(&mut app, "4 p")), ["probe 2 every 1"]);
    let mut with_probes = at(&app, 0, Vec::new());
    with_probes.probes = vec![vec![Some(4.0), None]];
    hear(&mut app, TrainEvent::At(with_probes.clone()));
    let losses = |app: &App| app.training.probes.iter().map(|probe| probe.losses.clone()).collect::<Vec<_>>();
    assert_eq!(losses(&app), [vec![(0, 4.0)], vec![]]);
    press(&mut app, "space");
    stepped(&mut app, 1);
    assert_eq!(losses(&app)[0], [(0, 4.0)], "not every step scores them");
    with_probes.step = 2;
    with_probes.reports = vec![report(2)];
    hear(&mut app, TrainEvent::At(with_probes));
    assert_eq!(losses(&app)[0], [(0, 4.0), (2, 4.0)]);
    assert_eq!(asked(&press(&mut app, "p")), ["probe 1 every 1"]);
    stands(&mut app, 1);
    assert_eq!(losses(&app), [vec![(0, 4.0)]]);
}

#[test]
fn a_built_in_sample_brings_its_probes_until_something_is_learned() {
    let names = |app: &App| app.training.probes.iter().map(|probe| probe.name.clone()).collect::<Vec<_>>();
    let mut app = chat();
    press(&mut app, "4 p o");
    update(&mut app, Action::Pick(0));
    let generation = app.analysis.generation;
    update(&mut app, Action::Engine(tokenised(generation, chat_sequence())));
    assert_eq!(names(&app)[..3], ["paraphrase", "related", "unrelated"]);
    assert_eq!(names(&app).len(), 4, "what was pinned stays");
    app.training.step = 1;
    press(&mut app, "o");
    update(&mut app, Action::Pick(1));
    let generation = app.analysis.generation;
    let before = names(&app);
    update(&mut app, Action::Engine(tokenised(generation, chat_sequence())));
    assert_eq!(names(&app), before);
}

#[test]
fn a_set_is_collected_or_read_and_learned() {
    let mut app = chat();
    press(&mut app, "4 a");
    assert_eq!(notice(&app).0, "training on collected, 1 sample");
    app.shared.sample = Sample::Text("other".into());
    press(&mut app, "a");
    let effects = press(&mut app, "space");
    assert!(matches!(&plan(&effects).data, Data::Samples { samples, .. } if samples.len() == 2));
    assert!(matches!(&plan(&effects).first.mask, CopyMask::Policy(policy) if *policy == Policy::default()));
    stepped(&mut app, 1);
    assert_eq!(asked(&press(&mut app, "a"))[0], "replan");
    assert_eq!(changes(&app), [(2, "on collected, 1 sample")]);
    paused(&mut app);
    press(&mut app, "D");
    assert_eq!((&app.training.data, notice(&app).0), (&TrainingData::Screen, "training on the screen"));
    app.directory = "/data".into();
    press(&mut app, "D");
    let entries = vec![("chats.jsonl".into(), false)];
    update(&mut app, Action::Files(FileOutcome::Listed { directory: "/data".into(), entries }));
    let labels: Vec<&str> = picker(&app).shown().map(|item| item.label.as_str()).collect();
    assert_eq!(labels, ["../", "chats.jsonl"], "the samples of the program are no data sets");
    let effects = press(&mut app, "c h a t s enter");
    assert!(
        matches!(&effects[..], [Effect::Files(FileRequest::ReadSamples(path))] if path.ends_with("chats.jsonl")),
        "{effects:?}"
    );
    update(&mut app, Action::Files(FileOutcome::Failed("line 3 (record 2) has no role".into())));
    assert!(app.overlay.is_some() && notice(&app).1);
    let samples = ["a", "b", "c"].map(|text| Sample::Text(text.into()).into()).into();
    update(&mut app, Action::Files(FileOutcome::Samples { name: "chats.jsonl".into(), samples }));
    assert_eq!((app.overlay.is_none(), notice(&app).0), (true, "training on chats.jsonl, 3 samples"));
    app.shared.policy.basis = Mode::All.into();
    let effects = press(&mut app, "space");
    assert!(matches!(plan(&effects).first.mask, CopyMask::Policy(policy) if policy == Mode::All.into()));
}

#[test]
fn a_run_is_handed_over_from_its_beginning() {
    let mut app = chat();
    press(&mut app, "4 H");
    assert_eq!(
        (app.overlay.is_none(), notice(&app).0),
        (true, "say how long the run is: s, \"a run stops after steps\"")
    );
    app.training.goal.steps = Some(40);
    press(&mut app, "H tab ctrl-u enter");
    assert!(app.overlay.is_some(), "nowhere is no place");
    assert_eq!(asked(&press(&mut app, "/ t m p / q backspace r enter")), ["hand 40 steps to TRL in /tmp/r"]);
    assert!(app.overlay.is_none());
    hear(&mut app, TrainEvent::Busy { what: "writing the model".into(), fraction: 0.5 });
    hear(&mut app, TrainEvent::HandedOver { directory: "/tmp/r".into(), start: "python train.py".into() });
    assert_eq!(
        (app.training.activity.clone(), notice(&app)),
        (Activity::Idle, ("handed over; in /tmp/r: python train.py", false))
    );
    let mut app = trained(2);
    app.training.goal.steps = Some(40);
    press(&mut app, "H");
    assert_eq!(notice(&app).0, "a run is handed over from its beginning: X goes back to the base weights");
}

#[test]
fn weights_are_saved_where_one_says() {
    let mut app = trained(2);
    press(&mut app, "w");
    assert!(
        matches!(&app.overlay, Some(Overlay::Save { directory }) if directory.text() == "./lossglass-hand-made-step2")
    );
    press(&mut app, "esc");
    assert!(app.overlay.is_none());
    press(&mut app, "w ctrl-u enter");
    assert!(app.overlay.is_some(), "nowhere is no place");
    assert_eq!(asked(&press(&mut app, "/ t m p / q backspace r enter")), ["save /tmp/r"]);
    hear(&mut app, TrainEvent::Busy { what: "saving".into(), fraction: 0.5 });
    assert_eq!(app.training.activity, Activity::Busy { what: "saving".into(), fraction: 0.5 });
    press(&mut app, "space");
    assert_eq!(notice(&app).0, "one moment: saving; esc stops it");
    assert_eq!(asked(&press(&mut app, "esc")), ["pause"]);
    hear(&mut app, TrainEvent::Refused("saving was stopped".into()));
    assert_eq!((app.training.activity.clone(), notice(&app)), (Activity::Idle, ("saving was stopped", true)));
    hear(&mut app, TrainEvent::Saved { directory: "/tmp/r".into(), bytes: 1_500_000 });
    assert_eq!((notice(&app).0, app.training.saved.is_some()), ("saved in /tmp/r: 1.5 MB", true));
}

#[test]
fn settings_are_chosen_turned_and_typed() {
    let mut app = chat();
    press(&mut app, "4 s → enter");
    assert!(matches!(app.training.settings.method, Method::Lora(_)));
    for (keys, value) in [("↓ →", "16"), ("3 enter", "3"), ("1 2 backspace backspace 6 4 enter", "64"), ("←", "32")]
    {
        press(&mut app, keys);
        assert_eq!(chosen(&app), ("LoRA rank".into(), value.into()), "{keys}");
    }
    press(&mut app, "0 enter");
    assert_eq!(notice(&app), ("LoRA rank takes a whole number from 1 to 1024, not 0", true));
    press(&mut app, "ctrl-u 2 . 5 enter");
    assert!(notice(&app).1);
    press(&mut app, "↓ ↓ ↓ ↓ x 1 e - 3 enter");
    assert_eq!((chosen(&app), app.training.settings.lr), (("learning rate".into(), "1e-3".into()), 1e-3));
    press(&mut app, "← ←");
    assert_eq!(app.training.settings.lr, 2e-4);
    for _ in 0..30 {
        press(&mut app, "↓");
    }
    assert_eq!(chosen(&app).0, "temperature of samples");
    press(&mut app, "↑ → esc");
    assert_eq!((app.training.probe_every, app.overlay.is_none()), (2, true));
    assert_eq!(asked(&press(&mut app, "space"))[0], "probe 1 every 2");
}

fn chosen(app: &App) -> (String, String) {
    match &app.overlay {
        Some(Overlay::Settings(form)) => (form.chosen.name().into(), form.chosen.value(&app.training)),
        other => panic!("no form but {other:?}"),
    }
}

#[test]
fn a_limit_can_be_set_and_taken_away() {
    let mut app = chat();
    press(&mut app, "4 s");
    while chosen(&app).0 != "a run stops after steps" {
        press(&mut app, "↓");
    }
    assert_eq!(chosen(&app).1, "–");
    press(&mut app, "→ → →");
    assert_eq!(app.training.goal.steps, Some(5));
    press(&mut app, "← ← ←");
    assert_eq!(app.training.goal.steps, None);
    press(&mut app, "5 0 enter ↓ . 1 enter esc");
    assert_eq!((app.training.goal.steps, app.training.goal.loss), (Some(50), Some(0.1)));
}

/// What was left out of a data set stays in sight as long as it is true.
#[test]
fn what_is_left_out_of_a_data_set_is_said_while_it_is_so() {
    let mut app = chat();
    press(&mut app, "4");
    let samples = vec![app.sample.clone().into()];
    update(&mut app, Action::Files(FileOutcome::Samples { name: "set.jsonl".into(), samples }));
    let notes = vec!["nothing is scored in 1 of 2 records: they are left out".to_owned()];
    update(&mut app, Action::Engine(Event::Train(TrainEvent::Read { notes: notes.clone() })));
    stepped(&mut app, 1);
    assert_eq!(app.data_notes(), notes);
    press(&mut app, "tab");
    assert!(app.data_notes().is_empty(), "another mask");
    press(&mut app, "shift-tab");
    assert_eq!(app.data_notes(), notes);
    press(&mut app, "D");
    assert!(app.data_notes().is_empty(), "other data");
}
