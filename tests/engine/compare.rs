//! A second model beside the first.

use lossglass::app::{Action, FileOutcome, Progress, View};
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
