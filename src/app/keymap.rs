//! The one key table, put together from the rooms': dispatch, footer, help, command palette and the key table of `docs`
//! all read it.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::general::Part;
use super::{Command, View, guess, lesson, overlay, view};

/// Where a key is pressed, and where a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// Any view.
    Views,
    /// One view; its bindings win over those of [`Context::Views`].
    View(View),
    /// A view beside a lesson, whose bindings win over the view's.
    Taught(View),
    /// A lesson.
    Lesson,
    /// The line in which a lesson or a guess is answered.
    Answer,
    /// Tokens are pointed at, to answer a guess.
    Pointing,
    Help,
    Editor,
    /// Any list to choose from.
    Picker,
    /// The list of models.
    Models,
    Settings,
    Save,
    HandOut,
    Handover,
    Weight,
    SlowStep,
    /// The list of records.
    Records,
    /// The line below it, where something is typed.
    RecordLine,
}

impl Context {
    /// Where the bindings are that hold here; earlier ones win.
    fn levels(self) -> impl Iterator<Item = Self> {
        let levels = match self {
            Self::View(_) => [Some(self), Some(Self::Views), None],
            Self::Taught(view) => [Some(Self::Lesson), Some(Self::View(view)), Some(Self::Views)],
            Self::Models => [Some(self), Some(Self::Picker), None],
            _ => [Some(self), None, None],
        };
        levels.into_iter().flatten()
    }

    /// Whether keys go to a view, perhaps beside a lesson.
    pub fn is_of_a_view(self) -> bool {
        matches!(self, Self::View(_) | Self::Taught(_))
    }

    /// The heading the help puts over its bindings.
    pub fn title(self) -> &'static str {
        match self {
            Self::Views => "Everywhere",
            Self::View(view) | Self::Taught(view) => view.title(),
            Self::Lesson => "In a lesson",
            Self::Answer => "Answering",
            Self::Pointing => "Guessing tokens",
            Self::Help => "Help",
            Self::Editor => "Editor",
            Self::Picker => "Lists",
            Self::Models => "List of models",
            Self::Settings => "Training settings",
            Self::Save => "Save",
            Self::HandOut => "Hand out",
            Self::Handover => "Hand a run over",
            Self::Weight => "Painted weight",
            Self::SlowStep => "One step in slow motion",
            Self::Records => "Records",
            Self::RecordLine => "Records: jump, search",
        }
    }
}

/// One command with its keys.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    pub context: Context,
    /// The keys, as they are written on screen; any of them will do.
    pub keys: &'static [&'static str],
    pub command: Command,
    /// What it does, for help and palette.
    pub help: &'static str,
    /// One or two words for the footer; empty to leave it out there.
    pub short: &'static str,
}

impl Binding {
    /// Whether it holds in `context`.
    fn holds_in(&self, context: Context) -> bool {
        context.levels().any(|level| level == self.context)
    }
}

/// Every binding, in the order of footer and help.
pub fn all() -> impl Iterator<Item = &'static Binding> {
    let of_views = Part::EVERY.into_iter().flat_map(|part| {
        let show = if part == Part::Moving { view::SHOW } else { &[] };
        part.keys().iter().chain(show).chain(view::keys_behind(part))
    });
    of_views
        .chain([lesson::KEYS, guess::KEYS, guess::POINTING_KEYS].into_iter().flatten())
        .chain(overlay::KEYS.iter().copied().flatten())
}

/// The command that `key` stands for in `context`.
pub fn command(context: Context, key: KeyEvent) -> Option<Command> {
    let name = name(key)?;
    named(context, &name).or_else(|| named(context, name.strip_prefix("shift-")?))
}

/// The command of the key that the table writes so.
pub fn named(context: Context, name: &str) -> Option<Command> {
    let of = |wanted: Context| {
        let found = all().find(|binding| binding.context == wanted && binding.keys.contains(&name));
        found.map(|binding| binding.command)
    };
    context.levels().find_map(of)
}

