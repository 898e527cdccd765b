//! Where a run is handed over to: a folder to type, and the trainer that takes it.

use ratatui_textarea::Input;

use crate::app::keymap::{Binding, Context};
use crate::app::training::train;
use crate::app::{Activity, App, Command, Effect, InputLine, Overlay, next};
use crate::engine::{HandOver, TrainRequest};
use crate::handover::Recipient;
use crate::train::Shape;

const fn bind(keys: &'static [&'static str], command: Command, help: &'static str, short: &'static str) -> Binding {
    Binding { context: Context::Handover, keys, command, help, short }
}

pub const KEYS: &[Binding] = &[
    bind(&["enter"], Command::Accept, "write the run to that folder", "enter write"),
    bind(&["tab"], Command::NextForm, "another trainer", "tab trainer"),
    bind(&["esc"], Command::Cancel, "write nothing", "esc cancel"),
    bind(&["ctrl-c"], Command::Quit, "quit", ""),
];

/// A run to hand over, as far as it is said.
#[derive(Clone, Debug)]
pub struct HandoverForm {
    pub directory: InputLine,
    pub to: Recipient,
    /// How many steps the run has.
    pub steps: usize,
}

/// Opens the line, if there is a run to hand over.
pub fn open(app: &mut App) {
    let training = &app.training;
    let schedule = training.settings.schedule;
    // A schedule ends with its run.
    let of_schedule = (schedule.shape != Shape::Constant).then_some(schedule.total);
    let why = match (training.goal.steps.or(of_schedule), &training.activity) {
        (_, Activity::Running | Activity::Pausing | Activity::Busy { .. }) => {
            "something is under way: esc stops it, then the run can be handed over"
        }
        _ if training.step > 0 => "a run is handed over from its beginning: X goes back to the base weights",
        _ if training.twin.is_some() => "one run is handed over, and these are two: t ends the twin run",
        (None, _) => "say how long the run is: s, \"a run stops after steps\"",
        (Some(steps), Activity::Idle) => {
            let directory = "./lossglass-handover".to_owned().into();
            app.overlay = Some(Overlay::Handover(HandoverForm { directory, to: Recipient::default(), steps }));
            return;
        }
    };
    app.shared.say(why);
}

/// A command in the line.
pub fn run(app: &mut App, command: Command) -> Vec<Effect> {
    let Some(Overlay::Handover(form)) = &mut app.overlay else { return Vec::new() };
    match command {
        Command::NextForm => form.to = next(Recipient::EVERY, form.to, 1),
        Command::Accept if form.directory.text().trim().is_empty() => {
            app.shared.say("type a folder to write to, or esc");
        }
        Command::Accept => return write(app),
        _ => app.overlay = None,
    }
    Vec::new()
}

fn write(app: &mut App) -> Vec<Effect> {
    let plan = match app.plan() {
        Ok(plan) => plan,
        Err(text) => {
            app.shared.complain(text);
            return Vec::new();
        }
    };
    let described = app.step_settings();
    let Some(Overlay::Handover(HandoverForm { directory, to, steps })) = app.overlay.take() else { return Vec::new() };
    let directory = directory.text().trim().into();
    let request = HandOver { plan, to, steps, mask: described.mask, data: described.data, directory };
    vec![train(TrainRequest::HandOver(Box::new(request)))]
}

/// A key goes to the line.
pub fn type_key(app: &mut App, input: Input) -> Vec<Effect> {
    if let Some(Overlay::Handover(form)) = &mut app.overlay {
        form.directory.input(input);
    }
    Vec::new()
}

/// A paste goes to the line.
pub fn paste(app: &mut App, text: &str) {
    if let Some(Overlay::Handover(form)) = &mut app.overlay {
        form.directory.paste(text);
    }
}
