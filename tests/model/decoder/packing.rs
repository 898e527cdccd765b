//! Packed documents know nothing of each other.

use lossglass::cancel::Cancel;
use lossglass::decoder::Decoder;
use lossglass::loss::Scores;
use lossglass::score::Scorer;
use lossglass::sequence::Documents;

use super::golden::scores;
use crate::checkpoint;

/// Documents of these lengths, one behind the other, of ids without a pattern.
fn pack(lengths: &[usize]) -> (Vec<u32>, Documents, Vec<std::ops::Range<usize>>) {
    let ends = lengths.iter().scan(0, |end, length| {
        *end += length;
        Some(*end)
    });
    let places: Vec<_> = ends.zip(lengths).map(|(end, length)| end - length..end).collect();
    let ids = (0..lengths.iter().sum::<usize>() as u32).map(|i| i * 7919 % 490).collect();
    (ids, Documents::new(places.iter().map(|place| place.start)), places)
}

fn packed(scorer: &mut Scorer, spliced: &mut Scores, decoder: &Decoder, ids: &[u32], documents: &Documents) {
    let mut on_rows = |from, rows| spliced.splice(from, rows);
    assert!(scorer.score_packed(decoder, ids, documents, 3, &Cancel::default(), &mut on_rows).unwrap());
}

fn apart(a: Option<f64>, b: Option<f64>) -> f64 {
    match (a, b) {
        (None, None) => 0.0,
        (a, b) => (a.unwrap_or(f64::INFINITY) - b.unwrap_or(f64::INFINITY)).abs(),
    }
}

#[test]
fn each_document_of_a_pack_costs_what_it_costs_alone() {
    for name in ["llama", "llama3_rope", "gpt2"] {
        let (config, weights) = checkpoint::fixture(name);
        let decoder = Decoder::new(&config, weights).unwrap();
        let (ids, documents, places) = pack(&[9, 1, 33, 21]);
        let mut block = Scores::default();
        packed(&mut Scorer::new(), &mut block, &decoder, &ids, &documents);
        let naive = scores(&mut Scorer::new(), &decoder, &ids, 3);
        let mut most = 0.0_f64;
        for place in &places {
            let alone = scores(&mut Scorer::new(), &decoder, &ids[place.clone()], 3);
            for t in 0..place.len() {
                let (own, here) = (alone.nll(t), block.nll(place.start + t));
                assert!(apart(own, here) < 1e-4, "{name}, token {t} of {place:?}: {here:?}, alone {own:?}");
                most = most.max(if place.start > 0 && t > 0 { apart(own, naive.nll(place.start + t)) } else { 0.0 });
            }
        }
        assert!(most > 1e-2, "{name}: naive packing changes what later documents cost, not by {most}");
        assert_eq!(block.nll(places[1].start), None, "nothing predicts a document's first token");
        assert!(naive.nll(places[1].start).is_some());
    }
}

#[test]
fn what_a_scorer_reuses_is_of_the_same_documents() {
    let (config, weights) = checkpoint::fixture("gpt2");
    let decoder = Decoder::new(&config, weights).unwrap();
    let (ids, _, _) = pack(&[48]);
    let (mut scorer, mut spliced) = (Scorer::new(), Scores::default());
    for starts in [&[][..], &[20], &[20, 40], &[20, 30], &[10, 20], &[47], &[]] {
        let documents = Documents::new(starts.iter().copied());
        packed(&mut scorer, &mut spliced, &decoder, &ids, &documents);
        let mut afresh = Scores::default();
        packed(&mut Scorer::new(), &mut afresh, &decoder, &ids, &documents);
        for t in 0..ids.len() {
            assert!(apart(spliced.nll(t), afresh.nll(t)) < 1e-4, "token {t} of documents at {starts:?}");
        }
    }
}

#[test]
fn documents_are_told_apart() {
    let documents = Documents::new([0, 3, 7]);
    assert_eq!((documents.around(2, 9), documents.around(3, 9), documents.around(8, 9)), (0..3, 3..7, 7..9));
    assert_eq!([0, 2, 3, 6, 7, 8].map(|at| documents.position(at)), [0, 2, 0, 3, 0, 1]);
    assert_eq!([0, 1, 3, 7, 8].map(|at| documents.starts_at(at)), [true, false, true, true, false]);
    assert_eq!(documents.common(&Documents::new([3, 8]), 20), 7);
    assert_eq!(documents.common(&Documents::new([3]), 5), 5);
}
