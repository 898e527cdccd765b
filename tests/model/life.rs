//! The checkpoints of the embedded base model: how small, how near to random at first, and what is learned first.

use lossglass::cancel::Cancel;
use lossglass::loss::Scores;
use lossglass::model::Model;
use lossglass::sample::Sample;
use lossglass::score::Scorer;
use lossglass::sequence::Prefix;
use lossglass::source::{Early, Source, run};

const TEXT: &str = "Tom sat on the mat. The dog ran to the park. Lily saw the ball. Max and Anna went to the sea.";
const NAMES: [&str; 4] = ["Tom", " Lily", " Max", " Anna"];

fn load(source: &Source) -> Model {
    Model::load(source, &candle_core::Device::Cpu, &Cancel::default(), &mut |_| {}).expect("embedded")
}

/// The tokens of the text and what each costs; the first costs nothing.
fn costs(model: &Model) -> Vec<(String, Option<f64>)> {
    let sequence = model.encode(&Sample::Text(TEXT.into()), Prefix::Tokenizer).expect("encoded");
    let mut scores = Scores::default();
    let mut on_rows = |from, rows| scores.splice(from, rows);
    Scorer::new().score(&model.decoder, &sequence.ids(), 1, &Cancel::default(), &mut on_rows).expect("scored");
    (0..sequence.len()).map(|t| (sequence.tokens[t].text().to_string(), scores.nll(t))).collect()
}

fn mean(costs: &[(String, Option<f64>)], is_meant: impl Fn(&str) -> bool) -> f64 {
    let all: Vec<f64> = costs.iter().filter(|(token, _)| is_meant(token)).filter_map(|(_, nll)| *nll).collect();
    assert!(!all.is_empty(), "no such token");
    all.iter().sum::<f64>() / all.len() as f64
}

#[test]
fn it_goes_from_random_weights_to_the_embedded_model_within_four_megabytes() {
    assert!(Early::bytes().len() < 4_000_000);
    let base = Source::parse("tiny-base").expect("embedded");
    let life = run::life(&base).expect("a life");
    assert!((8..=12).contains(&life.checkpoints.len()), "{}", life.checkpoints.len());
    assert!(life.checkpoints.is_sorted_by(|a, b| a.step < b.step) && life.checkpoints[0].step == 0);
    assert_eq!(life.checkpoints.last().map(|last| &last.source), Some(&base));
    assert_eq!(life.note, None);
    let chat = run::life(&Source::parse("tiny-chat").expect("embedded")).expect("a life");
    assert_eq!(chat.checkpoints.len(), life.checkpoints.len() + 1);
    assert!(chat.note.is_some_and(|note| note.contains("went on with chats")));
    // Random weights guess: ln V, within 2 %.
    let guessing = 4096_f64.ln();
    let first = mean(&costs(&load(&life.checkpoints[0].source)), |_| true);
    assert!((first / guessing - 1.0).abs() < 0.02, "{first} before the first step, ln V is {guessing}");
    let last = mean(&costs(&load(&life.checkpoints[life.checkpoints.len() - 2].source)), |_| true);
    assert!(last < 0.65 * guessing, "{last} after the last step that is kept");
}

#[test]
fn what_comes_often_is_learned_before_names() {
    let checkpoints = run::life(&Source::parse("tiny-base").expect("embedded")).expect("a life").checkpoints;
    let (guessing, half) = (4096_f64.ln(), 4096_f64.ln() / 2.0);
    let (mut the, mut name) = (None, None);
    for checkpoint in &checkpoints {
        let costs = costs(&load(&checkpoint.source));
        let of_the = mean(&costs, |token| token == " the");
        let of_names = mean(&costs, |token| NAMES.contains(&token));
        println!("step {:>5}: \" the\" {of_the:.3}, a name {of_names:.3}", checkpoint.step);
        // Both are guesses at first.
        let is_guessed = of_the > guessing - 0.5 && of_names > guessing - 0.5;
        assert!(is_guessed || of_the < of_names, "step {}: {of_the} {of_names}", checkpoint.step);
        the = the.or((of_the < half).then_some(checkpoint.step));
        name = name.or((of_names < half).then_some(checkpoint.step));
    }
    assert!(the.is_some_and(|the| name.is_none_or(|name| the < name)), "below half of ln V: {the:?} {name:?}");
}

#[test]
fn the_order_in_which_they_are_opened_changes_nothing() {
    let checkpoints = run::life(&Source::parse("tiny-base").expect("embedded")).expect("a life").checkpoints;
    let early = |at: usize| costs(&load(&checkpoints[at].source));
    let (third, last) = (early(3), early(checkpoints.len() - 2));
    assert_eq!(early(3), third);
    assert_eq!(early(checkpoints.len() - 2), last);
    assert_ne!(third, last);
    let named = Source::parse(&checkpoints[3].source.argument()).expect("named by its step");
    assert_eq!(named, checkpoints[3].source);
    assert!(Source::parse("tiny-base@5").is_err(), "no such step is kept");
}
