//! Any state at any size can be drawn.

use lossglass::app::{Action, App, Command, ThemeName, keymap, update};
use lossglass::engine::Event;
use lossglass::mask::Mode;
use proptest::prelude::*;
use ratatui::layout::Position;

use crate::support::frame::frame;
use crate::support::run::{trained, twin};
use crate::support::sample::{answer_distribution, chat_sequence, partly, text};
use crate::support::slow;

fn any_action() -> impl Strategy<Value = Action> {
    let commands: Vec<Command> =
        keymap::all().map(|binding| binding.command).filter(|&command| command != Command::Quit).collect();
    prop_oneof![
        8 => proptest::sample::select(commands).prop_map(Action::Do),
        1 => (0..20_usize).prop_map(Action::Goto),
        1 => Just(Action::Basis(Mode::Assistant.into())),
        1 => (0..20_usize).prop_map(Action::ShowStep),
        1 => "\\PC{0,8}[\u{0}-\u{1f}]?".prop_map(Action::Paste),
    ]
}

fn any_app() -> impl Strategy<Value = App> {
    let themes = ThemeName::EVERY.to_vec();
    let parts = (any::<bool>(), 0..14_usize, proptest::sample::select(themes), any::<bool>(), any::<bool>());
    let run = (prop_oneof![Just(0), Just(1), 2..20_usize], any::<bool>(), any::<bool>(), any::<bool>());
    (parts, run, proptest::option::of("\\PC{0,200}"), proptest::collection::vec(any_action(), 0..12)).prop_map(
        |((is_chat, scored, theme, unicode, answers), (steps, has_twin, is_broken, is_slow), failure, actions)| {
            let sequence = if is_chat { chat_sequence() } else { text() };
            let mut app = partly(sequence.clone(), scored.min(sequence.len()));
            (app.theme, app.unicode) = (theme, unicode);
            if steps > 0 {
                trained(&mut app, steps);
            }
            if steps > 0 && has_twin {
                twin(&mut app);
            }
            if steps > 0 && is_broken {
                app.training.steps[steps - 1].loss = f64::NAN;
                app.training.steps[steps - 1].parts[0].norm = f64::INFINITY;
                app.training.probes[0].losses.push((steps, f64::INFINITY));
            }
            if is_slow {
                slow::open(&mut app);
            }
            for action in actions {
                update(&mut app, action);
                if answers {
                    answer_distribution(&mut app);
                }
            }
            if let Some(message) = failure {
                let generation = app.analysis.generation;
                update(&mut app, Action::Engine(Event::Failed { generation, message }));
            }
            app
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_state_fits_every_size(app in any_app(), width in 1..220_u16, height in 1..70_u16) {
        let (buffer, hits) = frame(&app, width, height);
        for cell in &buffer.content {
            prop_assert!(!cell.symbol().chars().any(char::is_control), "{:?} reaches the terminal", cell.symbol());
        }
        prop_assert!(hits.at(Position::new(width, 0)).is_none() && hits.at(Position::new(0, height)).is_none());
    }
}
