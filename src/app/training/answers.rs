//! What the engine says of the run.

use std::sync::Arc;

use crate::app::training::{Activity, Asked, Continuation, Film, Frame, Probe, Read, Training, watching};
use crate::app::{App, Effect, Shared, overlay};
use crate::engine::{At, Ended, TrainEvent};
use crate::loss::{Row, Scores};
use crate::sequence::visible_text;
use crate::train::StepReport;

/// Takes an event in.
pub fn take(app: &mut App, event: TrainEvent) -> Vec<Effect> {
    match event {
        TrainEvent::At(at) => return stand_at(app, at),
        TrainEvent::Past { step, generation, rows } => watching::take_past(app, step, generation, rows),
        TrainEvent::Unread { step, why } => watching::take_unread(app, step, &why),
        TrainEvent::Slow(step) => overlay::take_slow_step(app, step),
        TrainEvent::Ended(ended) => return end(app, ended),
        TrainEvent::Busy { what, fraction } if fraction < 1.0 => {
            app.training.activity = Activity::Busy { what: visible_text(&what), fraction };
        }
        TrainEvent::Busy { .. } => app.settle(),
        TrainEvent::Read { notes } => app.training.read = Some(Read { settings: app.step_settings(), notes }),
        TrainEvent::Continued { step, prompt, texts } => {
            // What was written after another text is of no use here.
            if app.is_current() {
                app.training.keep_continuation(Continuation { step, prompt, texts });
            }
        }
        TrainEvent::Saved { directory, bytes } => {
            app.settle();
            let megabytes = bytes as f64 / 1e6;
            app.shared.say(format!("saved in {}: {megabytes:.1} MB", directory.display()));
            app.training.saved = Some(directory);
        }
        TrainEvent::HandedOver { directory, start } => {
            app.settle();
            app.shared.say(format!("handed over; in {}: {start}", directory.display()));
        }
        TrainEvent::Refused(why) => {
            // A run that goes on all the same shows with its next step.
            app.asked.run = None;
            app.settle();
            overlay::stop_slow_step(app);
            app.shared.complain(why);
        }
    }
    Vec::new()
}

/// The weights are those after `at.step` steps.
fn stand_at(app: &mut App, at: At) -> Vec<Effect> {
    let is_step = !at.reports.is_empty();
    let went_back = !is_step && at.step != app.training.step;
    if is_step || went_back {
        app.shared.forget_contrast();
    }
    if is_step {
        app.asked.run.get_or_insert_default();
    }
    if is_step || went_back {
        app.views.leave_weights(at.step);
    }
    if app.training.activity != Activity::Pausing {
        app.settle();
    }
    if at.step < app.training.step {
        // An undone step is no run of its own.
        if at.step == 0 || at.step + 1 < app.training.step {
            app.remember_run();
        }
        let training = &mut app.training;
        app.asked.log.go_back(at.step, &mut training.changes);
        training.forget_after(at.step);
    }
    watching::stand_at(app, at.step);
    let training = &mut app.training;
    (training.step, training.oldest) = (at.step, at.oldest);
    training.take_reports(at.step, at.reports);
    training.take_probes(at.step, &at.probes);
    // Of a text that is shown no more, there is nothing to show.
    if at.generation == app.analysis.generation && app.is_current() {
        show_rows(app, at.step, at.rows, is_step);
    }
    let kept = app.keep_best();
    let writes = is_step && app.training.stage.as_ref().is_some_and(|stage| stage.writes_after(app.training.step));
    let continued = if went_back || writes { app.continue_text() } else { None };
    kept.into_iter().chain(continued).collect()
}

/// The film goes on; the views show the newest frame, unless they show a past one.
fn show_rows(app: &mut App, step: usize, rows: Vec<Vec<Row>>, is_step: bool) {
    let labels = app.experiment.labels;
    let mut copies = rows.into_iter().map(|rows| {
        let mut scores = Scores::under(labels);
        scores.splice(0, rows);
        Arc::new(scores)
    });
    let Some(scores) = copies.next() else { return };
    if scores.len() < app.len() {
        return stop_short(app, &scores);
    }
    let twin = copies.next().filter(|_| app.training.twin.is_some());
    let keeps_shown = is_step || app.watching.is_some();
    let training = &mut app.training;
    let shown = training.shown.filter(|_| keeps_shown).map(|_| training.shown_step());
    training.film.add(Frame { step, scores, twin });
    // Frames may have been dropped: the step that is shown, or the one before it, is elsewhere now.
    let frame = shown.and_then(|step| training.film.at_step(step));
    let is_same = frame.is_some_and(|frame| Some(training.film.frames[frame].step) == shown);
    training.shown = frame.filter(|frame| frame + 1 < training.film.frames.len());
    if training.shown.is_none() || !is_same {
        app.show_scores();
    }
    app.shared.finish_rescored();
}

/// The text was not scored to its end with the new weights: what is there is shown, and nothing of before.
fn stop_short(app: &mut App, scores: &Scores) {
    app.training.shown = None;
    app.shared.stop_analysis();
    app.shared.show_scores(scores.clone());
}

