//! On which tokens a prediction leans.

use lossglass::cancel::Cancel;
use lossglass::inspect::{self, InspectError};
use lossglass::mask::{AttentionMask, Cut, Scope, Visibility};
use lossglass::sequence::Documents;

use super::scored::{MASKS, decoder, expected, ids, scored};
use crate::checkpoint;

/// Batched and with what stands before reused, it is what scoring the whole sequence without each token gives.
#[test]
fn it_is_what_forbidding_one_token_at_a_time_costs() {
    let (ids, position) = (ids(60), 45);
    let scopes = [Scope::default(), Scope { layer: Some(1), head: None }, Scope { layer: Some(0), head: Some(1) }];
    for name in checkpoint::FAMILIES {
        let decoder = decoder(name);
        for (mask, scope) in MASKS.into_iter().zip(scopes.into_iter().cycle()) {
            let kept = Visibility {
                mask,
                forbidden: [Cut::edge(30, 5, Scope::default())].into_iter().collect(),
                ..Visibility::default()
            };
            let (scorer, scores) = scored(&decoder, &ids, kept.clone());
            let mut heard = Vec::new();
            let mut on_progress = |done, all| heard.push((done, all));
            let leaning = inspect::leaning(&scorer, &decoder, position, scope, &Cancel::default(), &mut on_progress);
            let leaning = leaning.unwrap().unwrap();
            assert_eq!(Some(leaning.nll), scores.nll(position), "{name}, {mask}");
            let last = if mask == AttentionMask::None { 60 } else { 45 };
            let wanted: Vec<usize> = (0..last).filter(|&key| key != 44).collect();
            assert_eq!(leaning.tokens.iter().map(|lean| lean.position).collect::<Vec<_>>(), wanted, "{name}, {mask}");
            assert_eq!(heard.last(), Some(&(wanted.len(), wanted.len())));
            for lean in leaning.tokens.iter().step_by(7) {
                let forbidden = kept.forbidden.with(Cut::token(lean.position, scope));
                let without = scored(&decoder, &ids, Visibility { forbidden, ..kept.clone() }).1;
                let delta = without.nll(position).unwrap() - leaning.nll;
                assert!(
                    (lean.delta_nll - delta).abs() < 1e-4,
                    "{name}, {mask}, {scope}, token {}: {} instead of {delta}",
                    lean.position,
                    lean.delta_nll
                );
            }
            let ranked = leaning.ranked();
            assert!(ranked.windows(2).all(|pair| pair[0].delta_nll >= pair[1].delta_nll));
            assert!(ranked[0].delta_nll > 0.0);
        }
    }
}

#[test]
fn it_is_what_transformers_says_of_one_token() {
    let (decoder, wanted) = (decoder("llama"), expected("llama"));
    let ids: Vec<u32> = serde_json::from_value(wanted["ids"].clone()).unwrap();
    let (scorer, _) = scored(&decoder, &ids, AttentionMask::Causal);
    for position in 5..ids.len() {
        let leaning =
            inspect::leaning(&scorer, &decoder, position, Scope::default(), &Cancel::default(), &mut |_, _| {});
        let ours = leaning.unwrap().unwrap().tokens[3].delta_nll;
        let of = |values: &serde_json::Value| values[position].as_f64().unwrap();
        let theirs = of(&wanted["masks"]["*:3"]) - of(&wanted["layers"].as_array().unwrap().last().unwrap().clone());
        assert!((ours - theirs).abs() < 1e-4, "token {position}: {ours} instead of {theirs}");
    }
}

#[test]
fn documents_lean_on_themselves_and_bad_positions_are_named() {
    let (decoder, ids) = (decoder("gpt2"), ids(20));
    let (scorer, _) = scored(&decoder, &ids, Documents::new([8]));
    let lean = |position, scope: &str| {
        let scope = if scope.is_empty() { Scope::default() } else { scope.parse().unwrap() };
        inspect::leaning(&scorer, &decoder, position, scope, &Cancel::default(), &mut |_, _| {})
    };
    let tokens = lean(12, "").unwrap().unwrap().tokens;
    assert_eq!(tokens.iter().map(|lean| lean.position).collect::<Vec<_>>(), [8, 9, 10]);
    assert!(lean(1, "").unwrap().unwrap().tokens.is_empty(), "a token always sees itself");
    let fails = |position, scope| -> String { lean(position, scope).unwrap_err().to_string() };
    assert!(matches!(lean(8, ""), Err(InspectError::First { position: 8 })));
    assert_eq!(fails(0, ""), "position 0: nothing predicts the first token, give a later one");
    assert_eq!(fails(20, ""), "position 20: the text has 20 tokens, counted from 0");
    assert_eq!(fails(5, "7"), "layer 7: the model has 2, counted from 0");
    let cancel = Cancel::default();
    cancel.cancel();
    assert_eq!(inspect::leaning(&scorer, &decoder, 5, Scope::default(), &cancel, &mut |_, _| {}).unwrap(), None);
}
