//! The panel of a lesson and of a guess, beside and under the views.

use std::sync::Arc;

use lossglass::app::{Action, App, Command, Effect, FileRequest, Start, View, shipped, update};
use lossglass::engine::{Event, Request};
use lossglass::loss::Distribution;
use lossglass::sample::Sample;
use lossglass::score::row;
use ratatui::layout::Position;

use crate::chats::chat as messages;
use crate::support::frame::{frame, lines};
use crate::support::sample::{answer_distribution, chat, chat_sequence, tokenised};

/// A lesson of one step on a hand-made chat.
fn taught(directives: &str, text: &str) -> App {
    let source = format!(
        "---\ntitle: T\n---\n## A step with a name\n```step\nuser: Hi\nassistant: Hello there\n{directives}\n```\n{text}\n"
    );
    let lesson = Arc::new(shipped(&source).unwrap_or_else(|mistakes| panic!("{mistakes:?}")));
    let start = Start { lesson: Some(lesson), ..Start::on(Sample::Chat(messages(&[("user", "x")])), "before") };
    let (mut app, _) = App::new(start);
    let effects = update(&mut app, Action::Resize(80, 24));
    let opened = effects.iter().any(|effect| matches!(effect, lossglass::app::Effect::Engine(Request::Analyze { .. })));
    assert!(opened, "{effects:?}");
    scored(&mut app);
    app
}

/// The engine scores the chat and answers what the cursor raises; what is to be done then.
fn scored(app: &mut App) -> Vec<Effect> {
    let (generation, sequence) = (app.analysis.generation, chat_sequence());
    let ids = sequence.ids();
    let logits = |position: usize| (0..18).map(|id| ((position * 7 + id * 5) % 13) as f32 * 0.9).collect::<Vec<f32>>();
    let rows = (0..ids.len()).map(|i| row(&logits(i), ids.get(i + 1).copied(), 5)).collect();
    let mut effects = Vec::new();
    let mut hear = |app: &mut App, event| effects.extend(update(app, Action::Engine(event)));
    hear(app, tokenised(generation, sequence));
    hear(app, Event::Scored { generation, from: 0, rows });
    hear(app, Event::Finished { generation, seconds: 0.01 });
    if let Some(position) = app.cursor.checked_sub(1) {
        let distribution = Distribution::new(logits(position));
        hear(app, Event::Distribution { generation, position, distribution });
    }
    effects
}

const TEXT: &str = "The model gives {target} a probability of {p}, so this token costs {nll} nats. It stands there for two or \
                    three sentences, which is as much as one wants to read at once.";

#[test]
fn a_step_stands_under_a_narrow_view_and_beside_a_wide_one() {
    let app = taught("cursor: Hello\npress: →", TEXT);
    insta::assert_snapshot!("lesson_80x24", lines(&app, 80, 24));
    insta::assert_snapshot!("lesson_120x40", lines(&app, 120, 40));
}

#[test]
fn an_example_stands_beside_its_step_or_under_it() {
    let app =
        taught("cursor: Hello\ntable: mat 0.78, floor 0.12, chair 0.05, bed 0.03, wall 0.02\nedit: mat 0.99", TEXT);
    insta::assert_snapshot!("lesson_table_80x24", lines(&app, 80, 24));
    insta::assert_snapshot!("lesson_table_120x40", lines(&app, 120, 40));
}

#[test]
fn a_lesson_of_any_size_is_drawn() {
    for directives in ["cursor: Hello\npress: →", "table: a 0.5, b 0.5\nedit: a 0.9", "guess: scored", "view: score"]
    {
        let app = taught(directives, TEXT);
        for (width, height) in [(40, 10), (41, 12), (60, 16), (80, 24), (109, 30), (110, 12), (200, 60)] {
            lines(&app, width, height);
        }
    }
}

#[test]
fn the_keys_of_a_lesson_can_be_clicked() {
    let app = taught("cursor: Hello", TEXT);
    let drawn = lines(&app, 80, 24);
    let (_, hits) = frame(&app, 80, 24);
    let (y, line) = drawn.lines().enumerate().find(|(_, line)| line.contains("backspace back")).expect("shown");
    for (words, command) in
        [("enter go on", Command::GoOn), ("backspace", Command::GoBack), ("A leave", Command::Lesson)]
    {
        let x = line[..line.find(words).expect(words)].chars().count();
        let hit = hits.at(Position::new(x as u16, y as u16));
        assert!(matches!(hit, Some(Action::Do(found)) if *found == command), "{words}: {hit:?}");
    }
}

#[test]
fn a_guess_hides_the_mask_and_shows_the_marks() {
    let mut app = chat();
    answer_distribution(&mut app);
    update(&mut app, Action::Do(Command::Guess));
    for _ in 0..2 {
        update(&mut app, Action::Do(Command::Down));
    }
    update(&mut app, Action::Do(Command::Accept));
    update(&mut app, Action::Goto(10));
    update(&mut app, Action::Do(Command::Mark));
    insta::assert_snapshot!("guess_mask_80x24", lines(&app, 80, 24));
    update(&mut app, Action::Do(Command::Show(View::Score)));
    assert!(lines(&app, 80, 24).contains("Hidden until the guess"));
}

#[test]
fn the_teacher_is_told_once_a_step() {
    let source = "---\ntitle: T\n---\n## One\n```step\nuser: Hi\nassistant: Hello there\nnotes: Wait for three answers.\npress: →\n```\nA text.\n\
                  ## Two\n```step\nview: score\n```\nMore.\n";
    let lesson = Arc::new(shipped(source).unwrap());
    let notes = Some("notes.txt".into());
    let start = Start { lesson: Some(lesson), notes, ..Start::on(Sample::Chat(messages(&[("user", "x")])), "before") };
    let (mut app, _) = App::new(start);
    let mut effects = update(&mut app, Action::Resize(80, 24));
    effects.extend(scored(&mut app));
    for command in [Command::Right, Command::GoOn, Command::Left, Command::GoOn] {
        effects.extend(update(&mut app, Action::Do(command)));
    }
    effects.extend(scored(&mut app));
    let note = |effect| match effect {
        Effect::Files(FileRequest::Note { path, text }) => Some((path, text)),
        _ => None,
    };
    let told: Vec<_> = effects.into_iter().filter_map(note).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|(path, _)| path.to_str() == Some("notes.txt")));
    assert!(told[0].1.starts_with("\n1 of 2 · One\n  Wait for three answers.\n  asked: "), "{told:?}");
    assert!(told[0].1.ends_with("  next: Two\n") && told[1].1.starts_with("\n2 of 2 · Two\n"), "{told:?}");
}
