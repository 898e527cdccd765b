//! A sitting that is kept and gone on with: the same screen, and the same losses to the bit.

use lossglass::app::{Action, App, FileRequest, HandOut, Start, TrainingData, Watching};
use lossglass::board::Watch;
use lossglass::data::Opened;
use lossglass::sample::Sample;
use lossglass::session::Session as Kept;
use lossglass::source::Source;

use super::session::Session;
use crate::fixtures::fixture;

/// The session as ctrl-s keeps it, through a file.
fn kept(session: &mut Session) -> Kept {
    session.keys("ctrl-s tab tab enter");
    let written = session.files.pop();
    let Some(FileRequest::Write { path, content: HandOut::Session(kept), replaces: false }) = written else {
        panic!("{written:?}")
    };
    assert!(path.extension().is_some_and(|ending| ending == "json"), "{path:?}");
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("session.json");
    std::fs::write(&file, kept.write().expect("bytes")).expect("written");
    let read = Kept::read(&file).expect("read");
    assert_eq!(read, *kept);
    read
}

/// Opens it with another engine, and waits until it is back.
fn reopened(kept: Kept) -> Session {
    let parse = |name: &Option<String>| name.as_deref().map(|name| Source::parse(name).expect("a model"));
    let (model, compare) = (parse(&kept.model.name), parse(&kept.model.compare));
    let mut session = Session::start(Start::again(Box::new(kept), model, compare), 120, 40);
    session.until(|app| said(app).starts_with("the session is back"));
    session
}

fn said(app: &App) -> &str {
    app.notice.as_ref().map_or("", |notice| &notice.text)
}

/// What the model says of every token, and what every step said of itself: to the bit.
fn bits(app: &App) -> (Vec<Option<u64>>, Vec<(u64, u64)>) {
    let nlls = (0..app.len()).map(|t| app.analysis.scores.nll(t).map(f64::to_bits)).collect();
    let steps = app.training.steps.iter().map(|step| (step.loss.to_bits(), step.grad_norm.to_bits())).collect();
    (nlls, steps)
}

/// Both show the same, once nothing is awaited and nothing said.
fn assert_same_screen(one: &mut Session, other: &mut Session) {
    for session in [&mut *one, &mut *other] {
        session.until_ready();
        session.until(|app| {
            app.training.step == 0 || app.training.now.as_ref().is_some_and(|now| now.step == app.training.step)
        });
        session.keys("n N"); // what was said goes
    }
    assert_eq!(one.screen(), other.screen());
}

fn steps(session: &mut Session, keys: &str, step: usize) {
    session.keys(keys);
    session.until(|app| app.training.step == step && app.training.activity == lossglass::app::Activity::Idle);
}

