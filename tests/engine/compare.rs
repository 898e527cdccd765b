//! A second model beside the first.

use lossglass::app::{Action, App, FileOutcome, Progress, View};
use lossglass::sample::Sample;
use lossglass::source::Source;

use super::models::{chat, model_name, with_templates};
use crate::fixtures::fixture;
use crate::session::Session;

fn compared(session: &mut Session, source: Source) {
    session.act(Action::Files(FileOutcome::Second(source)));
    session.until(|app| matches!(app.comparing.analysis.progress, Progress::Ready { .. }));
}

fn bits(session: &Session) -> [f64; 2] {
    session.app.comparing.comparison().and_then(|comparison| comparison.bits_per_byte()).expect("a total")
}

#[test]
fn both_models_follow_the_text_and_each_keeps_its_own_numbers() {
    let mut session = Session::new(Sample::Text("The little dog ran to the park.".into()), "typed", 120, 40);
    session.until_ready();
    let alone = session.app.ledger().and_then(|ledger| ledger.bits_per_byte()).expect("scored");
    compared(&mut session, Source::Directory(fixture("gpt2")));
    assert_eq!((session.app.view, model_name(&session)), (View::Compare, "tiny-base"));
    let before = bits(&session);
    assert!((before[0] - alone).abs() < 1e-9 && before[0] < before[1], "{before:?}, alone {alone}");
    let screen = session.screen();
    assert!(
        screen.contains("Compare: A tiny-base · B gpt2") && screen.contains("bits per byte over 28 bytes"),
        "{screen}"
    );

    session.keys("e");
    session.act(Action::Paste(" Then it slept.".into()));
    session.keys("esc");
    session.until_ready();
    session.until(|app| matches!(app.comparing.analysis.progress, Progress::Ready { .. }));
    let after = bits(&session);
    assert!(after != before && session.app.comparing.analysis.sequence.text == session.app.sequence().text);

    // A step of training moves the first model alone.
    session.keys("space");
    session.until(|app| app.training.step == 1 && app.is_complete());
    let trained = bits(&session);
    assert!(trained[0] < after[0] && trained[1] == after[1], "{trained:?} after {after:?}");

    session.keys("x");
    assert!(session.app.comparing.source.is_none() && session.screen().contains("M chooses a model"));
}

#[test]
fn what_goes_wrong_with_the_second_leaves_the_first_alone() {
    let mut session = Session::new(chat("Hello."), "typed", 120, 40);
    session.until_ready();
    let loss = session.app.ledger().copied();
    let directory = tempfile::tempdir().expect("a directory");
    session.act(Action::Files(FileOutcome::Second(with_templates(directory.path(), None))));
    session.until(|app| matches!(app.comparing.analysis.progress, Progress::Failed(_)));
    assert!(session.screen().contains("has no chat template"));
    session.act(Action::Files(FileOutcome::Second(Source::Directory(directory.path().join("none")))));
    session.until(|app| matches!(app.comparing.analysis.progress, Progress::Failed(_)));
    assert_eq!((model_name(&session), session.app.ledger().copied()), ("tiny-chat", loss));
    // Another template: the messages are compared, the headers are not.
    let template = serde_json::json!("{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}");
    compared(&mut session, with_templates(directory.path(), Some(template)));
    let screen = session.screen();
    assert!(screen.contains("only what the messages say is compared") && !screen.contains("[assistant]"), "{screen}");
}

#[test]
fn one_key_sets_the_base_model_beside_what_chats_made_of_it() {
    let turns = [("user", "What is the capital of France?"), ("assistant", "The capital of France is Paris.")];
    let mut session = Session::new(Sample::Chat(crate::chats::chat(&turns)), "typed", 120, 40);
    session.until_ready();
    assert_eq!(model_name(&session), "tiny-chat");
    session.keys("5");
    assert!(session.screen().contains("b sets a base model beside what chats made of it"));
    session.keys("b");
    let both = |app: &App| app.written_freely(0).is_some_and(|both| both.iter().all(Option::is_some));
    session.until(both);
    session.until(|app| matches!(app.comparing.analysis.progress, Progress::Ready { .. }) && app.is_complete());
    assert_eq!((session.app.view, model_name(&session)), (View::Compare, "tiny-base"));
    // Chats made the answer likelier, and the model end it.
    let [base, chats] = bits(&session);
    assert!(chats < base, "{chats} {base}");
    let written = session.app.written_freely(0).expect("written").clone();
    let [Some(Ok(base)), Some(Ok(chats))] = written else { panic!("{written:?}") };
    assert!(chats.is_ended && !chats.text.is_empty() && base != chats, "{base:?} {chats:?}");
    let screen = session.screen();
    for words in ["A tiny-base · B tiny-chat", "A writes: ", &format!("B writes: {}", chats.text.trim_start())] {
        assert!(screen.contains(words), "{words}:\n{screen}");
    }
    // What was written is of these weights and this text.
    session.keys("space");
    session.until(|app| app.training.step == 1 && app.is_complete());
    assert!(!session.screen().contains("A writes: "));
    session.keys("w");
    session.until(|app| app.written_freely(1).is_some_and(|both| both.iter().all(Option::is_some)));
    assert!(session.screen().contains("B writes: "));
}
