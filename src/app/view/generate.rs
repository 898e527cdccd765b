//! The view Generate: the true text beside what the model writes when it reads its own words.

use super::{Room, View, ViewCommand};
use crate::app::general::Part;
use crate::app::keymap::{Binding, Context};
use crate::app::{App, Effect, next, overlay};
use crate::engine::{Request, WriteEvent, WriteRequest, WriteWhat, WrittenText};
use crate::generate::{Moment, Sampling, Step};
use crate::sample::Sample;

/// What `t`, `k`, `p` and `b` go through.
const TEMPERATURES: [f64; 9] = [0.0, 0.3, 0.5, 0.7, 1.0, 1.3, 1.5, 2.0, 3.0];
const TOP_K: [Option<usize>; 5] = [None, Some(50), Some(20), Some(5), Some(2)];
const TOP_P: [Option<f64>; 5] = [None, Some(0.95), Some(0.9), Some(0.7), Some(0.5)];
const MIN_P: [Option<f64>; 4] = [None, Some(0.02), Some(0.05), Some(0.2)];
/// Continuations side by side at most.
const MOST: usize = 16;
/// Tokens that are written at most.
const LONGEST: usize = 128;

/// What was written from one place, all at the same samplings.
#[derive(Clone, Debug, PartialEq)]
pub struct Writing {
    /// Of the analysis, and how many of its tokens were the prompt.
    pub generation: u64,
    pub prompt: usize,
    pub samplings: Vec<Sampling>,
    /// How many steps the weights had had.
    pub step: usize,
    pub continuations: Vec<WrittenText>,
}

/// What the view remembers.
#[derive(Clone, Debug)]
pub struct Generate {
    pub sampling: Sampling,
    /// How many continuations are written, each with a seed of its own.
    pub count: usize,
    /// The continuation that is shown in full.
    shown: usize,
    number: u64,
    /// How often the engine said what stands written.
    heard: u64,
    asked: Option<(u64, usize, Vec<Sampling>)>,
    now: Option<Writing>,
    /// The same from other weights: what training changed.
    before: Option<Writing>,
    problem: Option<String>,
}

impl Default for Generate {
    fn default() -> Self {
        let sampling = Sampling { temperature: 0.0, max_tokens: LONGEST, ..Sampling::default() };
        Self { sampling, count: 1, shown: 0, number: 0, heard: 0, asked: None, now: None, before: None, problem: None }
    }
}

/// What only this view can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    Next,
    Run,
    Back,
    Force,
    Start,
    NextContinuation,
    PreviousContinuation,
    More,
    Fewer,
    Hotter,
    Cooler,
    TopK,
    TopP,
    MinP,
    Seed,
    Keep,
}

const fn bind(keys: &'static [&'static str], command: Command, help: &'static str, short: &'static str) -> Binding {
    let command = crate::app::Command::In(ViewCommand::Generate(command));
    Binding { context: Context::View(View::Generate), keys, command, help, short }
}

impl Room for Generate {
    const ABOUT: &'static str = "view Generate: what the model writes by itself";
    const BEHIND: Part = Part::Moving;
    const KEYS: &'static [Binding] = &[
        bind(&["space"], Command::Next, "one token more, from before the cursor", "space token"),
        bind(&["r"], Command::Run, "to the end", "r all"),
        bind(&["u"], Command::Back, "take the last token back", "u back"),
        bind(&["w"], Command::Force, "choose the next token yourself", "w force"),
        bind(&["a"], Command::Start, "begin again; after training, beside what it said", "a again"),
        bind(&["."], Command::NextContinuation, "next continuation", ""),
        bind(&[","], Command::PreviousContinuation, "previous continuation", ""),
        bind(&["+", "="], Command::More, "more continuations, each with its seed", "+- how many"),
        bind(&["-"], Command::Fewer, "fewer continuations", ""),
        bind(&["t"], Command::Hotter, "higher temperature; 0 is greedy", "t T temp"),
        bind(&["T"], Command::Cooler, "lower temperature", ""),
        bind(&["z"], Command::TopK, "top-k: only so many of the likeliest tokens", ""),
        bind(&["p"], Command::TopP, "top-p: only the likeliest with that share", ""),
        bind(&["b"], Command::MinP, "min-p: only those near the likeliest", ""),
        bind(&["x"], Command::Seed, "other seeds", ""),
        bind(&["y"], Command::Keep, "take what is written into the text", "y keep"),
    ];
    type Command = Command;

    fn run(app: &mut App, command: Command) -> Vec<Effect> {
        let own = &mut app.views.generate;
        match command {
            Command::Next => return go_on(app, WriteWhat::Step),
            Command::Run => return go_on(app, WriteWhat::Run),
            Command::Back => {
                let which = own.shown;
                return go_on(app, WriteWhat::Back { which, count: 1 });
            }
            Command::Force => force_by_hand(app),
            Command::Start => return start(app),
            Command::Keep => return keep(app),
            Command::NextContinuation => own.shown = (own.shown + 1) % own.count,
            Command::PreviousContinuation => own.shown = (own.shown + own.count - 1) % own.count,
            Command::More => own.count = (own.count + 1).min(MOST),
            Command::Fewer => own.count = own.count.saturating_sub(1).max(1),
            Command::Hotter => own.sampling.temperature = next_of(&TEMPERATURES, own.sampling.temperature, 1),
            Command::Cooler => own.sampling.temperature = next_of(&TEMPERATURES, own.sampling.temperature, -1),
            Command::TopK => own.sampling.top_k = next(&TOP_K, own.sampling.top_k, 1),
            Command::TopP => own.sampling.top_p = next(&TOP_P, own.sampling.top_p, 1),
            Command::MinP => own.sampling.min_p = next(&MIN_P, own.sampling.min_p, 1),
            Command::Seed => own.sampling.seed = own.sampling.seed.wrapping_add(MOST as u64),
        }
        Vec::new()
    }

    fn return_to(&mut self, before: Self) {
        *self = Self { number: self.number + 1, heard: self.heard, asked: None, ..before };
    }
}

