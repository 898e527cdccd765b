//! Presenting to a class, and the first screen.

use lossglass::app::{Action, App, Command, Start, Subject, Told, View, keymap, update};
use lossglass::engine::Event;
use lossglass::sample::Sample;

use super::press;
use crate::keys::key;
use crate::support::frame::frame;
use crate::support::sample::{chat, empty};
use ratatui::layout::Position;

/// The chat, presented on a terminal of that size.
fn presented(columns: u16, rows: u16) -> App {
    let mut app = chat();
    update(&mut app, Action::Resize(columns, rows));
    press(&mut app, "V");
    app
}

#[test]
fn one_key_presents_and_ends_it() {
    let mut app = chat();
    for is_on in [true, false] {
        let effects = press(&mut app, "V");
        assert_eq!(app.presenting.is_on, is_on);
        assert!(effects.is_empty(), "{effects:?}");
    }
    assert_eq!(app.panes(200, 50).0, [View::Predict], "one view while nothing is presented");
}

#[test]
fn there_are_as_many_views_as_have_room() {
    use View::{Attend, Compare, Generate, Predict, Score, Train};
    let app = presented(200, 60);
    for (size, views) in [
        ((80, 17), vec![Predict]),
        ((120, 32), vec![Predict, Score]),
        ((160, 16), vec![Predict, Score]),
        ((200, 50), vec![Predict, Score, Train, Attend]),
        ((140, 50), vec![Predict, Score, Train, Attend]),
        ((300, 80), vec![Predict, Score, Train, Attend, Compare, Generate]),
    ] {
        assert_eq!(app.panes(size.0, size.1).0, views, "{size:?}");
    }
}

#[test]
fn views_keep_their_places_and_the_last_one_is_for_the_others() {
    use View::{Attend, Compare, Generate, Predict, Score, Train};
    let mut app = presented(200, 60);
    for (keys, last) in
        [("5", Compare), ("1", Compare), ("4", Compare), ("6", Generate), ("3", Generate), ("2", Attend)]
    {
        press(&mut app, keys);
        assert_eq!(app.panes(200, 50).0, [Predict, Score, Train, last], "{keys}");
        assert!(app.shows(app.view));
    }
    // With room for two, the last of those that are not the first.
    assert_eq!(app.panes(120, 32).0, [Predict, Attend]);
    press(&mut app, "4");
    assert_eq!(app.panes(120, 32).0, [Predict, Train]);
    assert_eq!(app.panes(80, 17).0, [Train]);
}

#[test]
fn the_view_that_keys_go_to_is_always_shown() {
    for view in View::EVERY {
        for (columns, rows) in [(40, 10), (80, 24), (120, 40), (200, 60), (400, 100)] {
            let mut app = presented(columns, rows);
            update(&mut app, Action::Do(Command::Show(view)));
            let (views, across) = app.panes(columns, rows);
            assert!(views.contains(&view), "{view:?} {views:?}");
            assert!(across >= 1 && across <= views.len());
            assert!((1..views.len()).all(|i| !views[..i].contains(&views[i])), "each once: {views:?}");
        }
    }
}

#[test]
fn a_click_in_a_view_beside_makes_it_the_one_keys_go_to_and_is_done_there() {
    let shown = presented(200, 60);
    let (_, hits) = frame(&shown, 200, 60);
    let (mut clicked, mut tokens) = (Vec::new(), 0);
    for (x, y) in (0..200).flat_map(|x| (11..58).map(move |y| (x, y))) {
        let Some(action) = hits.at(Position::new(x, y)).cloned() else { continue };
        let (view, token) = match &action {
            Action::Do(Command::Show(view)) => (*view, None),
            Action::Within(view, inner) => match **inner {
                Action::Goto(t) => (*view, Some(t)),
                _ => (*view, None),
            },
            _ => continue,
        };
        tokens += usize::from(token.is_some());
        let is_new = !clicked.contains(&(view, token));
        clicked.push((view, token));
        if is_new {
            let mut app = presented(200, 60);
            update(&mut app, action);
            assert_eq!(app.view, view);
            assert_eq!(app.cursor, token.unwrap_or(shown.cursor));
            assert!(app.presenting.told.is_some());
        }
    }
    assert!(tokens > 100, "{tokens}");
    for view in [View::Score, View::Train, View::Attend] {
        assert!(clicked.iter().any(|(other, _)| *other == view), "{view:?}");
    }
}

/// What the run loop makes of a key: it is heard, then done.
fn strike(app: &mut App, name: &str) {
    let key = key(name);
    update(app, Action::Heard(keymap::name(key).unwrap()));
    let action = crate::keys::action(app, key);
    update(app, action);
}

#[test]
fn each_key_is_told_in_the_words_of_the_key_table() {
    let mut app = presented(200, 60);
    for (name, what, subject) in [
        ("l", "next token", Some(Subject::Token)),
        ("→", "next token", Some(Subject::Token)),
        ("tab", "next mask: mode or profile", Some(Subject::Mask)),
        ("d", "next denominator of the loss", Some(Subject::Denominator)),
        ("c", "next colour theme", Some(Subject::Theme)),
        ("space", "train: one optimizer step", Some(Subject::Step)),
        ("Y", "does nothing here", None),
        ("?", "help", None),
    ] {
        strike(&mut app, name);
        let told = Told { key: name.into(), what, subject };
        assert_eq!(app.presenting.told, Some(told));
    }
    press(&mut app, "esc e");
    strike(&mut app, "a");
    assert_eq!(app.presenting.told, None, "what is typed is not told");
}

#[test]
fn a_command_without_a_key_is_told_by_the_key_it_has() {
    let mut app = presented(80, 24);
    update(&mut app, Action::Do(Command::Show(View::Train)));
    let told = app.presenting.told.as_ref().unwrap();
    assert_eq!((told.key.as_str(), told.subject), ("4", Some(Subject::View)));
    update(&mut app, Action::Engine(Event::Failed { generation: 0, message: String::new() }));
    assert!(app.presenting.told.is_some(), "the engine presses no key");
}

#[test]
fn a_view_beside_gets_what_it_needs_from_the_engine() {
    let mut app = presented(80, 24);
    update(&mut app, Action::Do(Command::Show(View::Attend)));
    update(&mut app, Action::ShowPanel(1));
    update(&mut app, Action::Do(Command::Show(View::Predict)));
    app.views.attend = Default::default();
    let asked = |app: &mut App| {
        update(app, Action::ShowPanel(0));
        app.views.attend.panel = lossglass::app::AttendPanel::Attention;
        update(app, Action::Goto(5)).iter().any(|effect| format!("{effect:?}").contains("Look"))
    };
    assert!(!asked(&mut app), "Attend is not on screen");
    update(&mut app, Action::Resize(200, 60));
    app.views.attend = Default::default();
    assert!(asked(&mut app), "Attend stands beside Predict");
}

#[test]
fn the_ways_to_begin_are_gone_with_the_first_thing_done() {
    let first = || App::new(Start { welcomes: true, ..Start::on(Sample::Text("Hello".into()), "hello") }).0;
    for keys in ["→", "e", "o", "2", "space", "?", "V"] {
        let mut app = first();
        press(&mut app, keys);
        assert!(!app.welcomes, "{keys}");
    }
    let mut app = first();
    update(&mut app, Action::Paste("a text".into()));
    assert!(!app.welcomes);
    let mut app = first();
    press(&mut app, "Y");
    update(&mut app, Action::Resize(120, 40));
    assert!(app.welcomes, "a key that does nothing, and the terminal, take nothing away");
    assert!(!empty().welcomes, "only who asks for it gets it");
}
