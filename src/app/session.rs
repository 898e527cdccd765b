//! The sitting as a session, and a session as a sitting: what it shows is set, its steps are taken again.

use std::sync::Arc;

use super::training::{PRESETS, Probe, TrainingData, Twin, train};
use super::{Action, Activity, App, AttendPanel, Command, Effect, Progress, ScorePanel, TrainPanel, View};
use crate::engine::{CopyMask, CopyPlan, Data, Plan, TrainRequest};
use crate::inspect::weights::Pick;
use crate::mask::Paint;
use crate::sample::Record;
use crate::sequence::visible_text;
use crate::session::{self, Attend, CopyRun, Generate, Loss, Mask, On, Predict, Run, Screen, Session, Set};
use crate::source::Source;
use crate::train::{Goal, StepReport};

/// A session on its way back.
#[derive(Debug)]
pub(super) struct Reopening {
    session: Box<Session>,
    /// The model that it names.
    source: Option<Source>,
    /// How many of its runs were begun.
    begun: usize,
    /// What comes before the first of them was set.
    is_set: bool,
}

impl Reopening {
    pub fn of(session: Box<Session>, source: Option<Source>) -> Self {
        Self { session, source, begun: 0, is_set: false }
    }
}

impl App {
    /// The sitting as it is now, to be kept in a file.
    pub(in crate::app) fn session(&self) -> Session {
        let paint = self.painting.paint.iter().collect();
        let set = self.records.set.as_ref();
        Session {
            lossglass_session: session::VERSION,
            model: session::Model {
                // What has learned something goes on, whatever is on screen.
                name: self
                    .chosen_model
                    .clone()
                    .or((self.training.step > 0).then(|| self.source()))
                    .map(|s| s.argument()),
                compare: self.comparing.source.as_ref().map(Source::argument),
                template: self.template.clone(),
                eot_tokens: self.eot_tokens.clone(),
            },
            text: self.shared.text(),
            loss: Loss { policy: self.policy, denominator: self.denominator, paint },
            training: self.kept_training(),
            screen: self.kept_screen(),
            set: set.map(|set| Set {
                file: set.file.clone(),
                name: set.name.clone(),
                index: self.records.opened.unwrap_or(set.index),
            }),
            watched: self
                .watching
                .as_ref()
                .map(|watching| std::path::absolute(watching.path()).unwrap_or_else(|_| watching.path().to_owned())),
        }
    }

    fn kept_training(&self) -> session::Training {
        let training = &self.training;
        let (mut texts, mut sets): (Vec<session::Text>, Vec<Vec<Record>>) = Default::default();
        let mut runs: Vec<Run> = Vec::new();
        for (first, plan, text) in self.journal.runs() {
            let on = match &plan.data {
                Data::Screen { .. } => On::Text(place(&mut texts, text.cloned().unwrap_or_else(|| self.shared.text()))),
                Data::Samples { samples, encoding } => {
                    On::Set { set: place(&mut sets, samples.to_vec()), encoding: *encoding }
                }
            };
            let copies = [&plan.first].into_iter().chain(&plan.second).map(copy_run).collect();
            // What was asked for anew need not be other.
            if runs.last().is_none_or(|last| (&last.on, &last.copies) != (&on, &copies)) {
                runs.push(Run { first, on, copies });
            }
        }
        let data = match &training.data {
            TrainingData::Screen => None,
            TrainingData::Samples { name, samples } => {
                Some(session::Data { name: name.clone(), set: place(&mut sets, samples.to_vec()) })
            }
        };
        let probe = |probe: &Probe| session::Probe {
            name: probe.name.clone(),
            sample: probe.sample.clone(),
            measure: probe.measure,
        };
        session::Training {
            settings: training.settings.clone(),
            goal: training.goal,
            data,
            probes: training.probes.iter().map(probe).collect(),
            default_probes: self.asked.default_probes,
            probe_every: training.probe_every,
            sample_temperature: training.sample_temperature,
            twin: self.asked.preset.filter(|_| training.twin.is_some()).map(|preset| preset.title.into()),
            texts,
            sets,
            runs,
            reports: training.steps.clone(),
            twin_reports: training.twin.as_ref().map_or_else(Vec::new, |twin| twin.steps.clone()),
            changes: training.changes.iter().map(|change| (change.after, change.what.clone())).collect(),
            shown: training.shown.map(|_| training.shown_step()),
        }
    }

