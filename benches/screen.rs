//! What a user waits for on screen: a frame, another mask, the first frame after the start.
//!
//! Bars: a frame at 120×40 with 512 / 4,096 tokens 2 ms / 4 ms; another mask mode, weight or denominator on 4,096
//! tokens 1 ms; start to first frame with an embedded model 100 ms.

#[path = "../tests/support/terminal.rs"]
mod terminal;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion};
use lossglass::app::view::{attend, score};
use lossglass::app::{Action, App, AttendPanel, Command, Effect, Frame, Probe, Start, ThemeName, View, update};
use lossglass::engine::{Event, LookAt, LookEvent, Measure, Request, Seen};
use lossglass::inspect::{Depth, LayerWeights, Lean, Leaning, NamedHead, Weights};
use lossglass::loss::{Candidate, Denominator, Distribution, Labels, Ledger, Row, Scores, Target};
use lossglass::mask::{Choices, LossMask, MaskOptions, Mode};
use lossglass::model::Model;
use lossglass::sample::{Chat, Message, Sample};
use lossglass::sequence::{Prefix, Sequence};
use lossglass::source::{Embedded, Source};
use lossglass::train::StepReport;
use lossglass::ui::{self, Theme};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("screen");
    group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2)).sample_size(20);
    for tokens in [512, 4096] {
        let mut app = scored_app(tokens);
        train(&mut app, 1000);
        for view in View::EVERY {
            app.view = view;
            let mut terminal = Terminal::new(TestBackend::new(120, 40)).expect("a screen in memory");
            let theme = Theme::of(ThemeName::Dark, true);
            group.bench_function(BenchmarkId::new(format!("frame, {}", view.title()), tokens), |bencher| {
                bencher.iter(|| terminal.draw(|frame| drop(black_box(ui::draw(&app, &theme, frame)))).map(|_| ()));
            });
        }
    }
    for tokens in [512, 4096] {
        let mut app = chat_app(tokens);
        train(&mut app, 1000);
        update(&mut app, Action::Resize(200, 60));
        update(&mut app, Action::Do(Command::Present));
        let mut terminal = Terminal::new(TestBackend::new(200, 60)).expect("a screen in memory");
        let theme = Theme::of(ThemeName::Dark, true);
        group.bench_function(BenchmarkId::new("frame, presenting four views at 200x60", tokens), |bencher| {
            bencher.iter(|| terminal.draw(|frame| drop(black_box(ui::draw(&app, &theme, frame)))).map(|_| ()));
        });
    }
    let panels = [512, 4096].into_iter().flat_map(|tokens| AttendPanel::EVERY.map(|panel| (tokens, panel)));
    for ((tokens, panel), is_whole) in panels.flat_map(|panel| [(panel, false), (panel, true)]) {
        let has_grid = matches!(panel, AttendPanel::Mask | AttendPanel::Attention);
        if is_whole && !has_grid {
            continue;
        }
        let mut app = looking_app(tokens, panel);
        if is_whole {
            update(&mut app, Action::Do(attend::Command::Whole.into()));
        }
        let mut terminal = Terminal::new(TestBackend::new(120, 40)).expect("a screen in memory");
        let theme = Theme::of(ThemeName::Dark, true);
        group.bench_function(
            BenchmarkId::new(
                format!("frame, Attend, {}{}", panel.title(), if is_whole { ", whole" } else { "" }),
                tokens,
            ),
            |bencher| {
                bencher.iter(|| terminal.draw(|frame| drop(black_box(ui::draw(&app, &theme, frame)))).map(|_| ()));
            },
        );
    }
    for tokens in [512, 4096] {
        let mut app = chat_app(tokens);
        app.view = View::Score;
        assert!(app.scorings.len() >= 20, "every mode and every profile");
        let mut terminal = Terminal::new(TestBackend::new(120, 40)).expect("a screen in memory");
        let theme = Theme::of(ThemeName::Dark, true);
        group.bench_function(BenchmarkId::new("frame, Score, all rows", tokens), |bencher| {
            bencher.iter(|| terminal.draw(|frame| drop(black_box(ui::draw(&app, &theme, frame)))).map(|_| ()));
        });
    }
    // All that stands between the key and the state that is drawn: the mask, its ledger, findings, what rows differ in.
    let mut app = chat_app(4096);
    app.view = View::Score;
    for (name, command) in [("another mode", Command::NextMode), ("another weight", score::Command::PaintTokens.into())]
    {
        group.bench_function(BenchmarkId::new(format!("{name}, all rows up to date"), 4096), |bencher| {
            bencher.iter(|| black_box(update(&mut app, Action::Do(command))));
        });
    }
    let app = scored_app(4096);
    let chat = long_chat(4096);
    group.bench_function("mask and ledger, 4,096 tokens", |bencher| {
        bencher.iter(|| {
            let mask = LossMask::new(&chat, black_box(Mode::Assistant), MaskOptions::default()).expect("a chat");
            black_box(Ledger::new(&chat, &mask, &app.analysis.scores).map(|ledger| ledger.loss(Denominator::All)))
        });
    });
    let options = every_option();
    for mode in Mode::EVERY.into_iter().filter(|mode| *mode != Mode::GenerationTags || chat.generation_tags) {
        group.bench_function(BenchmarkId::new("mask with every option, 4,096 tokens", mode), |bencher| {
            bencher.iter(|| LossMask::new(&chat, black_box(mode), options).expect("a chat"));
        });
    }
    group.finish();
    first_frame();
    criterion.final_summary();
}

