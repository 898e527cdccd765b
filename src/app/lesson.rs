//! The lesson beside the views: which step it is at, what that waits for, and the way in and out.

mod asking;
mod notes;
mod perform;
mod shelf;
mod values;

use std::collections::VecDeque;
use std::sync::Arc;

pub(super) use asking::{follow_guess, is_done, told};
pub(super) use notes::{Notes, tell_teacher};
pub(super) use shelf::list;
pub use shelf::{shipped, terms};
pub use values::Judged;

use super::guess;
use super::keymap::{Binding, Context};
use super::shared::Shared;
use super::training::{self, Training};
use super::{Activity, App, Command, Effect, InputLine, Progress, View, Views};
use crate::lesson::{Ask, Deed, Lesson, Quantity, SHIPPED, Step, Table, Value};

/// A lesson that somebody sits in.
#[derive(Debug)]
pub struct Sitting {
    pub lesson: Arc<Lesson>,
    /// The step, from 0.
    pub at: usize,
    pub stage: Standing,
    /// What the step is still to do.
    queue: VecDeque<Deed>,
    /// What the last deed has to come to before the next.
    awaits: Option<Awaited>,
    /// Values that steps kept.
    kept: Vec<(String, Value)>,
    /// The example that the reader edits, and the candidate that is chosen in it.
    pub table: Option<Table>,
    pub row: usize,
    /// What is typed as an answer.
    pub line: InputLine,
    /// How many of the keys that are asked for were pressed.
    pressed: usize,
    /// Where the step put the cursor.
    pin: usize,
    /// Values of that place, for when the cursor stands elsewhere.
    known: Vec<(Quantity, Value)>,
    /// Of which analysis and step these are.
    known_of: (u64, usize),
    /// Whether every claim of the step held when it was come to.
    holds: Option<bool>,
    /// What came of what the reader did.
    pub told: Option<String>,
    /// The reader was told that something is to be done first, and insists.
    insists: bool,
    /// The way to another step, or out, once the model rests.
    turn: Option<Turn>,
    /// What was there before the lesson, while it is on.
    outside: Option<Box<Outside>>,
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It sets its scene.
    Preparing,
    /// It waits for the reader.
    Asking,
    /// It does what follows from that.
    Following,
    /// The reader did it, or there was nothing to do.
    Met,
}

/// What a deed has to come to.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Awaited {
    /// So many tokens are written, or all.
    Written(Option<usize>),
    /// What was asked of Generate is answered, so often.
    Heard(u64),
}

/// Where the lesson goes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Turn {
    To(usize),
    Out,
}

/// What was on screen before.
#[derive(Debug)]
struct Outside {
    shared: Shared,
    training: Training,
    /// How many of its probes came with the sample.
    default_probes: usize,
    view: View,
    views: Views,
}

const fn bind(keys: &'static [&'static str], command: Command, help: &'static str, short: &'static str) -> Binding {
    Binding { context: Context::Lesson, keys, command, help, short }
}

/// Its keys, which win over those of the view beside it.
pub const KEYS: &[Binding] = &[
    bind(&["enter"], Command::GoOn, "on to the next step; twice, have done what is asked", "enter go on"),
    bind(&["backspace"], Command::GoBack, "back to the step before, undoing this one", "backspace back"),
    bind(&["A"], Command::Lesson, "leave the lesson; the same key comes back to it", "A leave"),
];

impl Sitting {
    fn new(lesson: Arc<Lesson>, outside: Outside) -> Self {
        Self {
            lesson,
            at: 0,
            stage: Standing::Preparing,
            queue: VecDeque::new(),
            awaits: None,
            kept: Vec::new(),
            table: None,
            row: 0,
            line: InputLine::default(),
            pressed: 0,
            pin: 0,
            known: Vec::new(),
            known_of: (0, 0),
            holds: None,
            told: None,
            insists: false,
            turn: Some(Turn::To(0)),
            outside: Some(Box::new(outside)),
        }
    }

