//! The view Train, cell by cell, on a run that is made up.

#[path = "screens/run.rs"]
mod run;
#[path = "screens/sample.rs"]
#[allow(dead_code)]
mod sample;

use lossglass::app::{Action, App, Command, Panel, ThemeName, View, update};
use lossglass::ui::{self, Hits, Theme};
use ratatui::buffer::Buffer;
use ratatui::{Terminal, backend::TestBackend};

use sample::{chat, empty};

fn frame(app: &App, width: u16, height: u16) -> (Buffer, Hits) {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut hits = Hits::default();
    let theme = Theme::of(app.theme, app.unicode);
    terminal.draw(|frame| hits = ui::draw(app, &theme, frame)).unwrap();
    (terminal.backend().buffer().clone(), hits)
}

fn lines(app: &App, width: u16, height: u16) -> String {
    let (buffer, _) = frame(app, width, height);
    let rows = buffer.content.chunks(usize::from(width));
    let line = |row: &[ratatui::buffer::Cell]| row.iter().map(|cell| cell.symbol()).collect::<String>();
    rows.map(|row| line(row).trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// The chat after so many steps, with the cursor on its answer.
fn trained(steps: usize) -> App {
    let mut app = chat();
    update(&mut app, Action::Do(Command::Show(View::Train)));
    update(&mut app, Action::Goto(11));
    run::trained(&mut app, steps);
    update(&mut app, Action::ShowStep(steps));
    app
}

#[test]
fn train_in_three_sizes() {
    let app = trained(12);
    insta::assert_snapshot!("train_80x24", lines(&app, 80, 24));
    insta::assert_snapshot!("train_120x40", lines(&app, 120, 40));
    insta::assert_snapshot!("train_200x60", lines(&app, 200, 60));
}

#[test]
fn a_past_step() {
    let mut app = trained(12);
    update(&mut app, Action::ShowStep(3));
    insta::assert_snapshot!("train_past_80x24", lines(&app, 80, 24));
    update(&mut app, Action::ShowPanel(Panel::Gradients));
    insta::assert_snapshot!("train_past_120x40", lines(&app, 120, 40));
}

#[test]
fn a_twin_run() {
    let mut app = trained(12);
    run::twin(&mut app);
    insta::assert_snapshot!("train_twin_80x24", lines(&app, 80, 24));
    insta::assert_snapshot!("train_twin_120x40", lines(&app, 120, 40));
}

#[test]
fn every_panel_in_a_small_screen() {
    let mut app = trained(12);
    let mut panels = String::new();
    for panel in Panel::EVERY {
        update(&mut app, Action::ShowPanel(panel));
        let screen = lines(&app, 80, 24);
        panels.extend(screen.lines().skip(16).take(7).flat_map(|line| [line, "\n"]));
    }
    insta::assert_snapshot!("train_panels_80", panels);
}

#[test]
fn nothing_learned_yet() {
    let mut app = chat();
    update(&mut app, Action::Do(Command::Show(View::Train)));
    insta::assert_snapshot!("train_untouched_80x24", lines(&app, 80, 24));
    let mut app = empty();
    app.view = View::Train;
    assert!(lines(&app, 80, 24).contains("o opens"));
}

#[test]
fn without_colour_and_without_glyphs() {
    let mut app = trained(12);
    (app.theme, app.unicode) = (ThemeName::Mono, false);
    let screen = lines(&app, 120, 40);
    assert!(screen.is_ascii());
    insta::assert_snapshot!("train_ascii_120x40", screen);
}
