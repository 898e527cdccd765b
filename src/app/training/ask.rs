//! What is asked of the trainer: steps, runs, the way back.

use super::{Activity, Probe, Training};
use crate::app::{App, Command, Effect};
use crate::engine::{Plan, Request, TrainRequest, Watch};
use crate::train::Goal;

const ONE_STEP: Goal = Goal { steps: Some(1), loss: None, plateau: None };

/// What a command of all views asks of the trainer.
pub fn ask(app: &mut App, command: Command) -> Vec<Effect> {
    match command {
        Command::Step => start(app, ONE_STEP, run),
        Command::Run if app.training.activity == Activity::Running => pause(app),
        Command::Run => start(app, app.training.goal, run),
        Command::UndoStep => undo(app),
        Command::ResetWeights => reset(app),
        _ => Vec::new(),
    }
}

/// One step that is taken apart; a run under way is not disturbed.
pub fn step_slowly(app: &mut App) -> Vec<Effect> {
    if app.training.activity == Activity::Running {
        app.shared.say("a run is under way: r pauses it, then a step can be taken apart");
        return Vec::new();
    }
    start(app, ONE_STEP, |plan, _| TrainRequest::StepSlowly(plan))
}

fn run(plan: Box<Plan>, goal: Goal) -> TrainRequest {
    TrainRequest::Run { plan, goal }
}

/// Whether the trainer does nothing and is to do nothing.
pub fn is_idle(app: &App) -> bool {
    let asked = &app.asked;
    let waits = asked.run.is_some() || asked.twin.is_some() || asked.demonstration.is_some();
    app.training.activity == Activity::Idle && !waits
}

/// So many steps.
pub fn steps(app: &mut App, count: usize) -> Vec<Effect> {
    start(app, Goal { steps: Some(count), ..Goal::default() }, run)
}

/// A request to the trainer as an effect.
pub fn train(request: TrainRequest) -> Effect {
    Effect::Engine(Request::Train(request))
}

/// Steps until the goal, with what belongs before the first.
fn start(app: &mut App, goal: Goal, request: fn(Box<Plan>, Goal) -> TrainRequest) -> Vec<Effect> {
    match &app.training.activity {
        Activity::Idle => {}
        Activity::Running => return Vec::new(),
        Activity::Pausing => {
            app.shared.say("pausing; one moment");
            return Vec::new();
        }
        Activity::Busy { what, .. } => {
            app.shared.say(format!("one moment: {what}; esc stops it"));
            return Vec::new();
        }
    }
    let plan = match app.plan() {
        Ok(plan) => Box::new(plan),
        Err(text) => {
            app.shared.complain(text);
            return Vec::new();
        }
    };
    if app.training.shown.is_some() {
        app.show_step(None);
    }
    app.begin_film();
    let mut effects = app.send_probes();
    let is_at_first_step = app.training.film.first_step().is_none_or(|first| first == app.training.step);
    if app.training.before.is_none() && is_at_first_step {
        effects.extend(app.continue_text());
    }
    let settings = app.step_settings();
    app.asked.hold(&mut app.training, settings);
    app.asked.run = Some(goal);
    app.training.activity = Activity::Running;
    effects.push(train(request(plan, goal)));
    effects
}

/// Ends what is under way, if anything is.
pub fn pause(app: &mut App) -> Vec<Effect> {
    match app.training.activity {
        Activity::Idle | Activity::Pausing => return Vec::new(),
        Activity::Running => app.training.activity = Activity::Pausing,
        // It says itself when it is over.
        Activity::Busy { .. } => {}
    }
    vec![train(TrainRequest::Pause)]
}

/// A run under way goes on as the screen says now.
pub fn follow(app: &mut App) -> Vec<Effect> {
    let Training { settings, twin, .. } = &mut app.training;
    settings.denominator = app.shared.denominator;
    if let (Some(preset), Some(twin)) = (app.asked.preset, twin) {
        let [_, second] = preset.settings(settings);
        twin.settings = second;
    }
    if app.training.activity != Activity::Running {
        return Vec::new();
    }
    let settings = app.step_settings();
    if app.asked.log.last() == Some(&settings) {
        return Vec::new();
    }
    match app.plan() {
        Ok(plan) => {
            app.asked.hold(&mut app.training, settings);
            vec![train(TrainRequest::Replan(Box::new(plan)))]
        }
        Err(text) => {
            app.shared.complain(format!("paused: {text}"));
            pause(app)
        }
    }
}

fn undo(app: &mut App) -> Vec<Effect> {
    let training = &app.training;
    if training.step == 0 && training.activity == Activity::Idle {
        app.shared.say("no step was taken yet; space takes one");
        return Vec::new();
    }
    if training.step <= training.oldest && training.step > 0 {
        let oldest = training.oldest;
        app.shared.say(format!("nothing before step {oldest} is kept; X goes back to the base weights"));
        return Vec::new();
    }
    go_back(app, TrainRequest::Undo)
}

fn reset(app: &mut App) -> Vec<Effect> {
    let is_idle = app.training.activity == Activity::Idle;
    app.shared.say(match app.training.step {
        0 if is_idle => "these are the base weights: no step was taken yet",
        _ => "back to the exact base weights",
    });
    go_back(app, TrainRequest::Reset)
}

/// The trainer ends the run by itself for what goes back.
pub fn go_back(app: &mut App, request: TrainRequest) -> Vec<Effect> {
    if app.training.activity == Activity::Running {
        app.training.activity = Activity::Pausing;
    }
    vec![train(request)]
}

impl App {
    /// The views show this frame of the film, `None` or the last one = what the weights say now.
    pub(in crate::app) fn show_step(&mut self, frame: Option<usize>) {
        let frames = &self.training.film.frames;
        self.training.shown = frame.filter(|&frame| frame + 1 < frames.len());
        self.show_scores();
    }

    /// The views show the film's frame that is chosen, if there is one.
    pub(in crate::app) fn show_scores(&mut self) {
        match self.training.frame() {
            Some(frame) => self.shared.show_scores((*frame.scores).clone()),
            None => self.shared.forget_distribution(),
        }
    }

    /// What the model writes after the prompt on screen is asked for.
    pub(in crate::app) fn continue_text(&self) -> Option<Effect> {
        self.continuation().map(train)
    }

    /// The trainer is told which probes to watch, if it does not know.
    pub(in crate::app) fn send_probes(&mut self) -> Vec<Effect> {
        if std::mem::replace(&mut self.asked.probes, true) {
            return Vec::new();
        }
        let watch = |probe: &mut Probe| Watch { sample: probe.sample.clone(), measure: probe.measure };
        let probes = self.training.watched().map(watch).collect();
        vec![train(TrainRequest::Probe { probes, encoding: self.encoding, every: self.training.probe_every })]
    }

    /// The trainer is told which step is best by now, if that is another one.
    pub(in crate::app) fn keep_best(&mut self) -> Option<Effect> {
        let step = self.training.best().map(|(step, _)| step);
        let is_new = std::mem::replace(&mut self.asked.kept, step) != step;
        is_new.then(|| train(TrainRequest::Keep { step }))
    }
}