#[test]
fn steps_under_changing_masks_rates_and_texts_come_out_the_same() {
    let mut sitting = Session::new(Sample::Text("The cat sat on the mat.".into()), "typed", 120, 40);
    sitting.until_ready();
    steps(&mut sitting, "space", 1);
    steps(&mut sitting, "4 + + space", 2);
    steps(&mut sitting, "space", 3);
    // A step that is taken back is none.
    steps(&mut sitting, "u", 2);
    // Another text, with its beginning as a prompt, and paint.
    sitting.act(Action::Paste("The sea is wide and the sky is blue.".into()));
    sitting.until_ready();
    sitting.keys("1 → → → s 3 → p 4");
    assert!(!sitting.app.painting.paint.is_empty() && sitting.app.policy.split.is_some());
    steps(&mut sitting, "space", 3);
    sitting.app.training.goal.steps = Some(2);
    steps(&mut sitting, "r", 5);
    // What is chosen after the last step is kept, too.
    sitting.keys("- i i 1 t t +");
    let kept = kept(&mut sitting);
    assert_eq!(kept.training.runs.iter().map(|run| run.first).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(kept.training.texts.len(), 2);
    let mut again = reopened(kept);
    assert_eq!(said(&again.app), "the session is back: 5 steps taken again, the same losses to the bit");
    assert_eq!(bits(&again.app), bits(&sitting.app));
    assert_eq!(again.app.painting.paint, sitting.app.painting.paint);
    assert_eq!(again.app.training.settings, sitting.app.training.settings);
    assert_same_screen(&mut sitting, &mut again);
    for view in ["4", "3", "2"] {
        sitting.keys(view);
        again.keys(view);
        assert_same_screen(&mut sitting, &mut again);
    }
    // They go on alike.
    for session in [&mut sitting, &mut again] {
        steps(session, "4 space", 6);
    }
    assert_eq!(bits(&again.app), bits(&sitting.app));
}

#[test]
fn a_twin_run_comes_out_the_same() {
    let first = &lossglass::sample::BUILT_IN[0];
    let mut sitting = Session::new(first.sample(), first.name, 120, 40);
    sitting.until_ready();
    sitting.keys("4 t enter");
    assert!(sitting.app.training.twin.is_some());
    steps(&mut sitting, "space", 1);
    steps(&mut sitting, "space", 2);
    let kept = kept(&mut sitting);
    let mut again = reopened(kept);
    let twins = [&sitting, &again].map(|session| {
        let twin = session.app.training.twin.as_ref().expect("a twin run");
        (twin.names.clone(), twin.steps.clone())
    });
    assert_eq!(twins[0], twins[1]);
    assert_eq!(bits(&again.app), bits(&sitting.app));
    assert_same_screen(&mut sitting, &mut again);
    // Once it is over, the first copy goes on alone.
    sitting.keys("t");
    steps(&mut sitting, "space", 3);
    let again = reopened(self::kept(&mut sitting));
    assert!(again.app.training.twin.is_none());
    assert_eq!(bits(&again.app), bits(&sitting.app));
}

#[test]
fn a_data_set_is_kept_with_its_order() {
    let mut sitting = Session::new(Sample::Text("One and two.".into()), "typed", 120, 40);
    sitting.until_ready();
    let texts = ["The cat sat.", "The dog ran.", "The sea is deep."];
    let samples = texts.into_iter().map(|text| Sample::Text(text.into()).into()).collect::<Vec<_>>();
    let read = lossglass::app::FileOutcome::Samples { name: "texts.jsonl".into(), samples };
    sitting.act(Action::Files(read));
    assert!(matches!(sitting.app.training.data, TrainingData::Samples { .. }));
    sitting.app.training.settings.seed = 7;
    sitting.app.training.goal.steps = Some(4);
    steps(&mut sitting, "4 r", 4);
    let mut again = reopened(kept(&mut sitting));
    assert_eq!(bits(&again.app), bits(&sitting.app));
    assert_eq!(again.app.training.data, sitting.app.training.data);
    assert_same_screen(&mut sitting, &mut again);
}

#[test]
fn an_experiment_and_a_past_step_are_shown_again() {
    let mut sitting = Session::new(Sample::Text("The cat sat on the mat.".into()), "typed", 120, 40);
    sitting.until_ready();
    steps(&mut sitting, "space", 1);
    sitting.until_ready();
    steps(&mut sitting, "space", 2);
    sitting.keys("4 ↑ 1 ←");
    assert_eq!(sitting.app.training.shown_step(), 1);
    let mut again = reopened(kept(&mut sitting));
    assert_eq!((again.app.training.shown_step(), again.app.cursor), (1, sitting.app.cursor));
    assert_eq!(bits(&again.app), bits(&sitting.app));
    // Under another mask of attention.
    sitting.keys("esc → → → 2 H enter");
    sitting.until_ready();
    assert!(sitting.app.experiment.is_on());
    let kept = kept(&mut sitting);
    again = reopened(kept);
    assert_eq!(again.app.experiment, sitting.app.experiment);
    assert_eq!(bits(&again.app), bits(&sitting.app));
}

#[test]
fn other_losses_are_said() {
    let mut sitting = Session::new(Sample::Text("The cat sat on the mat.".into()), "typed", 120, 40);
    sitting.until_ready();
    steps(&mut sitting, "space", 1);
    let mut kept = kept(&mut sitting);
    kept.training.reports[0].loss += 1e-9;
    let again = reopened(kept);
    assert!(said(&again.app).contains("with other losses"), "{}", said(&again.app));
    // What is on screen is what was computed here.
    assert_eq!(bits(&again.app), bits(&sitting.app));
}

#[test]
fn nothing_gets_in_between_and_esc_stops_it() {
    let mut sitting = Session::new(Sample::Text("The cat sat on the mat.".into()), "typed", 120, 40);
    sitting.until_ready();
    sitting.app.training.goal.steps = Some(30);
    steps(&mut sitting, "r", 30);
    let kept = kept(&mut sitting);
    let mut again = Session::start(Start::again(Box::new(kept), None, None), 120, 40);
    again.until(|app| app.training.step > 0);
    let mask = again.app.policy;
    again.keys("tab + e");
    assert!(again.app.overlay.is_none() && again.app.policy == mask);
    assert_eq!(said(&again.app), "the session is on its way; esc stops it");
    again.keys("esc");
    again.until(|app| app.training.activity == lossglass::app::Activity::Idle);
    let step = again.app.training.step;
    assert!(step < 30, "it went on");
    again.keys("e");
    assert!(again.app.overlay.is_some());
}

#[test]
fn a_record_s_own_words_are_kept() {
    let record = serde_json::json!({"messages": [
        {"content": "Hi", "more": {"b": 1, "a": [2]}, "role": "user"},
        {"weight": 0.5, "role": "assistant", "content": "Hello"},
    ]});
    let opened = lossglass::sample::read_record(record, None).expect("a record");
    let mut sitting = Session::new(Sample::Text("x".into()), "typed", 120, 40);
    sitting.act(Action::Files(lossglass::app::FileOutcome::Read(Opened::new("chat.json", opened.sample, None))));
    sitting.until_ready();
    let mut again = reopened(kept(&mut sitting));
    assert_eq!(again.app.sample, sitting.app.sample);
    assert_same_screen(&mut sitting, &mut again);
}

#[test]
fn what_was_watched_is_said() {
    let run = fixture("runs/transformers");
    let base = Source::Directory(fixture("llama"));
    let watch = Watch::begin(&run).expect("a run");
    let watching = Watching::new(run.clone(), watch.run().clone(), Some(base.clone()));
    let start = Start::on(Sample::Text("The cat sat.".into()), "typed");
    let start = Start { watching: Some(watching), model: Some(base), ..start };
    let mut sitting = Session::start(start, 120, 40);
    sitting.until(|app| app.training.step == 16 && app.training.activity == lossglass::app::Activity::Idle);
    let again = reopened(kept(&mut sitting));
    let run = run.display();
    assert_eq!(
        said(&again.app),
        format!("the session is back without the run that it watched: lossglass train --watch {run}")
    );
    assert_eq!(again.app.shared.sample, sitting.app.shared.sample);
}
