//! What heads do, in models that were trained.

use candle_core::Device;
use lossglass::cancel::Cancel;
use lossglass::decoder::Decoder;
use lossglass::inspect::{self, HeadKind, NamedHead};
use lossglass::mask::AttentionMask;
use lossglass::model::Model;
use lossglass::source::{Embedded, Source};

use crate::checkpoint;
use crate::scored::{decoder, ids, scored};

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

fn list(heads: &[NamedHead]) -> String {
    let line = |head: &NamedHead| {
        let (kind, score) = head.kind().unwrap();
        format!("{}.{} {} {score:.2} {:?}", head.layer, head.head, kind.name(), head.scores)
    };
    heads.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn planted() {
    for which in [Embedded::TinyBase, Embedded::TinyChat] {
        let decoder = embedded(which);
        println!("{which:?}\n{}", list(&gallery(&decoder, &repeated(4000))));
    }
    if let Some((config, weights)) = checkpoint::smollm2() {
        println!("{}", list(&gallery(&Decoder::new(&config, weights).unwrap(), &repeated(40000))));
    }
    let _ = (HeadKind::EVERY, decoder("llama"), ids(3));
}
