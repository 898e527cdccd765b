//! In front of a class: several views at once where there is room, fewer and wider cells where there is not, and each key
//! in words. And the ways to begin, which the first screen offers.

use super::keymap::{self, Context};
use super::{Action, App, Command, View};

/// The ways to begin that the first screen offers, each with what is said of it.
pub const WAYS: &[(Command, &str)] = &[
    (Command::Lesson, "a lesson: how a model learns, step by step"),
    (Command::Edit, "a text of your own: type it, or paste it here"),
    (Command::Open, "your own data: a text, a chat or a data set"),
];

/// The views by how much they tell a class: the first are shown where there is room for few.
const ORDER: [View; 6] = [View::Predict, View::Score, View::Train, View::Attend, View::Compare, View::Generate];

/// Columns and rows of a view among several.
const PANE: (u16, u16) = (68, 14);
/// Columns and rows of views at most.
const MOST: (u16, u16) = (3, 2);
/// Rows that stand above and below the views: header, tabs, strip, what was pressed, footer.
const AROUND: u16 = 7;

/// How the program is presented.
#[derive(Clone, Debug, Default)]
pub struct Presenting {
    pub is_on: bool,
    /// The views that keys went to, the last one first.
    recent: Vec<View>,
    /// The key that was pressed, until it is known what it does.
    heard: Option<String>,
    /// What was done last, in words.
    pub told: Option<Told>,
}

/// Something that was done, for those who only look on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The key, or `click`.
    pub key: String,
    pub what: &'static str,
    pub subject: Option<Subject>,
}

/// What was changed by it, so that one can say what that is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The token under the cursor.
    Token,
    View,
    Mask,
    Denominator,
    /// The step that the weights are at.
    Step,
    Theme,
}

impl Subject {
    fn of(command: Command) -> Option<Self> {
        use Command::*;
        Some(match command {
            Left | Right | Up | Down | PageUp | PageDown | Home | End | NextScored | PreviousScored => Self::Token,
            Show(_) | NextView => Self::View,
            NextMode | PreviousMode => Self::Mask,
            NextDenominator => Self::Denominator,
            Step | Run | UndoStep | ResetWeights => Self::Step,
            NextTheme => Self::Theme,
            _ => return None,
        })
    }
}

impl Presenting {
    /// From the start, or not.
    pub(super) fn new(is_on: bool) -> Self {
        Self { is_on, ..Self::default() }
    }

    /// On, with the view of now among those shown, or off.
    pub(super) fn toggle(&mut self, view: View) {
        let told = self.told.take();
        *self = Self { is_on: !self.is_on, recent: vec![view], told, ..Self::default() };
    }

    /// Keys go to `view` now.
    pub(super) fn note_view(&mut self, view: View) {
        if self.is_on && self.recent.first() != Some(&view) {
            self.recent.retain(|&other| other != view);
            self.recent.insert(0, view);
        }
    }

    /// The `count` views to show: those that tell most in their own places, and in the last one the view that keys went
    /// to last of all others.
    fn views(&self, count: usize) -> Vec<View> {
        let (own, others) = ORDER.split_at(count.clamp(1, ORDER.len()) - 1);
        let last = self.recent.iter().find(|view| !own.contains(view)).or(others.first());
        own.iter().chain(last).copied().collect()
    }
}

impl App {
    /// The views that are shown in so many columns and rows, and how many of them stand side by side: the view that keys
    /// go to alone, or when presenting as many as there is room for.
    pub fn panes(&self, columns: u16, rows: u16) -> (Vec<View>, usize) {
        let across = (columns / PANE.0).clamp(1, MOST.0);
        let down = (rows / PANE.1).clamp(1, MOST.1);
        match across * down {
            2.. if self.presenting.is_on => (self.presenting.views(usize::from(across * down)), usize::from(across)),
            _ => (vec![self.view], 1),
        }
    }

    /// Whether the view is on screen.
    pub fn shows(&self, view: View) -> bool {
        self.view == view || self.panes(self.size.0, self.size.1.saturating_sub(AROUND)).0.contains(&view)
    }

    /// Whether cells are few and wide: presenting where there is room for one view alone.
    pub fn is_roomy(&self) -> bool {
        self.presenting.is_on && self.panes(self.size.0, self.size.1.saturating_sub(AROUND)).0.len() == 1
    }
}

/// Takes note of what is done, before it is: for the line that tells it, and because the ways to begin are gone with it.
pub(super) fn hear(app: &mut App, action: &Action) {
    let told = match action {
        Action::Resize(..) | Action::Engine(_) | Action::Files(_) => return,
        Action::Heard(key) => return app.presenting.heard = Some(key.clone()),
        Action::Within(view, inner) => told(Context::View(*view), inner, None),
        _ => {
            let key = app.presenting.heard.take();
            told(app.context(), action, key)
        }
    };
    // A key that does nothing changes nothing either.
    app.welcomes &= matches!(action, Action::Type(_));
    app.presenting.told = told;
}

/// What is told of an action; nothing of what is typed.
fn told(context: Context, action: &Action, key: Option<String>) -> Option<Told> {
    let is_of_a_view = context.is_of_a_view();
    let click = |what, subject| Some(Told { key: "click".into(), what, subject });
    match action {
        Action::Do(command) => {
            let binding = keymap::told(context, *command, key.as_deref())?;
            let key = key.unwrap_or_else(|| binding.keys.first().copied().unwrap_or_default().into());
            Some(Told { key, what: binding.help, subject: Subject::of(*command).filter(|_| is_of_a_view) })
        }
        Action::Type(_) if is_of_a_view => Some(Told { key: key?, what: "does nothing here", subject: None }),
        Action::Goto(_) | Action::Drag(_) => click("the cursor goes there", Some(Subject::Token)),
        Action::Basis(_) => click("this mask counts from now on", Some(Subject::Mask)),
        Action::ShowStep(_) => click("what the model said after that step", None),
        Action::ShowPanel(_) => click("that panel", None),
        _ => None,
    }
}