/// So many tokens are written from the cursor on, or all of them.
pub(in crate::app) fn write(app: &mut App, tokens: Option<usize>) -> Vec<Effect> {
    let mut effects = start(app);
    if !effects.is_empty() {
        let more = match tokens {
            Some(tokens) => vec![WriteWhat::Step; tokens],
            None => vec![WriteWhat::Run],
        };
        effects.extend(more.into_iter().flat_map(|what| go_on(app, what)));
    }
    effects
}

/// Whether so many tokens are there, or all, or why there will be none.
pub(in crate::app) fn is_done(app: &App, tokens: Option<usize>) -> bool {
    let is_done = |one: &WrittenText| one.end.is_some() || tokens.is_some_and(|tokens| one.steps.len() >= tokens);
    app.views.generate.problem.is_some() || app.written().is_some_and(|all| all.continuations.iter().all(is_done))
}

impl Generate {
    /// Takes in what stands written; of what was begun before it is dropped.
    pub(in crate::app) fn take(&mut self, number: u64, event: WriteEvent) {
        if number != self.number {
            return;
        }
        self.heard += 1;
        match event {
            WriteEvent::Failed(why) => self.problem = Some(why),
            WriteEvent::Written { step, continuations } => {
                let Some((generation, prompt, samplings)) = self.asked.clone() else { return };
                let written = Writing { generation, prompt, samplings, step, continuations };
                let is_same = |old: &Writing| (old.prompt, &old.samplings) == (prompt, &written.samplings);
                // What the same seeds wrote with other weights stays beside it.
                self.before = match self.now.take() {
                    Some(now) if is_same(&now) && now.step != step => Some(now),
                    Some(now) if is_same(&now) => self.before.take(),
                    _ => None,
                };
                self.problem = None;
                self.now = Some(written);
            }
        }
    }

    /// One sampling for each continuation.
    fn samplings(&self) -> Vec<Sampling> {
        let of = |i: u64| Sampling { seed: self.sampling.seed.wrapping_add(i), ..self.sampling };
        (0..self.count as u64).map(of).collect()
    }

    /// How often the engine said what stands written.
    pub(in crate::app) fn heard(&self) -> u64 {
        self.heard
    }

    /// Why nothing is written, where something went wrong.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }
}

impl App {
    /// What is written from the place of the cursor, if something is.
    pub fn written(&self) -> Option<&Writing> {
        let here = |writing: &&Writing| writing.generation == self.analysis.generation && self.is_current();
        self.views.generate.now.as_ref().filter(here)
    }

    /// What the same seeds wrote with other weights.
    pub fn written_before(&self) -> Option<&Writing> {
        self.written().and(self.views.generate.before.as_ref())
    }

    /// Which continuation is shown in full.
    pub fn shown_continuation(&self) -> usize {
        let count = self.written().map_or(1, |writing| writing.continuations.len());
        self.views.generate.shown.min(count.saturating_sub(1))
    }

    /// The moment after the last token, or the one in which it was chosen.
    pub fn moment(&self) -> Option<&Moment> {
        let one = self.written()?.continuations.get(self.shown_continuation())?;
        one.next.as_ref().or(one.steps.last().map(|step| &step.moment))
    }

    /// Where the true text and the continuation part, as a token of the text.
    pub fn parting(&self, writing: &Writing, steps: &[Step]) -> Option<usize> {
        let written = steps.iter().enumerate().map(|(i, step)| (writing.prompt + i, step.id));
        let differs = |&(t, id): &(usize, u32)| self.sequence().tokens.get(t).is_some_and(|token| token.id != id);
        written.into_iter().find(differs).map(|(t, _)| t)
    }
}

