//! Keys in the list of records.

use lossglass::app::{Action, App, Effect, FileOutcome, FileRequest, Filter, Overlay, Reading, update};
use lossglass::data::Opened;
use lossglass::engine::{Event, Request, SurveyEvent};
use lossglass::mask::Mode;
use lossglass::sample::{Form, Sample};

use super::{notice, press};
use crate::support::sample::{chat, chat_sequence, open_set, tell, tokenised};

fn listed(app: &App) -> Vec<usize> {
    app.records.page(0, 99).map(|(number, _)| number).collect()
}

fn opened() -> App {
    let mut app = chat();
    open_set(&mut app);
    app
}

/// The record that the effects read is read.
fn answer(app: &mut App, effects: &[Effect]) {
    let [Effect::Files(FileRequest::ReadRecord { file, at })] = effects else { panic!("{effects:?}") };
    let opened = Opened::new(format!("set.jsonl · record {}", at.index), app.sample.clone(), None);
    update(app, Action::Files(FileOutcome::Record { file: file.clone(), index: at.index, opened }));
}

#[test]
fn a_data_set_opens_with_its_list_and_is_looked_over() {
    let mut app = chat();
    let effects = open_set(&mut app);
    assert!(matches!(app.overlay, Some(Overlay::Records)));
    let is_survey = |effect: &Effect| matches!(effect, Effect::Engine(Request::Survey(survey)) if survey.number == 1);
    assert!(effects.iter().any(is_survey), "{effects:?}");
    assert_eq!((listed(&app).len(), &app.records.reading), (9, &Reading::Going(Some(0.25))));
    assert_eq!((app.records.sums.unreadable, app.records.sums.found), (1, 2));
    tell(&mut app, SurveyEvent::Ended(Ok(())));
    assert_eq!(app.records.reading, Reading::Done);
    let event = SurveyEvent::Records { records: Vec::new(), read: Some(0.5) };
    update(&mut app, Action::Engine(Event::Survey { number: 7, event }));
    assert_eq!(app.records.reading, Reading::Done, "of another survey");
}

#[test]
fn a_record_is_opened_and_those_beside_it() {
    let mut app = opened();
    let effects = press(&mut app, "↓ ↓ enter");
    answer(&mut app, &effects);
    assert!(app.overlay.is_none() && app.sample_name == "set.jsonl · record 2");
    for (key, number) in [("]", 3), ("]", 4), ("]", 6), ("[", 4)] {
        let effects = press(&mut app, key);
        answer(&mut app, &effects);
        assert_eq!(app.records.opened, Some(number), "the unreadable one is passed over");
    }
    press(&mut app, "B");
    assert_eq!(app.records.chosen(), Some(4));
    press(&mut app, "esc esc");
    assert!(app.overlay.is_none());
}

#[test]
fn an_unreadable_record_says_why_it_cannot_be_opened() {
    let mut app = opened();
    assert!(press(&mut app, "g 5 enter enter").is_empty());
    assert_eq!(notice(&app), ("record 5 cannot be opened: it is not JSON at column 3: mend it", true));
}

#[test]
fn filters_list_what_they_say() {
    let mut app = opened();
    press(&mut app, "f n o t h i n g enter");
    assert_eq!((listed(&app), app.records.filter.name()), (vec![3], "with finding nothing-scored".into()));
    press(&mut app, "f u n r e a d enter");
    assert_eq!(listed(&app), [5]);
    press(&mut app, "f 1 0 0 0 enter");
    assert_eq!((app.records.filter, app.records.is_empty()), (Filter::Longer(1000), true));
    press(&mut app, "f esc f r o l e space u s e r enter");
    assert_eq!(listed(&app), [0, 1, 2, 3, 4, 6, 7, 8]);
    let effects = press(&mut app, "f a l l space enter");
    assert!(listed(&app).len() == 9 && effects.is_empty());
}

