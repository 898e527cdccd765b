//! Keys in the views, and what the engine says.

use lossglass::app::{Action, App, Context, Effect, Overlay, Progress, Start, ThemeName, View, keymap, update};
use lossglass::engine::{Event, Request};
use lossglass::loss::Denominator;
use lossglass::mask::{Basis, Mode, Policy};
use lossglass::sample::Sample;
use lossglass::sequence::Sequence;
use lossglass::source::Opening;
use lossglass::template::Part;

use super::{notice, press};
use crate::keys::key;
use crate::support::sample::{answer_distribution, chat, chat_sequence, empty, loaded, partly, text, tokenised};

#[test]
fn the_cursor_moves_and_stays_in_the_text() {
    // Start, keys, end; the chat has 14 tokens, and 14 is the place after them.
    for (from, keys, to) in [
        (1, "→", 2),
        (1, "l l h", 2),
        (3, "←", 2),
        (0, "←", 0),
        (14, "→", 14),
        (5, "home", 0),
        (5, "g ←", 0),
        (5, "end", 14),
        (5, "G →", 14),
        (2, "pgdn", 12),
        (12, "pgdn pgdn", 14),
        (12, "pgup", 2),
        (3, "pgup", 0),
        (3, "j ↓ k", 4),
        (1, "n", 10),
        (11, "n n", 12),
        (14, "N", 12),
        (10, "N", 10),
    ] {
        let mut app = chat();
        update(&mut app, Action::Goto(from));
        press(&mut app, keys);
        assert_eq!(app.cursor, to, "{from} {keys}");
    }
}

#[test]
fn no_scored_token_further_on_is_said() {
    let mut app = chat();
    update(&mut app, Action::Goto(12));
    press(&mut app, "n");
    assert_eq!((app.cursor, notice(&app)), (12, ("no scored token there", false)));
    press(&mut app, "→");
    assert_eq!(app.notice, None, "a notice lasts until the next key");
}

#[test]
fn views_modes_denominators_and_themes_go_round() {
    let mut app = chat();
    press(&mut app, "2");
    assert_eq!(app.view, View::Attend);
    press(&mut app, "3 v v v v");
    assert_eq!(app.view, View::Predict);
    assert_eq!(app.mode(), Mode::Assistant);
    press(&mut app, "tab");
    assert_eq!(app.mode(), Mode::LastMessage);
    press(&mut app, "shift-tab shift-tab shift-tab shift-tab");
    assert_eq!(app.mode(), Mode::Nothing, "round, past all and completion, to the last profile");
    press(&mut app, "d");
    assert_eq!(app.denominator, Denominator::Weights);
    press(&mut app, "d d d");
    assert_eq!(app.denominator, Denominator::Scored);
    press(&mut app, "c c c c");
    assert_eq!(app.theme, ThemeName::Mono);
    press(&mut app, "c");
    assert_eq!(app.theme, ThemeName::Dark);
}

#[test]
fn up_and_down_choose_the_mode_in_score_only() {
    let mut app = chat();
    update(&mut app, Action::Goto(5));
    press(&mut app, "3 ↓");
    assert_eq!((app.mode(), app.cursor), (Mode::LastMessage, 5));
    press(&mut app, "k k");
    assert_eq!((app.mode(), app.cursor), (Mode::Completion, 5));
    press(&mut app, "2 ↓");
    assert_eq!((app.mode(), app.cursor), (Mode::Completion, 6));
}

#[test]
fn a_mode_asks_nothing_of_the_engine_and_changes_the_loss() {
    let mut app = chat();
    let loss = |app: &lossglass::app::App| app.ledger().and_then(|ledger| ledger.loss(app.denominator)).unwrap();
    let before = loss(&app);
    let effects = update(&mut app, Action::Basis(Mode::All.into()));
    assert!(effects.is_empty(), "{effects:?}");
    assert_eq!(app.ledger().unwrap().scored, 13);
    assert!((loss(&app) - before).abs() > 1e-6);
}

#[test]
fn modes_that_do_not_apply_are_passed_over_and_say_why_when_asked_for() {
    let mut app = loaded(text());
    press(&mut app, "tab");
    assert_eq!(app.mode(), Mode::All);
    assert!(notice(&app).0.contains("only mask all applies here"), "{:?}", notice(&app));
    for (mode, why) in [(Mode::Completion, "needs the place where the prompt ends"), (Mode::Assistant, "needs a chat")]
    {
        update(&mut app, Action::Basis(mode.into()));
        assert!(notice(&app).1 && notice(&app).0.contains(why), "{:?}", notice(&app));
        assert_eq!((app.mode(), app.ledger().is_some()), (Mode::All, true));
    }
    update(&mut app, Action::Goto(3));
    press(&mut app, "s tab tab");
    assert_eq!(app.mode(), Mode::Completion, "with a split there are two, round and round");
}

