//! `update`, the only writer of [`App`].

mod collecting;
mod comparing;
mod editing;
mod engine;
mod files;
mod inspecting;
mod models;
mod overlays;
mod painting;
mod picking;
mod records;
mod saving;
mod settings;
mod steps;
mod training;
mod twin;

pub(super) use records::open_at_start as open_set;
pub(super) use steps::pause;

use super::{Action, Activity, App, Command, Effect, Notice, Overlay, Progress, ThemeName, TrainingData, View};
use crate::loss::Denominator;
use crate::mask::{Basis, Mode};
use crate::sample::{Form, Sample};
use crate::sequence::Packing;

/// Temperatures that `t` and `T` go through.
const TEMPERATURES: [f64; 11] = [0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.3, 1.5, 2.0, 3.0, 5.0];
/// Candidates shown at most.
const MOST_CANDIDATES: usize = 50;
/// Tokens or lines that page keys go.
const PAGE: isize = 10;

/// Takes one action into the state; what has to be done outside comes back.
pub fn update(app: &mut App, action: Action) -> Vec<Effect> {
    let mut effects = match action {
        Action::Do(command) => run(app, command),
        Action::Type(input) => overlays::type_key(app, input),
        Action::Paste(text) => overlays::paste(app, &text),
        Action::Goto(t) => {
            app.painting.anchor = None;
            app.move_cursor_to(t);
            Vec::new()
        }
        Action::Drag(t) => {
            match app.view {
                View::Score => painting::extend(app, t),
                _ => app.move_cursor_to(t),
            }
            Vec::new()
        }
        Action::Basis(basis) => {
            app.choose_basis(basis);
            Vec::new()
        }
        Action::Pick(line) => overlays::click(app, line),
        Action::FocusTurn(index) => editing::focus_turn(app, index),
        Action::ShowStep(step) => {
            let frame = app.training.film.at_step(step);
            app.show_step(frame);
            Vec::new()
        }
        Action::ShowPanel(panel) => {
            app.training.panel = panel;
            Vec::new()
        }
        Action::ShowScorePanel(panel) => {
            app.score_panel = panel;
            Vec::new()
        }
        Action::Resize(columns, rows) => {
            app.size = (columns, rows);
            Vec::new()
        }
        Action::Engine(event) => engine::take(app, event),
        Action::Files(outcome) => files::take(app, outcome),
    };
    effects.extend(steps::follow(app));
    effects.extend(app.ask_for_distribution());
    effects
}

fn run(app: &mut App, command: Command) -> Vec<Effect> {
    if command == Command::Quit {
        app.quit = true;
        let mut effects = pause(app);
        effects.push(Effect::CancelEngine);
        return effects;
    }
    match overlays::run(app, command) {
        Some(effects) => effects,
        None => run_in_view(app, command),
    }
}

