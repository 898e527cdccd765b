//! The view Train, cell by cell, on a run that is made up.

use lossglass::app::{Action, Activity, App, Command, Demonstration, ThemeName, TrainPanel, View, update};
use lossglass::ui::Theme;
use ratatui::layout::Position;

use crate::support::frame::{find, frame, lines};
use crate::support::run;
use crate::support::sample::{chat, empty};

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
    update(&mut app, Action::ShowPanel(TrainPanel::Gradients as usize));
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
    for panel in TrainPanel::EVERY {
        update(&mut app, Action::ShowPanel(panel as usize));
        let screen = lines(&app, 80, 24);
        panels.extend(screen.lines().skip(16).take(7).flat_map(|line| [line, "\n"]));
    }
    insta::assert_snapshot!("train_panels_80", panels);
}

/// A demonstration after so many steps, in which p swings around the shares less and less.
fn demonstrated(demonstration: Demonstration, steps: usize) -> App {
    let mut app = trained(steps);
    app.training.stage = Some(run::stage(demonstration, steps));
    app
}

#[test]
fn two_right_answers() {
    let app = demonstrated(Demonstration::TwoAnswers, 30);
    insta::assert_snapshot!("train_answers_80x24", lines(&app, 80, 24));
    insta::assert_snapshot!("train_answers_120x40", lines(&app, 120, 40));
    let screen = lines(&app, 200, 60);
    assert!(screen.contains("p of each first token") && screen.contains("╭ Loss "), "both have room:\n{screen}");
}

#[test]
fn true_text_and_own_text() {
    let app = demonstrated(Demonstration::OwnText, 12);
    insta::assert_snapshot!("train_own_text_80x24", lines(&app, 80, 24));
}

#[test]
fn verdict_and_earlier_runs() {
    let mut app = trained(12);
    run::earlier(&mut app);
    update(&mut app, Action::ShowPanel(TrainPanel::Runs as usize));
    insta::assert_snapshot!("train_runs_80x24", lines(&app, 80, 24));
    insta::assert_snapshot!("train_runs_120x40", lines(&app, 120, 40));
    update(&mut app, Action::ShowPanel(TrainPanel::Verdict as usize));
    insta::assert_snapshot!("train_verdict_120x40", lines(&app, 120, 40));
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

#[test]
fn the_film_shows_cost_by_colour_and_height() {
    let app = trained(12);
    let (buffer, _) = frame(&app, 120, 40);
    let theme = Theme::of(ThemeName::Dark, true);
    let first = app.training.film.frames.first().unwrap();
    // Step 0 is the row below the marks; three columns a token.
    let Position { x, y } = find(&lines(&app, 120, 40), 0, "step ·");
    for t in [1, 3, 10, 12] {
        let cell = &buffer[Position::new(x + 5 + 3 * t as u16, y + 1)];
        let nll = first.scores.nll(t).unwrap();
        assert_eq!(cell.style().fg, theme.ink(nll).fg, "token {t}");
        assert_eq!(cell.symbol(), ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"][(nll as usize).min(7)], "token {t}");
    }
}

#[test]
fn clicks() {
    let app = trained(12);
    let (_, hits) = frame(&app, 80, 24);
    let clicked = |needle: &str| {
        let place = find(&lines(&app, 80, 24), 7, needle);
        format!("{:?}", hits.at(place).expect(needle))
    };
    assert_eq!(clicked("11    █"), "ShowStep(11)");
    assert_eq!(clicked("Probes"), "ShowPanel(1)");
    assert_eq!(clicked("▼ Hello"), "Goto(10)");
}

#[test]
fn numbers_that_are_not_there_are_not_invented() {
    let mut app = trained(1);
    app.training.probes[0].losses.clear();
    app.training.steps[0].loss = f64::NAN;
    app.training.now = None;
    let screen = lines(&app, 200, 60);
    assert!(screen.contains("before step 1: loss NaN") && !screen.contains("perplexity"), "{screen}");
    assert!(screen.contains("a paraphrase         – →     –"), "{screen}");
    assert!(screen.contains("now: –"), "{screen}");
    let mut app = chat();
    app.view = View::Train;
    assert!(lines(&app, 80, 24).contains("no step yet: loss –"));
}

#[test]
fn only_what_was_never_scored_is_said_to_be() {
    let mut app = trained(12);
    assert!(lines(&app, 80, 24).contains("never scored"));
    app.training.changes.push(lossglass::app::Change { after: 7, what: "mask all".into() });
    let screen = lines(&app, 80, 24);
    assert!(!screen.contains("never scored") && screen.contains("unscored"), "{screen}");
}

#[test]
fn the_run_is_named_with_what_goes_on() {
    let mut app = trained(12);
    app.training.activity = Activity::Running;
    app.training.goal.loss = Some(0.1);
    assert!(lines(&app, 80, 24).contains("step 12, running until loss < 0.1"));
    app.training.activity = Activity::Busy { what: "going back".into(), fraction: 0.4 };
    assert!(lines(&app, 80, 24).contains("going back 40 %"));
    update(&mut app, Action::ShowStep(3));
    for view in View::EVERY {
        app.view = view;
        let header = lines(&app, 80, 24).lines().next().unwrap().to_owned();
        assert!(header.contains("step 3 of 12"), "{view:?}: {header}");
    }
}
