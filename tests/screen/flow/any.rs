//! Arbitrary keys, pastes, clicks, sizes and engine events: nothing panics, and every state can be drawn.

use lossglass::app::{Action, App, FileOutcome, update};
use lossglass::engine::{At, CompareEvent, Ended, Event, TrainEvent, Written};
use lossglass::train::StepReport;
use lossglass::ui::{self, Theme};
use proptest::prelude::*;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Position;
use ratatui::{Terminal, backend::TestBackend};

use super::press_key;
use crate::support::sample::{answer_distribution, chat, chat_sequence, loaded, open_set, text, tokenised};
use crate::support::slow;

#[derive(Clone, Debug)]
enum Happening {
    Key(KeyEvent),
    Paste(String),
    Click(u16, u16),
    Drag(usize),
    Resize(u16, u16),
    Tokenised {
        is_chat: bool,
        is_stale: bool,
    },
    Rows {
        from: usize,
        count: usize,
    },
    Distribution,
    Finished,
    Failed(String),
    Listed(Vec<(String, bool)>),
    At {
        step: usize,
        is_step: bool,
        copies: usize,
        is_stale: bool,
    },
    Trainer(TrainEvent),
    /// A step that is taken apart, whether or not it is awaited.
    Slow,
    DataSet,
    /// A second model reads the text, or another one, and says as much as the first.
    Second(bool),
}

fn any_key() -> impl Strategy<Value = KeyEvent> {
    let named = vec![
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::Enter,
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Esc,
        KeyCode::Backspace,
        KeyCode::Delete,
        KeyCode::Insert,
        KeyCode::F(1),
        KeyCode::F(12),
        KeyCode::Null,
    ];
    let letter = "[ -~]".prop_map(|text| KeyCode::Char(text.chars().next().unwrap_or('x')));
    let code =
        prop_oneof![3 => letter, 3 => proptest::sample::select(named), 1 => any::<char>().prop_map(KeyCode::Char)];
    let modifiers = proptest::sample::select(vec![
        KeyModifiers::NONE,
        KeyModifiers::NONE,
        KeyModifiers::NONE,
        KeyModifiers::CONTROL,
        KeyModifiers::ALT,
        KeyModifiers::SHIFT,
        KeyModifiers::CONTROL.union(KeyModifiers::ALT),
    ]);
    (code, modifiers).prop_map(|(code, modifiers)| KeyEvent::new(code, modifiers))
}

/// What the trainer may say beside where it is.
fn any_word() -> impl Strategy<Value = TrainEvent> {
    let written = |(step, text): (usize, String)| {
        let texts = vec![Written { text: text.clone(), stopped: step > 2 }];
        TrainEvent::Continued { step, prompt: text, texts }
    };
    prop_oneof![
        any::<String>().prop_map(|why| TrainEvent::Ended(Ended::Goal(why))),
        Just(TrainEvent::Ended(Ended::Paused)),
        any::<String>().prop_map(|why| TrainEvent::Ended(Ended::Failed(why))),
        (any::<String>(), 0.0..1.1_f32).prop_map(|(what, fraction)| TrainEvent::Busy { what, fraction }),
        (0..9_usize, any::<String>()).prop_map(written),
        any::<String>().prop_map(|name| TrainEvent::Saved { directory: name.into(), bytes: 1 }),
        any::<String>().prop_map(TrainEvent::Refused),
    ]
}

fn any_happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        12 => any_key().prop_map(Happening::Key),
        1 => any::<String>().prop_map(Happening::Paste),
        2 => (0..200_u16, 0..60_u16).prop_map(|(x, y)| Happening::Click(x, y)),
        1 => (0..20_usize).prop_map(Happening::Drag),
        1 => (0..250_u16, 0..80_u16).prop_map(|(x, y)| Happening::Resize(x, y)),
        1 => any::<(bool, bool)>().prop_map(|(is_chat, is_stale)| Happening::Tokenised { is_chat, is_stale }),
        1 => (0..20_usize, 0..9_usize).prop_map(|(from, count)| Happening::Rows { from, count }),
        1 => Just(Happening::Distribution),
        1 => Just(Happening::Finished),
        1 => any::<String>().prop_map(Happening::Failed),
        1 => proptest::collection::vec((any::<String>(), any::<bool>()), 0..4).prop_map(Happening::Listed),
        4 => (0..9_usize, any::<bool>(), 0..3_usize, any::<bool>())
            .prop_map(|(step, is_step, copies, is_stale)| Happening::At { step, is_step, copies, is_stale }),
        1 => any::<bool>().prop_map(Happening::Second),
        1 => Just(Happening::DataSet),
        2 => Just(Happening::Slow),
        2 => any_word().prop_map(Happening::Trainer),
    ]
}

