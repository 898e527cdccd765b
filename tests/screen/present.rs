//! Presenting, cell by cell, and the first screen.

use std::time::{Duration, Instant};

use lossglass::app::{Action, App, Command, Start, ThemeName, View, update};
use lossglass::sample::Sample;
use ratatui::style::Color;

use crate::support::frame::{cells, find, frame, lines};
use crate::support::run::trained;
use crate::support::sample::{answer_distribution, at, chat, loaded, long_sequence};

/// The chat after a run, presented on a terminal of that size, keys going to `view`.
fn presented(view: View, columns: u16, rows: u16) -> App {
    let mut app = at(view, 11);
    trained(&mut app, 20);
    update(&mut app, Action::Resize(columns, rows));
    update(&mut app, Action::Do(Command::Present));
    answer_distribution(&mut app);
    update(&mut app, Action::Do(Command::Right));
    answer_distribution(&mut app);
    app
}

#[test]
fn presenting_in_every_size() {
    for (columns, rows) in [(200, 60), (120, 40), (80, 24)] {
        let app = presented(View::Predict, columns, rows);
        insta::assert_snapshot!(format!("present_{columns}x{rows}"), cells(&app, columns, rows));
    }
    for view in [View::Attend, View::Score, View::Train] {
        let app = presented(view, 80, 24);
        insta::assert_snapshot!(format!("present_{}_80x24", view.title().to_lowercase()), cells(&app, 80, 24));
    }
    let app = presented(View::Generate, 200, 60);
    insta::assert_snapshot!("present_generate_200x60", cells(&app, 200, 60));
}

#[test]
fn the_view_that_keys_go_to_is_marked_and_no_other() {
    let titles = [(View::Predict, "Teacher forcing"), (View::Score, "Score: what"), (View::Attend, "Attend  ")];
    for (view, _) in titles {
        let screen = cells(&presented(view, 200, 60), 200, 60);
        for (other, title) in titles {
            let place = find(&screen, 4, title);
            let line = screen.lines().nth(usize::from(place.y)).unwrap();
            let edge = line.chars().skip(usize::from(place.x)).find(|c| ['━', '─'].contains(c));
            assert_eq!(edge == Some('━'), view == other, "{view:?}, {title}: {screen}");
        }
    }
}

#[test]
fn what_was_pressed_stands_in_a_line_of_its_own() {
    let screen = lines(&presented(View::Predict, 80, 24), 80, 24);
    let told = screen.lines().nth(22).unwrap();
    assert!(told.contains("→") && told.contains("next token") && told.contains("token 12"), "{screen}");
}

#[test]
fn a_small_terminal_has_fewer_and_wider_cells() {
    let tokens = |app: &App| lines(app, 80, 24).lines().filter(|line| line.contains('→')).count();
    let mut app = presented(View::Predict, 80, 24);
    let few = tokens(&app);
    update(&mut app, Action::Do(Command::Present));
    assert!(few < tokens(&app), "{few}");
}

#[test]
fn a_painted_ground_lies_under_everything() {
    for (theme, ground) in [(ThemeName::Light, 231), (ThemeName::Contrast, 16)] {
        for command in [Command::Present, Command::Help, Command::Edit, Command::Palette] {
            let mut app = chat();
            app.theme = theme;
            update(&mut app, Action::Do(command));
            let (buffer, _) = frame(&app, 80, 24);
            assert!(buffer.content.iter().all(|cell| cell.bg != Color::Reset && cell.fg != Color::Reset));
            assert!(buffer.content.iter().any(|cell| cell.bg == Color::Indexed(ground)), "{theme:?} {command:?}");
        }
    }
}

#[test]
fn the_first_screen_offers_ways_to_begin() {
    let start = Start { welcomes: true, ..Start::on(Sample::Text("Hello world".into()), "hello") };
    let (mut app, _) = App::new(start);
    insta::assert_snapshot!("welcome_80x24", lines(&app, 80, 24));
    let (_, hits) = frame(&app, 80, 24);
    let place = find(&lines(&app, 80, 24), 0, "your own data");
    assert!(matches!(hits.at(place), Some(Action::Do(Command::Open))));
    update(&mut app, Action::Do(Command::Right));
    assert!(!lines(&app, 80, 24).contains("your own data"));
}

#[test]
fn four_views_are_drawn_in_time() {
    let one = long_sequence();
    let mut sequence = one.clone();
    (1..14).for_each(|_| sequence.tokens.extend(one.tokens.iter().cloned()));
    let mut app = loaded(sequence);
    update(&mut app, Action::Resize(200, 60));
    trained(&mut app, 50);
    update(&mut app, Action::Do(Command::Present));
    let time = || {
        let start = Instant::now();
        frame(&app, 200, 60);
        start.elapsed()
    };
    // The best of several, as other programs run beside; a release takes half of it.
    let best = (0..20).map(|_| time()).min().unwrap();
    println!("{} tokens: {best:?}", app.len());
    assert!(best < Duration::from_millis(20), "{best:?}");
}
