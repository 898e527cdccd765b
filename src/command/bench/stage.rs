//! A screen to measure: so many tokens on it, a long run behind it. Its values are made up, and nobody sees them: what is
//! measured is how long the screen takes.

use std::sync::Arc;

use anyhow::{Result, ensure};

use crate::app::{Action, App, Frame, Probe, Start, update};
use crate::cancel::Cancel;
use crate::engine::{Event, Measure};
use crate::loss::{Candidate, Distribution, Row, Scores, Target};
use crate::model::{Model, ModelInfo};
use crate::sample::{Chat, Message, Sample};
use crate::sequence::{Prefix, Sequence};
use crate::source::{Embedded, Source};
use crate::train::StepReport;

/// The size of the screen that is drawn.
pub const SIZE: (u16, u16) = (120, 40);

/// The screen on a text of that many tokens.
///
/// # Errors
/// If the embedded model does not load.
pub fn scored_app(tokens: usize) -> Result<App> {
    let source = Source::Embedded(Embedded::TinyBase);
    let mut model = embedded(&source)?;
    model.config.context = usize::MAX;
    let sample = Sample::Text("The cat sat on the mat and looked at the dog.\n".repeat(tokens / 11));
    let mut sequence = model.encode(&sample, Prefix::None)?;
    sequence.truncate(tokens);
    ensure!(sequence.len() == tokens, "the text is too short");
    Ok(app_on(&model, source, sample, sequence))
}

/// The screen on a chat of that many tokens.
///
/// # Errors
/// If the embedded model does not load.
pub fn chat_app(tokens: usize) -> Result<App> {
    let source = Source::Embedded(Embedded::TinyChat);
    Ok(app_on(&embedded(&source)?, source, Sample::Chat(Chat::default()), long_chat(tokens)?))
}

/// A chat of that many tokens.
///
/// # Errors
/// If the embedded model does not load.
pub fn long_chat(tokens: usize) -> Result<Sequence> {
    let mut model = embedded(&Source::Embedded(Embedded::TinyChat))?;
    model.config.context = tokens;
    let message = |turn: usize| Message {
        role: if turn.is_multiple_of(2) { "user" } else { "assistant" }.into(),
        content: "The cat sat on the mat and looked at the dog.".into(),
        ..Message::default()
    };
    let chat = Chat { messages: (0..tokens / 16).map(message).collect(), ..Chat::default() };
    let sequence = model.encode(&Sample::Chat(chat), Prefix::None)?;
    ensure!(sequence.len() == tokens, "the chat is too short");
    Ok(sequence)
}

fn embedded(source: &Source) -> Result<Model> {
    Model::load(source, &candle_core::Device::Cpu, &Cancel::default(), &mut |_| {})
}

fn app_on(model: &Model, source: Source, sample: Sample, sequence: Sequence) -> App {
    let (tokens, ids) = (sequence.len(), sequence.ids());
    let row = |t: usize| Row {
        entropy: 2.0,
        top: (0..5).map(|id| Candidate { id, p: 0.1 }).collect(),
        target: ids.get(t + 1).map(|&id| Target { id, nll: (t % 80) as f64 / 10.0, rank: 1 + t as u32 % 9 }),
    };
    let rows = (0..tokens).map(row).collect();
    let (mut app, _) =
        App::new(Start { encoding: Prefix::None.into(), model: Some(source), ..Start::on(sample, "bench") });
    let generation = app.analysis.generation;
    update(&mut app, Action::Resize(SIZE.0, SIZE.1));
    let model = Arc::new(ModelInfo::of(model));
    let distribution = Distribution::new((0..model.vocab_size).map(|i| (i % 97) as f32 / 10.0).collect());
    for event in [
        Event::Tokenised { generation, model, sequence: Arc::new(sequence) },
        Event::Scored { generation, from: 0, rows },
        Event::Finished { generation, seconds: 0.0 },
    ] {
        update(&mut app, Action::Engine(event));
    }
    update(&mut app, Action::Goto(tokens / 2));
    let event = Event::Distribution { generation, position: tokens / 2 - 1, distribution };
    update(&mut app, Action::Engine(event));
    app
}

/// Gives the screen a run of that many steps, with as many frames of the film as the program would keep.
pub fn train(app: &mut App, steps: usize) {
    let tokens = app.len();
    let stride = if tokens > 1000 { 4 } else { 1 };
    let frame = |step: usize| {
        let row = |t: usize| Row {
            entropy: 2.0,
            top: Vec::new(),
            target: app
                .analysis
                .scores
                .target(t)
                .map(|target| Target { nll: target.nll / (1 + step) as f64, ..target }),
        };
        Frame { step, scores: Arc::new(Scores::new((1..=tokens).map(row).collect())), twin: None }
    };
    let frames = (0..=steps).step_by(stride).map(frame).collect();
    let report = |step: usize| StepReport { step, loss: 4.0 / step as f64, tokens, ..StepReport::default() };
    let losses: Vec<(usize, f64)> = (0..=steps).map(|step| (step, 4.0 / (1 + step) as f64)).collect();
    let probe = |name: &str| Probe {
        name: name.into(),
        sample: Sample::Text(name.into()),
        measure: Measure::Scored,
        losses: losses.clone(),
        twin_losses: Vec::new(),
    };
    app.training.probes = ["one", "two", "three"].map(probe).into();
    app.training.steps = (1..=steps).map(report).collect();
    app.training.film.frames = frames;
    app.training.step = steps;
}
