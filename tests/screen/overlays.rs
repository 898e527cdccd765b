//! What lies over the views, cell by cell.

use lossglass::app::view::{predict, score, train};
use lossglass::app::{Action, App, Command, FileOutcome, Overlay, ScorePanel, View, update};
use lossglass::sample::Sample;
use lossglass::train::{LoraSettings, Method};

use crate::chats;
use crate::support::frame::{find, frame, lines};
use crate::support::sample::{answer_distribution, at, chat, open_set};

fn edited(messages: &[(&str, &str)]) -> App {
    let mut app = at(View::Score, 11);
    app.shared.sample = Sample::Chat(chats::chat(messages));
    update(&mut app, Action::Do(Command::Edit));
    app
}

#[test]
fn help() {
    let mut app = chat();
    update(&mut app, Action::Do(Command::Help));
    insta::assert_snapshot!("help_80x24", lines(&app, 80, 24));
    insta::assert_snapshot!("help_120x40", lines(&app, 120, 40));
    app.overlay = Some(Overlay::Help { scroll: u16::MAX });
    let screen = lines(&app, 80, 24);
    assert!(
        screen.contains("Records: jump, search") && screen.contains("take what was typed"),
        "the end, not beyond it: {screen}"
    );
}

#[test]
fn settings_and_saving() {
    let mut app = at(View::Train, 11);
    let set = |app: &mut App, commands: &[Command]| commands.iter().for_each(|&c| drop(update(app, Action::Do(c))));
    set(&mut app, &[train::Command::Settings.into(), Command::Right, Command::Down]);
    insta::assert_snapshot!("settings_80x24", lines(&app, 80, 24));
    assert!(lines(&app, 120, 40).contains("temperature of samples"));
    set(&mut app, &[Command::Cancel]);
    app.training.step = 0;
    app.training.goal.steps = Some(200);
    set(&mut app, &[train::Command::HandOver.into()]);
    insta::assert_snapshot!("handover_80x24", lines(&app, 80, 24));
    app.training.settings.method = Method::Lora(LoraSettings::default());
    set(&mut app, &[Command::NextForm]);
    let screen = lines(&app, 80, 24);
    for words in [
        "Hand the run over",
        "./lossglass-handover",
        "axolotl",
        "with TRL's own loss",
        "200 steps of 1 on",
        "AdamW, lr ",
    ] {
        assert!(screen.contains(words), "{words}: {screen}");
    }
    set(&mut app, &[Command::Cancel]);
    app.training.step = 7;
    set(&mut app, &[train::Command::Save.into()]);
    insta::assert_snapshot!("save_80x24", lines(&app, 80, 24));
    set(&mut app, &[Command::Cancel, train::Command::TwinRun.into()]);
    insta::assert_snapshot!("twin_list_80x24", lines(&app, 80, 24));
}

#[test]
fn handing_out() {
    let mut app = at(View::Predict, 11);
    update(&mut app, Action::Do(Command::HandOut));
    insta::assert_snapshot!("hand_out_80x24", lines(&app, 80, 24));
    for (name, words) in
        [("a.svg", "a picture of the screen"), ("a.json", "--session FILE"), ("a", "end the name in .html")]
    {
        app.overlay = Some(Overlay::HandOut { path: name.to_owned().into(), exists: None });
        assert!(lines(&app, 80, 24).contains(words), "{name}");
    }
    app.overlay = Some(Overlay::HandOut { path: "a.svg".to_owned().into(), exists: Some("a.svg".into()) });
    assert!(lines(&app, 80, 24).contains("there already: enter again replaces it"));
}

