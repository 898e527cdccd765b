//! The real program looks inside the embedded model, and runs it under masks that it was not trained with.

use lossglass::app::{Activity, App, AttendPanel};
use lossglass::sample::Sample;

use crate::session::Session;

fn ready() -> Session {
    let text = "The cat sat on the mat. The dog lay on the rug.";
    let mut session = Session::new(Sample::Text(text.into()), "typed", 120, 40);
    session.until_ready();
    session.keys("2 end ← ←");
    session
}

fn loss(app: &App) -> f64 {
    app.ledger().and_then(|ledger| ledger.loss(app.denominator)).expect("a loss")
}

fn nll(app: &App, t: usize) -> f64 {
    app.analysis.scores.nll(t).expect("scored")
}

#[test]
fn every_panel_shows_what_the_engine_saw() {
    let mut session = ready();
    session.keys("i");
    session.until(|app| app.seen_attention().is_some());
    let weights = session.app.seen_attention().unwrap();
    assert_eq!((weights.layer, weights.heads().len()), (0, 6));
    let row = weights.heads()[0].row(5).unwrap();
    assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5 && row[6..].iter().all(|&weight| weight == 0.0), "{row:?}");
    session.keys(". .");
    session.until(|app| app.seen_attention().is_some_and(|weights| weights.layer == 2));
    session.keys("i");
    session.until(|app| app.seen_heads().is_some_and(|heads| heads.len() == 36));
    session.keys("i");
    session.until(|app| app.seen_leaning().first.is_some());
    let leaning = session.app.seen_leaning().first.unwrap();
    assert_eq!((leaning.position, leaning.nll), (session.app.cursor, nll(&session.app, session.app.cursor)));
    session.keys("i");
    session.until(|app| app.seen_layers().is_some());
    let (app, depth) = (&session.app, session.app.seen_layers().unwrap());
    for t in 1..app.len() {
        assert_eq!(depth.nll(6, t), app.analysis.scores.nll(t), "the last layer says what the model says");
    }
    let screen = session.screen();
    assert!(screen.contains("after 6") && screen.contains("never trained for that"), "{screen}");
}

#[test]
fn a_forbidden_edge_costs_what_leaning_says_and_esc_allows_it_again() {
    let mut session = ready();
    let (t, base) = (session.app.cursor, loss(&session.app));
    session.keys("H H F");
    session.until(|app| app.experiment.is_on() && app.is_current() && app.analysis.contrast.len() == app.len());
    let (forbidden, without) = (nll(&session.app, t), session.app.analysis.contrast[t].unwrap());
    session.keys("esc");
    session.until_ready();
    assert!(!session.app.experiment.is_on() && loss(&session.app) == base && nll(&session.app, t) == without);
    session.keys("i i i");
    assert_eq!(session.app.views.attend.panel, AttendPanel::Leaning);
    session.until(|app| app.seen_leaning().first.is_some());
    let key = session.app.crosshair_row() - 2;
    let leaning = session.app.seen_leaning().first.unwrap();
    let lean = leaning.tokens.iter().find(|lean| lean.position == key).unwrap();
    assert!((lean.delta_nll - (forbidden - without)).abs() < 1e-4, "{lean:?} and {forbidden} − {without}");
}

/// A model that may see its answers learns to copy them, and has learned nothing.
#[test]
fn the_loss_collapses_where_each_token_sees_its_own_answer() {
    let mut session = ready();
    let base = loss(&session.app);
    session.keys("a a a 4 + + + + + + +");
    session.until_ready();
    assert_eq!(session.app.experiment.words(), "attention none");
    session.app.training.goal.steps = Some(30);
    session.keys("r");
    session.until(|app| app.training.step == 30 && app.training.activity == Activity::Idle);
    session.until(|app| app.is_current() && app.is_complete() && app.analysis.contrast.len() == app.len());
    let broken = loss(&session.app);
    session.keys("2 esc");
    session.until_ready();
    let honest = loss(&session.app);
    assert!(broken < 0.05 && base > 0.5 && honest > 4.0 * broken, "{base}, broken {broken}, honest {honest}");
}

/// Each row is asked for the token it has read: what is shown of it is of that row everywhere.
#[test]
fn labels_shifted_by_one_too_few_are_paired_with_their_rows() {
    let mut session = ready();
    let t = session.app.cursor;
    session.keys("y");
    session.until_ready();
    let app = &session.app;
    assert_eq!((app.crosshair_row(), app.read_for(t), app.asked_of(t)), (t, t + 1, t));
    let id = app.sequence().tokens[t].id;
    let of_row = app.distribution().and_then(|distribution| distribution.nll(id, 1.0)).expect("a distribution");
    assert!((of_row - nll(app, t)).abs() < 1e-4, "{of_row} and {}", nll(app, t));
    let screen = session.screen();
    assert!(screen.contains("is asked for") && screen.contains("labels shifted by one too few"), "{screen}");
}

/// What the trainer is asked for after a step ends a look; it is looked at again.
#[test]
fn a_step_taken_in_attend_is_looked_into() {
    let mut session = ready();
    session.keys("i");
    session.until(|app| app.seen_attention().is_some());
    session.keys("space");
    session.until(|app| app.training.step == 1 && app.training.activity == Activity::Idle);
    session.until(|app| app.seen_attention().is_some());
}
