//! Tokens a second of pretraining, and how that compares with PyTorch on the same machine in the same run.
//!
//! Bar: a step on 16 sequences of 256 tokens of a model of the embedded ones' shape as many tokens a second as PyTorch's,
//! one batch, fused AdamW. Needs `LOSSGLASS_PYTHON`, a Python that has torch and transformers, whose steps alternate with
//! ours; without it only ours are measured.

#[path = "baseline/pytorch.rs"]
mod pytorch;

use std::sync::Arc;

use lossglass::cancel::Cancel;
use lossglass::loss::Labels;
use lossglass::model::Model;
use lossglass::sequence::Documents;
use lossglass::source::{Embedded, Source};
use lossglass::train::{Example, Settings, Trainer};

use self::pytorch::{PyTorch, alternate, heading, line, time};

const BATCH: usize = 16;
const LENGTH: usize = 256;
const ROUNDS: usize = 9;

fn main() {
    let source = Source::Embedded(Embedded::Random);
    let model = Model::load(&source, &candle_core::Device::Cpu, &Cancel::default(), &mut |_| {});
    let mut decoder = model.expect("it is embedded").decoder;
    let mut trainer = Trainer::new(&decoder, None);
    let settings = Settings { lr: 1e-9, ..Settings::default() };
    let tokens = BATCH * LENGTH;
    let ids: Vec<u32> = (0..tokens as u32).map(|i| 20 + i * 7919 % 4000).collect();
    let documents = Documents::new((0..BATCH).map(|sequence| sequence * LENGTH));
    let weights = (0..tokens).map(|t| f64::from(u8::from(t % LENGTH > 0))).collect();
    let examples = [Arc::new(Example { ids, weights, visibility: documents.into(), labels: Labels::Next })];
    let mut pytorch = PyTorch::of("pytorch_pretraining.py");
    let mut ours =
        || time(|| drop(trainer.step(&mut decoder, &examples, &settings, &Cancel::default()).expect("a step")));
    let mut theirs = || pytorch.as_mut().map_or(f64::NAN, |pytorch| pytorch.run("pretrain", tokens));
    let [ours, theirs] = alternate(ROUNDS, [&mut ours, &mut theirs]);
    heading();
    line(&format!("step of {BATCH} × {LENGTH} tokens"), ours, theirs);
    let pace = |seconds: f64| tokens as f64 / seconds;
    println!(
        "tokens/s, median: ours {:.0}, PyTorch {:.0}; fastest: ours {:.0}, PyTorch {:.0}",
        pace(ours.median),
        pace(theirs.median),
        pace(ours.least),
        pace(theirs.least)
    );
}