#[test]
fn the_split_stays_with_its_text_when_something_is_typed_before_it() {
    let mut app = loaded(text());
    update(&mut app, Action::Goto(3));
    press(&mut app, "s e");
    let (split, words) = (app.policy.split.unwrap(), app.sequence().text.clone());
    let completion: String = words.chars().skip(split).collect();
    for key in ["↑", "home", "x", "y"] {
        press(&mut app, key);
    }
    let Sample::Text(edited) = &app.sample else { panic!("still a text") };
    let after: String = edited.chars().skip(app.policy.split.unwrap()).collect();
    assert!(edited.contains("xy"), "{edited:?}");
    assert_eq!(after, completion);
}

#[test]
fn a_model_that_cannot_be_opened_leaves_the_one_before() {
    let mut app = chat();
    app.shared.chosen_model = Some(lossglass::source::Source::Directory("/broken".into()));
    press(&mut app, "R");
    let generation = app.analysis.generation;
    let failed = Event::ModelFailed { generation, message: "/broken has no config.json".into() };
    let effects = update(&mut app, Action::Engine(failed));
    assert_eq!((app.chosen_model.is_none(), notice(&app)), (true, ("/broken has no config.json", true)));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Engine(Request::Analyze { .. }))));
    let generation = app.analysis.generation;
    update(&mut app, Action::Engine(Event::ModelFailed { generation, message: "again".into() }));
    assert_eq!(app.analysis.progress, Progress::Failed("again".into()), "no way back twice");
}

#[test]
fn a_split_makes_the_rest_the_completion_and_a_second_press_takes_it_back() {
    let mut app = loaded(text());
    update(&mut app, Action::Goto(5));
    press(&mut app, "s");
    assert_eq!((app.mode(), app.policy.split), (Mode::Completion, Some(app.sequence().chars_before(5))));
    let scored: Vec<usize> = (0..8).filter(|&t| app.mask().unwrap().is_scored(t)).collect();
    assert_eq!(scored, [5, 6, 7]);
    press(&mut app, "s");
    assert_eq!((app.mode(), app.policy.split), (Mode::All, None));
    let mut app = chat();
    press(&mut app, "s");
    assert_eq!(app.policy.split, None);
    assert!(notice(&app).0.contains("the split is for raw text"));
}

#[test]
fn part_weights_of_the_start_hold_in_every_mode_and_for_chats_alone() {
    let start = |sequence: Sequence| {
        let part_weights = "stop=0,header=0.5".parse().unwrap();
        let policy = Policy { parts: part_weights, ..Policy::default() };
        let mut app = App::new(Start { policy, ..Start::on(Sample::Text(String::new()), "any") }).0;
        app.shared.policy.basis = Mode::All.into();
        let generation = app.analysis.generation;
        update(&mut app, Action::Engine(tokenised(generation, sequence)));
        app
    };
    let app = start(chat_sequence());
    let modes = app.scorings.iter().filter(|scoring| matches!(scoring.basis, Basis::Mode(_)));
    for scoring in modes.filter(|scoring| scoring.mask.is_ok()) {
        let mask = scoring.mask.as_ref().unwrap();
        for (t, token) in app.sequence().targets().filter(|(_, token)| token.role.as_deref() == Some("assistant")) {
            match token.part {
                Part::Stop => assert_eq!(mask.weight(t), 0.0, "{:?}", scoring.basis),
                Part::Header => assert_eq!(mask.weight(t), 0.5, "{:?}", scoring.basis),
                _ => {}
            }
        }
    }
    assert_eq!(app.mask().unwrap().name(), "all, header=0.5,stop=0");
    assert_eq!(start(text()).mask().unwrap().name(), "all");
}

#[test]
fn candidates_and_temperature_have_ends() {
    let mut app = chat();
    press(&mut app, "+ =");
    assert_eq!(app.views.predict.top_k, 12);
    press(&mut app, &"- ".repeat(30));
    assert_eq!(app.views.predict.top_k, 1);
    press(&mut app, &"+ ".repeat(99));
    assert_eq!(app.views.predict.top_k, 50);
    press(&mut app, "t");
    assert_eq!(app.views.predict.temperature, 1.3);
    press(&mut app, &"T ".repeat(30));
    assert_eq!(app.views.predict.temperature, 0.1);
    press(&mut app, &"t ".repeat(30));
    assert_eq!(app.views.predict.temperature, 5.0);
    press(&mut app, "0");
    assert_eq!(app.views.predict.temperature, 1.0);
    press(&mut app, "2 t");
    assert_eq!(app.views.predict.temperature, 1.0, "t is Predict's");
}

