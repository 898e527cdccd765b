//! The demonstrations of the view Train, on the embedded models.

use lossglass::app::{Activity, App, Demonstration, Stage};
use lossglass::engine::Measure;
use lossglass::sample::BUILT_IN;

use crate::session::Session;

/// The demonstration whose name begins so, set up and at rest.
fn staged(typed: &str) -> Session {
    let first = &BUILT_IN[0];
    let mut session = Session::new(first.sample(), first.name, 120, 40);
    session.until_ready();
    session.keys("4 t");
    session.keys(typed);
    session.keys("enter");
    session.until(|app| stage(app).is_some_and(|stage| stage.probes.iter().all(|probe| !probe.losses.is_empty())));
    session
}

fn stage(app: &App) -> Option<&Stage> {
    app.training.stage.as_ref()
}

/// What is drawn of each thing watched, step by step.
fn curves(app: &App) -> Vec<Vec<f64>> {
    let stage = stage(app).expect("a demonstration");
    let curve = |probe: &lossglass::app::Probe| probe.losses.iter().map(|&(_, nll)| stage.drawn(nll)).collect();
    stage.probes.iter().map(curve).collect()
}

fn run_to_the_end(session: &mut Session) {
    let steps = session.app.training.goal.steps.expect("a goal");
    session.keys("r");
    session.until(move |app| app.training.step == steps && app.training.activity == Activity::Idle);
}

/// One question and two answers in turn: each step punishes the other, and what is left is the share of each.
#[test]
fn two_right_answers_end_at_their_shares() {
    let start = std::time::Instant::now();
    let mut session = staged("t w o");
    assert_eq!(stage(&session.app).map(|stage| stage.demonstration), Some(Demonstration::TwoAnswers));
    run_to_the_end(&mut session);
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
    let app = &session.app;
    let curves = curves(app);
    let shares = &stage(app).expect("a demonstration").shares;
    for (curve, share) in curves.iter().zip(shares) {
        let end = curve.last().expect("measured");
        assert!((end - share).abs() < 0.1, "{end} beside a share of {share}: {curve:?}");
        assert_eq!(curve.len(), app.training.step + 1);
    }
    // A step on one answer is one against the other.
    for step in 1..=20 {
        let change = |answer: usize| curves[answer][step] - curves[answer][step - 1];
        let (learned, other) = ((step - 1) % 2, step % 2);
        assert!(change(learned) > 0.0 && change(other) < 0.0, "step {step}: {curves:?}");
    }
    assert!((curves[1][1] - 0.5).abs() > 0.2, "the first steps throw it about: {curves:?}");
    let screen = session.screen();
    for words in ["p of each first token", "share 0.50", "p(The…)", "p(Paris…)"] {
        assert!(screen.contains(words), "{words} is not on the screen:\n{screen}");
    }
}

/// The model's own text is cheap to it whatever it says, and costs what the true text does once it is that.
#[test]
fn the_own_text_is_cheap_and_meets_the_true_one() {
    let mut session = staged("t r u e");
    run_to_the_end(&mut session);
    let curves = curves(&session.app);
    let (truth, own) = (&curves[0], &curves[1]);
    assert!(truth[0] > own[0] + 0.5, "{truth:?} {own:?}");
    let (truth, own) = (truth.last().expect("measured"), own.last().expect("measured"));
    assert!(*truth < 0.3 && (truth - own).abs() < 1e-4, "{truth} {own}");
    let watched = stage(&session.app).expect("a demonstration").probes.iter().map(|probe| probe.measure);
    assert_eq!(watched.collect::<Vec<_>>(), [Measure::TrueText, Measure::OwnText]);
    assert!(session.screen().contains("Loss: true text, own text"));
}