/// The options that cost most: every part is looked at, headers and stops are searched.
fn every_option() -> MaskOptions {
    let mut choices = Choices::default();
    for (option, value) in [("stop", "last"), ("header", "end"), ("prompt_weight", "0.1"), ("straddlers", "inside")] {
        choices.set(option, value).expect("an option");
    }
    let parts = "reasoning=0.5,answer=2".parse().expect("weights");
    MaskOptions { parts, choices, ..MaskOptions::default() }
}

/// A chat of that many tokens.
fn long_chat(tokens: usize) -> Sequence {
    let mut model = embedded(&Source::Embedded(Embedded::TinyChat));
    model.config.context = tokens;
    let message = |turn: usize| Message {
        role: if turn.is_multiple_of(2) { "user" } else { "assistant" }.into(),
        content: "The cat sat on the mat and looked at the dog.".into(),
        ..Message::default()
    };
    let chat = Chat { messages: (0..tokens / 16).map(message).collect(), ..Chat::default() };
    let sequence = model.encode(&Sample::Chat(chat), Prefix::None).expect("the template takes it");
    assert_eq!(sequence.len(), tokens, "long enough");
    sequence
}

fn embedded(source: &Source) -> Model {
    Model::load(source, &candle_core::Device::Cpu, &Default::default(), &mut |_| {}).expect("it is embedded")
}

/// Gives the screen a run of that many steps, with as many frames of the film as the program would keep.
fn train(app: &mut App, steps: usize) {
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

/// The screen on a panel of Attend, with something made up for everything that it looks at.
fn looking_app(tokens: usize, panel: AttendPanel) -> App {
    let mut app = scored_app(tokens);
    app.view = View::Attend;
    let (heads, layers) = app.analysis.model.as_ref().map(|model| (model.heads, model.layers())).expect("a model");
    let mut effects = update(&mut app, Action::ShowPanel(panel as usize));
    while let Some(Effect::Engine(Request::Look(look))) = effects.pop() {
        let seen = match look.at {
            LookAt::Attention { layer, rows, .. } => {
                Seen::Attention(LayerWeights::new(layer, vec![Weights::zeros(rows, tokens); heads]))
            }
            LookAt::Heads { .. } => Seen::Heads(
                (0..layers * heads).map(|i| NamedHead { layer: i / heads, head: i % heads, scores: None }).collect(),
            ),
            LookAt::Layers { rows, .. } => {
                let predicting = |t: usize| app.analysis.scores.predicting(t + 1).cloned();
                let rows_of_layer: Vec<Row> = rows.clone().filter_map(predicting).collect();
                Seen::Layers(Depth { rows, labels: Labels::Next, layers: vec![rows_of_layer; layers] })
            }
            LookAt::Leaning { position, scope } => {
                let lean = |position| Lean { position, delta_nll: (position % 7) as f64 / 7.0 };
                Seen::Leaning(Leaning { position, scope, nll: 1.0, tokens: (0..position).map(lean).collect() })
            }
        };
        effects = update(
            &mut app,
            Action::Engine(Event::Look { number: look.number, step: 0, event: LookEvent::Seen(seen) }),
        );
    }
    app
}

/// The median time from starting the program in a pseudo-terminal to its first frame.
fn first_frame() {
    let mut times: Vec<f64> = (0..11)
        .map(|_| {
            let start = Instant::now();
            let mut pty = terminal::Pty::start(&[], &[], 120, 40);
            pty.wait_for("lossglass");
            let first = start.elapsed().as_secs_f64();
            pty.wait_for("ready");
            pty.press("q");
            pty.wait_for_exit();
            first
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("start to first frame: median {:.1} ms (bar 100 ms)", times[times.len() / 2] * 1e3);
}

/// The screen on a text of that many tokens.
fn scored_app(tokens: usize) -> App {
    let source = Source::default_for(&Sample::Text(String::new()));
    let mut model = embedded(&source);
    model.config.context = usize::MAX;
    let sample = Sample::Text("The cat sat on the mat and looked at the dog.\n".repeat(tokens / 11));
    let mut sequence = model.encode(&sample, Prefix::None).expect("plain text");
    sequence.truncate(tokens);
    assert_eq!(sequence.len(), tokens, "long enough");
    app_on(&model, source, sample, sequence)
}

/// The screen on a chat of that many tokens.
fn chat_app(tokens: usize) -> App {
    let source = Source::Embedded(Embedded::TinyChat);
    app_on(&embedded(&source), source, Sample::Chat(Chat::default()), long_chat(tokens))
}

/// The screen on `sequence`, with rows of made-up values: what is measured is drawing, not a model.
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
    update(&mut app, Action::Resize(120, 40));
    let model = Arc::new(lossglass::model::ModelInfo::of(model));
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
