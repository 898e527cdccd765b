//! Guessing first: something is hidden in every view until the class has said what it expects.

mod answer;

use std::collections::BTreeSet;

use super::keymap::{Binding, Context};
use super::shared::Hidden;
use super::training::{self, Continuation, Film};
use super::view::generate::Generate;
use super::{About, Action, Activity, App, Chosen, Command, Effect, InputLine, Item, Overlay, Picker, PickerKind};
use super::{Standing, lesson, update};
use crate::engine::Event;
use crate::lesson::{Bet, Guess};

/// What is being guessed.
#[derive(Debug)]
pub struct Guessing {
    pub guess: Guess,
    /// What is typed.
    pub line: InputLine,
    /// The tokens that are marked.
    pub marks: BTreeSet<usize>,
    /// The token that is guessed, with all that follows it.
    place: usize,
    stage: Taken,
    /// What would give it away, of the run and of what was written.
    away: Away,
    /// What the engine said meanwhile.
    held: Vec<Event>,
}

/// How far it is.
#[derive(Debug)]
enum Taken {
    Asking,
    /// The class said so, or gave up; what it comes to is still to be seen. With the loss of before.
    Answered {
        said: Said,
        loss: Option<f64>,
    },
}

/// What the class said.
#[derive(Clone, Debug, PartialEq)]
enum Said {
    Nothing,
    Typed(Vec<Bet>),
    /// By where the cursor is, and by the marks.
    Pointed,
}

/// What is put away while something is hidden.
#[derive(Debug, Default)]
struct Away {
    film: Film,
    before: Option<Continuation>,
    now: Option<Continuation>,
    shown: Option<usize>,
    generate: Option<Box<Generate>>,
}

const fn bind(context: Context, keys: &'static [&'static str], command: Command, help: &'static str) -> Binding {
    Binding { context, keys, command, help, short: "" }
}

/// Where something is typed; a lesson's questions too.
pub const KEYS: &[Binding] = &[
    Binding { short: "enter take", ..bind(Context::Answer, &["enter"], Command::Accept, "take what was typed") },
    Binding { short: "esc show it", ..bind(Context::Answer, &["esc"], Command::Cancel, "give up, and show it") },
    bind(Context::Answer, &["↑"], Command::Up, "the candidate above"),
    bind(Context::Answer, &["↓"], Command::Down, "the candidate below"),
    Binding { short: "tab view", ..bind(Context::Answer, &["tab"], Command::NextView, "next view") },
    bind(Context::Answer, &["ctrl-c"], Command::Quit, "quit"),
];

/// Where tokens are pointed at.
pub const POINTING_KEYS: &[Binding] = &[
    bind(Context::Pointing, &["←", "h"], Command::Left, "previous token"),
    bind(Context::Pointing, &["→", "l"], Command::Right, "next token"),
    bind(Context::Pointing, &["home", "g"], Command::Home, "first token"),
    bind(Context::Pointing, &["end", "G"], Command::End, "last token"),
    bind(Context::Pointing, &["x", "space"], Command::Mark, "mark the token, or not"),
    Binding { short: "enter take", ..bind(Context::Pointing, &["enter"], Command::Accept, "take it") },
    Binding { short: "esc show it", ..bind(Context::Pointing, &["esc"], Command::Cancel, "give up, and show it") },
    Binding { short: "tab view", ..bind(Context::Pointing, &["tab", "v"], Command::NextView, "next view") },
    bind(Context::Pointing, &["backspace"], Command::GoBack, "in a lesson: the step before"),
    bind(Context::Pointing, &["A"], Command::Lesson, "leave the lesson"),
    bind(Context::Pointing, &["?", "F1"], Command::Help, "help"),
    bind(Context::Pointing, &["q", "ctrl-c"], Command::Quit, "quit"),
];

/// Where keys go while something is guessed.
pub(super) fn context(app: &App) -> Option<Context> {
    let guessing = app.guess.as_ref().filter(|guessing| guessing.is_asking())?;
    Some(match guessing.guess {
        Guess::Token | Guess::Loss => Context::Answer,
        Guess::Costliest | Guess::Scored => Context::Pointing,
    })
}

/// The list of what can be guessed opens.
pub(super) fn choose(app: &mut App) {
    let item = |guess: Guess| Item {
        label: guess.title().into(),
        about: About::Words(String::new()),
        choice: Chosen::Guess(guess),
    };
    let items = Guess::EVERY.into_iter().map(item).collect();
    app.overlay = Some(Overlay::Picker(Picker::new(PickerKind::Guess, items)));
}

/// Something is guessed from now on, if there is something.
pub(super) fn begin(app: &mut App, guess: Guess) -> Vec<Effect> {
    if let Some(why_not) = why_not(app, guess) {
        app.shared.say(why_not);
        return Vec::new();
    }
    let hidden = match guess {
        Guess::Token => Some(Hidden::From(app.cursor)),
        Guess::Costliest => Some(Hidden::Costs),
        Guess::Scored => Some(Hidden::Mask),
        Guess::Loss => None,
    };
    let away = if hidden.is_some() { Away::take(app) } else { Away::default() };
    let (line, marks, held) = (InputLine::default(), BTreeSet::new(), Vec::new());
    let (place, stage) = (app.cursor, Taken::Asking);
    app.guess = Some(Box::new(Guessing { guess, line, marks, place, stage, away, held }));
    if let Some(hidden) = hidden {
        app.shared.hide(hidden);
    }
    Vec::new()
}

