//! The view Attend, cell by cell.

use lossglass::app::view::attend;
use lossglass::app::{Action, AttendPanel, Effect, View, update};
use lossglass::engine::{Event, LookEvent, Request};
use lossglass::mask::AttentionMask;

use crate::support::frame::lines;
use crate::support::run::trained;
use crate::support::sample::{at, loaded, long_sequence};

#[test]
fn attend() {
    let app = at(View::Attend, 11);
    insta::assert_snapshot!("attend_80x24", lines(&app, 80, 24));
    insta::assert_snapshot!("attend_120x40", lines(&app, 120, 40));
}

/// gemma3's layers see differently far: what is drawn is the mask of the layers that the title names.
#[test]
fn attend_shows_the_mask_of_a_models_own_layers() {
    let mut app = at(View::Attend, 11);
    let model = app.shared.analysis.model.as_mut().expect("a model");
    std::sync::Arc::make_mut(model).masks =
        vec![(AttentionMask::Sliding(4), vec![0, 1, 2, 4, 5]), (AttentionMask::Causal, vec![3])];
    insta::assert_snapshot!("attend_window_80x24", lines(&app, 80, 24));
    update(&mut app, Action::Do(attend::Command::NextLayer.into()));
    let all = lines(&app, 120, 40);
    assert!(all.contains("causal, layer 3 · . others") && all.contains("may see 11 tokens"), "{all}");
    update(&mut app, Action::Do(attend::Command::NextLayer.into()));
    assert!(lines(&app, 120, 40).contains("the last 4, layers 0–2, 4–5"));
}

#[test]
fn attend_at_both_ends_and_with_more_tokens_than_columns() {
    assert!(lines(&at(View::Attend, 0), 120, 40).contains("no row predicts it"));
    assert!(lines(&at(View::Attend, 14), 120, 40).contains("there is no answer to compare with"));
    let mut app = loaded(long_sequence());
    app.view = View::Attend;
    update(&mut app, Action::Goto(200));
    insta::assert_snapshot!("attend_long_80x24", lines(&app, 80, 24));
}

/// Of which step the panel is, and why there is nothing to see.
#[test]
fn attend_says_of_which_past_step_it_is() {
    let mut app = at(View::Attend, 11);
    trained(&mut app, 6);
    update(&mut app, Action::ShowStep(4));
    let effects = update(&mut app, Action::ShowPanel(AttendPanel::Attention as usize));
    let [Effect::Engine(Request::Look(look))] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(look.step, Some(4));
    let event = LookEvent::NotKept { nearest: [Some(3), Some(6)] };
    update(&mut app, Action::Engine(Event::Look { number: look.number, step: 4, event }));
    insta::assert_snapshot!("attend_past_80x24", lines(&app, 80, 24));
}
