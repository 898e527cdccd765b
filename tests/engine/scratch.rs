//! From random weights on screen: what is learned first, and the life of a model.

use std::path::Path;

use lossglass::app::{Action, Activity, App, FileOutcome, Start};
use lossglass::cancel::Cancel;
use lossglass::pretrain::{Recipe, Run, Stop};
use lossglass::sample::Sample;
use lossglass::source::{Source, run};

use crate::session::Session;

fn text(text: &str) -> Sample {
    Sample::Text(text.into())
}

/// −log p of the first token of that text in each frame of the run.
fn course(app: &App, token: &str) -> Vec<f64> {
    let t = (1..app.len()).find(|&t| app.sequence().tokens[t].text() == token).expect("in the text");
    app.training.film.frames.iter().map(|frame| frame.scores.nll(t).expect("scored")).collect()
}

#[test]
fn what_comes_often_is_learned_before_names() {
    let mut session = Session::new(text("The cat sat."), "sentence", 120, 40);
    session.until_ready();
    session.keys("4 f enter");
    session.until(|app| app.training.stage.is_some() && app.is_current());
    let app = &session.app;
    let (model, guessing) = (app.analysis.model.as_ref().expect("loaded"), 4096_f64.ln());
    assert_eq!((model.name.as_str(), model.parameters), ("random-mini", 353_088));
    let loss = app.ledger().and_then(|ledger| ledger.loss(app.denominator)).expect("scored");
    assert!((loss / guessing - 1.0).abs() < 0.02, "{loss} before the first step, ln V is {guessing}");
    session.keys("r");
    session.until(|app| app.training.step >= 30);
    session.keys("r");
    session.until(|app| app.training.activity == Activity::Idle);
    let app = &session.app;
    let fell = |token: &str| course(app, token).iter().position(|&nll| nll < guessing / 2.0);
    let (stop, name) = (fell("."), fell(" Lily"));
    assert!(stop.is_some_and(|stop| name.is_none_or(|name| stop < name)), "{stop:?} {name:?}");
    let the = fell(" the");
    assert!(the.is_some_and(|the| name.is_none_or(|name| the < name)), "{the:?} {name:?}");
    let reports = &app.training.steps;
    assert!(reports[0].loss > 0.98 * guessing && reports[29].loss < 0.75 * guessing, "{:?}", reports[29]);
    // Another text may be looked at while it learns; t ends it.
    session.keys("t");
    assert!(session.app.training.stage.is_none());
}

/// A folder of checkpoints in some seconds.
fn pretrained(folder: &Path) -> Source {
    let sentences = ["The cat sat on the mat.", "The dog sat on the bed.", "The hen slept on the hill."];
    let lines: String = sentences.iter().cycle().take(30).map(|text| format!("{{\"text\": \"{text}\"}}\n")).collect();
    std::fs::write(folder.join("text.jsonl"), lines).expect("written");
    let recipe = r#"
        tokenizer = { vocab_size = 300 }
        model = { layers = 1, hidden_size = 32, intermediate_size = 48, heads = 2, context = 64 }
        checkpoints = { every = 100, keep = [0, 5, 20] }
        [[stage]]
        name = "base"
        steps = 20
        batch = 4
        length = 32
        lr = 1e-2
        source = [{ name = "text", file = "text.jsonl", held_out = 10 }]
    "#;
    let parsed = Recipe::parse(recipe, folder).expect("a recipe");
    let (out, cancel) = (folder.join("mine"), Cancel::default());
    let mut run = Run::open(&parsed, recipe, &out, &cancel, &mut |_| {}).expect("begun");
    run.go(Stop { stop: &cancel, hurry: &cancel }, &mut |_| {}).expect("trained");
    Source::Directory(out)
}

#[test]
fn the_text_runs_through_the_checkpoints_and_the_slider_goes_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = pretrained(folder.path());
    let start = Start { model: Some(source.clone()), ..Start::on(text("The cat sat on the bed."), "sentence") };
    let mut session = Session::start(start, 120, 40);
    session.until_ready();
    session.keys("4 L");
    assert!(matches!(session.files.pop(), Some(lossglass::app::FileRequest::FindLife(asked)) if asked == source));
    session.act(Action::Files(FileOutcome::Life(run::life(&source))));
    let heard = |app: &App| app.life.as_ref().map_or(0, |life| life.frames.len());
    session.until(|app| heard(app) == 3);
    session.until_ready();
    let life = session.app.life.as_ref().expect("a life");
    let steps: Vec<usize> = life.frames.iter().map(|frame| frame.step).collect();
    assert_eq!((life.name.as_str(), steps, life.step()), ("mine", vec![0, 5, 20], 20));
    let mean = |i: usize| {
        let nlls: Vec<f64> = (1..session.app.len()).filter_map(|t| life.frames[i].scores.nll(t)).collect();
        nlls.iter().sum::<f64>() / nlls.len() as f64
    };
    let vocabulary = session.app.analysis.model.as_ref().expect("loaded").vocab_size as f64;
    assert!((mean(0) / vocabulary.ln() - 1.0).abs() < 0.03, "{} and ln V {}", mean(0), vocabulary.ln());
    assert!(mean(1) < mean(0) && mean(2) < 0.5 * mean(0), "{} {} {}", mean(0), mean(1), mean(2));
    let screen = session.screen();
    for words in ["Film: checkpoint × token", "life of mine: step 20 of 20", "mine@20", "Loss by checkpoint"] {
        assert!(screen.contains(words), "{words} is not on the screen:\n{screen}");
    }
    // The slider: what is on screen is what that checkpoint says, in every view.
    session.keys("1 ,");
    session.until(|app| app.life.as_ref().is_some_and(|life| life.step() == 5) && app.is_complete());
    let app = &session.app;
    let film = app.life.as_ref().expect("a life").frames[1].scores.clone();
    assert_eq!(app.analysis.scores.nll(3), film.nll(3));
    assert_eq!(app.analysis.model.as_ref().map(|model| model.name.as_str()), Some("mine@5"));
    session.keys("}");
    session.until(|app| app.life.as_ref().is_some_and(|life| life.step() == 20) && app.is_complete());
    // Another text begins the film anew; another model ends the life.
    session.keys("{");
    session.until(|app| app.life.as_ref().is_some_and(|life| life.step() == 5) && app.is_complete());
    session.act(Action::Files(FileOutcome::Model(Source::parse("tiny-base").expect("embedded"))));
    session.until(|app| app.life.is_none());
}

#[test]
fn a_checkpoint_that_is_gone_ends_the_run_through_and_not_the_screen() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = pretrained(folder.path());
    let found = run::life(&source);
    std::fs::remove_dir_all(folder.path().join("mine/checkpoints/000005")).expect("removed");
    let start = Start { model: Some(source), ..Start::on(text("The cat sat."), "sentence") };
    let mut session = Session::start(start, 120, 40);
    session.until_ready();
    session.act(Action::Files(FileOutcome::Life(found)));
    session.until(|app| app.life.as_ref().is_some_and(|life| life.frames.len() == 1) && app.notice.is_some());
    session.until_ready();
    assert_eq!(session.app.life.as_ref().map(|life| life.step()), Some(0));
    session.act(Action::Files(FileOutcome::Model(Source::parse("tiny-base").expect("embedded"))));
    session.until_ready();
}
