//! Keys on packed records.

use lossglass::app::{App, Effect, Start};
use lossglass::engine::Request;
use lossglass::sample::Sample;
use lossglass::sequence::{PackOptions, PackRequest, Packing};

use super::{notice, press};
use crate::support::sample::chat;

fn asked(effects: &[Effect]) -> (usize, Packing) {
    match effects {
        [Effect::Engine(Request::Analyze { pack: Some(PackRequest { index, options, .. }), .. })] => {
            (*index, options.packing)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn packing_is_switched_and_kept_through_edits() {
    let sample = Sample::Text("a text".into());
    let options = PackOptions { size: 64, packing: Packing::Block };
    let pack = PackRequest { records: vec![sample.clone().into(), sample.clone().into()].into(), index: 1, options };
    let (mut app, effects) = App::new(Start { pack: Some(pack), ..Start::on(sample, "set.jsonl · record 1") });
    assert_eq!(asked(&effects), (1, Packing::Block));
    assert_eq!(asked(&press(&mut app, "K")), (1, Packing::Naive));
    assert_eq!(notice(&app).0, "naive packing: as if all documents were one text");
    assert_eq!(asked(&press(&mut app, "e x")), (1, Packing::Naive));
    press(&mut app, "esc s");
    assert!(app.policy.split.is_none() && notice(&app).0.contains("prompts of packed texts"), "{}", notice(&app).0);
    assert_eq!(asked(&press(&mut app, "K")), (1, Packing::Block));
}

#[test]
fn without_records_there_is_nothing_to_pack() {
    let mut app = chat();
    assert!(press(&mut app, "K").is_empty());
    assert_eq!(notice(&app).0, "nothing is packed; start with --chat FILE --pack N");
}
