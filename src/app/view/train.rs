//! The view Train: the film of the run, how the next steps are taken, what they are taken on, what is watched.

mod best;
mod collecting;
mod demonstrating;
mod twin;

pub(in crate::app) use collecting::{choose_probes, set_data};
pub(in crate::app) use demonstrating::choose as choose_demonstration;
pub(in crate::app) use twin::{
    begin_that_waits as begin_twin_that_waits, choose as choose_twin, toggle as toggle_twin,
};

use super::{Room, View, ViewCommand};
use crate::app::general::Part;
use crate::app::keymap::{Binding, Context};
use crate::app::overlay::{HIGHEST_RATE, LOWEST_RATE, next_round};
use crate::app::training::go_back;
use crate::app::{App, Effect, TrainingData, next, overlay};
use crate::engine::TrainRequest;

/// The parts of the view that take turns where there is no room for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TrainPanel {
    #[default]
    Movers,
    Probes,
    Samples,
    Gradients,
    Verdict,
    Runs,
}

impl TrainPanel {
    /// Every panel, in the order of their tabs.
    pub const EVERY: [Self; 6] =
        [Self::Movers, Self::Probes, Self::Samples, Self::Gradients, Self::Verdict, Self::Runs];

    /// The tab's title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Movers => "Movers",
            Self::Probes => "Probes",
            Self::Samples => "Samples",
            Self::Gradients => "Gradients",
            Self::Verdict => "Verdict",
            Self::Runs => "Runs",
        }
    }
}

/// What the view remembers; the run itself is no view's.
#[derive(Clone, Debug, Default)]
pub struct Train {
    /// What its lower part shows where not all fits.
    pub panel: TrainPanel,
}

/// What only this view can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    EarlierStep,
    LaterStep,
    Rewind,
    Best,
    NextDecider,
    RaiseRate,
    LowerRate,
    Settings,
    TwinRun,
    FromScratch,
    SlowStep,
    NextPanel,
    Probe,
    Collect,
    DataSet,
    Save,
    HandOver,
}

impl Command {
    /// Whether it changes what is trained, or how.
    pub(in crate::app) fn steers(self) -> bool {
        !matches!(self, Self::EarlierStep | Self::LaterStep | Self::NextPanel | Self::NextDecider | Self::Probe)
    }
}

const fn bind(keys: &'static [&'static str], command: Command, help: &'static str, short: &'static str) -> Binding {
    let command = crate::app::Command::In(ViewCommand::Train(command));
    Binding { context: Context::View(View::Train), keys, command, help, short }
}

impl Room for Train {
    const ABOUT: &'static str = "view Train: how the model learns, step by step";
    const BEHIND: Part = Part::Training;
    const KEYS: &'static [Binding] = &[
        bind(&["↑", "k"], Command::EarlierStep, "an earlier step of the film, in every view", "↑↓ film"),
        bind(&["↓", "j"], Command::LaterStep, "a later step of the film", ""),
        bind(&["b"], Command::Rewind, "rewind the weights to the step shown", "b back"),
        bind(&["z"], Command::SlowStep, "one step in slow motion, stage by stage", "z slow step"),
        bind(&["*"], Command::Best, "rewind the weights to the best step by a probe", ""),
        bind(&["P"], Command::NextDecider, "another probe decides which step is best", ""),
        bind(&["+", "="], Command::RaiseRate, "higher learning rate", "+- lr"),
        bind(&["-"], Command::LowerRate, "lower learning rate", ""),
        bind(&["s"], Command::Settings, "training settings", "s settings"),
        bind(&["t"], Command::TwinRun, "twin run or demonstration; end it", "t twin"),
        bind(&["f"], Command::FromScratch, "from random weights: choose a size, watch it learn English", "f scratch"),
        bind(&["i"], Command::NextPanel, "movers, probes, samples, gradients, verdict, runs", "i panel"),
        bind(&["p"], Command::Probe, "watch this sentence as a probe, or no more", "p probe"),
        bind(&["a"], Command::Collect, "add this sentence to the training set, or take it out", ""),
        bind(&["D"], Command::DataSet, "train on a data set (JSONL), or on the screen again", "D data"),
        bind(&["w"], Command::Save, "save the weights", "w save"),
        bind(&["H"], Command::HandOver, "hand the run over to another trainer", ""),
    ];
    type Command = Command;

    fn run(app: &mut App, command: Command) -> Vec<Effect> {
        match command {
            Command::EarlierStep => scrub(app, -1),
            Command::LaterStep => scrub(app, 1),
            Command::Rewind => return rewind(app),
            Command::Best => return best::go(app),
            Command::NextDecider => return best::choose_next(app),
            Command::RaiseRate => step_rate(app, true),
            Command::LowerRate => step_rate(app, false),
            Command::Settings => overlay::open_settings(app),
            Command::TwinRun => return twin::toggle(app),
            Command::FromScratch => return demonstrating::choose_scratch(app),
            Command::SlowStep => return overlay::open_slow_step(app),
            Command::NextPanel => app.views.train.panel = next(&TrainPanel::EVERY, app.views.train.panel, 1),
            Command::Probe => return collecting::pin(app),
            Command::Collect => collecting::collect(app),
            Command::DataSet if app.training.data == TrainingData::Screen => return overlay::choose_data_set(app),
            Command::DataSet => set_data(app, String::new(), Vec::new()),
            Command::Save => overlay::open_save(app),
            Command::HandOver => overlay::open_handover(app),
        }
        Vec::new()
    }

    fn panels() -> Vec<&'static str> {
        TrainPanel::EVERY.iter().map(|panel| panel.title()).collect()
    }

    fn show_panel(&mut self, panel: usize) {
        self.panel = TrainPanel::EVERY.get(panel).copied().unwrap_or_default();
    }
}

/// The views show an earlier or a later step of the film.
fn scrub(app: &mut App, by: isize) {
    let last = app.training.film.frames.len().saturating_sub(1);
    if last == 0 {
        return app.shared.say(match app.training.step {
            0 => "no step was taken yet; space takes one",
            _ => "the film begins here: the text is read otherwise than at the steps before",
        });
    }
    let at = app.training.shown.unwrap_or(last).saturating_add_signed(by).min(last);
    app.show_step(Some(at));
}

fn step_rate(app: &mut App, is_up: bool) {
    let settings = &mut app.training.settings;
    settings.lr = next_round(settings.lr, is_up).clamp(LOWEST_RATE, HIGHEST_RATE);
    let text = format!("learning rate {:e}", settings.lr);
    app.shared.say(text);
}

/// The weights become those of the step that is shown.
fn rewind(app: &mut App) -> Vec<Effect> {
    let step = app.training.shown_step();
    if app.training.shown.is_none() {
        app.shared.say("these are the weights of now; ↑ in the view Train chooses a step to go back to");
        return Vec::new();
    }
    if step < app.training.oldest {
        app.shared
            .say(format!("step {step} is too long ago: {} and later ones can be gone back to", app.training.oldest));
        return Vec::new();
    }
    go_back(app, TrainRequest::Rewind { step })
}
