//! The view Compare, cell by cell.

use lossglass::app::{Action, FileOutcome, View, update};
use lossglass::engine::{CompareEvent, Event};
use lossglass::loss::{Row, Target};

use crate::support::frame::lines;
use crate::support::sample::{at, chat_sequence};

/// The chat beside a second model that cuts it otherwise.
#[test]
fn compare() {
    let mut app = at(View::Compare, 11);
    insta::assert_snapshot!("compare_none_80x24", lines(&app, 80, 24));
    let source = lossglass::source::Source::parse("tiny-base").expect("it is embedded");
    update(&mut app, Action::Files(FileOutcome::Second(source)));
    let (generation, model) = (app.analysis.generation, app.analysis.model.clone().expect("a model"));
    let mut sequence = chat_sequence();
    let (first, second) = (sequence.tokens[4].clone(), sequence.tokens.remove(5));
    let joined = &mut sequence.tokens[4];
    joined.span = first.span.start..second.span.end;
    joined.bytes.extend_from_slice(&second.bytes);
    let row = |t: usize| Row {
        entropy: 1.0,
        top: Vec::new(),
        target: sequence.tokens.get(t + 1).map(|token| Target { id: token.id, nll: 0.3 * t as f64, rank: 2 }),
    };
    let rows: Vec<Row> = (0..sequence.len()).map(row).collect();
    for event in [
        CompareEvent::Tokenised { model, sequence: sequence.clone().into() },
        CompareEvent::Scored { from: 0, rows },
        CompareEvent::Finished { seconds: 0.0 },
    ] {
        update(&mut app, Action::Engine(Event::Compare { generation, event }));
    }
    insta::assert_snapshot!("compare_80x24", lines(&app, 80, 24));
    update(&mut app, Action::Goto(5));
    insta::assert_snapshot!("compare_120x40", lines(&app, 120, 40));
}