    /// Whether it is on, and not left for now.
    pub fn is_on(&self) -> bool {
        self.outside.is_some()
    }

    /// The step that it is at.
    pub fn step(&self) -> &Step {
        &self.lesson.steps[self.at.min(self.lesson.steps.len() - 1)]
    }

    /// Whether this is the last step.
    pub fn is_last(&self) -> bool {
        self.at + 1 >= self.lesson.steps.len()
    }

    /// Whether something is typed into its line now.
    pub fn is_typing(&self) -> bool {
        self.stage == Standing::Asking && matches!(self.step().ask, Ask::Type { .. } | Ask::Edit { .. })
    }

    /// Whether it sets a scene or does what follows.
    pub fn is_busy(&self) -> bool {
        self.turn.is_some() || matches!(self.stage, Standing::Preparing | Standing::Following)
    }

    /// A step begins with these deeds.
    fn enter(&mut self, at: usize, deeds: Vec<Deed>) {
        self.at = at;
        self.stage = Standing::Preparing;
        self.queue = deeds.into();
        (self.awaits, self.pressed, self.holds, self.told, self.insists) = (None, 0, None, None, false);
        self.line.clear();
        self.known.clear();
    }
}

/// Where keys go in a lesson.
pub(super) fn context(app: &App) -> Option<Context> {
    let sitting = app.lesson.as_ref().filter(|sitting| sitting.is_on())?;
    Some(if sitting.is_typing() { Context::Answer } else { Context::Taught(app.view) })
}

/// A lesson of the list begins.
pub(super) fn begin_shipped(app: &mut App, index: usize) -> Vec<Effect> {
    match SHIPPED.get(index).map(|lesson| shipped(lesson.source)) {
        Some(Ok(lesson)) => begin(app, Arc::new(lesson)),
        Some(Err(mistakes)) => app.shared.complain(mistakes.first().map(ToString::to_string).unwrap_or_default()),
        None => {}
    }
    Vec::new()
}

/// A lesson begins; what is on screen is put aside.
pub(super) fn begin(app: &mut App, lesson: Arc<Lesson>) {
    if is_hindered(app) {
        return;
    }
    app.lesson = Some(Box::new(Sitting::new(lesson, outside(app))));
}

/// Whether a lesson must wait. Where steps that are not saved would be lost, it is to be asked for once more.
fn is_hindered(app: &mut App) -> bool {
    let training = &app.training;
    if training.activity != Activity::Idle {
        app.shared.say("the model is learning: r pauses it, then a lesson can begin");
        return true;
    }
    let would_lose = training.step > 0 && training.saved.is_none();
    if !would_lose || std::mem::replace(&mut app.asked.leaving_for_lesson, true) {
        return false;
    }
    let step = training.step;
    app.shared.say(format!(
        "the weights after step {step} are not saved: choose the lesson again to drop them, or w in Train saves"
    ));
    true
}

/// The lesson that was left is on again, where it was.
pub(super) fn resume(app: &mut App) {
    if is_hindered(app) {
        return;
    }
    let outside = outside(app);
    if let Some(sitting) = &mut app.lesson {
        sitting.outside = Some(Box::new(outside));
        sitting.turn = Some(Turn::To(sitting.at));
    }
}

fn outside(app: &App) -> Outside {
    let (shared, training, views) = (app.shared.clone(), app.training.clone(), app.views.clone());
    Outside { shared, training, default_probes: app.asked.default_probes, view: app.view, views }
}

