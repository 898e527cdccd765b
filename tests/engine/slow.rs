//! The real program takes a step in slow motion: app and engine together, on the embedded model.

use std::sync::Arc;

use lossglass::app::{Activity, App, Overlay, TrainingData};
use lossglass::sample::{BUILT_IN, Record, Sample};
use lossglass::train::{LoraSettings, Method, SlowStep};

use crate::session::Session;

fn ready() -> Session {
    let first = &BUILT_IN[0];
    let mut session = Session::new(first.sample(), first.name, 80, 24);
    session.until_ready();
    session.keys("4 + + +");
    session
}

fn shown(app: &App) -> Option<Arc<SlowStep>> {
    match &app.overlay {
        Some(Overlay::SlowStep(motion)) => motion.step.clone(),
        _ => None,
    }
}

/// The step to `step`, in slow motion.
fn slowly(session: &mut Session, step: usize) -> Arc<SlowStep> {
    session.until(|app| shown(app).is_some_and(|shown| shown.report.step == step) && is_idle(app));
    shown(&session.app).expect("a step")
}

fn is_idle(app: &App) -> bool {
    app.training.activity == Activity::Idle
}

fn nlls(app: &App) -> Vec<Option<u64>> {
    (0..app.len()).map(|t| app.analysis.scores.nll(t).map(f64::to_bits)).collect()
}

fn bits(nlls: &[Option<f64>]) -> Vec<Option<u64>> {
    nlls.iter().map(|nll| nll.map(f64::to_bits)).collect()
}

#[test]
fn it_is_the_step_that_space_takes_and_goes_back_as_any() {
    let mut session = ready();
    let base = nlls(&session.app);
    session.keys("z");
    let first = slowly(&mut session, 1);
    assert_eq!(bits(&first.passed[0].before), base);
    assert_eq!(bits(&first.passed[0].after), nlls(&session.app));
    assert_eq!(first.report, session.app.training.steps[0]);
    assert_eq!(first.loss().to_bits(), first.report.loss.to_bits());
    assert!(first.loss_after().is_some_and(|after| after < first.loss()));
    let after_one = nlls(&session.app);
    for key in ["2", "3", "4", "5", "6", "7"] {
        session.keys(key);
        session.screen();
    }
    session.keys("space");
    let second = slowly(&mut session, 2);
    assert_eq!(bits(&second.passed[0].before), after_one);
    let after_two = nlls(&session.app);
    session.keys("esc u");
    session.until(|app| app.training.step == 1 && is_idle(app));
    assert_eq!(nlls(&session.app), after_one, "undone");
    session.keys("space");
    session.until(|app| app.training.step == 2 && is_idle(app));
    assert_eq!(nlls(&session.app), after_two, "the ordinary step leads to the same weights");
    assert_eq!(session.app.training.steps[1].loss.to_bits(), second.report.loss.to_bits());
    session.keys("↑ ↑ b");
    session.until(|app| app.training.step == 0 && is_idle(app));
    assert_eq!(nlls(&session.app), base, "rewound");
    session.keys("z");
    let again = slowly(&mut session, 1);
    assert_eq!((again.loss(), &again.tensors), (first.loss(), &first.tensors), "and taken again to the same bits");
    session.keys("esc X");
    session.until(|app| app.training.step == 0 && is_idle(app));
    assert_eq!(nlls(&session.app), base);
}

#[test]
fn a_data_set_s_next_batch_is_what_is_taken_apart() {
    let mut session = ready();
    let texts = ["The sea is wide.", "The cat sat on the mat.", "Who is there?", "Rain falls on the hills."];
    let samples: Vec<Record> = texts.map(|text| Record::from(Sample::Text(text.into()))).into();
    session.app.training.data = TrainingData::Samples { name: "four".into(), samples: samples.into() };
    (session.app.training.settings.batch, session.app.training.settings.accumulate) = (2, 2);
    session.keys("z");
    let step = slowly(&mut session, 1);
    assert_eq!(step.passed.len(), 4);
    assert_eq!(step.scored_lines().count(), step.report.scored);
    assert_eq!(step.loss().to_bits(), step.report.loss.to_bits());
    assert!(step.passed.iter().all(|passed| passed.after.len() == passed.example.ids.len()));
    assert!(session.screen().contains("text 1 of 4"));
}

#[test]
fn in_a_twin_run_both_copies_step_and_the_first_is_shown() {
    let mut session = ready();
    session.keys("t enter");
    session.until(|app| app.training.film.frames.last().is_some_and(|frame| frame.twin.is_some()));
    session.keys("z");
    let step = slowly(&mut session, 1);
    assert_eq!(step.report, session.app.training.steps[0]);
    assert_eq!(session.app.training.twin.as_ref().map(|twin| twin.steps.len()), Some(1));
}

#[test]
fn an_adapter_s_first_step_moves_b_alone() {
    let mut session = ready();
    session.app.training.settings.method = Method::Lora(LoraSettings::default());
    session.keys("z");
    let step = slowly(&mut session, 1);
    let is_a = |name: &str| name.ends_with(".lora_A.weight");
    assert!(step.tensors.iter().all(|tensor| (tensor.norm == 0.0) == is_a(&tensor.name)));
    session.keys("6");
    assert!(session.screen().contains("AdamW's first update moves each weight"), "{}", session.screen());
    session.keys("↑");
    let screen = session.screen();
    assert!(screen.contains("lora_A.weight[") && screen.contains("an adapter's A has none while"), "{screen}");
    session.keys("space");
    let step = slowly(&mut session, 2);
    assert!(step.tensors.iter().all(|tensor| tensor.norm > 0.0), "from then on both learn");
}
