//! The view Predict: how many candidates, at which temperature, and what another target would cost.

use super::{Room, View, ViewCommand};
use crate::app::keymap::{Binding, Context};
use crate::app::{App, Effect, overlay};

/// Temperatures that `t` and `T` go through.
const TEMPERATURES: [f64; 11] = [0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.3, 1.5, 2.0, 3.0, 5.0];
/// Candidates shown at most.
const MOST_CANDIDATES: usize = 50;

/// What the view remembers.
#[derive(Clone, Debug)]
pub struct Predict {
    pub temperature: f64,
    pub top_k: usize,
    /// Another token looked at as if it were the target.
    pub what_if: Option<u32>,
}

impl Default for Predict {
    fn default() -> Self {
        Self { temperature: 1.0, top_k: 10, what_if: None }
    }
}

/// What only this view can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    MoreCandidates,
    FewerCandidates,
    Hotter,
    Cooler,
    ResetTemperature,
    WhatIf,
}

const fn bind(keys: &'static [&'static str], command: Command, help: &'static str, short: &'static str) -> Binding {
    let command = crate::app::Command::In(ViewCommand::Predict(command));
    Binding { context: Context::View(View::Predict), keys, command, help, short }
}

impl Room for Predict {
    const ABOUT: &'static str = "view Predict: what each token cost";
    const KEYS: &'static [Binding] = &[
        bind(&["+", "="], Command::MoreCandidates, "more candidates", "+- top-k"),
        bind(&["-"], Command::FewerCandidates, "fewer candidates", ""),
        bind(&["t"], Command::Hotter, "higher temperature", "t T temp"),
        bind(&["T"], Command::Cooler, "lower temperature", ""),
        bind(&["0"], Command::ResetTemperature, "temperature 1", ""),
        bind(&["w"], Command::WhatIf, "what if another token were the target?", "w what if"),
    ];
    type Command = Command;

    fn run(app: &mut App, command: Command) -> Vec<Effect> {
        let own = &mut app.views.predict;
        match command {
            Command::MoreCandidates => own.top_k = (own.top_k + 1).min(MOST_CANDIDATES),
            Command::FewerCandidates => own.top_k = own.top_k.saturating_sub(1).max(1),
            Command::Hotter => own.step_temperature(1),
            Command::Cooler => own.step_temperature(-1),
            Command::ResetTemperature => own.temperature = 1.0,
            Command::WhatIf => overlay::choose_what_if(app),
        }
        Vec::new()
    }

    fn cancel(app: &mut App) -> Option<Vec<Effect>> {
        app.views.predict.what_if.take().map(|_| Vec::new())
    }

    fn leave_place(&mut self) {
        self.what_if = None;
    }
}

impl Predict {
    fn step_temperature(&mut self, by: isize) {
        let at = TEMPERATURES.iter().position(|&t| t >= self.temperature).unwrap_or(TEMPERATURES.len() - 1);
        self.temperature = TEMPERATURES[at.saturating_add_signed(by).min(TEMPERATURES.len() - 1)];
    }
}
