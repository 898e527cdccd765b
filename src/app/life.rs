//! The life of a model: the text on screen under its weights along its training, one checkpoint after another. Each takes
//! its turn as the model that speaks, so that every view shows it and no two are in memory.

use std::sync::Arc;

use super::overlay::{About, Chosen, Item, Overlay, Picker, PickerKind};
use super::training::Frame;
use super::{App, Effect, FileRequest};
use crate::loss::Scores;
use crate::model::ModelInfo;
use crate::sequence::Sequence;
use crate::source::run::{self, Checkpoint};

/// A life that is looked at.
#[derive(Clone, Debug)]
pub struct Life {
    /// What the model is called.
    pub name: String,
    /// By step, ascending.
    pub checkpoints: Vec<Checkpoint>,
    /// What is to be known of them, if they are not all of one run.
    pub note: Option<String>,
    /// Which of them speaks.
    pub at: usize,
    /// What those said that have spoken, by step.
    pub frames: Vec<Frame>,
    /// What those are that have spoken, in the order of their frames.
    models: Vec<Arc<ModelInfo>>,
    /// Whether it goes on to the next one by itself.
    runs: bool,
    /// What `frames` are of.
    sequence: Arc<Sequence>,
}

impl Life {
    fn new(run::Life { name, checkpoints, note }: run::Life) -> Self {
        Self {
            name,
            checkpoints,
            note,
            at: 0,
            frames: Vec::new(),
            models: Vec::new(),
            runs: true,
            sequence: Arc::default(),
        }
    }

    /// The step of the checkpoint that speaks.
    pub fn step(&self) -> usize {
        self.checkpoints.get(self.at).map_or(0, |checkpoint| checkpoint.step)
    }

    /// The step of the last one.
    pub fn last_step(&self) -> usize {
        self.checkpoints.last().map_or(0, |checkpoint| checkpoint.step)
    }

    /// The frame of the one that speaks, once it has spoken.
    pub fn shown(&self) -> Option<usize> {
        self.frames.iter().position(|frame| frame.step == self.step())
    }

    /// What the one that speaks is, and said of `sequence`, if it was heard before.
    fn held(&self, sequence: &Sequence) -> Option<(Arc<ModelInfo>, Arc<Scores>)> {
        let shown = self.shown().filter(|_| *self.sequence == *sequence)?;
        Some((self.models[shown].clone(), self.frames[shown].scores.clone()))
    }

    fn next_unheard(&self) -> Option<usize> {
        let is_heard = |checkpoint: &Checkpoint| self.frames.iter().any(|frame| frame.step == checkpoint.step);
        self.checkpoints.iter().position(|checkpoint| !is_heard(checkpoint))
    }
}

/// Looks for the checkpoints of the model that speaks; under a life, leaves it.
pub(super) fn toggle(app: &mut App) -> Vec<Effect> {
    match app.life.take() {
        Some(life) => {
            app.shared.say(format!("the checkpoints of {} are put away; this one stays", life.name));
            Vec::new()
        }
        None => vec![Effect::Files(FileRequest::FindLife(app.source()))],
    }
}

/// These are the checkpoints: what is not here yet is fetched only when that is wanted.
pub(super) fn take(app: &mut App, found: Option<run::Life>) -> Vec<Effect> {
    let Some(life) = found else {
        app.shared.say(
            "no checkpoints of this model are known; m opens tiny-base, a folder that `lossglass pretrain` wrote, or a \
             Pythia, and L runs through its training",
        );
        return Vec::new();
    };
    let here = life.checkpoints.iter().filter(|checkpoint| checkpoint.is_here).count();
    let count = life.checkpoints.len();
    if here == count {
        return begin(app, life);
    }
    let all = Item {
        label: format!("all {count} checkpoints of {}", life.name),
        about: About::Words(format!("{} of them to download, one after another", count - here)),
        choice: Chosen::Life(life.clone().into()),
    };
    let mut of_here = life;
    of_here.checkpoints.retain(|checkpoint| checkpoint.is_here);
    let stored = (here > 1).then(|| Item {
        label: format!("the {here} on this machine"),
        about: About::Words("nothing to download".into()),
        choice: Chosen::Life(of_here.into()),
    });
    let items = stored.into_iter().chain([all]).collect();
    app.overlay = Some(Overlay::Picker(Picker::new(PickerKind::Life, items)));
    Vec::new()
}

