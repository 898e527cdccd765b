//! Other masks, forbidden edges and shifted labels.

use lossglass::loss::{Labels, Scores};
use lossglass::mask::{AttentionMask, Cut, Forbidden, Scope, Visibility};
use lossglass::score::Scorer;

use super::scored::{MASKS, apart, decoder, expected, ids, nlls, scored, watched};
use crate::checkpoint;

fn forbidding(cuts: &[&str]) -> Visibility {
    let forbidden: Forbidden = cuts.iter().map(|cut| cut.parse::<Cut>().unwrap()).collect();
    Visibility { forbidden, ..Visibility::default() }
}

/// The same shapes as 4-D masks in transformers.
#[test]
fn masks_and_forbidden_edges_cost_what_they_cost_in_transformers() {
    for name in ["llama", "qwen3", "gpt2", "gpt_neox", "gemma3"] {
        let (decoder, wanted) = (decoder(name), expected(name));
        let ids: Vec<u32> = serde_json::from_value(wanted["ids"].clone()).unwrap();
        let plain = nlls(&scored(&decoder, &ids, AttentionMask::Causal).1, ids.len());
        for (mask, visibility) in [
            ("*:3", forbidding(&["*:3"])),
            ("5:2", forbidding(&["5:2"])),
            ("prefix=4", AttentionMask::Prefix(4).into()),
            ("none", AttentionMask::None.into()),
        ] {
            let theirs: Vec<Option<f64>> = serde_json::from_value(wanted["masks"][mask].clone()).unwrap();
            let ours = nlls(&scored(&decoder, &ids, visibility).1, ids.len());
            let distance = apart(&ours, &theirs);
            assert!(distance < 1e-4, "{name}, {mask}: {distance} apart from transformers");
            assert!(apart(&ours, &plain) > 1e-3, "{name}, {mask} changes something");
        }
    }
}

#[test]
fn a_token_changes_what_comes_after_it_and_under_none_what_comes_before() {
    let (tokens, t) = (24, 11);
    for name in checkpoint::FAMILIES {
        let decoder = decoder(name);
        let mut changed = ids(tokens);
        changed[t] = 77;
        for mask in MASKS {
            let (ours, other) = (scored(&decoder, &ids(tokens), mask).1, scored(&decoder, &changed, mask).1);
            // Rows before t: their targets at t and after it are others, what they say is not.
            let before =
                |scores: &Scores| (1..=t).map(|t| scores.predicting(t).map(|row| row.entropy)).collect::<Vec<_>>();
            let distance = apart(&before(&ours), &before(&other));
            match mask {
                AttentionMask::None => assert!(distance > 1e-3, "{name}, {mask}: {distance}"),
                _ => assert!(distance == 0.0, "{name}, {mask}: {distance}"),
            }
            let after = |scores: &Scores| scores.predicting(t + 1).map(|row| row.entropy).unwrap();
            assert!((after(&ours) - after(&other)).abs() > 1e-6, "{name}, {mask}");
        }
    }
}

#[test]
fn a_chosen_window_takes_the_place_of_the_model_s_own() {
    let ids = ids(20);
    for (name, own) in [("mistral", 6), ("llama", usize::MAX)] {
        let decoder = decoder(name);
        let of = |mask| nlls(&scored(&decoder, &ids, mask).1, ids.len());
        assert_eq!(of(AttentionMask::Causal), of(AttentionMask::Sliding(own)), "{name}");
        assert!(apart(&of(AttentionMask::Causal), &of(AttentionMask::Sliding(3))) > 1e-3, "{name}");
    }
    assert!(apart_of("mistral", AttentionMask::Sliding(20)) > 1e-3, "a longer window than its own shows more");
}

fn apart_of(name: &str, mask: AttentionMask) -> f64 {
    let (decoder, ids) = (decoder(name), ids(20));
    let of = |mask| nlls(&scored(&decoder, &ids, mask).1, ids.len());
    apart(&of(AttentionMask::Causal), &of(mask))
}

