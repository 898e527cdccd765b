//! What the screen shows of a sample, cell by cell. The state is made by `update` from engine events, their rows by the
//! program's own code from logits.

mod any;

use lossglass::app::view::predict;
use lossglass::app::{Action, App, Command, Start, ThemeName, View, update};
use lossglass::engine::Event;
use lossglass::sample::Sample;
use lossglass::source::Opening;
use lossglass::ui::Theme;
use ratatui::style::Modifier;

use crate::support::frame::{find, frame, lines};
use crate::support::sample::{self, chat, empty, loaded, text};

fn press(app: &mut App, commands: &[Command]) {
    for &command in commands {
        update(app, Action::Do(command));
    }
}

#[test]
fn predict_in_both_sizes() {
    let mut app = chat();
    update(&mut app, Action::Goto(11));
    insta::assert_snapshot!("predict_80x24", lines(&app, 80, 24));
    insta::assert_snapshot!("predict_120x40", lines(&app, 120, 40));
}

#[test]
fn colour_and_underline_say_cost_and_score() {
    let mut app = chat();
    update(&mut app, Action::Goto(11));
    let (buffer, _) = frame(&app, 120, 40);
    let strip: Vec<_> = buffer.content[3 * 120..4 * 120].iter().map(|cell| (cell.symbol(), cell.style())).collect();
    for (t, name) in [(3, "Hi"), (10, "Hello")] {
        let at = lines(&app, 120, 40).lines().nth(3).unwrap().find(name).unwrap();
        let at = lines(&app, 120, 40).lines().nth(3).unwrap()[..at].chars().count();
        let style = strip[at].1;
        let (theme, nll) = (Theme::of(ThemeName::Dark, true), app.analysis.scores.nll(t).unwrap());
        let heat = if t % 2 == 0 { theme.heat(nll) } else { theme.heat_beside(nll) };
        assert_eq!((style.fg, style.bg), (heat.fg, heat.bg), "{name}");
        assert_eq!(style.add_modifier.contains(Modifier::UNDERLINED), name == "Hello", "{name}");
    }
    let cursor = Theme::of(ThemeName::Dark, true).cursor;
    assert!(strip.iter().any(|(symbol, style)| *symbol == "␣" && style.bg == cursor.bg));
}

#[test]
fn the_ends_of_the_sequence_say_why_they_have_no_loss() {
    let mut app = chat();
    update(&mut app, Action::Goto(0));
    assert!(lines(&app, 120, 40).contains("first token: nothing predicts it"));
    press(&mut app, &[Command::End]);
    insta::assert_snapshot!("next_token_120x40", lines(&app, 120, 40));
}

#[test]
fn temperature_and_what_if_are_said_to_be_no_loss() {
    let mut app = chat();
    update(&mut app, Action::Goto(11));
    sample::answer_distribution(&mut app);
    app.views.predict.top_k = 3;
    app.views.predict.what_if = Some(0);
    press(&mut app, &[predict::Command::Hotter.into(), predict::Command::Hotter.into()]);
    insta::assert_snapshot!("what_if_120x40", lines(&app, 120, 40));
    insta::assert_snapshot!("what_if_80x24", lines(&app, 80, 24));
}

#[test]
fn nothing_stale_while_the_engine_works() {
    let mut app = chat();
    assert!(lines(&app, 120, 40).contains("loss/scored "));
    update(&mut app, Action::Paste("new text".into()));
    let screen = lines(&app, 120, 40);
    assert!(screen.contains("loss –"), "{screen}");
    assert!(!screen.lines().next().unwrap().contains("nats"), "{screen}");
    let failed =
        Event::Failed { generation: app.analysis.generation, message: "weights.bin: not a model\u{1b}[31m".into() };
    update(&mut app, Action::Engine(failed));
    insta::assert_snapshot!("failed_80x24", lines(&app, 80, 24));
}

#[test]
fn half_scored_is_said_to_be_half_scored() {
    let mut app = sample::partly(text(), 3);
    assert!(lines(&app, 120, 40).contains("scoring 3/8"));
    press(&mut app, &[Command::Cancel]);
    insta::assert_snapshot!("cancelled_80x24", lines(&app, 80, 24));
}

#[test]
fn empty_states_say_what_to_press() {
    insta::assert_snapshot!("empty_80x24", lines(&empty(), 80, 24));
    let mut app = empty();
    update(&mut app, Action::Paste("x".into()));
    let loading = Event::Loading {
        generation: app.analysis.generation,
        name: "tiny-chat".into(),
        opening: Opening::Reading(0.4),
    };
    update(&mut app, Action::Engine(loading));
    assert!(lines(&app, 80, 24).contains("loading tiny-chat 40 %"));
}