/// A command while a lesson is on; `None` where it goes on to the view.
pub(super) fn run(app: &mut App, command: Command) -> Option<Vec<Effect>> {
    let is_stopped = matches!(app.analysis.progress, Progress::Cancelled | Progress::Failed(_));
    let sitting = app.lesson.as_mut().filter(|sitting| sitting.is_on())?;
    match command {
        Command::Lesson => turn(app, Turn::Out),
        Command::GoBack if sitting.at == 0 => app.shared.say("this is the first step; A leaves the lesson"),
        Command::GoBack => {
            let to = Turn::To(sitting.at - 1);
            turn(app, to);
        }
        Command::GoOn if is_stopped => return Some(app.analyze()),
        Command::GoOn => asking::go_on(app),
        Command::Accept if sitting.is_typing() => asking::take(app),
        Command::Cancel if sitting.is_typing() => asking::show(app),
        Command::Up | Command::Down if sitting.is_typing() => asking::choose_candidate(app, command),
        Command::NextView if sitting.is_typing() => return None,
        command => {
            asking::note(app, command);
            return None;
        }
    }
    Some(pause_for_turn(app))
}

/// The lesson goes there as soon as it can.
fn turn(app: &mut App, to: Turn) {
    guess::stop(app);
    app.shared.hush();
    if let Some(sitting) = &mut app.lesson {
        sitting.turn = Some(to);
        sitting.queue.clear();
    }
}

/// A run under way ends for a turn.
fn pause_for_turn(app: &mut App) -> Vec<Effect> {
    match app.lesson.as_ref().is_some_and(|sitting| sitting.turn.is_some()) {
        true => training::pause(app),
        false => Vec::new(),
    }
}

/// Whether the lesson can do something now.
pub(super) fn is_due(app: &App) -> bool {
    let Some(sitting) = app.lesson.as_ref().filter(|sitting| sitting.is_on()) else { return false };
    if app.overlay.is_some() {
        return false;
    }
    match (sitting.turn, sitting.queue.front()) {
        (Some(_), _) => app.training.activity == Activity::Idle && app.asked.run.is_none(),
        (None, Some(deed)) => perform::is_possible(app, deed),
        (None, None) => asking::is_due(app),
    }
}

/// Does what the lesson can do now.
pub(super) fn go_on(app: &mut App) -> Vec<Effect> {
    let Some(sitting) = &mut app.lesson else { return Vec::new() };
    match (sitting.turn.take(), sitting.queue.pop_front()) {
        (Some(Turn::To(at)), _) if at < sitting.lesson.steps.len() => {
            let way = sitting.lesson.way_to(at);
            sitting.enter(at, way);
            Vec::new()
        }
        (Some(_), _) => leave(app),
        (None, Some(deed)) => perform::perform(app, deed),
        (None, None) => asking::go_further(app),
    }
}

/// What was there before the lesson is there again. The lesson stays where it is, or begins anew after its end.
fn leave(app: &mut App) -> Vec<Effect> {
    let mut effects = perform::rest(app);
    let Some(sitting) = &mut app.lesson else { return effects };
    let Some(outside) = sitting.outside.take() else { return effects };
    let (title, is_over) = (sitting.lesson.title.clone(), sitting.is_last() && sitting.stage == Standing::Met);
    let Outside { shared, training, default_probes, view, views } = *outside;
    app.shared.return_to(shared);
    (app.training, app.view) = (training, view);
    app.asked = super::Asked { default_probes, source: Some(app.source()), ..Default::default() };
    app.views.return_to(views);
    // The engine has these weights no more.
    if app.training.step > 0 || app.training.twin.is_some() {
        app.drop_training();
    }
    if is_over {
        app.lesson = None;
        app.shared.say(format!("“{title}” is over; this is where you were"));
    } else {
        app.shared.say(format!("“{title}” waits where you left it; A comes back to it"));
    }
    effects.extend(app.analyze());
    effects
}

impl App {
    /// What the lesson's step says, with the values of now; `None` where no lesson is on.
    pub fn lesson_text(&self) -> Option<String> {
        values::text(self)
    }

    /// What the reader is asked to do, in words; `None` where there is nothing.
    pub fn lesson_ask(&self) -> Option<String> {
        values::ask(self)
    }

    /// Every claim of the step, as it stands now.
    pub fn lesson_claims(&self) -> Vec<Judged> {
        values::claims(self)
    }

    /// Whether every value of the step's text is known.
    pub fn lesson_is_known(&self) -> bool {
        values::is_known(self)
    }
}