    fn kept_screen(&self) -> Screen {
        let views = &self.views;
        let predict = &views.predict;
        Screen {
            view: self.view.title().into(),
            cursor: self.cursor,
            attend: Attend {
                panel: views.attend.panel.title().into(),
                layer: views.attend.layer,
                pick: views.attend.pick.to_string(),
                back: views.attend.back,
                whole: views.attend.is_whole,
            },
            score: views.score.panel.title().into(),
            train: views.train.panel.title().into(),
            predict: Predict { temperature: predict.temperature, top_k: predict.top_k, what_if: predict.what_if },
            generate: Some(Generate { sampling: views.generate.sampling, count: views.generate.count }),
        }
    }
}

/// Where in the list it stands, at the end if it was not there.
fn place<T: PartialEq>(list: &mut Vec<T>, wanted: T) -> usize {
    list.iter().position(|one| *one == wanted).unwrap_or_else(|| {
        list.push(wanted);
        list.len() - 1
    })
}

fn copy_run(copy: &CopyPlan) -> CopyRun {
    let mask = match &copy.mask {
        CopyMask::Weights(weights) => Mask::Weights(weights.to_vec()),
        CopyMask::Policy(policy) => Mask::Policy(*policy),
    };
    CopyRun { settings: copy.settings.clone(), mask }
}

fn copy_plan(copy: &CopyRun) -> CopyPlan {
    let mask = match &copy.mask {
        Mask::Weights(weights) => CopyMask::Weights(weights.as_slice().into()),
        Mask::Policy(policy) => CopyMask::Policy(*policy),
    };
    CopyPlan { settings: copy.settings.clone(), mask }
}

/// While a session is on its way, only that can be done which ends it: everything else would make it another one.
pub(super) fn holds_back(app: &mut App, action: &Action) -> bool {
    if app.reopening.is_none() {
        return false;
    }
    match action {
        Action::Engine(_) | Action::Files(_) | Action::Resize(..) | Action::Do(Command::Quit) => false,
        Action::Do(Command::Cancel) => {
            app.reopening = None;
            app.shared.say("stopped: the session is not all back");
            false
        }
        _ => {
            app.shared.say("the session is on its way; esc stops it");
            true
        }
    }
}

/// The next piece of the session on its way, as soon as the one before is done.
pub(super) fn follow(app: &mut App) -> Vec<Effect> {
    let Some(mut reopening) = app.reopening.take() else { return Vec::new() };
    if matches!(app.analysis.progress, Progress::Failed(_)) || app.chosen_model != reopening.source {
        return Vec::new(); // what is wrong is on screen
    }
    let is_ready = app.is_current() && matches!(app.analysis.progress, Progress::Ready { .. });
    if !is_ready || app.training.activity != Activity::Idle {
        app.reopening = Some(reopening);
        return Vec::new();
    }
    let training = &reopening.session.training;
    let done = reopening.begun.checked_sub(1).and_then(|run| training.lasts().nth(run)).unwrap_or(0);
    if app.training.step != done {
        // Why the run ended before is on screen.
        return Vec::new();
    }
    let next = training.runs.get(reopening.begun);
    let text = match next.map(|run| &run.on) {
        Some(&On::Text(text)) => training.texts.get(text),
        Some(On::Set { .. }) => None,
        None => Some(&reopening.session.text),
    };
    if let Some(text) = text.filter(|text| **text != app.shared.text()) {
        app.shared.reopen(text);
        app.reopening = Some(reopening);
        return app.analyze();
    }
    if app.shared.text() == reopening.session.text && app.policy != reopening.session.loss.policy {
        // What the model writes by itself begins where the prompt ends.
        app.shared.choose_policy(reopening.session.loss.policy);
    }
    let mut effects = Vec::new();
    if !std::mem::replace(&mut reopening.is_set, true) {
        effects.extend(prepare(app, training));
    }
    match next {
        None => show(app, &reopening.session),
        Some(run) => {
            let last = training.lasts().nth(reopening.begun).unwrap_or(run.first);
            effects.extend(take_again(app, run, last, training));
            app.shared.say(format!("steps {} to {last} of the session are taken again; esc stops", run.first));
            reopening.begun += 1;
            app.reopening = Some(reopening);
        }
    }
    effects
}

