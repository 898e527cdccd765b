//! Running every step of a lesson without a screen, and judging its claims.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::printable;
use crate::app::{Action, Activity, App, Command, Effect, Judged, Progress, Standing, Start, update};
use crate::engine::{Engine, Event};
use crate::lesson::Lesson;
use crate::sample::Sample;

/// How long a step may take: models are downloaded and trained in it.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long a value may be on its way once the step stands.
const SHORT: Duration = Duration::from_secs(10);

/// Runs the lesson and prints, for each step, what it says and whether its claims hold.
///
/// # Errors
/// If a step cannot be run at all.
pub fn run(lesson: Lesson) -> Result<ExitCode> {
    println!("{}: {} steps", printable(&lesson.title), lesson.steps.len());
    let steps = lesson.steps.len();
    let mut class = Class::sit(lesson)?;
    let (mut claims, mut failed) = (0, 0);
    for at in 0..steps {
        let told = class.step(at)?;
        println!("\n{} of {steps}  {}", at + 1, printable(&told.title));
        println!("    {}", printable(&told.text));
        for Judged { line, claim, holds, sides } in told.claims {
            claims += 1;
            failed += usize::from(holds != Some(true));
            let verdict = match holds {
                Some(true) => "holds",
                Some(false) => "does not hold",
                None => "cannot be judged",
            };
            println!("    line {line}: {} {verdict} ({})", printable(&claim), printable(&sides));
        }
        if let Some(result) = told.result {
            println!("    then: {}", printable(&result));
        }
    }
    println!("\n{} of {claims} claims hold", claims - failed);
    Ok(if failed > 0 { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// A step that was run.
struct Told {
    title: String,
    text: String,
    claims: Vec<Judged>,
    /// What came of what the step asks for.
    result: Option<String>,
}

/// The screen's state and its engine, without a screen.
struct Class {
    app: App,
    engine: Engine,
    events: Receiver<Event>,
}

impl Class {
    fn sit(lesson: Lesson) -> Result<Self> {
        let (sender, events) = mpsc::channel();
        let emit = move |event| sender.send(event).is_ok();
        let engine =
            Engine::spawn(candle_core::Device::Cpu, Default::default(), emit).context("starting the engine")?;
        let start = Start { lesson: Some(Arc::new(lesson)), ..Start::on(Sample::Text(String::new()), "") };
        let (app, effects) = App::new(start);
        let mut class = Self { app, engine, events };
        class.perform(effects);
        class.act(Action::Resize(120, 40));
        Ok(class)
    }

    fn act(&mut self, action: Action) {
        let effects = update(&mut self.app, action);
        self.perform(effects);
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Engine(request) => self.engine.send(request),
                Effect::CancelEngine => self.engine.cancel(),
                Effect::CancelSurvey => self.engine.cancel_survey(),
                // A lesson was read with its files: it asks for none any more, and writes none.
                Effect::Files(_) | Effect::Picture { .. } => {}
            }
        }
    }

    /// Takes in what the engine says until `done`; whether it came to that in time.
    fn until(&mut self, patience: Duration, done: impl Fn(&App) -> bool) -> Result<bool> {
        let start = Instant::now();
        while !done(&self.app) {
            if let Progress::Failed(why) = &self.app.analysis.progress {
                bail!("step {}: {why}", self.at() + 1);
            }
            if start.elapsed() > patience {
                return Ok(false);
            }
            match self.events.recv_timeout(Duration::from_millis(50)) {
                Ok(event) => self.act(Action::Engine(event)),
                // What a step opened over the view, nobody else closes; while the model learns, that would stop it.
                Err(_) if self.app.overlay.is_some() && self.app.training.activity == Activity::Idle => {
                    self.act(Action::Do(Command::Cancel));
                }
                Err(_) => {}
            }
        }
        Ok(true)
    }

    fn at(&self) -> usize {
        self.app.lesson.as_ref().map_or(0, |sitting| sitting.at)
    }

    /// Comes to step `at`, judges it, and has done what it asks.
    fn step(&mut self, at: usize) -> Result<Told> {
        let stage = |app: &App| app.lesson.as_ref().map(|sitting| (sitting.at, sitting.stage));
        let stands = |app: &App| matches!(stage(app), Some((step, Standing::Asking | Standing::Met)) if step == at);
        if !self.until(PATIENCE, |app| stands(app) && app.lesson.as_ref().is_some_and(|s| !s.is_busy()))? {
            bail!("step {}: it is not ready after ten minutes", at + 1);
        }
        // A guess hides what the text speaks of: it is given up before that is judged.
        if self.app.guess.is_some() {
            self.act(Action::Do(Command::Cancel));
        }
        let all_judged =
            |app: &App| app.lesson_is_known() && app.lesson_claims().iter().all(|claim| claim.holds.is_some());
        self.until(SHORT, all_judged)?;
        // Which of its texts it says is decided with the last value.
        self.act(Action::Resize(120, 40));
        let sitting = self.app.lesson.as_ref().context("the lesson was left")?;
        let title = sitting.step().title.clone();
        let text = self.app.lesson_text().unwrap_or_default();
        let claims = self.app.lesson_claims();
        let mut result = None;
        if stage(&self.app) == Some((at, Standing::Asking)) {
            (0..2).for_each(|_| self.act(Action::Do(Command::GoOn)));
        }
        if !self.until(PATIENCE, |app| stage(app) == Some((at, Standing::Met)))? {
            bail!("step {}: what it asks for does not come about", at + 1);
        }
        if let Some(sitting) = &self.app.lesson {
            result = sitting.told.clone();
        }
        self.act(Action::Do(Command::GoOn));
        Ok(Told { title, text, claims, result })
    }
}
