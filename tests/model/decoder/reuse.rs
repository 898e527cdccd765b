//! What a scorer reuses is what it would have computed.

use candle_core::Var;
use lossglass::cancel::Cancel;
use lossglass::decoder::{Decoder, DecoderError, KvCache};
use lossglass::loss::Scores;
use lossglass::mask::AttentionMask;
use lossglass::score::{self, ScoreError, Scorer};
use proptest::prelude::*;

use super::golden::scores;
use crate::checkpoint;

fn decoder(name: &str) -> Decoder {
    let (config, weights) = checkpoint::fixture(name);
    Decoder::new(&config, weights).unwrap()
}

fn sequence(tokens: usize) -> Vec<u32> {
    (0..tokens as u32).map(|i| i * 7919 % 490).collect()
}

fn assert_same(ours: &Scores, reference: &Scores) {
    assert_eq!(ours.len(), reference.len());
    for t in 1..=ours.len() {
        let (ours, reference) = (ours.predicting(t).unwrap(), reference.predicting(t).unwrap());
        assert!((ours.entropy - reference.entropy).abs() < 1e-4);
        assert_eq!(ours.top.len(), reference.top.len());
        for (ours, reference) in ours.top.iter().zip(&reference.top) {
            assert!((ours.p - reference.p).abs() < 1e-5);
        }
        match (ours.target, reference.target) {
            (None, None) => {}
            (Some(ours), Some(reference)) => {
                assert_eq!(ours.id, reference.id);
                assert!((ours.nll - reference.nll).abs() < 1e-4);
            }
            other => panic!("row before token {t}: {other:?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_series_of_edits_scores_as_afresh(
        edits in prop::collection::vec((0_usize..40, prop::collection::vec(0_u32..490, 0..12), 0_usize..4, 0_usize..3), 1..6),
        name in prop::sample::select(&checkpoint::FAMILIES[..]),
    ) {
        let decoder = decoder(name);
        let (mut scorer, mut spliced, mut ids) = (Scorer::new(), Scores::default(), sequence(20));
        for (at, new, removed, top_k) in edits {
            let at = at.min(ids.len());
            ids.splice(at..(at + removed).min(ids.len()), new);
            let done = scorer.score(&decoder, &ids, top_k, &Cancel::default(), &mut |from, rows| spliced.splice(from, rows));
            prop_assert!(done.unwrap());
            assert_same(&spliced, &scores(&mut Scorer::new(), &decoder, &ids, top_k));
        }
    }
}

#[test]
fn appending_hands_out_two_rows_and_repeating_none() {
    let (decoder, ids) = (decoder("llama"), sequence(200));
    let mut scorer = Scorer::new();
    scores(&mut scorer, &decoder, &ids[..199], 3);
    let mut handed = Vec::new();
    for _ in 0..2 {
        let done =
            scorer.score(&decoder, &ids, 3, &Cancel::default(), &mut |from, rows| handed.push((from, rows.len())));
        assert!(done.unwrap());
    }
    assert_eq!(handed, [(198, 2)]);
}

#[test]
fn a_cancelled_score_goes_on_where_it_stopped() {
    let (decoder, ids) = (decoder("llama"), sequence(250));
    let (mut scorer, mut spliced, cancel) = (Scorer::new(), Scores::default(), Cancel::default());
    let done = scorer.score(&decoder, &ids, 2, &cancel, &mut |from, rows| {
        spliced.splice(from, rows);
        cancel.cancel();
    });
    assert!(!done.unwrap());
    let before = spliced.len();
    assert!(before > 0 && before < ids.len());
    let mut first = None;
    let done = scorer.score(&decoder, &ids, 2, &Cancel::default(), &mut |from, rows| {
        first.get_or_insert(from);
        spliced.splice(from, rows);
    });
    assert!(done.unwrap());
    assert_eq!(first, Some(before));
    assert_same(&spliced, &scores(&mut Scorer::new(), &decoder, &ids, 2));
}

#[test]
fn a_text_of_several_chunks_scores_as_in_one_pass() {
    let (mut config, weights) = checkpoint::fixture("llama");
    config.context = 600;
    let decoder = Decoder::new(&config, weights).unwrap();
    let ids = sequence(600);
    let logits = decoder.logits(&ids).unwrap().to_vec2::<f32>().unwrap();
    let mut reference = Scores::default();
    reference
        .splice(0, logits.iter().enumerate().map(|(i, row)| score::row(row, ids.get(i + 1).copied(), 2)).collect());
    assert_same(&scores(&mut Scorer::new(), &decoder, &ids, 2), &reference);
}

#[test]
fn a_pass_cancelled_between_layers_leaves_the_cache_as_it_was() {
    let (decoder, ids) = (decoder("llama"), sequence(30));
    let mut cache = KvCache::new();
    decoder.hidden(&ids[..20], Some(&mut cache)).unwrap();
    let cancel = Cancel::default();
    cancel.cancel();
    let stopped = decoder.run(&ids[20..], Some(&mut cache), AttentionMask::Causal, &cancel);
    assert!(matches!(stopped, Err(DecoderError::Cancelled)));
    assert_eq!(cache.tokens(), 20);
}

#[test]
fn logits_after_a_position_are_that_row_of_the_logits() {
    let (decoder, ids) = (decoder("gpt2"), sequence(30));
    let mut scorer = Scorer::new();
    scores(&mut scorer, &decoder, &ids, 0);
    let all = decoder.logits(&ids).unwrap().to_vec2::<f32>().unwrap();
    for position in [0, 17, 29] {
        let row = scorer.logits_after(&decoder, position).unwrap();
        assert!(row.iter().zip(&all[position]).all(|(ours, reference)| (ours - reference).abs() < 1e-4));
    }
    assert!(matches!(scorer.logits_after(&decoder, 30), Err(ScoreError::NotScored { position: 30, scored: 30 })));
}

#[test]
fn a_cache_does_not_change_hidden_states_nor_record_gradients() {
    for name in checkpoint::FAMILIES {
        let (config, weights) = checkpoint::fixture(name);
        let variables =
            weights.into_iter().map(|(name, tensor)| (name, Var::from_tensor(&tensor).unwrap().into_inner()));
        let decoder = Decoder::new(&config, variables.collect()).unwrap();
        let ids = sequence(150);
        let whole = decoder.hidden(&ids, None).unwrap();
        assert!(whole.track_op());
        let mut cache = KvCache::new();
        let parts = ids.chunks(47).map(|ids| decoder.hidden(ids, Some(&mut cache)).unwrap()).collect::<Vec<_>>();
        assert!(parts.iter().all(|part| !part.track_op()));
        assert_eq!(cache.tokens(), 150);
        let joined: Vec<f32> =
            parts.iter().flat_map(|part| part.flatten_all().unwrap().to_vec1::<f32>().unwrap()).collect();
        for (ours, reference) in joined.iter().zip(whole.flatten_all().unwrap().to_vec1::<f32>().unwrap()) {
            assert!((ours - reference).abs() < 1e-4);
        }
    }
}

#[test]
fn bad_ids_are_named_and_change_nothing() {
    let (decoder, ids) = (decoder("llama"), sequence(10));
    let mut scorer = Scorer::new();
    scores(&mut scorer, &decoder, &ids, 1);
    let mut fails = |ids: &[u32]| {
        let mut handed = 0;
        let error = scorer.score(&decoder, ids, 1, &Cancel::default(), &mut |_, _| handed += 1).unwrap_err();
        assert_eq!(handed, 0);
        error
    };
    assert_eq!(fails(&[1, 2, 496]).to_string(), "token 2 has id 496, but the model's vocabulary ends at 495");
    let long = fails(&[0; 257]).to_string();
    assert_eq!(long, "257 tokens are more than the model's context of 256: shorten the text");
    assert!(matches!(decoder.logits(&[]), Err(DecoderError::Empty)));
    let mut handed = Vec::new();
    scorer.score(&decoder, &[], 1, &Cancel::default(), &mut |from, rows| handed.push((from, rows.len()))).unwrap();
    assert_eq!(handed, [(0, 0)]);
}
