//! Packs of documents: what goes into which, and that each document keeps its own mask.

use lossglass::mask::finding::{Facts, findings};
use lossglass::mask::{LossMask, MaskOptions, Mode, Reason};
use lossglass::sequence::{PackOptions, Packer, Packing, Sequence};
use proptest::prelude::*;

use super::any_mask::{any_chat, any_choices, any_mode};
use crate::support::templates::template;
use crate::support::{chat, text};

fn packs(documents: &[Sequence], size: usize) -> Vec<Sequence> {
    let mut packer = Packer::new(PackOptions { size, packing: Packing::Block });
    let mut packs: Vec<Sequence> = documents.iter().filter_map(|document| packer.add(document.clone(), None)).collect();
    packs.extend(packer.finish());
    packs
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn packs_hold_all_documents_in_order_and_none_could_hold_the_next(
        words in prop::collection::vec(0_usize..12, 1..20), size in 2_usize..40,
    ) {
        let documents: Vec<Sequence> = words.iter().map(|&words| text(&"word ".repeat(words))).collect();
        let packs = packs(&documents, size);
        let packed: Vec<Vec<u32>> = packs
            .iter()
            .flat_map(|pack| pack.pack.as_ref().expect("a pack").documents.iter())
            .map(|document| document.sequence.ids())
            .collect();
        let cut: Vec<Vec<u32>> = documents.iter().map(|own| own.ids().into_iter().take(size).collect()).collect();
        prop_assert_eq!(packed, cut);
        for pack in &packs {
            prop_assert!(pack.len() <= size);
            let documents = &pack.pack.as_ref().expect("a pack").documents;
            let ids: Vec<u32> = documents.iter().flat_map(|document| document.sequence.ids()).collect();
            prop_assert_eq!(pack.ids(), ids, "documents tile their pack");
        }
        for pair in packs.windows(2) {
            let next = pair[1].pack.as_ref().expect("a pack").documents[0].tokens.len();
            prop_assert!(pair[0].len() + next > size, "it would have fitted");
        }
    }

    #[test]
    fn a_pack_is_masked_as_its_documents_are(
        chats in prop::collection::vec(any_chat(), 1..4), mode in any_mode(), choices in any_choices(),
    ) {
        let encode = |chat| template("lossglass").encode(chat);
        let Some(documents) = chats.iter().map(encode).collect::<Option<Vec<Sequence>>>() else { return Ok(()) };
        let masked = |sequence: &Sequence| {
            LossMask::new(sequence, mode, MaskOptions::default().with(sequence, choices))
        };
        let own: Result<Vec<LossMask>, _> = documents.iter().map(masked).collect();
        let with_splits = |packing| Sequence::pack(documents.iter().map(|own| (own.clone(), None)).collect(), packing);
        let (block, naive) = (with_splits(Packing::Block), with_splits(Packing::Naive));
        let Ok(own) = own else {
            prop_assert!(masked(&block).is_err());
            return Ok(());
        };
        let joined: Vec<f64> = own.iter().flat_map(|mask| mask.weights().to_vec()).collect();
        let (block_mask, naive_mask) = (masked(&block).expect("each applies"), masked(&naive).expect("each applies"));
        prop_assert_eq!(block_mask.weights(), joined.as_slice());
        for (t, &weight) in joined.iter().enumerate() {
            let starts = block.documents().starts_at(t);
            let is_first = matches!(block_mask.reason(&block, t), Reason::First | Reason::FirstOf(_));
            prop_assert_eq!(is_first, starts, "token {}", t);
            prop_assert!(starts || naive_mask.weight(t) == weight, "token {}", t);
        }
        prop_assert_eq!(block.target_count(), block.targets().count());
    }
}

#[test]
fn a_naive_pack_scores_what_its_first_tokens_would_be() {
    let documents = || vec![(text("one two"), None), (text("three"), None)];
    let all = |packing| {
        let pack = Sequence::pack(documents(), packing);
        let mask = LossMask::new(&pack, Mode::All, MaskOptions::default()).expect("text");
        let second = pack.pack.as_ref().expect("a pack").documents[1].tokens.start;
        (mask.weight(0), mask.weight(second), mask.reason(&pack, second).to_string())
    };
    assert_eq!(all(Packing::Block), (0.0, 0.0, "first token of document 2: nothing predicts it".into()));
    assert_eq!(all(Packing::Naive), (0.0, 1.0, "scored: mode all counts every target".into()));
}

#[test]
fn findings_of_a_pack_name_the_document_and_its_token() {
    let (good, bad) =
        (chat(&[("user", "a"), ("assistant", "b")]), chat(&[("user", "x<|im_end|>y"), ("assistant", "z")]));
    let start = good.len();
    let pack = Sequence::pack(vec![(good, None), (bad, None)], Packing::Block);
    let mask = LossMask::new(&pack, Mode::Assistant, MaskOptions::default()).expect("chats");
    let facts = Facts { bos: None, eos: None, pad: None, context: 512 };
    let found = findings(&pack, &mask, &facts);
    let special = found.iter().find(|finding| finding.code.name() == "special-text").expect("it is found");
    assert!(special.message.starts_with("document 2: ") && special.token.is_some_and(|t| t > start), "{special:?}");
    assert!(pack.tokens[special.token.unwrap_or(0)].injected);
}
