//! The life of the embedded base model on screen: how fast the slider is, what is held, and what is in memory.

use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use lossglass::app::{Action, App, FileOutcome};
use lossglass::engine::{Engine, Event, Request};
use lossglass::model::ModelInfo;
use lossglass::sample::Sample;
use lossglass::sequence::EncodeOptions;
use lossglass::source::{Opening, Source, run};

use crate::session::Session;

fn sentence() -> Sample {
    Sample::Text("The cat sat on the mat and looked at the dog.".into())
}

fn life() -> run::Life {
    run::life(&Source::parse("tiny-base").expect("embedded")).expect("a life")
}

fn step(app: &App) -> usize {
    app.life.as_ref().expect("a life").step()
}

/// The text has run through all checkpoints.
fn run_through() -> (Session, usize) {
    let mut session = Session::new(sentence(), "sentence", 120, 40);
    session.until_ready();
    session.keys("4 L");
    session.act(Action::Files(FileOutcome::Life(Some(life()))));
    let count = life().checkpoints.len();
    session.until(|app| app.life.as_ref().is_some_and(|life| life.frames.len() == count));
    session.until_ready();
    (session, count)
}

#[test]
fn the_film_goes_from_random_weights_to_the_embedded_model() {
    let (mut session, count) = run_through();
    let last = life().checkpoints[count - 1].step;
    let life = session.app.life.as_ref().expect("a life");
    assert_eq!(life.step(), last);
    let mean = |at: usize| {
        let nlls: Vec<f64> = (1..session.app.len()).filter_map(|t| life.frames[at].scores.nll(t)).collect();
        nlls.iter().sum::<f64>() / nlls.len() as f64
    };
    assert!((mean(0) / 4096_f64.ln() - 1.0).abs() < 0.05, "{}", mean(0));
    assert!(mean(count - 2) < mean(1) && mean(count - 1) < 0.7 * mean(0), "{} {}", mean(1), mean(count - 1));
    let screen = session.screen();
    let words = format!("life of tiny-base: step {last} of {last}", last = lossglass::ui::text::count(last));
    assert!(screen.contains(&words), "{words} is not on the screen:\n{screen}");
}

#[test]
fn sliding_back_costs_nothing_and_on_less_than_the_eye_sees() {
    let (mut session, count) = run_through();
    let held: Vec<Option<f64>> = {
        let life = session.app.life.as_ref().expect("a life");
        life.frames.iter().map(|frame| frame.scores.nll(3)).collect()
    };
    // Back: what was said stands there with the key, before any weight is read.
    for at in (0..count - 1).rev() {
        session.keys(",");
        let app = &session.app;
        let name = app.analysis.model.as_ref().map(|model| model.name.clone()).expect("a model");
        assert_eq!(app.analysis.scores.nll(3), held[at], "checkpoint {at}");
        assert!(name.ends_with(&format!("@{}", step(app))), "{name} at step {}", step(app));
    }
    session.until_ready();
    assert_eq!(session.app.analysis.scores.nll(3), held[0]);
    // On, with another text, so that nothing is held.
    session.act(Action::Files(FileOutcome::Model(life().checkpoints[0].source.clone())));
    session.keys("e");
    session.act(Action::Paste(" It slept.".into()));
    session.keys("esc");
    session.until_ready();
    session.keys("esc");
    let mut took = Vec::new();
    for _ in 1..count {
        let start = Instant::now();
        let before = step(&session.app);
        session.keys(".");
        session.until(|app| step(app) > before && app.is_current() && app.is_complete());
        took.push(start.elapsed());
        session.until_ready();
    }
    println!("a checkpoint on: {took:.1?}");
    let longest = took.into_iter().max().expect("some");
    assert!(longest < Duration::from_secs(3), "{longest:?}: benches/screen.rs has the figure of a release build");
}

#[test]
fn a_checkpoint_leaves_before_the_next_one_is_read() {
    let (sender, events) = mpsc::channel();
    let before: Mutex<Option<Arc<ModelInfo>>> = Mutex::new(None);
    let emit = move |event| {
        let mut before = before.lock().expect("one thread");
        match &event {
            // The engine holds what it tells of a model as long as it holds the model.
            Event::Loading { opening: Opening::Reading(_), .. } => {
                assert!(before.as_ref().is_none_or(|model| Arc::strong_count(model) == 1), "two are in memory");
            }
            Event::Tokenised { model, .. } => *before = Some(model.clone()),
            Event::Finished { generation, .. } => return sender.send(*generation).is_ok(),
            Event::Failed { message, .. } | Event::ModelFailed { message, .. } => panic!("{message}"),
            _ => {}
        }
        true
    };
    let mut engine = Engine::spawn(candle_core::Device::Cpu, Default::default(), emit).expect("a thread");
    for (generation, checkpoint) in (1..).zip(life().checkpoints) {
        let (source, sample, encoding) = (checkpoint.source, sentence(), EncodeOptions::default());
        let (pack, experiment, top_k) = (None, Default::default(), 1);
        engine.send(Request::Analyze { generation, source, sample, encoding, pack, experiment, top_k });
        assert_eq!(events.recv_timeout(Duration::from_secs(60)), Ok(generation));
    }
}