#[test]
fn a_text_is_looked_for_in_the_beginnings_and_then_in_the_file() {
    let mut app = opened();
    let effects = press(&mut app, "/ Q U E S T I O N space 4 enter");
    assert!(app.records.is_searching() && listed(&app) == [4]);
    let [Effect::Files(FileRequest::Search { file, text })] = &effects[..] else { panic!("{effects:?}") };
    let found = |text: &str| FileOutcome::Found { file: file.clone(), text: text.into(), numbers: vec![4, 7] };
    update(&mut app, Action::Files(found("another")));
    assert_eq!(listed(&app), [4], "nobody waits for that any more");
    update(&mut app, Action::Files(found(text)));
    assert_eq!(listed(&app), [4, 7]);
    press(&mut app, "/ ctrl-u enter");
    assert_eq!(listed(&app).len(), 9);
}

#[test]
fn escape_stops_a_search_first() {
    let mut app = opened();
    press(&mut app, "/ x x x enter");
    assert!(app.records.is_searching() && listed(&app).is_empty());
    assert!(matches!(press(&mut app, "esc")[..], [Effect::Files(FileRequest::CancelSearch)]));
    assert!(!app.records.is_searching() && app.overlay.is_some() && listed(&app).len() == 9);
    assert!(matches!(press(&mut app, "esc")[..], [Effect::CancelSurvey]), "then the reading");
}

#[test]
fn a_jump_goes_to_the_record_or_says_why_not() {
    let mut app = opened();
    press(&mut app, "g 7 enter");
    assert_eq!((app.records.chosen(), notice(&app).0), (Some(7), ""));
    press(&mut app, "g 9 9 enter");
    assert!(notice(&app).0.contains("not read yet"), "{}", notice(&app).0);
    press(&mut app, "g x enter");
    assert!(notice(&app).0.contains("number of a record"));
    press(&mut app, "g 2 esc");
    assert_eq!(app.records.chosen(), Some(8), "the last one, as 99 is none");
}

#[test]
fn escape_stops_the_reading_and_then_closes() {
    let mut app = opened();
    assert!(matches!(press(&mut app, "esc")[..], [Effect::CancelSurvey]));
    assert!(app.records.reading == Reading::Stopped && app.overlay.is_some());
    tell(&mut app, SurveyEvent::Ended(Ok(())));
    assert_eq!(app.records.reading, Reading::Stopped);
    press(&mut app, "esc");
    assert!(app.overlay.is_none());
    assert!(press(&mut app, "B").is_empty(), "the same mask: what is known stays");
    app.shared.policy.basis = Mode::LastTurn.into();
    press(&mut app, "esc");
    assert!(matches!(&press(&mut app, "B")[..], [Effect::Engine(Request::Survey(_))]), "another mask");
}

#[test]
fn a_loss_is_known_of_what_was_scored_as_it_is_in_the_file() {
    let mut app = opened();
    let generation = app.analysis.generation;
    let rows = chat().analysis.scores.clone();
    let rows: Vec<_> = (1..=rows.len()).filter_map(|t| rows.predicting(t).cloned()).collect();
    update(&mut app, Action::Engine(tokenised(generation, chat_sequence())));
    assert_eq!(app.records.loss(0), None);
    update(&mut app, Action::Engine(Event::Scored { generation, from: 0, rows }));
    update(&mut app, Action::Engine(Event::Finished { generation, seconds: 0.1 }));
    assert!(app.records.loss(0).is_some() && app.records.loss(1).is_none());
}

#[test]
fn a_completion_is_scored_behind_its_prompt() {
    let mut app = chat();
    let mut opened = Opened::new("p.jsonl", Sample::Text("ab cd".into()), None);
    (opened.split, opened.form) = (Some(2), Form::PromptCompletion);
    update(&mut app, Action::Files(FileOutcome::Read(opened)));
    assert_eq!((app.policy.split, app.mode()), (Some(2), Mode::Completion));
    assert!(press(&mut app, "B").is_empty() && notice(&app).0.contains("no data set is open"));
}