/// A second model answers, whatever is on screen.
fn second(app: &mut App, is_chat: bool) {
    let source = lossglass::source::Source::parse("tiny-base").expect("it is embedded");
    update(app, Action::Files(FileOutcome::Second(source)));
    let Some(model) = app.analysis.model.clone() else { return };
    let sequence = if is_chat { chat_sequence() } else { text() };
    let rows = (0..sequence.len()).filter_map(|t| app.analysis.scores.predicting(t + 1).cloned()).collect();
    let generation = app.analysis.generation;
    for event in [CompareEvent::Tokenised { model, sequence: sequence.into() }, CompareEvent::Scored { from: 0, rows }]
    {
        update(app, Action::Engine(Event::Compare { generation, event }));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn nothing_panics(is_chat in any::<bool>(), happenings in proptest::collection::vec(any_happening(), 0..60)) {
        let mut app = if is_chat { chat() } else { loaded(text()) };
        let rows = app.analysis.scores.clone();
        let mut size = (80, 24);
        for happening in happenings {
            let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
            let theme = Theme::of(app.theme, app.unicode);
            let mut hits = ui::Hits::default();
            terminal.draw(|frame| hits = ui::draw(&app, &theme, frame)).unwrap();
            for cell in &terminal.backend().buffer().content {
                prop_assert!(!cell.symbol().chars().any(char::is_control), "{:?}", cell.symbol());
            }
            let generation = app.analysis.generation;
            let action = match happening {
                Happening::Key(key) => { press_key(&mut app, key); continue }
                Happening::DataSet => { open_set(&mut app); continue }
                Happening::Second(is_chat) => { second(&mut app, is_chat); continue }
                Happening::Distribution => { answer_distribution(&mut app); continue }
                Happening::Click(x, y) => match hits.at(Position::new(x, y)) {
                    Some(action) => action.clone(),
                    None => continue,
                },
                Happening::Drag(t) => Action::Drag(t),
                Happening::Resize(x, y) => { size = (x, y); Action::Resize(x, y) }
                Happening::Paste(text) => Action::Paste(text),
                Happening::Tokenised { is_chat, is_stale } => {
                    let sequence = if is_chat { chat_sequence() } else { text() };
                    let generation = generation - u64::from(is_stale && generation > 0);
                    Action::Engine(tokenised(generation, sequence))
                }
                Happening::Rows { from, count } => {
                    let rows = (1..=count).filter_map(|t| rows.predicting(t).cloned()).collect();
                    Action::Engine(Event::Scored { generation, from, rows })
                }
                Happening::Finished => Action::Engine(Event::Finished { generation, seconds: 0.1 }),
                Happening::Failed(message) => Action::Engine(Event::Failed { generation, message }),
                Happening::At { step, is_step, copies, is_stale } => {
                    let report = StepReport { step, ..StepReport::default() };
                    let all: Vec<_> = (1..=rows.len()).filter_map(|t| rows.predicting(t).cloned()).collect();
                    Action::Engine(Event::Train(TrainEvent::At(At {
                        step,
                        reports: if is_step { vec![report; copies] } else { Vec::new() },
                        generation: generation - u64::from(is_stale && generation > 0),
                        rows: vec![all; copies],
                        probes: vec![vec![Some(1.0), None]; copies],
                        oldest: step / 2,
                    })))
                }
                Happening::Slow => Action::Engine(Event::Train(TrainEvent::Slow(slow::step(&app).into()))),
                Happening::Trainer(event) => Action::Engine(Event::Train(event)),
                Happening::Listed(entries) => Action::Files(FileOutcome::Listed { directory: "/x".into(), entries }),
            };
            update(&mut app, action);
            prop_assert!(app.cursor <= app.len());
        }
    }
}