fn run_in_view(app: &mut App, command: Command) -> Vec<Effect> {
    app.notice = None;
    if let Some(effects) = steps::run(app, command) {
        return effects;
    }
    if let Some(effects) = records::run_in_view(app, command) {
        return effects;
    }
    if inspecting::run(app, command) || painting::run(app, command) {
        return Vec::new();
    }
    match command {
        Command::Left => app.move_cursor(-1),
        Command::Right => app.move_cursor(1),
        Command::Up if app.view == View::Score => app.step_basis(-1),
        Command::Down if app.view == View::Score => app.step_basis(1),
        Command::Up => app.move_cursor(-1),
        Command::Down => app.move_cursor(1),
        Command::PageUp => app.move_cursor(-PAGE),
        Command::PageDown => app.move_cursor(PAGE),
        Command::Home => app.move_cursor_to(0),
        Command::End => app.move_cursor_to(app.len()),
        Command::NextScored => app.move_to_scored(1),
        Command::PreviousScored => app.move_to_scored(-1),
        Command::Show(view) => app.view = view,
        Command::NextView => app.view = next(&View::EVERY, app.view, 1),
        Command::NextMode => app.step_basis(1),
        Command::PreviousMode => app.step_basis(-1),
        Command::NextDenominator => app.denominator = next(&Denominator::EVERY, app.denominator, 1),
        Command::MoreCandidates => app.top_k = (app.top_k + 1).min(MOST_CANDIDATES),
        Command::FewerCandidates => app.top_k = app.top_k.saturating_sub(1).max(1),
        Command::Hotter => app.step_temperature(1),
        Command::Cooler => app.step_temperature(-1),
        Command::ResetTemperature => app.temperature = 1.0,
        Command::NextLayers => app.layers_shown += 1,
        Command::Split => app.toggle_split(),
        Command::EscapeSpecials => return app.toggle_escape(),
        Command::JoinParts => return app.toggle_join(),
        Command::NextPacking => return app.switch_packing(),
        Command::NextTheme => {
            let themes = [ThemeName::Dark, ThemeName::Light, ThemeName::Ansi, ThemeName::Mono];
            app.theme = next(&themes, app.theme, 1);
        }
        Command::Help => app.overlay = Some(Overlay::Help { scroll: 0 }),
        Command::Edit => editing::open(app),
        Command::TrainingSettings => settings::open(app),
        Command::Save => saving::open(app),
        Command::TwinRun => return twin::toggle(app),
        Command::Probe => return collecting::pin(app),
        Command::Collect => return collecting::collect(app),
        Command::DataSet if app.training.data != TrainingData::Screen => {
            collecting::set_data(app, String::new(), Vec::new());
        }
        Command::WhatIf
        | Command::Open
        | Command::DataSet
        | Command::ChooseModel
        | Command::ChooseSecond
        | Command::Palette => {
            return picking::open(app, command);
        }
        Command::EndCompare => return comparing::end(app),
        Command::Cancel => return app.cancel(),
        Command::Retry => return app.analyze(),
        _ => {}
    }
    Vec::new()
}

/// Where the split is after an edit: it stays with its text, so what is typed before it moves it on.
fn moved_split(split: usize, before: &str, after: &str) -> usize {
    let same = before.chars().zip(after.chars()).take_while(|(a, b)| a == b).count();
    if same >= split {
        return split;
    }
    let (before, after) = (before.chars().count(), after.chars().count());
    (split + after).saturating_sub(before).clamp(same, after)
}

/// The element `by` places after `current`, round and round.
pub(super) fn next<T: Copy + PartialEq>(all: &[T], current: T, by: isize) -> T {
    let at = all.iter().position(|&one| one == current).unwrap_or(0) as isize;
    all[(at + by).rem_euclid(all.len() as isize) as usize]
}

impl App {
    fn move_cursor(&mut self, by: isize) {
        self.move_cursor_to(self.cursor.saturating_add_signed(by));
    }

    /// The cursor goes to token `t`, or to the token that would come next.
    fn move_cursor_to(&mut self, t: usize) {
        let to = t.min(self.len());
        if to != self.cursor {
            self.what_if = None;
        }
        self.cursor = to;
    }

    fn move_to_scored(&mut self, by: isize) {
        let Some(mask) = self.mask() else { return };
        let to = match by {
            1.. => (self.cursor + 1..self.len()).find(|&t| mask.is_scored(t)),
            _ => (0..self.cursor).rev().find(|&t| mask.is_scored(t)),
        };
        match to {
            Some(t) => self.move_cursor_to(t),
            None => self.say("no scored token there"),
        }
    }

    fn step_temperature(&mut self, by: isize) {
        let at = TEMPERATURES.iter().position(|&t| t >= self.temperature).unwrap_or(TEMPERATURES.len() - 1);
        self.temperature = TEMPERATURES[at.saturating_add_signed(by).min(TEMPERATURES.len() - 1)];
    }

    /// The completion starts at the cursor; at the same place again, nowhere.
    fn toggle_split(&mut self) {
        if matches!(self.sample, Sample::Chat(_)) {
            return self.say("a chat's completion starts at its last assistant message; the split is for raw text");
        }
        if self.pack.is_some() {
            return self.say("the prompts of packed texts are those of their records");
        }
        let here = self.sequence().chars_before(self.cursor);
        self.policy.split = (self.policy.split != Some(here)).then_some(here);
        self.policy.basis = Basis::Automatic;
        self.rescore();
    }

    /// Special-token text that a user typed is encoded as text from now on, or as special tokens again.
    fn toggle_escape(&mut self) -> Vec<Effect> {
        self.encoding.escape_specials = !self.encoding.escape_specials;
        self.say(match self.encoding.escape_specials {
            true => "special-token text in what was typed is encoded as text",
            false => "special-token text in what was typed becomes special tokens",
        });
        self.asked.probes = false;
        self.analyze()
    }

