//! The view Train on a run of others, cell by cell.

use lossglass::app::{Action, View, Watching, update};
use lossglass::board::Watch;

use crate::fixtures::fixture;
use crate::support::frame::lines;
use crate::support::run::trained;
use crate::support::sample::at;

#[test]
fn a_run_of_others_is_shown_with_what_its_logs_say() {
    let mut app = at(View::Train, 11);
    trained(&mut app, 16);
    app.training.steps.clear();
    app.training.probes.clear();
    app.training.changes.clear();
    app.training.film.frames.retain(|frame| frame.step % 8 == 0);
    let watch = Watch::begin(&fixture("runs/transformers")).expect("a run");
    app.watching = Some(Watching::new("runs/my-run".into(), watch.run().clone(), None));
    insta::assert_snapshot!("watched_80x24", lines(&app, 80, 24));
    update(&mut app, Action::ShowStep(8));
    let roomy = lines(&app, 120, 40);
    assert!(roomy.contains("checkpoint 8 shown; esc shows now"), "{roomy}");
    assert!(roomy.contains("step 8 of 16 · loss 4.529 · |grad| 3.083 · lr 1.1"), "{roomy}");
    assert!(roomy.contains("eval loss 4.405 at step 8"), "{roomy}");
}
