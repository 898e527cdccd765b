//! What the view asks the engine to look at, and what it saw.

use crate::app::{App, AttendPanel, Effect};
use crate::engine::{Look, LookAt, LookEvent, Request, Seen};
use crate::inspect::Leaning;
use crate::mask::Scope;

/// Rows that are looked at together; a longer text is looked at around the cursor.
const WINDOW: usize = 256;
/// The window begins at a multiple of this, so that it need not be looked at anew for every token the cursor goes.
const STEP: usize = 64;
/// Candidates kept of what a layer would predict.
const TOP_K: usize = 5;
/// Looks whose outcome is kept.
const KEPT: usize = 8;

/// What tells looks apart: the text, the weights, whose inside, and what of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    generation: u64,
    step: usize,
    is_second: bool,
    at: LookAt,
}

/// What was seen last, and what is being looked at.
#[derive(Clone, Debug, Default)]
pub struct Looked {
    number: u64,
    asked: Option<Key>,
    going: Option<(usize, usize)>,
    /// Why the look asked for last failed.
    problem: Option<String>,
    seen: Vec<(Key, Seen)>,
}

/// On what a prediction leans, for both models.
#[derive(Clone, Copy, Debug)]
pub struct Leanings<'a> {
    pub first: Option<&'a Leaning>,
    pub second: Option<&'a Leaning>,
}

impl Looked {
    /// What was seen there.
    pub fn of(&self, key: &Key) -> Option<&Seen> {
        self.seen.iter().find(|(seen, _)| seen == key).map(|(_, seen)| seen)
    }

    /// Nothing is seen, and what is on its way is dropped.
    pub(super) fn emptied(&self) -> Self {
        Self { number: self.number + 1, ..Self::default() }
    }

    /// How far the look under way is.
    pub fn going(&self) -> Option<(usize, usize)> {
        self.going
    }

    /// What was seen of weights after step `step` and later ones may be of a past that was gone back on.
    pub(super) fn forget_from(&mut self, step: usize) {
        self.seen.retain(|(key, _)| key.step < step);
        self.asked.take_if(|key| key.step >= step);
    }

    pub(super) fn take(&mut self, number: u64, step: usize, event: LookEvent) {
        if number != self.number {
            return;
        }
        match event {
            LookEvent::Going { done, of } => self.going = Some((done, of)),
            LookEvent::Dropped => (self.going, self.asked) = (None, None), // it is asked for anew
            LookEvent::Failed(why) => (self.going, self.problem) = (None, Some(why)),
            LookEvent::NotKept { nearest } => (self.going, self.problem) = (None, Some(not_kept(step, nearest))),
            LookEvent::Seen(seen) => {
                self.going = None;
                if let Some(key) = &mut self.asked {
                    // The trainer may have taken a step meanwhile.
                    key.step = step;
                    self.seen.insert(0, (key.clone(), seen));
                    self.seen.truncate(KEPT);
                }
            }
        }
    }

    /// The look under way ends; false where none is. The same is not asked for again until something else was.
    pub(super) fn stop(&mut self) -> bool {
        let is_awaited = self.problem.is_none() && self.asked.as_ref().is_some_and(|key| self.of(key).is_none());
        if is_awaited {
            self.number += 1;
            (self.going, self.problem) = (None, Some("stopped; another token, layer or panel looks again".into()));
        }
        is_awaited
    }

    /// `past` is the step of the film that is shown, if one is: what is shown of now is of whatever step it is by then.
    fn ask(&mut self, key: Key, past: Option<usize>) -> Effect {
        self.number += 1;
        (self.going, self.problem) = (None, None);
        let Key { generation, is_second, at, .. } = key.clone();
        self.asked = Some(key);
        Effect::Engine(Request::Look(Look { generation, number: self.number, step: past, is_second, at }))
    }
}

/// Asks for what the panel shows and was not seen yet.
pub fn follow(app: &mut App) -> Vec<Effect> {
    if blocked(app).is_some() {
        return Vec::new();
    }
    let wanted = match app.views.attend.panel {
        AttendPanel::Mask => [None, None],
        AttendPanel::Attention => [wanted_attention(app), None],
        AttendPanel::Heads => [wanted_heads(app), wanted_attention(app)],
        AttendPanel::Leaning => [wanted_leaning(app), wanted_second(app)],
        AttendPanel::Layers => [wanted_layers(app), None],
    };
    let past = app.training.shown.map(|_| app.training.shown_step());
    let looked = &mut app.views.attend.looked;
    let missing = wanted.into_iter().flatten().find(|key| looked.of(key).is_none());
    match missing {
        Some(key) if looked.asked.as_ref() != Some(&key) => vec![looked.ask(key, past)],
        _ => Vec::new(),
    }
}

/// Why nothing can be looked at now.
pub fn reason(app: &App) -> Option<String> {
    blocked(app).or_else(|| app.views.attend.looked.problem.clone())
}

/// Why nothing can be asked for.
fn blocked(app: &App) -> Option<String> {
    (!app.is_current() || !app.is_complete()).then(|| "waiting for the text to be scored".to_owned())
}

fn key(app: &App, at: LookAt) -> Option<Key> {
    let is_there = app.is_current() && app.is_complete() && !app.is_empty();
    is_there.then(|| Key { generation: app.analysis.generation, step: app.training.shown_step(), is_second: false, at })
}

/// Why a step of the film cannot be looked into, and what can.
fn not_kept(step: usize, nearest: [Option<usize>; 2]) -> String {
    let steps: Vec<String> = nearest.into_iter().flatten().map(|step| format!("step {step}")).collect();
    let there = match &steps[..] {
        [] => String::new(),
        steps => format!("; those after {} are (↑ ↓ in Train)", steps.join(" and ")),
    };
    format!(
        "the weights after step {step} are not kept{there}. b in Train goes back to step {step}: the steps that lead there \
         are taken again"
    )
}

/// The rows that are looked at: all of a short text, those around the cursor of a long one.
fn rows(app: &App) -> std::ops::Range<usize> {
    let start = match app.len() {
        n if n <= WINDOW => 0,
        n => (app.crosshair_row().saturating_sub(WINDOW / 2) / STEP * STEP).min(n - WINDOW),
    };
    start..app.len().min(start + WINDOW)
}

pub fn wanted_attention(app: &App) -> Option<Key> {
    key(app, LookAt::Attention { layer: app.shown_layer(), rows: rows(app), pick: None })
}

pub fn wanted_heads(app: &App) -> Option<Key> {
    key(app, LookAt::Heads { rows: rows(app) })
}

pub fn wanted_layers(app: &App) -> Option<Key> {
    key(app, LookAt::Layers { rows: rows(app), top_k: TOP_K })
}

pub fn wanted_leaning(app: &App) -> Option<Key> {
    let position = app.cursor;
    let is_predicted = position > 0 && position < app.len() && app.analysis.scores.target(position).is_some();
    is_predicted.then(|| key(app, LookAt::Leaning { position, scope: app.scope() })).flatten()
}

/// The same target in the second model, where one is compared: the last of its tokens that end where this one ends.
pub fn wanted_second(app: &App) -> Option<Key> {
    let second = &app.comparing.analysis;
    let stretch = app.comparing.comparison()?.at(app.cursor)?;
    let position = stretch.tokens[1].start;
    let is_there = second.is_complete() && second.tokenised == app.analysis.generation && position > 0;
    let at = LookAt::Leaning { position, scope: Scope::default() };
    is_there.then(|| key(app, at)).flatten().map(|key| Key { is_second: true, ..key })
}
