//! What each layer would predict.

use lossglass::cancel::Cancel;
use lossglass::inspect;
use lossglass::mask::AttentionMask;

use super::scored::{MASKS, decoder, expected, ids, nlls, scored};
use crate::checkpoint;

/// Every family's hidden states, through its own final norm and head.
#[test]
fn every_layer_predicts_what_it_predicts_in_transformers() {
    for name in checkpoint::FAMILIES {
        let (decoder, wanted) = (decoder(name), expected(name));
        let ids: Vec<u32> = serde_json::from_value(wanted["ids"].clone()).unwrap();
        let (scorer, _) = scored(&decoder, &ids, AttentionMask::Causal);
        let rows = 0..ids.len();
        let depth = inspect::layers(&scorer, &decoder, rows, 1, &Cancel::default(), &mut |_| {}).unwrap().unwrap();
        assert_eq!(depth.layers.len(), wanted["layers"].as_array().unwrap().len());
        for (layer, theirs) in (1..).zip(wanted["layers"].as_array().unwrap()) {
            for t in 1..ids.len() {
                let (ours, theirs) = (depth.nll(layer, t).unwrap(), theirs[t].as_f64().unwrap());
                assert!((ours - theirs).abs() < 1e-3, "{name}, layer {layer}, token {t}: {ours} instead of {theirs}");
            }
        }
        assert_eq!(depth.nll(1, 0), None);
    }
}

#[test]
fn the_last_layer_is_the_score_to_the_bit() {
    let ids = ids(150);
    for name in checkpoint::FAMILIES {
        let decoder = decoder(name);
        for mask in MASKS {
            let (scorer, scores) = scored(&decoder, &ids, mask);
            let layers = decoder.config().layers;
            for rows in [0..150, 37..41] {
                let mut heard = Vec::new();
                let mut on_layer = |done| heard.push(done);
                let depth = inspect::layers(&scorer, &decoder, rows.clone(), 2, &Cancel::default(), &mut on_layer);
                let depth = depth.unwrap().unwrap();
                assert_eq!(heard, (1..=layers).collect::<Vec<_>>());
                let last: Vec<_> = rows.clone().map(|row| depth.nll(layers, row + 1)).collect();
                assert_eq!(last, nlls(&scores, 151)[rows.start + 1..=rows.end], "{name}, {mask}");
                let top = depth.predicting(layers, 40).unwrap();
                assert_eq!(Some(top), scores.predicting(40), "{name}, {mask}");
            }
        }
    }
}
