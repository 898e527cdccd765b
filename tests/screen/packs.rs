//! Packed records in the views Attend and Score, cell by cell.

use lossglass::app::{Action, App, Command, ScorePanel, View, update};
use lossglass::engine::Event;
use lossglass::sequence::{PackOptions, PackRequest, Packing, Sequence};

use crate::support::frame::lines;
use crate::support::sample::{chat_sequence, loaded};

/// Twice the chat in one pack, and what the other packing costs.
fn packed(packing: Packing) -> App {
    let pack = Sequence::pack(vec![(chat_sequence(), None), (chat_sequence(), None)], packing);
    let others: Vec<Option<f64>> = (0..pack.len()).map(|t| (t > 0).then_some(0.25)).collect();
    let mut app = loaded(pack);
    let options = PackOptions { size: 64, packing };
    app.shared.pack = Some(PackRequest { records: vec![app.sample.clone().into()].into(), index: 0, options });
    let generation = app.analysis.generation;
    update(&mut app, Action::Engine(Event::Contrast { generation, nlls: others }));
    app
}

#[test]
fn a_pack_shows_its_documents_and_what_they_see_of_each_other() {
    let mut app = packed(Packing::Block);
    let start = app.len() / 2;
    update(&mut app, Action::Do(Command::Show(View::Attend)));
    update(&mut app, Action::Goto(start + 2));
    insta::assert_snapshot!("attend_block_80x40", lines(&app, 80, 40));
    update(&mut app, Action::Goto(start));
    let screen = lines(&app, 120, 40);
    assert!(screen.contains("its document ends here: it does not predict"), "{screen}");
    let mut naive = packed(Packing::Naive);
    update(&mut naive, Action::Do(Command::Show(View::Attend)));
    update(&mut naive, Action::Goto(start + 2));
    insta::assert_snapshot!("attend_naive_80x40", lines(&naive, 80, 40));
    naive.unicode = false;
    let screen = lines(&naive, 120, 40);
    assert!(screen.contains("% sees of another document") && screen.is_ascii(), "{screen}");
}

#[test]
fn the_packing_panel_compares_block_and_naive() {
    for (packing, name) in [(Packing::Block, "block"), (Packing::Naive, "naive")] {
        let mut app = packed(packing);
        update(&mut app, Action::Do(Command::Show(View::Score)));
        let last = app.len() - 3;
        update(&mut app, Action::Goto(last));
        update(&mut app, Action::ShowPanel(ScorePanel::Packing as usize));
        insta::assert_snapshot!(format!("score_{name}_120x40"), lines(&app, 120, 40));
        app.shared.analysis.contrast = Vec::new();
        assert!(lines(&app, 120, 40).contains("not known yet"));
    }
}
