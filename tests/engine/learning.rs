//! The real program learns: app and engine together, on the embedded model.

use lossglass::app::{Activity, App};
use lossglass::sample::BUILT_IN;

use crate::session::Session;

fn ready() -> Session {
    let first = &BUILT_IN[0];
    let mut session = Session::new(first.sample(), first.name, 120, 36);
    session.until_ready();
    session
}

fn loss(app: &App) -> f64 {
    app.ledger().and_then(|ledger| ledger.loss(app.denominator)).expect("a loss")
}

fn is_at(step: usize) -> impl Fn(&App) -> bool {
    move |app| app.training.step == step && app.training.activity == Activity::Idle && app.training.steps.len() == step
}

#[test]
fn steps_lower_the_loss_and_every_way_back_leads_to_the_same_numbers() {
    let mut session = ready();
    let base = loss(&session.app);
    session.keys("4 + + +");
    let mut losses = vec![base];
    for step in 1..=4 {
        session.keys("space");
        session.until(is_at(step));
        losses.push(loss(&session.app));
    }
    assert!(losses.is_sorted_by(|a, b| a > b), "{losses:?}");
    session.until(|app| app.distribution().is_some() && app.training.now.is_some());
    assert!(session.app.training.before.is_some());
    let probes = &session.app.training.probes;
    assert!(probes.len() == 3 && probes.iter().all(|probe| probe.losses.len() == 5), "{probes:?}");
    session.keys("↑ ↑");
    assert_eq!(loss(&session.app), losses[2], "a past step, in the film");
    session.keys("b");
    session.until(is_at(2));
    assert_eq!(loss(&session.app), losses[2], "the same step, from the weights");
    session.keys("space");
    session.until(is_at(3));
    assert_eq!(loss(&session.app), losses[3]);
    session.keys("u");
    session.until(is_at(2));
    session.keys("X");
    session.until(is_at(0));
    assert_eq!(loss(&session.app), base);
}

#[test]
fn a_run_is_paused_by_an_edit_and_goes_on_with_the_new_text() {
    let mut session = ready();
    session.keys("r");
    session.until(|app| app.training.step >= 2);
    session.keys("e backspace");
    session.keys("esc");
    session.until(|app| app.training.activity == Activity::Idle);
    session.until_ready();
    let step = session.app.training.step;
    session.keys("space");
    session.until(is_at(step + 1));
    assert_eq!(session.app.training.film.first_step(), Some(step));
    session.screen();
}

#[test]
fn a_twin_run_tells_two_masks_apart() {
    let mut session = ready();
    session.keys("4 t enter");
    session.until(|app| app.training.film.frames.last().is_some_and(|frame| frame.twin.is_some()));
    session.keys("space");
    session.until(is_at(1));
    let frame = session.app.training.frame().expect("a frame");
    assert_ne!(Some(&frame.scores), frame.twin.as_ref());
    assert_eq!(session.app.training.twin.as_ref().map(|twin| twin.steps.len()), Some(1));
    session.keys("t");
    session.keys("space");
    session.until(is_at(2));
}