/// What comes before the first step: probes, and the second copy of a twin run.
fn prepare(app: &mut App, kept: &session::Training) -> Vec<Effect> {
    let probe = |probe: &session::Probe| Probe {
        name: probe.name.clone(),
        sample: probe.sample.clone(),
        measure: probe.measure,
        losses: Vec::new(),
        twin_losses: Vec::new(),
    };
    app.training.probes = kept.probes.iter().map(probe).collect();
    app.training.probe_every = kept.probe_every.max(1);
    app.training.sample_temperature = kept.sample_temperature;
    (app.asked.default_probes, app.asked.probes) = (kept.default_probes.min(kept.probes.len()), false);
    let Some(preset) = kept.twin.as_ref().and_then(|title| PRESETS.iter().find(|preset| preset.title == title)) else {
        return Vec::new();
    };
    app.training.settings = kept.settings.clone();
    let [_, settings] = preset.settings(&kept.settings);
    let policy = preset.policies(app.sequence().kind, app.policy).map_or(app.policy, |[_, second]| second);
    let names = preset.names.map(str::to_owned);
    app.training.twin = Some(Twin { names, settings, policy, steps: Vec::new() });
    app.asked.preset = Some(preset);
    vec![train(TrainRequest::Twin(true))]
}

/// The steps of a run, from the one that comes next up to step `last`.
fn take_again(app: &mut App, run: &Run, last: usize, kept: &session::Training) -> Vec<Effect> {
    let data = match &run.on {
        On::Text(_) => Data::Screen { generation: app.analysis.generation },
        On::Set { set, encoding } => {
            let samples = kept.sets.get(*set).cloned().unwrap_or_default();
            Data::Samples { samples: samples.into(), encoding: *encoding }
        }
    };
    let mut copies = run.copies.iter().map(copy_plan);
    let Some(first) = copies.next() else { return Vec::new() };
    // A twin run that is over left the first copy as it was.
    let second = copies.next().filter(|_| app.training.twin.is_some());
    let plan = Box::new(Plan { data, first, second });
    let goal = Goal { steps: Some(last + 1 - run.first), ..Goal::default() };
    // What the screen says is what the steps are taken with: nothing is to be planned anew.
    app.training.settings = plan.first.settings.clone();
    app.shared.divide_by(plan.first.settings.denominator);
    app.begin_film();
    let mut effects = app.send_probes();
    if app.training.before.is_none() && app.training.film.first_step().is_none_or(|first| first == app.training.step) {
        effects.extend(app.continue_text());
    }
    let settings = app.step_settings();
    app.asked.hold(&mut app.training, settings);
    app.asked.run = Some(goal);
    app.training.activity = Activity::Running;
    effects.push(train(TrainRequest::Run { plan, goal }));
    effects
}

