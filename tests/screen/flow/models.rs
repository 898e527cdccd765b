//! The list of models.

use lossglass::app::{Action, Chosen, Effect, FileOutcome, FileRequest, Progress, update};
use lossglass::engine::{Event, Request};
use lossglass::source::hub::{Address, Arrived};
use lossglass::source::{Known, Opening, Place, Source, named};

use super::{notice, picker, press};
use crate::support::sample::{chat, chat_sequence, text, tokenised};

fn hub(text: &str) -> Source {
    Source::Hub(Address::parse(text).expect("an address"))
}

/// What the list says of a model.
fn detail(app: &lossglass::app::App, name: &str) -> String {
    picker(app).shown().find(|item| item.label == name).expect(name).detail().into_owned()
}

#[test]
fn the_disk_is_looked_at_behind_the_list() {
    let mut app = chat();
    let effects = press(&mut app, "m");
    assert!(matches!(effects[..], [Effect::Files(FileRequest::ListModels)]), "{effects:?}");
    press(&mut app, "g p t 2");
    press(&mut app, "↓");
    let selected = picker(&app).current().unwrap().label.clone();
    assert!(detail(&app, "gpt2").ends_with("124 M · to download"));
    let mut models: Vec<Known> = named();
    let gpt2 = models.iter_mut().find(|model| model.name == "gpt2").unwrap();
    gpt2.place = Place::Stored { bytes: 548_000_000, revisions: vec!["main".into()] };
    update(&mut app, Action::Files(FileOutcome::Models(models)));
    assert!(detail(&app, "gpt2").ends_with("0.5 GB on disk"));
    assert_eq!((picker(&app).query.text(), &picker(&app).current().unwrap().label), ("gpt2", &selected));
}

#[test]
fn checkpoints_show_where_a_revision_is_typed() {
    let mut app = chat();
    press(&mut app, "m");
    let all = picker(&app).total();
    assert_eq!(all, named().len());
    update(&mut app, Action::Paste("pythia-70m@step5".into()));
    let shown: Vec<&str> = picker(&app).shown().map(|item| item.label.as_str()).collect();
    assert_eq!(shown[..2], ["pythia-70m@step512", "pythia-70m@step5000"]);
    let effects = press(&mut app, "enter");
    assert!(
        matches!(&effects[..], [Effect::Files(FileRequest::FindModel(name))] if name == "pythia-70m@step512"),
        "{effects:?}"
    );
}

#[test]
fn details_take_the_place_of_the_list_and_go() {
    let mut app = chat();
    press(&mut app, "m ↓");
    let effects = press(&mut app, "tab");
    assert!(
        matches!(&effects[..], [Effect::Files(FileRequest::DescribeModel(name))] if name == "tiny-chat"),
        "{effects:?}"
    );
    let facts = vec![("context".to_owned(), "1024 tokens".to_owned())];
    let described = FileOutcome::Described { name: "tiny-chat".into(), facts };
    update(&mut app, Action::Files(described.clone()));
    assert!(picker(&app).details.is_some());
    press(&mut app, "esc");
    assert!(picker(&app).details.is_none(), "back to the list");
    update(&mut app, Action::Files(described));
    press(&mut app, "x");
    assert!(picker(&app).details.is_none());
    press(&mut app, "esc");
    assert!(app.overlay.is_none());
}

#[test]
fn the_active_model_is_not_removed() {
    let mut app = chat();
    app.shared.chosen_model = Some(hub("EleutherAI/pythia-70m@step0"));
    press(&mut app, "m");
    update(&mut app, Action::Paste("pythia-70m".into()));
    assert!(press(&mut app, "ctrl-d").is_empty());
    assert!(notice(&app).0.starts_with("pythia-70m is in use"), "{}", notice(&app).0);
    press(&mut app, "ctrl-u");
    update(&mut app, Action::Paste("gpt2".into()));
    let effects = press(&mut app, "ctrl-d");
    assert!(matches!(&effects[..], [Effect::Files(FileRequest::WeighModel(name))] if name == "gpt2"), "{effects:?}");
}

#[test]
fn a_cancelled_model_leaves_the_one_before() {
    let mut app = chat();
    let before = app.source();
    let effects = update(&mut app, Action::Files(FileOutcome::Model(hub("owner/tiny"))));
    assert!(matches!(&effects[..], [Effect::Engine(Request::Analyze { .. })]), "{effects:?}");
    let generation = app.analysis.generation;
    let opening = Opening::Downloading(Arrived { done: 50, total: 200 });
    update(&mut app, Action::Engine(Event::Loading { generation, name: "tiny".into(), opening }));
    assert!(matches!(app.analysis.progress, Progress::Loading { .. }));
    let effects = press(&mut app, "esc");
    assert!(
        matches!(&effects[..], [Effect::CancelEngine, Effect::Engine(Request::Analyze { source, .. })] if *source == before)
    );
    assert!(notice(&app).0.contains("the model before it stays"));
}

#[test]
fn the_cursor_stays_at_its_place_in_the_text() {
    for (sequence, at) in [(text(), 3), (chat_sequence(), 11)] {
        let mut app = lossglass_with(&sequence, at);
        let place = sequence.chars_before(at);
        // Another tokenizer: every token but the first of two is split off no more.
        let mut other = sequence.clone();
        let second = other.tokens.remove(1);
        other.tokens[0].span.end = second.span.end;
        update(&mut app, Action::Files(FileOutcome::Model(hub("owner/tiny"))));
        let Event::Tokenised { generation, model, sequence } = tokenised(app.analysis.generation, other) else {
            panic!("tokens")
        };
        let own = (*model).clone();
        let model = lossglass::model::ModelInfo { tokens: Default::default(), name: "tiny".into(), ..own }.into();
        update(&mut app, Action::Engine(Event::Tokenised { generation, model, sequence: sequence.clone() }));
        assert_eq!((app.cursor, sequence.chars_before(app.cursor)), (at - 1, place));
    }
}

fn lossglass_with(sequence: &lossglass::sequence::Sequence, at: usize) -> lossglass::app::App {
    let mut app = crate::support::sample::loaded(sequence.clone());
    update(&mut app, Action::Goto(at));
    app
}

#[test]
fn a_choice_of_the_list_is_a_name() {
    let mut app = chat();
    press(&mut app, "m");
    assert!(picker(&app).shown().all(|item| matches!(&item.choice, Chosen::Model(name) if *name == item.label)));
}
