//! The view Compare: a second model beside the active one.

use super::{Room, View, ViewCommand};
use crate::app::keymap::{Binding, Context};
use crate::app::{App, Effect};
use crate::engine::{CompareRequest, Request};
use crate::source::Source;

/// It remembers nothing by itself: what the second model says is shared.
#[derive(Clone, Debug, Default)]
pub struct Compare;

/// What only this view can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// No second model any more.
    End,
}

impl Room for Compare {
    const ABOUT: &'static str = "view Compare: a second model on the same text";
    const KEYS: &'static [Binding] = &[Binding {
        context: Context::View(View::Compare),
        keys: &["x"],
        command: crate::app::Command::In(ViewCommand::Compare(Command::End)),
        help: "let the second model go",
        short: "x end",
    }];
    type Command = Command;

    fn run(app: &mut App, Command::End: Command) -> Vec<Effect> {
        if app.comparing.source.is_none() {
            app.shared.say("there is no second model; M chooses one");
            return Vec::new();
        }
        app.shared.compare_with(None);
        vec![Effect::Engine(Request::Compare(CompareRequest::Forget))]
    }
}

/// `source` stands beside the active model from now on.
pub(in crate::app) fn begin(app: &mut App, source: Source) -> Vec<Effect> {
    app.view = View::Compare;
    app.shared.compare_with(Some(source));
    app.shared.ask_second().into_iter().collect()
}
