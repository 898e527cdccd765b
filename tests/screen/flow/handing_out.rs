//! Handing out what is on screen, and a session on its way back.

use std::path::Path;

use lossglass::app::{Action, App, Effect, FileOutcome, FileRequest, HandOut, Overlay, update};
use lossglass::engine::Event;

use super::{notice, press};
use crate::support::run::trained;
use crate::support::sample::{chat, chat_sequence, partly, tokenised};

/// What is typed in the line, and the file that is there already.
fn line(app: &App) -> (&str, Option<&Path>) {
    match &app.overlay {
        Some(Overlay::HandOut { path, exists }) => (path.text(), exists.as_deref()),
        other => panic!("no line but {other:?}"),
    }
}

#[test]
fn the_ending_says_what_is_written() {
    let mut app = chat();
    press(&mut app, "ctrl-s");
    assert_eq!(line(&app), ("lossglass-hand-made.html", None));
    let effects = press(&mut app, "enter");
    let [Effect::Files(FileRequest::Write { path, content: HandOut::Page(page), replaces: false }), ..] = &effects[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!((path.as_path(), page.cursor), (Path::new("lossglass-hand-made.html"), app.cursor));
    assert!(app.overlay.is_none());
    press(&mut app, "ctrl-s tab");
    assert_eq!(line(&app).0, "lossglass-hand-made.svg");
    let effects = press(&mut app, "enter");
    assert!(matches!(&effects[..], [Effect::Picture { replaces: false, .. }]), "{effects:?}");
    press(&mut app, "ctrl-s tab tab");
    let effects = press(&mut app, "enter");
    let write = Effect::Files(FileRequest::Write {
        path: "".into(),
        content: HandOut::Picture(String::new()),
        replaces: false,
    });
    assert_eq!(std::mem::discriminant(&effects[0]), std::mem::discriminant(&write));
    press(&mut app, "ctrl-s tab tab tab ctrl-u a . t x t");
    assert!(press(&mut app, "enter").is_empty());
    assert!(notice(&app).1 && notice(&app).0.contains(".html for a page"), "{:?}", notice(&app));
    press(&mut app, "esc");
    assert!(app.overlay.is_none());
}

#[test]
fn a_file_that_is_there_is_asked_about_once_for_its_name() {
    let mut app = chat();
    let path = std::path::PathBuf::from("a.html");
    update(&mut app, Action::Files(FileOutcome::Exists(path.clone())));
    assert_eq!(line(&app), ("a.html", Some(path.as_path())));
    let effects = press(&mut app, "enter");
    assert!(matches!(&effects[..], [Effect::Files(FileRequest::Write { replaces: true, .. })]), "{effects:?}");
    // Another name is another file.
    update(&mut app, Action::Files(FileOutcome::Exists(path)));
    press(&mut app, "backspace backspace backspace backspace backspace b . h t m l");
    let effects = press(&mut app, "enter");
    assert!(matches!(&effects[..], [Effect::Files(FileRequest::Write { replaces: false, .. })]), "{effects:?}");
    // Where something else lies over the view, it is only said.
    press(&mut app, "?");
    update(&mut app, Action::Files(FileOutcome::Exists("c.svg".into())));
    assert_eq!(notice(&app), ("not written: c.svg is there already", true));
    update(&mut app, Action::Files(FileOutcome::Written { path: "d.svg".into(), bytes: 2_000 }));
    assert!(notice(&app).0.starts_with("written: d.svg, "), "{:?}", notice(&app));
}

#[test]
fn a_page_waits_for_the_numbers() {
    let mut app = partly(chat_sequence(), 3);
    press(&mut app, "ctrl-s");
    assert!(press(&mut app, "enter").is_empty());
    assert_eq!(notice(&app), ("the text is not scored to its end yet; one moment", true));
}

#[test]
fn a_page_has_the_film_and_the_step_that_is_shown() {
    let mut app = chat();
    trained(&mut app, 6);
    press(&mut app, "4 ↑ ↑ ctrl-s");
    let effects = press(&mut app, "enter");
    let Some(Effect::Files(FileRequest::Write { content: HandOut::Page(page), .. })) = effects.first() else {
        panic!("{effects:?}")
    };
    let run = page.run.as_ref().expect("a run");
    assert_eq!((run.steps, run.shown, run.frames.len()), (6, 4, 7));
    assert_eq!(*run.frames[4].1, page.scores);
    let html = page.html().expect("a page");
    assert!(
        html.contains("\"frames\":[{\"accuracy\"") || html.contains("\"frames\":[{\"step\":0"),
        "the film is in it"
    );
}

#[test]
fn a_session_is_given_up_where_its_text_cannot_be_read() {
    let mut app = chat();
    press(&mut app, "ctrl-s tab tab");
    let effects = press(&mut app, "enter");
    let Some(Effect::Files(FileRequest::Write { content: HandOut::Session(session), .. })) = effects.into_iter().next()
    else {
        panic!("no session")
    };
    let start = lossglass::app::Start::again(session, None, None);
    let (mut app, _) = App::new(start);
    let generation = app.analysis.generation;
    update(&mut app, Action::Engine(tokenised(generation, chat_sequence())));
    press(&mut app, "tab");
    assert_eq!(notice(&app).0, "the session is on its way; esc stops it");
    update(&mut app, Action::Engine(Event::Failed { generation, message: "no".into() }));
    // Keys do again what they do.
    press(&mut app, "?");
    assert!(matches!(app.overlay, Some(Overlay::Help { .. })));
}