/// Everything is back where it was.
fn show(app: &mut App, session: &Session) {
    let Session { loss, training: kept, screen, .. } = session;
    app.shared.choose_policy(loss.policy);
    app.shared.divide_by(loss.denominator);
    app.shared.paint(Paint::from_iter(loss.paint.iter().copied()));
    let is_same = same(&app.training.steps, &kept.reports);
    let training = &mut app.training;
    (training.settings, training.goal) = (kept.settings.clone(), kept.goal);
    training.data = match &kept.data {
        None => TrainingData::Screen,
        Some(data) => {
            let samples: Arc<[Record]> = kept.sets.get(data.set).cloned().unwrap_or_default().into();
            TrainingData::Samples { name: data.name.clone(), samples }
        }
    };
    training.changes =
        kept.changes.iter().map(|(after, what)| super::Change { after: *after, what: what.clone() }).collect();
    let twins = training.twin.as_mut().map(|twin| (&mut twin.steps, &kept.twin_reports));
    let all_same = is_same && twins.as_ref().is_none_or(|(steps, reports)| same(steps, reports));
    if all_same {
        // They took the time that they took then.
        twins.into_iter().for_each(|(steps, reports)| steps.clone_from(reports));
        training.steps.clone_from(&kept.reports);
    }
    show_views(app, screen);
    if let Some(frame) = kept.shown.and_then(|step| app.training.film.at_step(step)) {
        app.show_step(Some(frame));
    }
    let steps = match kept.reports.len() {
        1 => "1 step".to_owned(),
        steps => format!("{steps} steps"),
    };
    if let Some(run) = &session.watched {
        let run = visible_text(&run.display().to_string());
        app.shared
            .complain(format!("the session is back without the run that it watched: lossglass train --watch {run}"));
        return;
    }
    match (kept.reports.len(), all_same, &session.set) {
        (_, true, Some(set)) if app.records.set.is_none() => {
            let file = set.file.display();
            app.shared.complain(format!("the session is back, but {file} is gone: its record is here, its list is not"));
        }
        _ if kept.twin.is_some() && app.training.twin.is_none() => {
            app.shared.complain("the session is back without its twin run, which this version does not know");
        }
        (0, ..) => app.shared.say("the session is back"),
        (_, true, _) => app.shared.say(format!("the session is back: {steps} taken again, the same losses to the bit")),
        (_, false, _) => app.shared.complain(
            "the session is back, with other losses than it was kept with: other weights, another device or another version",
        ),
    }
}

/// Whether steps came out the same to the bit.
fn same(taken: &[StepReport], kept: &[StepReport]) -> bool {
    let bits = |report: &StepReport| (report.step, report.loss.to_bits(), report.grad_norm.to_bits(), report.scored);
    taken.len() == kept.len() && taken.iter().zip(kept).all(|(taken, kept)| bits(taken) == bits(kept))
}

fn show_views(app: &mut App, screen: &Screen) {
    let named = |title: &str, names: &[&str]| names.iter().position(|name| *name == title).unwrap_or(0);
    app.view = View::EVERY[named(&screen.view, &View::EVERY.map(View::title))];
    app.shared.move_cursor_to(screen.cursor);
    let Attend { panel, layer, pick, back, whole } = &screen.attend;
    let attend = &mut app.views.attend;
    attend.panel = AttendPanel::EVERY[named(panel, &AttendPanel::EVERY.map(AttendPanel::title))];
    (attend.layer, attend.back, attend.is_whole) = (*layer, *back, *whole);
    attend.pick = pick.parse().unwrap_or(Pick::Mean);
    app.views.score.panel = ScorePanel::PACKED[named(&screen.score, &ScorePanel::PACKED.map(ScorePanel::title))];
    app.views.train.panel = TrainPanel::EVERY[named(&screen.train, &TrainPanel::EVERY.map(TrainPanel::title))];
    let predict = &mut app.views.predict;
    predict.temperature = screen.predict.temperature.clamp(0.1, 5.0);
    (predict.top_k, predict.what_if) = (screen.predict.top_k.clamp(1, 50), screen.predict.what_if);
    if let Some(Generate { sampling, count }) = screen.generate.as_ref().filter(|kept| kept.sampling.check().is_ok()) {
        (app.views.generate.sampling, app.views.generate.count) = (*sampling, (*count).clamp(1, 16));
    }
}
