//! What is asked of the trainer: steps, runs, the way back.

use super::next;
use crate::app::settings::{HIGHEST_RATE, LOWEST_RATE, next_round};
use crate::app::training::{Activity, Panel, Training};
use crate::app::{App, Command, Effect, Notice, View};
use crate::engine::{Request, TrainRequest};
use crate::train::Goal;

/// What a command asks of the trainer; `None` if it is none of the trainer's.
pub fn run(app: &mut App, command: Command) -> Option<Vec<Effect>> {
    match command {
        Command::Step => Some(start(app, Goal { steps: Some(1), ..Goal::default() })),
        Command::Run if app.training.activity == Activity::Running => Some(pause(app)),
        Command::Run => Some(start(app, app.training.goal)),
        Command::UndoStep => Some(undo(app)),
        Command::ResetWeights => Some(reset(app)),
        Command::Rewind => Some(rewind(app)),
        Command::Up if app.view == View::Train => Some(scrub(app, -1)),
        Command::Down if app.view == View::Train => Some(scrub(app, 1)),
        Command::RaiseRate => Some(step_rate(app, true)),
        Command::LowerRate => Some(step_rate(app, false)),
        Command::NextPanel if app.view == View::Train => {
            app.training.panel = next(&Panel::EVERY, app.training.panel, 1);
            Some(Vec::new())
        }
        _ => None,
    }
}

/// A request to the trainer as an effect.
pub fn train(request: TrainRequest) -> Effect {
    Effect::Engine(Request::Train(request))
}

/// Steps until the goal, with what belongs before the first.
fn start(app: &mut App, goal: Goal) -> Vec<Effect> {
    match &app.training.activity {
        Activity::Idle => {}
        Activity::Running => return Vec::new(),
        Activity::Pausing => {
            app.say("pausing; one moment");
            return Vec::new();
        }
        Activity::Busy { what, .. } => {
            app.say(format!("one moment: {what}; esc stops it"));
            return Vec::new();
        }
    }
    let plan = match app.plan() {
        Ok(plan) => Box::new(plan),
        Err(text) => {
            app.notice = Some(Notice { text, is_error: true });
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
    effects.push(train(TrainRequest::Run { plan, goal }));
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
    settings.denominator = app.denominator;
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
            app.notice = Some(Notice { text: format!("paused: {text}"), is_error: true });
            pause(app)
        }
    }
}

fn undo(app: &mut App) -> Vec<Effect> {
    let training = &app.training;
    if training.step == 0 && training.activity == Activity::Idle {
        app.say("no step was taken yet; space takes one");
        return Vec::new();
    }
    if training.step <= training.oldest && training.step > 0 {
        let oldest = training.oldest;
        app.say(format!("nothing before step {oldest} is kept; X goes back to the base weights"));
        return Vec::new();
    }
    go_back(app, TrainRequest::Undo)
}

fn reset(app: &mut App) -> Vec<Effect> {
    let is_idle = app.training.activity == Activity::Idle;
    app.say(match app.training.step {
        0 if is_idle => "these are the base weights: no step was taken yet",
        _ => "back to the exact base weights",
    });
    go_back(app, TrainRequest::Reset)
}

/// The weights become those of the step that is shown.
fn rewind(app: &mut App) -> Vec<Effect> {
    let step = app.training.shown_step();
    if app.training.shown.is_none() {
        app.say("these are the weights of now; ↑ in the view Train chooses a step to go back to");
        return Vec::new();
    }
    if step < app.training.oldest {
        app.say(format!("step {step} is too long ago: {} and later ones can be gone back to", app.training.oldest));
        return Vec::new();
    }
    go_back(app, TrainRequest::Rewind { step })
}

/// The trainer ends the run by itself for what goes back.
pub fn go_back(app: &mut App, request: TrainRequest) -> Vec<Effect> {
    if app.training.activity == Activity::Running {
        app.training.activity = Activity::Pausing;
    }
    vec![train(request)]
}

/// The views show an earlier or a later step of the film.
fn scrub(app: &mut App, by: isize) -> Vec<Effect> {
    let last = app.training.film.frames.len().saturating_sub(1);
    if last == 0 {
        app.say("no step was taken yet; space takes one");
        return Vec::new();
    }
    let at = app.training.shown.unwrap_or(last).saturating_add_signed(by).min(last);
    app.show_step(Some(at));
    Vec::new()
}

fn step_rate(app: &mut App, is_up: bool) -> Vec<Effect> {
    let settings = &mut app.training.settings;
    settings.lr = next_round(settings.lr, is_up).clamp(LOWEST_RATE, HIGHEST_RATE);
    let text = format!("learning rate {:e}", settings.lr);
    app.say(text);
    Vec::new()
}

impl App {
    /// The views show this frame of the film, `None` or the last one = what the weights say now.
    pub(super) fn show_step(&mut self, frame: Option<usize>) {
        let frames = &self.training.film.frames;
        self.training.shown = frame.filter(|&frame| frame + 1 < frames.len());
        self.show_scores();
    }

    /// The views show the film's frame that is chosen, if there is one.
    pub(super) fn show_scores(&mut self) {
        if let Some(frame) = self.training.frame() {
            self.analysis.scores = (*frame.scores).clone();
            self.reprice();
        }
        // The engine knows the distribution of the present weights only.
        self.distribution = None;
        self.distribution_asked = None;
    }

    /// What the model writes after the prompt on screen is asked for.
    pub(super) fn continue_text(&self) -> Option<Effect> {
        self.continuation().map(train)
    }

    /// The trainer is told which probes to watch, if it does not know.
    pub(super) fn send_probes(&mut self) -> Vec<Effect> {
        if std::mem::replace(&mut self.asked.probes, true) {
            return Vec::new();
        }
        let probes = self.training.probes.iter().map(|probe| probe.sample.clone()).collect();
        vec![train(TrainRequest::Probe { probes, encoding: self.encoding, every: self.training.probe_every })]
    }
}