/// The bindings that hold in `context`, for footer and palette.
pub fn bindings(context: Context) -> impl Iterator<Item = &'static Binding> {
    all().filter(move |binding| binding.holds_in(context))
}

/// Whether a narrower binding takes the key that the footer would show.
pub fn is_hidden(binding: &Binding, context: Context) -> bool {
    let narrower = || context.levels().take_while(|level| *level != binding.context);
    let taken = |key: &&str| all().any(|own| own.keys.contains(key) && narrower().any(|level| level == own.context));
    binding.keys.first().is_some_and(taken)
}

/// Every binding, by where it holds, for the help and the key table of `docs`.
pub fn groups() -> impl Iterator<Item = (Context, Vec<&'static Binding>)> {
    let mut contexts: Vec<Context> = Vec::new();
    for binding in all() {
        if !contexts.contains(&binding.context) {
            contexts.push(binding.context);
        }
    }
    contexts.into_iter().map(|context| (context, all().filter(|binding| binding.context == context).collect()))
}

/// What says the command in `context`: the binding of that key, else the first that has it.
pub fn told(context: Context, command: Command, key: Option<&str>) -> Option<&'static Binding> {
    let own = || bindings(context).filter(|binding| binding.command == command);
    let base = key.map(|key| key.strip_prefix("shift-").unwrap_or(key));
    let has_key =
        |binding: &&Binding| key.is_some_and(|key| binding.keys.iter().any(|&own| own == key || Some(own) == base));
    own().find(has_key).or_else(|| own().next())
}

/// A key as the table writes it.
pub fn name(key: KeyEvent) -> Option<String> {
    let base = match key.code {
        KeyCode::Char(' ') => "space".into(),
        KeyCode::Char(c) if key.modifiers.intersects(KeyModifiers::CONTROL) => c.to_ascii_lowercase().to_string(),
        KeyCode::Char(c) => c.to_string(),
        KeyCode::Left => "←".into(),
        KeyCode::Right => "→".into(),
        KeyCode::Up => "↑".into(),
        KeyCode::Down => "↓".into(),
        KeyCode::PageUp => "pgup".into(),
        KeyCode::PageDown => "pgdn".into(),
        KeyCode::Home => "home".into(),
        KeyCode::End => "end".into(),
        KeyCode::Enter => "enter".into(),
        KeyCode::Tab => "tab".into(),
        KeyCode::BackTab => return Some("shift-tab".into()),
        KeyCode::Esc => "esc".into(),
        KeyCode::Backspace => "backspace".into(),
        KeyCode::F(n) => format!("F{n}"),
        _ => return None,
    };
    let prefix = if key.modifiers.contains(KeyModifiers::CONTROL) {
        "ctrl-"
    } else if key.modifiers.contains(KeyModifiers::ALT) {
        "alt-"
    } else if key.modifiers.contains(KeyModifiers::SHIFT) && matches!(key.code, KeyCode::Left | KeyCode::Right) {
        "shift-"
    } else {
        ""
    };
    Some(format!("{prefix}{base}"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::app::view::{ViewCommand, predict};

    #[test]
    fn no_context_binds_a_key_twice() {
        let mut seen = HashSet::new();
        for binding in all() {
            for key in binding.keys {
                assert!(seen.insert((format!("{:?}", binding.context), *key)), "{key} twice in {:?}", binding.context);
            }
        }
    }

    #[test]
    fn a_view_binding_wins_over_a_general_one() {
        let key = KeyEvent::new(KeyCode::Char('t'), KeyModifiers::NONE);
        assert_eq!(
            command(Context::View(View::Predict), key),
            Some(Command::In(ViewCommand::Predict(predict::Command::Hotter)))
        );
        assert_eq!(command(Context::View(View::Attend), key), None);
    }

    #[test]
    fn modified_keys_are_told_apart() {
        let key = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(command(Context::Editor, key), Some(Command::Quit));
        assert_eq!(command(Context::Editor, KeyEvent::new(KeyCode::Char('c'), KeyModifiers::NONE)), None);
    }
}