#[test]
fn help_opens_scrolls_and_closes() {
    let mut app = chat();
    let scroll = |app: &lossglass::app::App| match app.overlay {
        Some(Overlay::Help { scroll }) => scroll,
        _ => panic!("no help"),
    };
    press(&mut app, "? j j k");
    assert_eq!(scroll(&app), 1);
    press(&mut app, &"pgdn ".repeat(99));
    assert!(usize::from(scroll(&app)) <= keymap::all().count() + 10, "the way back is not long");
    press(&mut app, "q");
    assert!(app.overlay.is_none() && !app.quit, "q closes help first");
}

#[test]
fn quit_from_anywhere() {
    for open in ["", "?", "e", "o", "m", ":", "2", "3"] {
        let mut app = chat();
        press(&mut app, open);
        let effects = press(&mut app, "ctrl-c");
        assert!(app.quit && matches!(effects[..], [Effect::CancelEngine]), "{open}");
    }
    let mut app = chat();
    press(&mut app, "e q");
    assert!(!app.quit, "q is a letter where one types");
}

#[test]
fn stale_answers_are_dropped() {
    let mut app = chat();
    let stale = app.analysis.generation;
    update(&mut app, Action::Paste("new".into()));
    let before = format!("{:?}", app.analysis);
    let row = partly(text(), 1).analysis.scores.predicting(1).cloned().unwrap();
    for event in [
        tokenised(stale, text()),
        Event::Scored { generation: stale, from: 0, rows: vec![row] },
        Event::Finished { generation: stale, seconds: 1.0 },
        Event::Failed { generation: stale, message: "late".into() },
    ] {
        update(&mut app, Action::Engine(event));
        assert_eq!(format!("{:?}", app.analysis), before);
    }
}

#[test]
fn esc_stops_scoring_and_what_was_on_its_way_does_not_start_it_again() {
    let mut app = partly(chat_sequence(), 3);
    let effects = press(&mut app, "esc");
    assert!(matches!(effects[..], [Effect::CancelEngine]), "{effects:?}");
    let generation = app.analysis.generation;
    let late = Event::Loading { generation, name: "late".into(), opening: Opening::Reading(0.5) };
    update(&mut app, Action::Engine(late));
    update(&mut app, Action::Engine(tokenised(generation, chat_sequence())));
    assert_eq!(app.analysis.progress, Progress::Cancelled);
    assert!(press(&mut app, "esc").is_empty(), "there is nothing more to stop");
}

#[test]
fn rows_that_come_late_replace_what_follows_them() {
    let mut app = chat();
    let whole = app.analysis.scores.clone();
    let generation = app.analysis.generation;
    let rows: Vec<_> = (1..3).map(|t| whole.predicting(t).cloned().unwrap()).collect();
    update(&mut app, Action::Engine(Event::Scored { generation, from: 0, rows }));
    assert_eq!(app.analysis.scores.len(), 2);
    assert_eq!(app.ledger(), None, "a loss of which a part is missing is no loss");
}

#[test]
fn the_distribution_is_asked_for_once_a_place() {
    let mut app = chat();
    let asked = |effects: &[Effect]| -> Vec<usize> {
        let position = |effect: &Effect| match effect {
            Effect::Engine(Request::Distribution { position, .. }) => Some(*position),
            _ => None,
        };
        effects.iter().filter_map(position).collect()
    };
    update(&mut app, Action::Goto(1));
    assert_eq!(asked(&press(&mut app, "→ → home → →")), [1, 2, 0, 1]);
    answer_distribution(&mut app);
    assert!(app.distribution().is_some());
    assert_eq!(asked(&press(&mut app, "2 3 tab d")), Vec::<usize>::new());
    press(&mut app, "→");
    assert!(app.distribution().is_none(), "it belongs to another place");
}

#[test]
fn a_paste_over_a_view_is_a_text_of_its_own() {
    let mut app = chat();
    let effects = update(&mut app, Action::Paste("a\r\nb\rc".into()));
    assert_eq!((&app.sample, app.sample_name.as_str()), (&Sample::Text("a\nb\nc".into()), "pasted"));
    assert!(matches!(effects[..], [Effect::Engine(Request::Analyze { .. })]), "{effects:?}");
}

#[test]
fn an_empty_text_takes_every_key_of_every_view() {
    for (key_of_view, view) in ["1", "2", "3", "4", "5"].into_iter().zip(View::EVERY) {
        for binding in keymap::bindings(Context::View(view)) {
            for name in binding.keys {
                let mut app = empty();
                press(&mut app, key_of_view);
                super::press_key(&mut app, key(name));
                assert_eq!(app.cursor, 0, "{name}");
            }
        }
    }
}
