//! The embedded model with random weights.

use lossglass::decoder::Decoder;
use lossglass::loss::Scores;
use lossglass::score::Scorer;
use lossglass::source::{Embedded, Source};

use super::{Cancel, open};

#[test]
fn random_weights_are_always_the_same_and_know_nothing() {
    let load = || open(&Source::Embedded(Embedded::Random)).expect("embedded");
    let (first, second, base) = (load(), load(), open(&Source::Embedded(Embedded::TinyBase)).expect("embedded"));
    assert_eq!((first.name.as_str(), first.weights.len()), ("random", base.weights.len()));
    for (name, tensor) in &first.weights {
        let values = |tensor: &candle_core::Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let own = values(tensor);
        assert_eq!(own, values(&second.weights[name]), "{name}");
        assert_ne!(own, values(&base.weights[name]), "{name}");
        let n = own.len() as f64;
        let mean = own.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
        let spread = (own.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / n).sqrt();
        match tensor.rank() {
            1 => assert_eq!((mean, spread), (1.0, 0.0), "{name}: the scale of a norm"),
            _ => assert!(mean.abs() < 5e-4 && (spread - 0.02).abs() < 5e-4, "{name}: {mean} {spread}"),
        }
    }
    // As unsure as between all tokens of the vocabulary.
    let encoding = first.vocabulary.tokenizer.encode("The cat sat on the mat. The sea is wide and deep.", false);
    let ids = encoding.expect("encodes").get_ids().to_vec();
    let (decoder, mut scores) = (Decoder::new(&first.config, first.weights).expect("a decoder"), Scores::default());
    let mut on_rows = |from, rows| scores.splice(from, rows);
    Scorer::new().score(&decoder, &ids, 1, &Cancel::default(), &mut on_rows).expect("scores");
    let blind = (first.config.vocab_size as f64).ln();
    for t in 1..ids.len() {
        let nll = scores.nll(t).expect("scored");
        let entropy = scores.predicting(t).expect("scored").entropy;
        assert!((nll - blind).abs() < 1.2 && (entropy - blind).abs() < 0.1, "{t}: {nll} and {entropy}, not {blind}");
    }
    let mean = (1..ids.len()).filter_map(|t| scores.nll(t)).sum::<f64>() / (ids.len() - 1) as f64;
    assert!((mean - blind).abs() < 0.2, "{mean} and not {blind}");
}