fn end(app: &mut App, ended: Ended) -> Vec<Effect> {
    let goal = app.asked.run.take();
    app.training.activity = Activity::Idle;
    overlay::stop_slow_step(app);
    let step = app.training.step;
    match ended {
        Ended::Goal(_) if goal.is_some_and(|goal| goal.steps == Some(1)) => {
            app.shared.say(format!("step {step} taken"))
        }
        Ended::Goal(why) => app.say_outcome(&format!("stopped at step {step}: {why}")),
        Ended::Paused => app.say_outcome(&format!("paused at step {step}; r goes on")),
        Ended::Failed(why) => app.shared.complain(format!("stopped at step {step}: {why}")),
    }
    // What the text costs without the experiment is another figure now.
    let anew = if app.experiment.is_on() { app.analyze() } else { Vec::new() };
    anew.into_iter().chain(app.continue_text()).collect()
}

impl App {
    /// Why the run ended, and what came of it in short.
    fn say_outcome(&mut self, why: &str) {
        let outcome = match &self.training.stage {
            Some(stage) => stage.outcome(),
            None => self.verdict().map(|verdict| verdict.summary()),
        };
        self.shared.say(outcome.map_or_else(|| why.to_owned(), |outcome| format!("{why} · {outcome}")));
    }

    /// What took a while is over; a run that it interrupted goes on.
    fn settle(&mut self) {
        self.training.activity = if self.asked.run.is_some() { Activity::Running } else { Activity::Idle };
    }

    /// The film begins with what the model says now, if it is all there.
    pub(in crate::app) fn begin_film(&mut self) {
        if self.training.film.frames.is_empty() && self.is_complete() && !self.is_empty() {
            let scores = Arc::new(self.analysis.scores.clone());
            self.training.film.add(Frame { step: self.training.step, scores, twin: None });
        }
    }

    /// Another sequence is on screen: what was said of the one before is no more.
    pub(in crate::app) fn drop_film(&mut self) {
        self.remember_run();
        let training = &mut self.training;
        (training.film, training.aside, training.shown) = Default::default();
        (training.before, training.now) = Default::default();
    }

    /// The text is run as `change` has it from now on. An experiment has a film of its own; the one without waits for its
    /// end.
    pub(in crate::app) fn run_otherwise(&mut self, change: impl FnOnce(&mut Shared)) -> Vec<Effect> {
        let before = self.experiment.clone();
        change(&mut self.shared);
        if self.experiment != before {
            let aside = if before.is_on() {
                self.remember_run();
                self.training.aside.take()
            } else {
                Some(std::mem::take(&mut self.training.film))
            };
            let training = &mut self.training;
            (training.film, training.aside) = match self.shared.experiment.is_on() {
                true => (Film::default(), aside),
                false => (aside.unwrap_or_default(), None),
            };
            training.shown = None;
        }
        self.analyze()
    }

    /// The demonstration is over: steps are taken as before it.
    pub(in crate::app) fn leave_stage(&mut self) {
        if let Some(stage) = self.training.stage.take() {
            let (settings, goal, data) = *stage.before;
            self.shared.divide_by(settings.denominator);
            (self.training.settings, self.training.goal, self.training.data) = (settings, goal, data);
            self.asked.probes = false;
        }
    }

    /// Another model speaks, whose weights are untouched; how it is to be trained stays.
    pub(in crate::app) fn drop_training(&mut self) {
        self.remember_run();
        self.leave_stage();
        let old = std::mem::take(&mut self.training);
        self.training = Training {
            settings: old.settings,
            goal: old.goal,
            data: old.data,
            probes: old.probes.into_iter().map(Probe::unmeasured).collect(),
            probe_every: old.probe_every,
            deciding: old.deciding,
            earlier: old.earlier,
            sample_temperature: old.sample_temperature,
            ..Training::default()
        };
        let Asked { default_probes, twin, demonstration, .. } = self.asked;
        self.asked = Asked { default_probes, twin, demonstration, ..Asked::default() };
    }
}

impl Training {
    /// What came after step `step` did not happen.
    fn forget_after(&mut self, step: usize) {
        self.steps.truncate(step);
        if let Some(aside) = &mut self.aside {
            aside.forget_after(step);
        }
        if let Some(twin) = &mut self.twin {
            twin.steps.truncate(step);
        }
        for probe in self.watched() {
            probe.losses.retain(|&(at, _)| at <= step);
            probe.twin_losses.retain(|&(at, _)| at <= step);
        }
        self.before.take_if(|before| before.step > step);
        self.now.take_if(|now| now.step > step);
        self.saved = None;
    }

    fn take_reports(&mut self, step: usize, reports: Vec<StepReport>) {
        let twin = self.twin.as_mut().map(|twin| &mut twin.steps);
        for (report, steps) in reports.into_iter().zip([Some(&mut self.steps), twin].into_iter().flatten()) {
            steps.truncate(step.saturating_sub(1));
            steps.push(report);
        }
    }

    /// Probes that were not scored have no value; those of another set of probes are none of these.
    fn take_probes(&mut self, step: usize, copies: &[Vec<Option<f64>>]) {
        let count = self.watched().count();
        for (copy, losses) in copies.iter().enumerate().filter(|(_, losses)| losses.len() == count) {
            for (probe, loss) in self.watched().zip(losses) {
                let measured = if copy == 0 { &mut probe.losses } else { &mut probe.twin_losses };
                if let Some(loss) = *loss {
                    measured.retain(|&(at, _)| at < step);
                    measured.push((step, loss));
                }
            }
        }
    }

    /// What was written at the film's first step is what all later ones are compared with.
    fn keep_continuation(&mut self, continuation: Continuation) {
        let is_first = self.film.first_step().is_none_or(|first| first == continuation.step);
        match self.before {
            None if is_first => self.before = Some(continuation),
            _ => self.now = Some(continuation),
        }
    }
}