#[test]
fn lists() {
    let mut app = chat();
    app.directory = "/data".into();
    update(&mut app, Action::Do(Command::Open));
    let entries = vec![("sets".into(), true), ("a\u{1b}[31m.json".into(), false)];
    update(&mut app, Action::Files(FileOutcome::Listed { directory: "/data".into(), entries }));
    insta::assert_snapshot!("open_80x24", lines(&app, 80, 24));
    update(&mut app, Action::Paste("zzz".into()));
    assert!(lines(&app, 80, 24).contains("enter opens the file or directory \"zzz\""));
    let mut app = at(View::Predict, 11);
    answer_distribution(&mut app);
    update(&mut app, Action::Do(predict::Command::WhatIf.into()));
    update(&mut app, Action::Paste(" t".into()));
    insta::assert_snapshot!("what_if_list_80x24", lines(&app, 80, 24));
    let mut app = chat();
    update(&mut app, Action::Do(Command::Palette));
    insta::assert_snapshot!("palette_120x40", lines(&app, 120, 40));
}

#[test]
fn records() {
    let mut app = chat();
    open_set(&mut app);
    insta::assert_snapshot!("records_80x24", lines(&app, 80, 24));
    insta::assert_snapshot!("records_120x40", lines(&app, 120, 40));
    update(&mut app, Action::Do(Command::FilterRecords));
    insta::assert_snapshot!("record_filters_80x24", lines(&app, 80, 24));
    update(&mut app, Action::Do(Command::Cancel));
    update(&mut app, Action::Do(Command::Search));
    update(&mut app, Action::Paste("zzz".into()));
    assert!(lines(&app, 80, 24).contains("with the text zzz"));
    update(&mut app, Action::Do(Command::Accept));
    assert!(lines(&app, 80, 24).contains("searching the file"));
    lines(&app, 40, 10);
}

#[test]
fn editor() {
    let app = edited(&[("user", "Hi"), ("assistant", "Hello there")]);
    insta::assert_snapshot!("editor_80x24", lines(&app, 80, 24));
    insta::assert_snapshot!("editor_120x40", lines(&app, 120, 40));
    insta::assert_snapshot!("editor_160x45", lines(&app, 160, 45));
    let many: Vec<(&str, &str)> =
        (0..12).map(|i| if i % 2 == 0 { ("user", "one\ntwo") } else { ("assistant", "three") }).collect();
    insta::assert_snapshot!("editor_many_80x24", lines(&edited(&many), 80, 24));
}

#[test]
fn clicks() {
    let clicked = |app: &App, needle: &str| {
        let (_, hits) = frame(app, 120, 40);
        // The strip has tokens of the same name.
        format!("{:?}", hits.at(find(&lines(app, 120, 40), 5, needle)))
    };
    assert_eq!(clicked(&at(View::Attend, 11), "may see").chars().count(), 4, "words are no button");
    assert_eq!(clicked(&at(View::Attend, 11), "istant"), "Some(Goto(8))");
    assert_eq!(clicked(&at(View::Score, 11), "completion"), "Some(Basis(Mode(Completion)))");
    assert_eq!(clicked(&at(View::Score, 11), "●"), "Some(Goto(10))");
    assert!(clicked(&at(View::Score, 11), "llama-factory").starts_with("Some(Basis(Profile("));
    assert_eq!(clicked(&at(View::Score, 11), "Labels"), "Some(ShowPanel(1))");
    let mut app = at(View::Score, 11);
    update(&mut app, Action::ShowPanel(ScorePanel::Labels as usize));
    assert_eq!(clicked(&app, "logits[i], from"), "None");
    assert_eq!(clicked(&app, "10 Hello"), "Some(Goto(10))");
    update(&mut app, Action::Goto(12));
    update(&mut app, Action::Do(score::Command::PaintTokens.into()));
    update(&mut app, Action::ShowPanel(ScorePanel::Findings as usize));
    assert_eq!(clicked(&app, "stop-unscored"), "Some(Goto(12))");
    assert_eq!(clicked(&edited(&[("user", "Hi"), ("assistant", "Hello")]), "Hi"), "Some(FocusTurn(0))");
    let mut app = chat();
    update(&mut app, Action::Do(Command::ChooseModel));
    assert_eq!(clicked(&app, "tiny-chat"), "Some(Pick(1))");
}
