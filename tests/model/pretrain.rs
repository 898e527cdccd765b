//! From random weights: what a recipe may say, the first loss, PyTorch's losses, and going on to the same bits.

mod recipe;
mod resume;

use std::path::Path;

use lossglass::cancel::Cancel;
use lossglass::pretrain::{End, Entry, Event, Recipe, Run, Stop};

/// A run small enough for a test: the parts of its recipe that tests change.
struct Small {
    steps: usize,
    every: usize,
    batch: usize,
    more: &'static str,
}

impl Small {
    fn recipe(&self) -> String {
        let Self { steps, every, batch, more } = self;
        format!(
            r#"
            seed = 7
            [tokenizer]
            vocab_size = 300
            [model]
            layers = 2
            hidden_size = 32
            intermediate_size = 48
            heads = 4
            kv_heads = 2
            context = 64
            [checkpoints]
            every = {every}
            [watch]
            every = 4
            prompts = ["The cat"]
            tokens = 5
            [[stage]]
            name = "base"
            steps = {steps}
            batch = {batch}
            length = 32
            lr = 1e-2
            warmup = 3
            weight_decay = 0.1
            [[stage.source]]
            name = "animals"
            file = "animals.jsonl"
            held_out = 10
            {more}
            "#
        )
    }

    /// In a folder with its data.
    fn write(&self, folder: &Path) -> String {
        let mut lines = String::new();
        for (i, animal) in ["cat", "dog", "cow", "hen", "fox"].iter().enumerate() {
            for (j, place) in ["mat", "bed", "hill", "road"].iter().enumerate() {
                for verb in ["sat", "slept"] {
                    lines += &format!("{{\"text\": \"The {animal} {verb} on the {place}. It was {}.\"}}\n", i + j);
                }
            }
        }
        std::fs::write(folder.join("animals.jsonl"), lines).unwrap();
        let turn = |role: &str, content: &str| format!(r#"{{"role": "{role}", "content": "{content}"}}"#);
        let chat = |place: &str| {
            let turns = [turn("user", "Where is the cat?"), turn("assistant", &format!("On the {place}."))];
            format!("{{\"messages\": [{}]}}\n", turns.join(", "))
        };
        std::fs::write(folder.join("chats.jsonl"), ["mat", "bed", "hill", "road"].map(chat).concat()).unwrap();
        self.recipe()
    }
}

/// The losses of every step and the looks of a run that is stopped after so many of its steps.
#[derive(Debug)]
struct Told {
    end: End,
    losses: Vec<f64>,
    looks: Vec<Entry>,
    vocab_size: usize,
}

fn run(recipe: &str, folder: &Path, out: &Path, stop_after: usize) -> Told {
    let parsed = Recipe::parse(recipe, folder).unwrap();
    let (stop, hurry) = (Cancel::default(), Cancel::default());
    let (mut losses, mut looks) = (Vec::new(), Vec::new());
    let on_event = &mut |event: Event<'_>| match event {
        Event::Step { step, report } => {
            losses.push(report.loss);
            if step >= stop_after {
                stop.cancel();
            }
        }
        Event::Entry(entry) => looks.push(entry.clone()),
        _ => {}
    };
    let mut run = Run::open(&parsed, recipe, out, &stop, on_event).unwrap();
    let end = run.go(Stop { stop: &stop, hurry: &hurry }, on_event).unwrap();
    let vocab_size = run.model().config.vocab_size;
    Told { end, losses, looks, vocab_size }
}

#[test]
fn the_first_loss_is_that_of_guessing_and_it_falls() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = Small { steps: 40, every: 100, batch: 4, more: "" }.write(folder.path());
    let told = run(&recipe, folder.path(), &folder.path().join("out"), usize::MAX);
    assert_eq!(told.end, End::Done);
    let guessing = (told.vocab_size as f64).ln();
    let before = told.looks[0].held_out[0].nats;
    assert!((told.losses[0] / guessing - 1.0).abs() < 0.02, "{} instead of ln V = {guessing}", told.losses[0]);
    assert!((before / guessing - 1.0).abs() < 0.02, "held out: {before} instead of {guessing}");
    assert_eq!((told.looks[0].step, told.looks[0].loss), (0, None));
    let last = told.looks.last().unwrap();
    assert!(last.step == 40 && last.held_out[0].nats < 0.5 * guessing, "{last:?}");
    let bits = |entry: &Entry| entry.held_out[0].bits_per_byte.unwrap();
    assert!(bits(last) < 0.5 * bits(&told.looks[0]));
    assert_eq!(last.samples[0].prompt, "The cat");
}

/// `pretrain/pytorch_losses.py` writes what PyTorch makes of the weights of step 0 and the same text.
#[test]
fn the_first_ten_losses_are_pytorchs() {
    let expected: serde_json::Value = serde_json::from_str(include_str!("pretrain/pytorch_losses.json")).unwrap();
    let theirs: Vec<f64> = expected["losses"].as_array().unwrap().iter().map(|loss| loss.as_f64().unwrap()).collect();
    let folder = tempfile::tempdir().unwrap();
    // Every step takes all that there is, so that no order of the data can hide a difference.
    let small = Small { steps: 10, every: 100, batch: expected["sequences"].as_u64().unwrap() as usize, more: "" };
    // The run stays for the script where a folder for it is named.
    let place = std::env::var_os("LOSSGLASS_KEEP").map_or_else(|| folder.path().to_owned(), Into::into);
    // A first step of AdamW moves each weight by the rate, whichever way rounding turns a gradient near 0: a small rate.
    let recipe = small.write(&place).replace("lr = 1e-2", "lr = 3e-3");
    let told = run(&recipe, &place, &place.join("out"), usize::MAX);
    assert_eq!((told.losses.len(), theirs.len()), (10, 10));
    for (step, (ours, theirs)) in told.losses.iter().zip(&theirs).enumerate() {
        assert!((ours / theirs - 1.0).abs() < 0.01, "step {}: {ours}, PyTorch {theirs}", step + 1);
    }
    assert!(theirs[9] < 0.95 * theirs[0], "nothing was learned that could differ");
}