/// A scorer keeps what holds under the next mask as well, and no more.
#[test]
fn what_is_reused_under_another_mask_is_what_is_computed_afresh() {
    let (decoder, ids) = (decoder("llama"), ids(40));
    let (mut scorer, mut spliced) = (Scorer::new(), Scores::default());
    let prefix = |cuts| Visibility { mask: AttentionMask::Prefix(9), ..forbidding(cuts) };
    let none = |cuts| Visibility { mask: AttentionMask::None, ..forbidding(cuts) };
    for (tokens, visibility) in [
        (40, forbidding(&[])),
        (40, forbidding(&["30:2"])),
        (40, forbidding(&["30:2", "*:20"])),
        (40, forbidding(&["*:20@1.0"])),
        (40, forbidding(&["*:20@1.1"])),
        (30, none(&[])),
        (40, none(&[])),
        (40, none(&["35:2"])),
        (30, none(&["35:2"])),
        (5, prefix(&[])),
        (40, prefix(&[])),
        (40, prefix(&["*:8"])),
        (40, prefix(&["*:9"])),
        (7, prefix(&[])),
        (20, AttentionMask::Sliding(4).into()),
        (40, forbidding(&[])),
    ] {
        let options = lossglass::score::ScoreOptions { visibility: visibility.clone(), labels: Labels::Next, top_k: 2 };
        let mut on_rows = |from, rows| spliced.splice(from, rows);
        let cancel = lossglass::cancel::Cancel::default();
        assert!(scorer.score_under(&decoder, &ids[..tokens], options, &mut (), &cancel, &mut on_rows).unwrap());
        let afresh = scored(&decoder, &ids[..tokens], visibility.clone()).1;
        let distance = apart(&nlls(&spliced, tokens), &nlls(&afresh, tokens));
        assert!(distance < 1e-4, "{tokens} tokens under {visibility:?}: {distance}");
    }
}

/// Longer than what a scorer runs at a time.
#[test]
fn a_mask_that_looks_ahead_is_run_whole() {
    let (mut config, weights) = checkpoint::fixture("llama");
    config.context = 700;
    let decoder = lossglass::decoder::Decoder::new(&config, weights).unwrap();
    let ids = ids(700);
    for mask in [AttentionMask::None, AttentionMask::Prefix(600)] {
        let hidden = decoder.run(&ids, None, mask, &lossglass::cancel::Cancel::default()).unwrap();
        let logits = decoder.head(&hidden).unwrap().to_vec2::<f32>().unwrap();
        let target = |i: usize| ids.get(i + 1).copied();
        let rows = logits.iter().enumerate().map(|(i, row)| lossglass::score::row(row, target(i), 0)).collect();
        let distance = apart(&nlls(&scored(&decoder, &ids, mask).1, 700), &nlls(&Scores::new(rows), 700));
        assert!(distance < 1e-4, "{mask}: {distance}");
    }
}

#[test]
fn labels_shifted_by_one_too_few_ask_each_position_for_the_token_it_reads() {
    let (decoder, ids) = (decoder("gpt2"), ids(20));
    let logits = decoder.logits(&ids).unwrap().to_vec2::<f32>().unwrap();
    let mut scorer = Scorer::new();
    watched(&mut scorer, &decoder, &ids, AttentionMask::Causal, Labels::Next, &mut ());
    let scores = watched(&mut scorer, &decoder, &ids, AttentionMask::Causal, Labels::Same, &mut ());
    for t in 0..ids.len() {
        let wanted = lossglass::score::row(&logits[t], Some(ids[t]), 0).target.unwrap();
        let ours = scores.target(t).unwrap();
        assert!((ours.nll - wanted.nll).abs() < 1e-4 && ours.id == ids[t], "token {t}");
    }
    assert!(scores.predicting(ids.len()).is_none(), "no position reads what comes next");
}

#[test]
fn one_head_s_edges_are_that_head_s_alone() {
    let (decoder, ids) = (decoder("qwen3"), ids(16));
    let of = |cuts: &[&str]| nlls(&scored(&decoder, &ids, forbidding(cuts)).1, ids.len());
    let heads = decoder.config().heads;
    let each: Vec<String> = (0..heads).map(|head| format!("9:2@0.{head}")).collect();
    let each: Vec<&str> = each.iter().map(String::as_str).collect();
    assert_eq!(of(&each), of(&["9:2@0"]), "all heads of a layer are the layer");
    assert_eq!(of(&["9:2@0", "9:2@1"]), of(&["9:2"]), "all layers are the model");
    assert!(apart(&of(&each[..1]), &of(&each[1..2])) > 1e-6);
    let token = Forbidden::from_iter([Cut::token(2, Scope::default())]);
    let edges = (3..16).map(|query| Cut::edge(query, 2, Scope::default())).collect();
    let of = |forbidden| nlls(&scored(&decoder, &ids, Visibility { forbidden, ..Visibility::default() }).1, 16);
    assert_eq!(of(token), of(edges), "a token is forbidden where all its edges are");
}
