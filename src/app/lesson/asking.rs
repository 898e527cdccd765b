//! What a step waits for, and what comes of it.

use super::perform::is_settled;
use super::{Stage, Turn, values};
use crate::app::{App, Command, Context, Effect, guess, keymap};
use crate::lesson::{Ask, Guess};

/// Whether the step goes further now: its scene stands, or the reader did what it asks.
pub fn is_due(app: &App) -> bool {
    let Some(sitting) = &app.lesson else { return false };
    match sitting.stage {
        Stage::Preparing => is_settled(app) && (app.cursor == 0 || app.distribution().is_some()),
        Stage::Asking | Stage::Met if sitting.holds.is_none() && values::judged(app).is_some() => true,
        Stage::Asking => is_met(app),
        Stage::Following => is_done(app) && app.guess.is_none(),
        Stage::Met => false,
    }
}

/// Whether all that follows from the answer is done.
pub fn is_done(app: &App) -> bool {
    app.lesson.as_ref().is_some_and(|sitting| sitting.queue.is_empty()) && is_settled(app)
}

/// The step goes further.
pub fn go_further(app: &mut App) -> Vec<Effect> {
    let (cursor, judged) = (app.cursor, values::judged(app));
    let Some(sitting) = &mut app.lesson else { return Vec::new() };
    match sitting.stage {
        Stage::Preparing => {
            sitting.pin = cursor;
            sitting.stage = Stage::Asking;
            let ask = sitting.step().ask.clone();
            values::remember(app);
            if let Ask::Guess(guess) = ask {
                let effects = guess::begin(app, guess);
                if app.guess.is_none() {
                    // It was said why there is nothing to guess.
                    met(app);
                }
                return effects;
            }
            if ask == Ask::GoOn {
                met(app);
            }
        }
        Stage::Asking | Stage::Met if sitting.holds.is_none() && judged.is_some() => sitting.holds = judged,
        Stage::Asking => met(app),
        Stage::Following => {
            sitting.stage = Stage::Met;
            values::remember(app);
        }
        Stage::Met => {}
    }
    Vec::new()
}

/// The reader did what was asked, or had it done: what follows is done.
fn met(app: &mut App) {
    if let Some(sitting) = &mut app.lesson {
        sitting.stage = Stage::Following;
        sitting.queue = sitting.step().then.clone().into();
    }
}

/// Whether the keys were pressed, or what they are for is true.
fn is_met(app: &App) -> bool {
    let Some(sitting) = &app.lesson else { return false };
    match &sitting.step().ask {
        Ask::Press { keys, until: None } => sitting.pressed >= keys.len() && is_settled(app),
        Ask::Press { until: Some(claim), .. } => {
            sitting.pressed > 0 && is_settled(app) && values::holds(app, claim) == Some(true)
        }
        Ask::GoOn | Ask::Guess(_) | Ask::Type { .. } | Ask::Edit { .. } => false,
    }
}

/// A command of the view: perhaps it is what is asked for.
pub fn note(app: &mut App, command: Command) {
    let view = Context::View(app.view);
    let Some(sitting) = app.lesson.as_mut().filter(|sitting| sitting.stage == Stage::Asking) else { return };
    let Ask::Press { keys, until } = &sitting.step().ask else { return };
    let is_wanted = |key: &String| keymap::named(view, key) == Some(command);
    let is_next = match until {
        Some(_) => keys.iter().any(is_wanted),
        None => keys.get(sitting.pressed).is_some_and(is_wanted),
    };
    sitting.pressed += usize::from(is_next);
    sitting.insists = false;
}

/// On to the next step; where something is asked first, a second time has it done.
pub fn go_on(app: &mut App) {
    let Some(sitting) = &mut app.lesson else { return };
    match sitting.stage {
        Stage::Met => {
            let to = if sitting.is_last() { Turn::Out } else { Turn::To(sitting.at + 1) };
            app.shared.hush();
            step_on(app, to);
        }
        Stage::Asking if sitting.insists => {
            let step = sitting.step();
            let deeds = step.answer().into();
            (sitting.stage, sitting.queue) = (Stage::Following, deeds);
            app.shared.hush();
        }
        Stage::Asking => {
            sitting.insists = true;
            app.shared.say("not yet: do what the lesson asks, or press enter once more to have it done");
        }
        Stage::Preparing | Stage::Following => app.shared.say("one moment"),
    }
}

