//! Attention weights.

use lossglass::cancel::Cancel;
use lossglass::inspect::{self, Capture, InspectError, Pick, Weights};
use lossglass::loss::Labels;
use lossglass::mask::{AttentionMask, Cut, Scope, Visibility};
use lossglass::score::Scorer;
use lossglass::sequence::Documents;

use super::scored::{MASKS, decoder, ids, scored, watched};
use crate::checkpoint;

fn close(ours: &Weights, theirs: &Weights, what: &str) {
    assert_eq!((ours.rows(), ours.tokens()), (theirs.rows(), theirs.tokens()), "{what}");
    for query in ours.rows() {
        for (a, b) in ours.row(query).unwrap().iter().zip(theirs.row(query).unwrap()) {
            assert!((a - b).abs() < 1e-5, "{what}, query {query}: {a} instead of {b}");
        }
    }
}

/// Under every mask, packed and with edges forbidden: what is seen weighs something, what is hidden exactly nothing.
#[test]
fn rows_sum_to_one_and_hidden_cells_are_zero_in_every_family() {
    let ids = ids(20);
    for name in checkpoint::FAMILIES {
        let decoder = decoder(name);
        let config = decoder.config().clone();
        for mask in MASKS {
            let forbidden = [Cut::token(4, Scope::default()), Cut::edge(9, 7, Scope::default())].into_iter();
            let forbidden = forbidden.chain(["12:8@1.1".parse().unwrap()]).collect();
            let visibility = Visibility { mask, documents: Documents::new([3]), forbidden };
            let (scorer, _) = scored(&decoder, &ids, visibility.clone());
            let layers: Vec<usize> = (0..config.layers).collect();
            let all = inspect::attention(&scorer, &decoder, &layers, 0..20, None, &Cancel::default()).unwrap().unwrap();
            for weights in &all {
                let (layer, heads) = (weights.layer, weights.heads());
                let seen = visibility.of_layer(layer, config.window_of(layer));
                assert_eq!(heads.len(), config.heads);
                for (head, weights) in heads.iter().enumerate() {
                    for query in 0..20 {
                        let row = weights.row(query).unwrap();
                        let place = format!("{name}, {mask}, layer {layer}, head {head}, query {query}");
                        assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{place}");
                        for (key, weight) in row.iter().enumerate() {
                            assert_eq!(*weight == 0.0, !seen.sees(query, key, head), "{place}, key {key}: {weight}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_window_of_rows_is_that_part_of_all_and_a_pick_that_of_the_heads() {
    for (name, mask) in [("gemma3", MASKS[0]), ("gpt2", MASKS[2]), ("llama", MASKS[3])] {
        let (decoder, ids) = (decoder(name), ids(70));
        let last = decoder.config().layers - 1;
        let (scorer, _) = scored(&decoder, &ids, mask);
        let get = |rows, pick| {
            let found = inspect::attention(&scorer, &decoder, &[last], rows, pick, &Cancel::default());
            found.unwrap().unwrap().remove(0)
        };
        let all = get(0..70, None);
        let part = get(31..44, None);
        for (head, (part, all)) in part.heads().iter().zip(all.heads()).enumerate() {
            for query in 31..44 {
                for (a, b) in part.row(query).unwrap().iter().zip(all.row(query).unwrap()) {
                    assert!((a - b).abs() < 1e-5, "{name}, head {head}, query {query}: {a} instead of {b}");
                }
            }
            assert!(part.row(30).is_none() && part.row(44).is_none());
        }
        for pick in [Pick::Head(1), Pick::Mean, Pick::Max] {
            close(&get(0..70, Some(pick)).heads()[0], all.pick(pick).unwrap(), &format!("{name}, {pick}"));
        }
        let row = all.pick(Pick::Mean).unwrap();
        assert!((row.row(69).unwrap().iter().sum::<f32>() - 1.0).abs() < 1e-5);
    }
}

/// In chunks too, and what is scored is not changed by who looks on.
#[test]
fn what_looks_on_while_scoring_sees_what_is_seen_afterwards() {
    let (mut config, weights) = checkpoint::fixture("llama");
    config.context = 600;
    let decoder = lossglass::decoder::Decoder::new(&config, weights).unwrap();
    let ids = ids(600);
    let mut capture = Capture::new(&config, &[1, 0], 500..530, 600, None).unwrap();
    let mut scorer = Scorer::new();
    let scores = watched(&mut scorer, &decoder, &ids, AttentionMask::Causal, Labels::Next, &mut capture);
    assert_eq!(scores, scored(&decoder, &ids, AttentionMask::Causal).1);
    let after = inspect::attention(&scorer, &decoder, &[1, 0], 500..530, None, &Cancel::default()).unwrap().unwrap();
    for (during, after) in capture.into_weights().iter().zip(&after) {
        assert_eq!(during.layer, after.layer);
        during.heads().iter().zip(after.heads()).for_each(|(during, after)| close(during, after, "during"));
    }
}

#[test]
fn what_is_not_there_is_named() {
    let (decoder, ids) = (decoder("llama"), ids(10));
    let (scorer, _) = scored(&decoder, &ids, AttentionMask::Causal);
    let fails = |layers: &[usize], rows, pick| {
        let failed: Result<_, InspectError> =
            inspect::attention(&scorer, &decoder, layers, rows, pick, &Cancel::default());
        failed.unwrap_err().to_string()
    };
    assert_eq!(fails(&[9], 0..2, None), "layer 9: the model has 2, counted from 0");
    assert_eq!(fails(&[0], 0..2, Some(Pick::Head(8))), "head 8: a layer of the model has 4, counted from 0");
    assert_eq!(fails(&[0], 0..11, None), "position 10: the text has 10 tokens, counted from 0");
    let cancel = Cancel::default();
    cancel.cancel();
    assert_eq!(inspect::attention(&scorer, &decoder, &[1], 0..2, None, &cancel).unwrap(), None);
}