/// The text runs through all of them, from the first on.
pub(super) fn begin(app: &mut App, life: run::Life) -> Vec<Effect> {
    let life = Life::new(life);
    let first = life.checkpoints.first().map(|checkpoint| checkpoint.source.clone());
    app.life = Some(Box::new(life));
    first.map_or_else(Vec::new, |source| app.take_model(source))
}

/// The checkpoint `by` places on speaks.
pub(super) fn slide(app: &mut App, by: isize) -> Vec<Effect> {
    let Some(life) = &mut app.life else {
        app.shared.say("L runs the text through the checkpoints of the model's training; then , and . go through them");
        return Vec::new();
    };
    life.runs = false;
    let at = life.at.saturating_add_signed(by).min(life.checkpoints.len().saturating_sub(1));
    if at == life.at {
        let end = if by < 0 { "first" } else { "last" };
        app.shared.say(format!("this is the {end} checkpoint"));
        return Vec::new();
    }
    let source = life.checkpoints[at].source.clone();
    let effects = app.take_model(source);
    // What it said before stands there at once; its weights follow.
    if !effects.is_empty()
        && let Some(life) = &mut app.life
    {
        life.at = at;
        recall(app);
    }
    effects
}

/// What the checkpoint that speaks said before is on screen again, if it was heard.
pub(super) fn recall(app: &mut App) {
    let held = app.life.as_ref().and_then(|life| life.held(&app.shared.analysis.sequence));
    if let Some((model, scores)) = held {
        app.shared.show_held(model, Scores::clone(&scores));
    }
}

/// The checkpoint of that step speaks.
pub(super) fn show(app: &mut App, step: usize) -> Vec<Effect> {
    let at = app.life.as_ref().and_then(|life| life.checkpoints.iter().position(|one| one.step == step));
    let by = at.zip(app.life.as_ref()).map_or(0, |(at, life)| at as isize - life.at as isize);
    if by == 0 { Vec::new() } else { slide(app, by) }
}

/// Nothing more is run through by itself; whether something was.
pub(super) fn stop(app: &mut App) -> bool {
    app.life.as_mut().is_some_and(|life| std::mem::take(&mut life.runs))
}

/// A model has read the text: another one than a checkpoint ends the life.
pub(super) fn hear(app: &mut App) {
    let source = app.source();
    let Some(life) = &mut app.life else { return };
    match life.checkpoints.iter().position(|checkpoint| checkpoint.source == source) {
        Some(at) => life.at = at,
        None => app.life = None,
    }
}

/// The text is scored: that is a row of the film, and the next one speaks where it runs on.
pub(super) fn go_on(app: &mut App) -> Vec<Effect> {
    let is_own = app.training.step == 0 && app.is_complete();
    let Some(life) = app.life.as_mut().filter(|_| is_own) else { return Vec::new() };
    if life.sequence != app.shared.analysis.sequence {
        (life.frames, life.models, life.sequence) = (Vec::new(), Vec::new(), app.shared.analysis.sequence.clone());
    }
    let Some(model) = app.shared.analysis.model.clone() else { return Vec::new() };
    let frame = Frame { step: life.step(), scores: Arc::new(app.shared.analysis.scores.clone()), twin: None };
    let place = life.frames.partition_point(|one| one.step < frame.step);
    match life.frames.get_mut(place).filter(|one| one.step == frame.step) {
        Some(same) => *same = frame,
        None => {
            life.frames.insert(place, frame);
            life.models.insert(place, model);
        }
    }
    if !life.runs {
        return Vec::new();
    }
    match life.next_unheard() {
        Some(next) => {
            let source = life.checkpoints[next].source.clone();
            app.take_model(source)
        }
        None => {
            life.runs = false;
            let words = format!("{} checkpoints of {}: , and . go through them", life.frames.len(), life.name);
            app.shared.say(words);
            Vec::new()
        }
    }
}

/// The film that is on screen: of the run, or where there is none of the life.
#[derive(Clone, Copy, Debug)]
pub struct Reel<'a> {
    /// By step, ascending.
    pub frames: &'a [Frame],
    /// The one that the views show.
    pub shown: usize,
    pub is_of_life: bool,
}

impl App {
    /// The film that is on screen.
    pub fn reel(&self) -> Reel<'_> {
        match self.life.as_ref().filter(|_| self.training.is_untouched()) {
            Some(life) => {
                let shown = life.shown().unwrap_or(life.frames.len().saturating_sub(1));
                Reel { frames: &life.frames, shown, is_of_life: true }
            }
            None => {
                let frames = &self.training.film.frames;
                let shown = self.training.shown.unwrap_or(frames.len().saturating_sub(1));
                Reel { frames, shown, is_of_life: false }
            }
        }
    }
}