fn why_not(app: &App, guess: Guess) -> Option<&'static str> {
    let is_text = !app.is_empty() && app.is_current() && app.is_complete();
    match () {
        () if !is_text || app.analysis.is_awaited() => Some("one moment: the text is not scored yet"),
        () if app.training.activity != Activity::Idle => Some("the model is learning: r pauses it first"),
        () if guess == Guess::Loss => None,
        () if app.training.shown.is_some() => Some("a past step is shown: esc shows the model of now"),
        () if app.experiment.is_on() => Some("an experiment is on: esc in Attend ends it"),
        () if app.pack.is_some() => Some("several records are packed here: open one of them by itself"),
        () if guess == Guess::Token && (app.cursor == 0 || app.cursor >= app.len()) => {
            Some("put the cursor on the token that is to be guessed: ←→")
        }
        () if guess == Guess::Scored && app.mask().is_none() => Some("no mask applies here: tab chooses one"),
        () => None,
    }
}

impl Guessing {
    /// Whether the class has not answered yet.
    pub fn is_asking(&self) -> bool {
        matches!(self.stage, Taken::Asking)
    }
}

impl Away {
    fn take(app: &mut App) -> Self {
        let training = &mut app.training;
        Self {
            film: std::mem::take(&mut training.film),
            before: training.before.take(),
            now: training.now.take(),
            shown: training.shown.take(),
            generate: Some(Box::new(std::mem::take(&mut app.views.generate))),
        }
    }

    fn put_back(self, app: &mut App) {
        let Self { film, before, now, shown, generate } = self;
        let Some(generate) = generate else { return };
        let training = &mut app.training;
        (training.film, training.before, training.now, training.shown) = (film, before, now, shown);
        app.views.generate = *generate;
    }
}

/// An action goes on, unless it would tell what is hidden or change what is guessed about.
pub(super) fn admit(app: &mut App, action: Action) -> Option<Action> {
    let Some(guessing) = app.guess.as_ref().filter(|guessing| guessing.is_asking()) else { return Some(action) };
    let is_pointing = matches!(guessing.guess, Guess::Costliest | Guess::Scored);
    match action {
        Action::Goto(_) if is_pointing => Some(action),
        Action::Goto(_) | Action::Drag(_) | Action::Basis(_) | Action::ShowStep(_) => None,
        // Something that was asked for before takes the place of what is guessed about.
        Action::Files(_) => {
            stop(app);
            Some(action)
        }
        action => Some(action),
    }
}

/// What the engine says meanwhile is heard when nothing is hidden any more.
pub(super) fn hold(app: &mut App, event: Event) -> Option<Event> {
    match &mut app.guess {
        Some(guessing) if guessing.is_asking() => {
            guessing.held.push(event);
            None
        }
        _ => Some(event),
    }
}

/// Nothing is guessed any more, and everything is shown. What came meanwhile is taken in.
pub(super) fn stop(app: &mut App) -> Vec<Effect> {
    let Some(guessing) = app.guess.take() else { return Vec::new() };
    app.shared.reveal();
    guessing.away.put_back(app);
    guessing.held.into_iter().flat_map(|event| update::take_engine(app, event)).collect()
}

/// A command while something is guessed; `None` where it goes on to others.
pub(super) fn run(app: &mut App, command: Command) -> Option<Vec<Effect>> {
    app.guess.as_ref().filter(|guessing| guessing.is_asking())?;
    app.shared.hush();
    match command {
        // They show no more than what is there.
        Command::Show(_) | Command::NextView | Command::NextTheme | Command::Present | Command::Help => return None,
        Command::GoBack | Command::Lesson if app.lesson.as_ref().is_some_and(|sitting| sitting.is_on()) => {
            let effects = stop(app);
            return Some(effects.into_iter().chain(lesson::run(app, command).unwrap_or_default()).collect());
        }
        Command::Accept => return Some(answer::take(app)),
        Command::Cancel => return Some(answer::give_up(app)),
        _ if context(app) == Some(Context::Answer) => {}
        Command::Left => app.shared.move_cursor(-1),
        Command::Right => app.shared.move_cursor(1),
        Command::Home => app.shared.move_cursor_to(0),
        Command::End => app.shared.move_cursor_to(app.len().saturating_sub(1)),
        Command::Mark => mark(app),
        _ => app.shared.say("guess first: enter takes the guess, esc gives up and shows it"),
    }
    Some(Vec::new())
}

fn mark(app: &mut App) {
    let cursor = app.cursor;
    let is_token = cursor > 0 && cursor < app.len();
    let Some(guessing) = app.guess.as_mut().filter(|guessing| guessing.guess == Guess::Scored) else { return };
    if !is_token {
        return app.shared.say("nothing predicts the first token, and nothing stands behind the last");
    }
    if !guessing.marks.remove(&cursor) {
        guessing.marks.insert(cursor);
    }
    app.shared.move_cursor(1);
}

/// Whether the answer can be judged now.
pub(super) fn is_due(app: &App) -> bool {
    let Some(guessing) = app.guess.as_ref().filter(|guessing| !guessing.is_asking()) else { return false };
    match guessing.guess {
        Guess::Token => app.cursor != guessing.place || app.distribution().is_some(),
        Guess::Loss => match app.lesson.as_ref().filter(|sitting| sitting.is_on()) {
            Some(sitting) => sitting.stage == Standing::Following && lesson::is_done(app),
            None => training::is_idle(app),
        },
        Guess::Costliest | Guess::Scored => true,
    }
}

/// The answer is judged and told.
pub(super) fn go_on(app: &mut App) -> Vec<Effect> {
    answer::judge(app)
}

impl App {
    /// Whether token `t` is marked in a guess.
    pub fn is_marked(&self, t: usize) -> bool {
        self.guess.as_ref().is_some_and(|guessing| guessing.marks.contains(&t))
    }
}
