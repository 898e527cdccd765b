//! Demonstrations: beginning one, ending one.

use crate::app::training::{Demonstration, Scratch, go_back, pause};
use crate::app::{About, App, Chosen, Effect, Item, Overlay, Picker, PickerKind};
use crate::engine::TrainRequest;
use crate::mask::Mode;

/// Opens the list of models of random weights.
pub fn choose_scratch(app: &mut App) -> Vec<Effect> {
    let sizes = [Scratch::Mini, Scratch::Small, Scratch::Full].map(Demonstration::FromScratch).map(item);
    app.overlay = Some(Overlay::Picker(Picker::new(PickerKind::Scratch, sizes.into())));
    Vec::new()
}

/// A demonstration in a list.
pub fn item(demonstration: Demonstration) -> Item {
    Item {
        label: demonstration.title().into(),
        about: About::Words(demonstration.about().into()),
        choice: Chosen::Demonstration(demonstration),
    }
}

/// The demonstration begins, once its text is on screen and scored by a model that does not know yet what it is about.
pub fn choose(app: &mut App, demonstration: Demonstration) -> Vec<Effect> {
    let other_model = demonstration.untaught(&app.source());
    let has_other_model = other_model.is_some();
    if let Some(source) = other_model {
        app.shared.choose_model(source);
    }
    match demonstration.sample() {
        Some((sample, name)) if app.sample != sample || !app.is_current() => {
            app.asked.demonstration = Some(demonstration);
            app.open_sample(sample, name)
        }
        _ if has_other_model || !app.is_current() => {
            app.asked.demonstration = Some(demonstration);
            app.analyze()
        }
        _ => begin(app, demonstration),
    }
}

/// From the base weights on.
pub fn begin(app: &mut App, demonstration: Demonstration) -> Vec<Effect> {
    if app.is_empty() {
        app.shared.complain("there is no text to learn; e edits, o opens");
        return Vec::new();
    }
    match demonstration {
        Demonstration::TwoAnswers => app.shared.choose_policy(app.policy.on(Mode::Assistant)),
        Demonstration::FromScratch(_) => app.shared.choose_policy(app.policy.on(Mode::All)),
        Demonstration::OwnText => {}
    }
    let training = &mut app.training;
    let before = (training.settings.clone(), training.goal, training.data.clone());
    let stage = demonstration.stage(&app.shared.sample, before);
    (training.settings, training.goal, training.data) = stage.plan();
    training.stage = Some(stage);
    app.shared.divide_by(app.training.settings.denominator);
    app.asked.probes = false;
    let mut effects = go_back(app, TrainRequest::Reset);
    effects.extend(app.send_probes());
    let steps = app.training.goal.steps.unwrap_or(0);
    app.shared.say(format!("{}: r takes its {steps} steps; t ends it", demonstration.title()));
    effects
}

/// Steps are taken as before it, from the weights that it left.
pub fn end(app: &mut App) -> Vec<Effect> {
    let effects = pause(app);
    app.leave_stage();
    app.shared.say("the demonstration is over: settings and data are as before it; X goes back to the base weights");
    effects
}