/// Forward, the scene stays as it is: only the next step's own deeds are done.
fn step_on(app: &mut App, to: Turn) {
    let Some(sitting) = &mut app.lesson else { return };
    match to {
        Turn::To(at) if at < sitting.lesson.steps.len() => {
            let deeds = sitting.lesson.steps[at].deeds.clone();
            sitting.enter(at, deeds);
        }
        other => sitting.turn = Some(other),
    }
}

/// Takes what was typed.
pub fn take(app: &mut App) {
    let Some(sitting) = &app.lesson else { return };
    let typed = sitting.line.text().trim().to_owned();
    if typed.is_empty() {
        return app.shared.say("type an answer first, or esc shows it");
    }
    match sitting.step().ask.clone() {
        Ask::Type { .. } => {
            let is_right = values::is_answer(app, &typed);
            let answer = values::answer(app);
            if let Some(sitting) = &mut app.lesson {
                sitting.line.clear();
                if is_right {
                    sitting.told = Some(format!("Right: {answer}."));
                    return met(app);
                }
            }
            app.shared.say(format!("{typed} is not it; try again, or esc shows it"));
        }
        Ask::Edit { candidate, p } => edit(app, &typed, candidate, p),
        _ => {}
    }
}

fn edit(app: &mut App, typed: &str, candidate: usize, wanted: f64) {
    let number = typed.parse().ok().filter(|p: &f64| *p > 0.0 && *p < 1.0);
    let Some(p) = number else {
        return app
            .shared
            .say(format!("{typed} is no probability that can be given: type a number above 0 and below 1"));
    };
    let Some(sitting) = &mut app.lesson else { return };
    let row = sitting.row;
    let Some(table) = &mut sitting.table else { return };
    table.set(row, p);
    let is_it = table.candidates.get(candidate).is_some_and(|(_, own)| (own - wanted).abs() < 0.0005);
    let loss = table.loss();
    sitting.line.clear();
    if is_it {
        sitting.told = Some(format!("−log of the target's probability is now {loss:.2}."));
        met(app);
    } else {
        app.shared
            .say(format!("−log of the target's probability is now {loss:.2}; the lesson asks for another number"));
    }
}

/// What is asked for is shown.
pub fn show(app: &mut App) {
    let answer = values::answer(app);
    let Some(sitting) = &mut app.lesson else { return };
    let deeds = sitting.step().answer();
    sitting.told = Some(answer).filter(|answer| !answer.is_empty()).map(|answer| format!("It is {answer}."));
    (sitting.stage, sitting.queue) = (Stage::Following, deeds.into());
}

/// Another candidate of the table.
pub fn choose_candidate(app: &mut App, command: Command) {
    let Some(sitting) = &mut app.lesson else { return };
    let Some(table) = &sitting.table else { return };
    let last = table.candidates.len().saturating_sub(1);
    let by = if command == Command::Up { -1 } else { 1 };
    sitting.row = sitting.row.saturating_add_signed(by).min(last);
}

/// A guess was answered or given up: the lesson's step goes on, or it is said in the footer.
pub fn told(app: &mut App, words: String) {
    let is_asked = |sitting: &&mut Box<super::Sitting>| {
        sitting.is_on() && matches!(sitting.step().ask, Ask::Guess(_)) && sitting.stage != Stage::Met
    };
    match app.lesson.as_mut().filter(is_asked) {
        Some(sitting) => {
            sitting.told = Some(words).filter(|words| !words.is_empty());
            if sitting.stage == Stage::Asking {
                met(app);
            }
        }
        None if words.is_empty() => {}
        None => app.shared.say(words),
    }
}

/// Whether the loss goes up is to be seen: the step does what is to change it. `None` where no lesson asked.
pub fn follow_guess(app: &mut App) -> Option<Vec<Effect>> {
    let sitting = app.lesson.as_ref().filter(|sitting| sitting.is_on())?;
    (sitting.step().ask == Ask::Guess(Guess::Loss) && sitting.stage == Stage::Asking).then(|| {
        met(app);
        Vec::new()
    })
}