    /// Content that is a list of parts reaches the template as one text from now on, or as the list again.
    fn toggle_join(&mut self) -> Vec<Effect> {
        self.encoding.join_parts = !self.encoding.join_parts;
        self.say(match self.encoding.join_parts {
            true => "content in parts is joined to one text before the template gets it",
            false => "content in parts reaches the template as the list that it is",
        });
        self.asked.probes = false;
        self.analyze()
    }

    /// Records that are packed know of each other from now on, or no more.
    fn switch_packing(&mut self) -> Vec<Effect> {
        let Some(pack) = &mut self.pack else {
            self.say("nothing is packed; start with --chat FILE --pack N");
            return Vec::new();
        };
        let packing = pack.options.packing.other();
        pack.options.packing = packing;
        self.say(match packing {
            Packing::Block => "block packing: documents know nothing of each other",
            Packing::Naive => "naive packing: as if all documents were one text",
        });
        self.analyze()
    }

    fn cancel(&mut self) -> Vec<Effect> {
        if self.view == View::Score && self.painting.anchor.take().is_some() {
            return Vec::new();
        }
        if self.what_if.take().is_some() {
            return Vec::new();
        }
        if self.training.shown.is_some() {
            self.show_step(None);
            return Vec::new();
        }
        if self.training.activity != Activity::Idle {
            return pause(self);
        }
        if matches!(self.analysis.progress, Progress::Waiting | Progress::Loading { .. } | Progress::Scoring) {
            // The model on screen stays, where another was on its way.
            if self.chosen_model != self.working_model && self.model.is_some() {
                self.chosen_model = self.working_model.clone();
                self.say("stopped: the model before it stays");
                let mut effects = vec![Effect::CancelEngine];
                effects.extend(self.analyze());
                return effects;
            }
            self.analysis.progress = Progress::Cancelled;
            return vec![Effect::CancelEngine];
        }
        let second = &mut self.comparing;
        let is_awaited = matches!(second.progress, Progress::Waiting | Progress::Loading { .. } | Progress::Scoring);
        if second.source.is_some() && is_awaited {
            second.progress = Progress::Cancelled;
            return vec![Effect::CancelEngine];
        }
        Vec::new()
    }

    /// A line in the footer until the next command.
    fn say(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), is_error: false });
    }

    /// A sample from elsewhere is shown from its start.
    fn open_sample(&mut self, sample: Sample, name: impl Into<String>) -> Vec<Effect> {
        self.is_new_sample = true;
        self.policy.split = None;
        self.what_if = None;
        if self.policy.basis == Mode::Completion.into() {
            self.policy.basis = Basis::Automatic;
        }
        self.form = Form::of_sample(&sample);
        self.replace_sample(sample, name)
    }

    /// What is edited takes the place of what it was; the cursor stays.
    fn replace_sample(&mut self, sample: Sample, name: impl Into<String>) -> Vec<Effect> {
        let same_kind = std::mem::discriminant(&sample) == std::mem::discriminant(&self.sample);
        if !same_kind {
            self.policy.basis = Basis::Automatic;
            self.form = Form::of_sample(&sample);
        }
        if let (Sample::Text(before), Sample::Text(after)) = (&self.sample, &sample) {
            self.policy.split = self.policy.split.map(|split| moved_split(split, before, after));
        }
        self.records.is_intact = false;
        self.sample = sample;
        self.sample_name = name.into();
        self.analyze()
    }

    /// Asks once for the distribution under the cursor, as soon as its row is there.
    fn ask_for_distribution(&mut self) -> Option<Effect> {
        let position = self.cursor.checked_sub(1)?;
        // Of a past step only the rows are known.
        if self.training.shown.is_some() {
            return None;
        }
        let wanted = (self.analysis.generation, position);
        // Rows of an older text say nothing of what the engine has by now.
        if !self.is_current() || position >= self.analysis.scores.len() || self.distribution_asked == Some(wanted) {
            return None;
        }
        self.distribution_asked = Some(wanted);
        let request = crate::engine::Request::Distribution { generation: wanted.0, position };
        Some(Effect::Engine(request))
    }
}
