//! Which view, panel or mask takes the time that `lossglass bench` reports of the slowest.

use std::hint::black_box;
use std::time::{Duration, Instant};

use candle_core::Device;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion};
use lossglass::app::view::attend;
use lossglass::app::{Action, App, AttendPanel, Command, Effect, View, update};
use lossglass::cancel::Cancel;
use lossglass::command::bench::stage;
use lossglass::engine::Event;
use lossglass::engine::{LookAt, LookEvent, Request, Seen};
use lossglass::inspect::{Depth, LayerWeights, Lean, Leaning, NamedHead, Weights};
use lossglass::loss::{Labels, Row};
use lossglass::mask::{Choices, LossMask, MaskOptions, Mode};
use lossglass::model::Model;
use lossglass::sample::Sample;
use lossglass::score::Scorer;
use lossglass::sequence::Prefix;
use lossglass::source::{Embedded, Source, run};
use lossglass::ui::Canvas;

/// Why a stage cannot fail.
const EMBEDDED: &str = "its model is embedded";
const LENGTHS: [usize; 2] = [512, 4096];
const STEPS: usize = 1000;

type Group<'a> = BenchmarkGroup<'a, WallTime>;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("screen");
    group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2)).sample_size(20);
    for tokens in LENGTHS {
        views(&mut group, tokens);
        panels(&mut group, tokens);
    }
    masks(&mut group);
    slider(&mut group);
    group.finish();
    criterion.final_summary();
}

fn frame(group: &mut Group, name: &str, app: &App, (columns, rows): (u16, u16)) {
    let mut canvas = Canvas::new(columns, rows).expect("a screen in memory");
    group.bench_function(BenchmarkId::new(name, app.len()), |bencher| bencher.iter(|| canvas.draw(app)));
}

fn views(group: &mut Group, tokens: usize) {
    let mut app = stage::scored_app(tokens).expect(EMBEDDED);
    stage::train(&mut app, STEPS);
    for view in View::EVERY {
        app.view = view;
        frame(group, &format!("frame, {}", view.title()), &app, stage::SIZE);
    }
    let mut app = stage::chat_app(tokens).expect(EMBEDDED);
    app.view = View::Score;
    assert!(app.scorings.len() >= 20, "every mode and every profile");
    frame(group, "frame, Score, all rows", &app, stage::SIZE);
    stage::train(&mut app, STEPS);
    update(&mut app, Action::Resize(200, 60));
    update(&mut app, Action::Do(Command::Present));
    frame(group, "frame, presenting four views at 200x60", &app, (200, 60));
}

fn panels(group: &mut Group, tokens: usize) {
    for panel in AttendPanel::EVERY {
        let mut app = looking_app(tokens, panel);
        frame(group, &format!("frame, Attend, {}", panel.title()), &app, stage::SIZE);
        if matches!(panel, AttendPanel::Mask | AttendPanel::Attention) {
            update(&mut app, Action::Do(attend::Command::Whole.into()));
            frame(group, &format!("frame, Attend, {}, whole", panel.title()), &app, stage::SIZE);
        }
    }
}

fn masks(group: &mut Group) {
    let chat = stage::long_chat(LENGTHS[1]).expect(EMBEDDED);
    let options = every_option();
    for mode in Mode::EVERY.into_iter().filter(|mode| *mode != Mode::GenerationTags || chat.generation_tags) {
        group.bench_function(BenchmarkId::new("mask with every option, 4,096 tokens", mode), |bencher| {
            bencher.iter(|| LossMask::new(&chat, black_box(mode), options).expect("a chat"));
        });
    }
}

/// The slider a checkpoint on: its weights are decoded and a sentence is scored. From the last one it goes back to the first
/// without the clock running.
fn slider(group: &mut Group) {
    let checkpoints = run::life(&Source::Embedded(Embedded::TinyBase)).expect(EMBEDDED).checkpoints;
    let sample = Sample::Text("The cat sat on the mat and looked at the dog.".into());
    let speak = |at: usize| {
        let cancel = &Cancel::default();
        let model = Model::load(&checkpoints[at].source, &Device::Cpu, cancel, &mut |_| {}).expect(EMBEDDED);
        let ids = model.encode(&sample, Prefix::Tokenizer).expect(EMBEDDED).ids();
        Scorer::new().score(&model.decoder, &ids, 10, cancel, &mut |_, rows| drop(black_box(rows))).expect(EMBEDDED);
    };
    group.bench_function("a checkpoint on, a sentence", |bencher| {
        bencher.iter_custom(|count| {
            let (mut at, mut took) = (0, Duration::ZERO);
            for _ in 0..count {
                if at == 0 {
                    speak(0);
                }
                at += 1;
                let start = Instant::now();
                speak(at);
                took += start.elapsed();
                at %= checkpoints.len() - 1;
            }
            took
        });
    });
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

/// The screen on a panel of Attend, with something made up for everything that it looks at.
fn looking_app(tokens: usize, panel: AttendPanel) -> App {
    let mut app = stage::scored_app(tokens).expect(EMBEDDED);
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