/// The temperature next to this one, no further than the ends.
fn next_of(all: &[f64], current: f64, by: isize) -> f64 {
    let at = all.iter().position(|&one| one >= current).unwrap_or(all.len() - 1);
    all[at.saturating_add_signed(by).min(all.len() - 1)]
}

/// From the cursor, anew.
fn start(app: &mut App) -> Vec<Effect> {
    let why_not = match () {
        () if !app.is_current() || !app.is_complete() => Some("one moment: the text is not scored yet"),
        () if app.is_empty() => Some("there is no text to go on from; e types one"),
        () if app.cursor == 0 => Some("nothing stands before the first token: → moves the place"),
        () if app.experiment.is_on() => {
            Some("an experiment is on, and the model writes as it was trained; esc in Attend ends it")
        }
        () => None,
    };
    if let Some(why_not) = why_not {
        app.shared.say(why_not);
        return Vec::new();
    }
    let (generation, prompt) = (app.analysis.generation, app.cursor);
    let own = &mut app.views.generate;
    own.number += 1;
    let samplings = own.samplings();
    own.asked = Some((generation, prompt, samplings.clone()));
    let what = WriteWhat::Start { prompt, samplings };
    vec![Effect::Engine(Request::Write(WriteRequest { generation, number: own.number, what }))]
}

/// Goes on with what is written, or begins where the cursor stands, or the settings are others now.
fn go_on(app: &mut App, what: WriteWhat) -> Vec<Effect> {
    let wanted = (app.analysis.generation, app.cursor, app.views.generate.samplings());
    let is_begun = app.views.generate.asked.as_ref() == Some(&wanted);
    let is_stale = app.written().is_some_and(|writing| writing.step != app.training.step);
    let mut effects = if is_begun && !is_stale { Vec::new() } else { start(app) };
    if !is_begun && effects.is_empty() {
        return effects; // and it was said why
    }
    let (generation, number) = (app.analysis.generation, app.views.generate.number);
    effects.push(Effect::Engine(Request::Write(WriteRequest { generation, number, what })));
    effects
}

/// The list of tokens opens, of which one is to come next.
fn force_by_hand(app: &mut App) {
    let Some(moment) = app.moment() else {
        return app.shared.say("space writes the first token; then another one can take its place");
    };
    let likely: Vec<(u32, f64)> = moment.top.iter().map(|choice| (choice.id, choice.p)).collect();
    overlay::choose_forced(app, &likely);
}

/// This token comes next.
pub(in crate::app) fn force(app: &mut App, id: u32) -> Vec<Effect> {
    let which = app.shown_continuation();
    if app.written().and_then(|writing| writing.continuations.get(which)?.end).is_some() {
        app.shared.say("this continuation has ended; u takes its last token back");
        return Vec::new();
    }
    go_on(app, WriteWhat::Force { which, id })
}

/// The text becomes what stands before the cursor and what was written.
fn keep(app: &mut App) -> Vec<Effect> {
    let written =
        app.written().and_then(|writing| Some((writing, writing.continuations.get(app.shown_continuation())?)));
    let Some((writing, one)) = written.filter(|(_, one)| !one.text.is_empty()) else {
        app.shared.say("nothing is written yet: space writes a token, r all of them");
        return Vec::new();
    };
    let sample = match &app.sample {
        Sample::Prepared(_) => {
            app.shared.say("what a trainer prepared is ids, not text: nothing can be added to it");
            return Vec::new();
        }
        Sample::Text(_) => {
            let chars = app.sequence().chars_before(writing.prompt);
            let start: String = app.sequence().text.chars().take(chars).collect();
            Sample::Text(start + &one.text)
        }
        Sample::Chat(chat) => {
            let mut chat = chat.clone();
            let Some(turn) = app.sequence().tokens.get(writing.prompt).and_then(|token| token.turn) else {
                app.shared.say("no message begins here: put the cursor on the first token of an answer");
                return Vec::new();
            };
            chat.messages.truncate(turn + 1);
            let before = written_so_far(app, turn, writing.prompt);
            if let Some(message) = chat.messages.last_mut() {
                message.content = before + &one.text;
            }
            Sample::Chat(chat)
        }
    };
    app.records.leave_record();
    app.shared.replace(sample, "written by the model");
    app.shared.say("this is the text now: the model's own words are cheap to itself");
    app.analyze()
}

/// What of the turn's content stands before token `t`.
fn written_so_far(app: &App, turn: usize, t: usize) -> String {
    let own = app.sequence().tokens.iter().take(t);
    let content = own.filter(|token| token.turn == Some(turn) && token.part == crate::template::Part::Content);
    let bytes: Vec<u8> = content.flat_map(|token| token.bytes.iter().copied()).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}
