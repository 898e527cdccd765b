//! The view Score, cell by cell.

use lossglass::app::view::score;
use lossglass::app::{Action, App, Command, ScorePanel, View, update};
use lossglass::mask::Basis;
use lossglass::sequence::Origin;
use lossglass::template::Part;

use crate::support::frame::{cells, lines};
use crate::support::sample::{answer_distribution, at, chat_sequence, loaded, long_sequence, partly, text};

#[test]
fn score() {
    let app = at(View::Score, 11);
    insta::assert_snapshot!("score_80x24", lines(&app, 80, 24));
    insta::assert_snapshot!("score_120x40", lines(&app, 120, 40));
    let mut app = loaded(text());
    app.view = View::Score;
    update(&mut app, Action::Goto(3));
    insta::assert_snapshot!("score_text_80x24", cells(&app, 80, 24));
}

#[test]
fn the_panels_of_score() {
    let mut app = at(View::Score, 11);
    answer_distribution(&mut app);
    for (panel, name) in [(ScorePanel::Labels, "labels"), (ScorePanel::Gradient, "gradient")] {
        update(&mut app, Action::ShowPanel(panel as usize));
        insta::assert_snapshot!(format!("score_{name}_80x24"), cells(&app, 80, 24));
        insta::assert_snapshot!(format!("score_{name}_120x40"), cells(&app, 120, 40));
    }
    insta::assert_snapshot!("score_200x60", cells(&app, 200, 60));
    for (t, why) in [(0, "no logits, no gradient"), (14, "come next: no target"), (3, "is 0 everywhere")] {
        update(&mut app, Action::Goto(t));
        assert!(lines(&app, 120, 40).contains(why), "{t}");
    }
}

#[test]
fn painted_tokens_and_what_is_found_of_them() {
    let mut app = at(View::Score, 12);
    let act = |app: &mut App, commands: &[Command]| commands.iter().for_each(|&c| drop(update(app, Action::Do(c))));
    let profile = lossglass::mask::profile::find("trl-qwen2.5").unwrap();
    update(&mut app, Action::Basis(Basis::Profile(profile)));
    act(&mut app, &[score::Command::PaintTokens.into(), Command::Left, score::Command::PaintWeight.into()]);
    update(&mut app, Action::Paste("0.5".into()));
    act(&mut app, &[Command::Accept]);
    update(&mut app, Action::Goto(3));
    act(
        &mut app,
        &[
            score::Command::PaintTokens.into(),
            score::Command::Select.into(),
            score::Command::SelectLeft.into(),
            score::Command::SelectLeft.into(),
        ],
    );
    update(&mut app, Action::ShowPanel(ScorePanel::Findings as usize));
    insta::assert_snapshot!("score_painted_80x24", lines(&app, 80, 24));
    insta::assert_snapshot!("score_painted_120x40", lines(&app, 120, 40));
    update(&mut app, Action::ShowPanel(ScorePanel::Labels as usize));
    update(&mut app, Action::Goto(11));
    assert!(lines(&app, 80, 24).contains("8 ×0.5"), "{}", lines(&app, 80, 24));
    act(&mut app, &[score::Command::PaintWeight.into()]);
    update(&mut app, Action::Paste("half".into()));
    act(&mut app, &[Command::Accept]);
    insta::assert_snapshot!("score_weight_80x24", lines(&app, 80, 24));
    act(&mut app, &[Command::Cancel]);
    app.unicode = false;
    assert!(lines(&app, 120, 40).is_ascii());
}

#[test]
fn the_row_that_counts_stays_in_sight() {
    let mut app = at(View::Score, 11);
    for _ in 0..40 {
        update(&mut app, Action::Do(Command::Down));
        for (width, height) in [(80, 24), (60, 20), (40, 16), (120, 30)] {
            let screen = lines(&app, width, height);
            let row = format!("▸ {}", app.basis().name());
            assert!(screen.contains(&row), "{row} at {width}×{height}: {screen}");
        }
    }
}

#[test]
fn score_says_what_is_missing() {
    let mut app = partly(chat_sequence(), 5);
    app.view = View::Score;
    assert!(lines(&app, 120, 40).contains("no loss yet: scoring is under way, 5 of 14 rows"));
    let mut sequence = chat_sequence();
    sequence.roles = vec!["user".into(); 2];
    for token in &mut sequence.tokens {
        token.role = Some("user".into());
    }
    let mut app = loaded(sequence);
    app.view = View::Score;
    assert!(lines(&app, 120, 40).contains("nothing is scored: the loss is undefined, not 0"));
    let mut app = at(View::Score, 11);
    assert!(lines(&app, 120, 40).contains("▸ scored"));
    update(&mut app, Action::Paste("new".into()));
    let screen = lines(&app, 120, 40);
    assert!(screen.contains("what is asked for now is not tokenised") && !screen.contains("perplexity"), "{screen}");
}

#[test]
fn the_figures_of_score_stand_apart() {
    let mut app = loaded(long_sequence());
    app.view = View::Score;
    update(&mut app, Action::Basis(lossglass::mask::Mode::Completion.into()));
    for width in [60, 80, 120] {
        let screen = lines(&app, width, 24);
        let line = screen.lines().find(|line| line.contains("  assistant ")).unwrap();
        let figures: Vec<&str> = line.trim_end_matches('│').split_whitespace().rev().take(3).collect();
        let [loss, difference, scored] = figures[..] else { panic!("{line}") };
        assert!(loss.parse::<f64>().is_ok() && scored.parse::<usize>().is_ok(), "{line}");
        assert!(difference.starts_with('+') || difference.starts_with('−'), "{line}");
    }
    let narrow = lines(&app, 40, 24);
    assert!(narrow.contains("▸ completion") && !narrow.contains("+57"), "{narrow}");
}

#[test]
fn straddlers_and_typed_specials_are_marked() {
    let mut sequence = chat_sequence();
    sequence.tokens[4].injected = true;
    sequence.tokens[9].overlaps = vec![Origin { turn: Some(1), role: Some("assistant".into()), part: Part::Content }];
    let mut app = loaded(sequence);
    app.view = View::Score;
    insta::assert_snapshot!("score_marks_80x24", lines(&app, 80, 24));
}
