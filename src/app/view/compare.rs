//! The view Compare: a second model beside the active one.

use super::{Room, View, ViewCommand};
use crate::app::keymap::{Binding, Context};
use crate::app::{App, Comparing, Effect};
use crate::engine::{CompareRequest, Request};
use crate::source::{Source, pair};

/// It remembers nothing by itself: what the second model says is shared.
#[derive(Clone, Debug, Default)]
pub struct Compare;

/// What only this view can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// A base model beside what became of it by chats.
    BaseAndChat,
    /// Both write by themselves.
    Write,
    /// No second model any more.
    End,
}

impl Room for Compare {
    const ABOUT: &'static str = "view Compare: a second model on the same text";
    const KEYS: &'static [Binding] = &[
        bind(&["b"], Command::BaseAndChat, "a base model beside what chats made of it", "b base|chat"),
        bind(&["w"], Command::Write, "let both write on by themselves", "w both write"),
        bind(&["x"], Command::End, "let the second model go", "x end"),
    ];
    type Command = Command;

    fn run(app: &mut App, command: Command) -> Vec<Effect> {
        match command {
            Command::BaseAndChat => base_and_chat(app),
            _ if app.comparing.source.is_none() => {
                app.shared.say("there is no second model; M chooses one, b a base model beside what chats made of it");
                Vec::new()
            }
            Command::Write => write(app),
            Command::End => {
                app.shared.compare_with(None);
                vec![Effect::Engine(Request::Compare(CompareRequest::Forget))]
            }
        }
    }
}

const fn bind(keys: &'static [&'static str], command: Command, help: &'static str, short: &'static str) -> Binding {
    let command = crate::app::Command::In(ViewCommand::Compare(command));
    Binding { context: Context::View(View::Compare), keys, command, help, short }
}

/// The base model of the active one and what chats made of it, on the same text; then both write on by themselves.
fn base_and_chat(app: &mut App) -> Vec<Effect> {
    let [base, chat] = pair::pair(&app.source()).unwrap_or(pair::EMBEDDED);
    let second = app.shared.exchange_second(Comparing::default());
    let mut effects = Vec::new();
    if app.source() != base {
        effects = app.take_model(base);
        if effects.is_empty() {
            app.shared.exchange_second(second);
            return effects;
        }
    } else {
        app.shared.choose_model(base);
    }
    app.shared.compare_with(Some(chat));
    effects.extend(app.shared.ask_second());
    effects.extend(write(app));
    effects
}

/// Both write on by themselves.
fn write(app: &mut App) -> Vec<Effect> {
    let asked = app.shared.ask_freely(app.training.step);
    if asked.is_none() {
        app.shared.say("what a trainer prepared is ids, not text: nothing is written on from it");
    }
    asked.into_iter().collect()
}

/// `source` stands beside the active model from now on.
pub(in crate::app) fn begin(app: &mut App, source: Source) -> Vec<Effect> {
    app.view = View::Compare;
    app.shared.compare_with(Some(source));
    app.shared.ask_second().into_iter().collect()
}