#[test]
fn truncation_is_seen() {
    let mut sequence = text();
    sequence.truncate(6);
    let app = loaded(sequence);
    assert!(lines(&app, 120, 40).contains("only the first 6 of 8 tokens fit the context"));
}

#[test]
fn ascii_and_mono_lose_nothing_but_looks() {
    let mut app = chat();
    update(&mut app, Action::Goto(11));
    app.unicode = false;
    app.theme = ThemeName::Mono;
    let screen = lines(&app, 80, 24);
    assert!(screen.is_ascii());
    insta::assert_snapshot!("ascii_80x24", screen);
    let (buffer, _) = frame(&app, 80, 24);
    assert!(
        buffer
            .content
            .iter()
            .all(|cell| cell.fg == ratatui::style::Color::Reset && cell.bg == ratatui::style::Color::Reset)
    );
}

#[test]
fn a_click_does_what_it_points_at() {
    let app = chat();
    let (_, hits) = frame(&app, 120, 40);
    let at = |needle| hits.at(find(&lines(&app, 120, 40), 0, needle)).cloned();
    assert!(matches!(at("Hello"), Some(Action::Goto(10))));
    assert!(matches!(at("2 Attend"), Some(Action::Do(Command::Show(_)))));
    assert!(matches!(at("o open"), Some(Action::Do(Command::Open))));
    assert!(matches!(at("next token"), Some(Action::Goto(14))));
}

/// The styles of the strip's cells.
fn strip_styles(app: &App) -> Vec<ratatui::style::Style> {
    frame(app, 120, 40).0.content[3 * 120 + 2..4 * 120 - 2].iter().map(ratatui::buffer::Cell::style).collect()
}

#[test]
fn neighbours_in_the_strip_never_look_alike() {
    for theme in ThemeName::EVERY {
        for scored in [0, 14] {
            let mut app = sample::partly(sample::chat_sequence(), scored);
            update(&mut app, Action::Goto(0));
            app.theme = theme;
            let styles = strip_styles(&app);
            let mut x = 0;
            for pair in app.analysis.labels.windows(2) {
                x += pair[0].width;
                assert_ne!(styles[x - 1], styles[x], "{theme:?}: {:?} and {:?}", pair[0].text, pair[1].text);
            }
        }
    }
}

#[test]
fn every_view_shows_rows_on_the_smallest_screen() {
    for (width, height) in [(40, 10), (60, 12), (60, 16), (80, 15)] {
        let mut app = chat();
        update(&mut app, Action::Goto(11));
        let screen = lines(&app, width, height);
        assert!(screen.contains("▸ 11"), "the cursor's row: {screen}");
        assert!(screen.contains('▏') || screen.contains('█'), "a candidate: {screen}");
        press(&mut app, &[Command::Show(View::Attend)]);
        assert!(lines(&app, width, height).contains("▸ 10"), "{}", lines(&app, width, height));
        press(&mut app, &[Command::Show(View::Score)]);
        for _ in 0..3 {
            let screen = lines(&app, width, height);
            assert!(screen.contains(&format!("▸ {}", app.mode().name())), "{screen}");
            press(&mut app, &[Command::NextMode]);
        }
    }
}

#[test]
fn a_tiny_terminal_is_told_so() {
    for (width, height) in [(1, 1), (20, 5), (39, 50), (100, 9)] {
        let screen = lines(&chat(), width, height);
        assert!(width < 9 || screen.contains("too small"), "{screen}");
    }
}

#[test]
fn empty_views_say_what_to_press() {
    for view in View::EVERY {
        let mut app = empty();
        app.view = view;
        assert!(lines(&app, 80, 24).contains("o opens"), "{view:?}");
    }
}

#[test]
fn a_text_that_is_not_tokenised_yet_is_not_said_to_be_none() {
    for view in View::EVERY {
        let (mut app, _) = App::new(Start::on(Sample::Text("Hello".into()), "hello.txt"));
        app.view = view;
        let screen = lines(&app, 80, 24);
        assert!(screen.contains("one moment") && !screen.contains("no text"), "{view:?}: {screen}");
        update(&mut app, Action::Do(Command::Cancel));
        let screen = lines(&app, 80, 24);
        assert!(screen.contains("Nothing is computed yet; R goes on."), "{view:?}: {screen}");
        assert!(!screen.contains("no text") && !screen.contains("no tokens"), "{view:?}: {screen}");
    }
}
