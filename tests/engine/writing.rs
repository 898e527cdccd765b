//! The real program writes by itself, on the embedded models.

use lossglass::app::{Action, App, View};
use lossglass::generate::End;
use lossglass::sample::{BUILT_IN, Sample};

use crate::session::Session;

fn ready(sample: Sample) -> Session {
    let mut session = Session::new(sample, "typed", 120, 40);
    session.until_ready();
    session.keys("6");
    assert_eq!(session.app.view, View::Generate);
    session
}

fn steps(app: &App) -> usize {
    app.written().map_or(0, |writing| writing.continuations[app.shown_continuation()].steps.len())
}

#[test]
fn it_writes_token_by_token_parts_from_the_text_and_is_taken_back() {
    let mut session = ready(Sample::Text("The cat sat on the wall near the old house.".into()));
    session.act(Action::Goto(3));
    session.keys("space");
    session.until(|app| steps(app) == 1);
    session.keys("space space r");
    session.until(|app| app.written().is_some_and(|writing| writing.continuations[0].end.is_some()));
    let count = steps(&session.app);
    let (app, writing) = (&session.app, session.app.written().unwrap());
    let written = &writing.continuations[0].steps;
    // What the model saw is the true text as long as they agree: so p is that of teacher forcing.
    let parting = app.parting(writing, written).expect("the model says something else");
    for t in 3..parting {
        let nll = app.analysis.scores.nll(t).unwrap();
        assert!((written[t - 3].nll - nll).abs() < 1e-4, "token {t}");
    }
    let screen = session.screen();
    assert!(screen.contains("  own"), "{screen}");
    session.keys("u");
    session.until(|app| steps(app) == count - 1);
    let taken = session.app.written().unwrap().continuations[0].next.as_ref().expect("a moment").choice;
    session.keys("space");
    session.until(|app| steps(app) == count);
    assert_eq!(
        session.app.written().unwrap().continuations[0].steps[count - 1].id,
        taken,
        "greedy chooses the same again"
    );
}

#[test]
fn continuations_have_their_seeds_and_one_becomes_the_text() {
    let mut session = ready(Sample::Text("The sea".into()));
    session.keys("end t t t t + + r");
    session.until(|app| app.written().is_some_and(|writing| writing.continuations.iter().all(|one| one.end.is_some())));
    let all = session.app.written().unwrap().continuations.clone();
    assert!(all.len() == 3 && all.iter().any(|one| one.text != all[0].text), "{all:?}");
    let screen = session.screen();
    assert!(screen.contains("of 3 begin with"), "{screen}");
    session.keys(". y");
    session.until_ready();
    let Sample::Text(text) = &session.app.sample else { panic!() };
    assert_eq!(*text, format!("The sea{}", all[1].text));
}

#[test]
fn a_chat_ends_at_its_stop_and_training_is_set_beside() {
    let capital = BUILT_IN.iter().find(|sample| matches!(sample.sample(), Sample::Chat(_))).expect("a chat");
    let mut session = ready(capital.sample());
    session.keys("r");
    session.until(|app| app.written().is_some_and(|writing| writing.continuations[0].end == Some(End::StopToken)));
    assert!(session.app.written_before().is_none());
    session.keys("4 space");
    session.until(|app| app.training.step == 1 && app.training.activity == lossglass::app::Activity::Idle);
    session.keys("6 r");
    session
        .until(|app| app.written_before().is_some() && app.written().is_some_and(|w| w.continuations[0].end.is_some()));
    let (now, before) = (session.app.written().unwrap(), session.app.written_before().unwrap());
    assert_eq!((before.step, now.step), (0, 1));
}

#[test]
fn another_token_is_forced() {
    let mut session = ready(Sample::Text("The sea is".into()));
    session.keys("end space");
    session.until(|app| steps(app) == 1);
    session.keys("w");
    session.act(Action::Paste("the".into()));
    session.keys("enter");
    session.until(|app| steps(app) == 2);
    let step = &session.app.written().unwrap().continuations[0].steps[1];
    assert_eq!(session.app.token_label(step.id).trim_start_matches('␣'), "the");
}

#[test]
fn what_was_not_written_takes_no_text_away() {
    let mut session = ready(Sample::Text("The sea is wide.".into()));
    session.keys("end y");
    session.keys("space");
    session.until(|app| steps(app) == 1);
    session.keys("u");
    session.until(|app| steps(app) == 0 && app.written().is_some());
    session.keys("y");
    assert_eq!(session.app.sample, Sample::Text("The sea is wide.".into()));
    // Under an experiment the true text is read otherwise than the model would write.
    session.keys("2 a");
    session.until_ready();
    session.keys("6 space");
    assert!(session.app.written().is_none());
    assert!(session.app.notice.as_ref().is_some_and(|notice| notice.text.contains("experiment")));
}
