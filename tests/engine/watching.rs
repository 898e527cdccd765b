//! A run of others on the real engine: each of its checkpoints scores the text on screen.

use std::path::Path;

use lossglass::app::{Action, Activity, App, FileOutcome, FileRequest, Start, View, Watching};
use lossglass::board::{Run, Watch};
use lossglass::sample::Sample;
use lossglass::source::Source;

use crate::fixtures::fixture;
use crate::session::Session;

const TEXT: &str = "The cat sat on the mat.";

fn seen(run: &Path) -> Run {
    let mut watch = Watch::begin(run).expect("a run");
    watch.look();
    watch.run().clone()
}

fn start(model: Source) -> Start {
    Start { model: Some(model), ..Start::on(Sample::Text(TEXT.into()), "typed") }
}

fn watching(run: &Path, seen: Run, model: Source, is_base: bool) -> Session {
    let base = is_base.then(|| model.clone());
    let start = Start { watching: Some(Watching::new(run.to_owned(), seen, base)), ..start(model) };
    Session::start(start, 120, 40)
}

fn frames(app: &App) -> Vec<usize> {
    app.training.film.frames.iter().map(|frame| frame.step).collect()
}

fn nlls(app: &App) -> Vec<Option<f64>> {
    (0..app.len()).map(|t| app.analysis.scores.nll(t)).collect()
}

/// What a model says of the text that is opened by itself.
fn alone(model: Source) -> Vec<Option<f64>> {
    let mut session = Session::start(start(model), 80, 24);
    session.until_ready();
    nlls(&session.app)
}

#[test]
fn each_checkpoint_is_a_frame_of_the_film() {
    let run = fixture("runs/transformers");
    let base = Source::Directory(fixture("llama"));
    let mut session = watching(&run, seen(&run), base.clone(), true);
    assert_eq!(session.app.view, View::Train);
    assert!(matches!(&session.files[..], [FileRequest::Watch(path)] if *path == run), "{:?}", session.files);
    session.until(|app| frames(app) == [0, 8, 16] && app.training.activity == Activity::Idle);
    assert_eq!(session.app.training.step, 16, "the newest is the model of now");
    let of = |step: usize| Source::Directory(run.join(format!("checkpoint-{step}")));
    assert_eq!(nlls(&session.app), alone(of(16)));
    session.keys("↑");
    assert_eq!((session.app.training.shown_step(), nlls(&session.app)), (8, alone(of(8))));
    session.keys("↑");
    assert_eq!((session.app.training.shown_step(), nlls(&session.app)), (0, alone(base)));
    let screen = session.screen();
    assert!(screen.contains("base weights shown") && screen.contains("2 of 2 checkpoints read"), "{screen}");
}

/// As a trainer saves them that was given no tokenizer: they are read with that of the run's beginning.
#[test]
fn checkpoints_without_a_tokenizer_are_frames_too() {
    let (whole, bare) = (fixture("runs/transformers"), tempfile::tempdir().expect("a directory"));
    for step in [8, 16] {
        let name = format!("checkpoint-{step}");
        std::fs::create_dir(bare.path().join(&name)).expect("a directory");
        for file in ["config.json", "model.safetensors", "trainer_state.json"] {
            std::fs::copy(whole.join(&name).join(file), bare.path().join(&name).join(file)).expect("a copy");
        }
    }
    let mut session = watching(bare.path(), seen(bare.path()), Source::Directory(fixture("llama")), true);
    session.until(|app| frames(app) == [0, 8, 16] && app.training.activity == Activity::Idle);
    assert_eq!(nlls(&session.app), alone(Source::Directory(whole.join("checkpoint-16"))));
    session.keys("↑ 2 i");
    session.until(|app| app.seen_attention().is_some());
}

#[test]
fn a_past_checkpoint_is_looked_into() {
    let run = fixture("runs/transformers");
    let mut session = watching(&run, seen(&run), Source::Directory(fixture("llama")), true);
    session.until(|app| frames(app) == [0, 8, 16]);
    session.keys("↑ 2 i");
    session.until(|app| app.seen_attention().is_some());
    let past = session.app.seen_attention().expect("seen").clone();
    session.keys("esc");
    session.until(|app| app.seen_attention().is_some());
    assert_ne!(session.app.seen_attention().expect("seen").heads(), past.heads());
    let mut alone = Session::start(start(Source::Directory(run.join("checkpoint-8"))), 80, 24);
    alone.until_ready();
    alone.keys("2 i");
    alone.until(|app| app.seen_attention().is_some());
    assert_eq!(alone.app.seen_attention().expect("seen").heads(), past.heads());
}

/// The newest checkpoint speaks at first where the run's own beginning is not known; adapters stand beside their base.
#[test]
fn a_run_without_its_base_model_and_one_of_adapters() {
    let run = fixture("runs/transformers");
    let mut session = watching(&run, seen(&run), Source::Directory(run.join("checkpoint-16")), false);
    session.until(|app| frames(app) == [8, 16] && app.training.step == 16);
    let run = fixture("runs/trl");
    let mut session = watching(&run, seen(&run), Source::Directory(fixture("llama")), true);
    session.until(|app| frames(app) == [0, 4, 8] && app.training.step == 8);
    assert_eq!(nlls(&session.app), alone(Source::Directory(run.join("checkpoint-8"))));
}

#[test]
fn another_text_is_scored_by_all_and_a_checkpoint_that_comes_later_too() {
    let run = fixture("runs/transformers");
    let all = seen(&run);
    let early = Run { checkpoints: all.checkpoints[..1].to_vec(), ..all.clone() };
    let mut session = watching(&run, early, Source::Directory(fixture("llama")), true);
    session.until(|app| frames(app) == [0, 8]);
    session.act(Action::Files(FileOutcome::Watched(Box::new(all))));
    session.until(|app| frames(app) == [0, 8, 16] && app.training.step == 16);
    session.keys("e !");
    session.keys("esc");
    session.until(|app| app.is_current() && app.len() > 6 && frames(app) == [0, 8, 16]);
    assert_eq!(session.app.analysis.scores.len(), session.app.len());
}

#[test]
fn a_checkpoint_that_cannot_be_read_is_said_and_passed_over() {
    let run = tempfile::tempdir().expect("a directory");
    let mut broken = seen(&fixture("runs/transformers"));
    broken.checkpoints[1].directory = run.path().join("gone");
    let mut session = watching(run.path(), broken, Source::Directory(fixture("llama")), true);
    session.until(|app| frames(app) == [0, 8] && app.training.activity == Activity::Idle);
    let notice = session.app.notice.clone().expect("a word");
    assert!(notice.is_error && notice.text.starts_with("checkpoint 16 is not shown: "), "{notice:?}");
    assert_eq!(session.app.training.step, 0, "the newest that can be read is behind it");
}
