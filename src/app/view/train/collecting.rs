//! Sentences to watch and sentences to learn: probes, the training set, data sets from files.

use crate::app::training::{Probe, Stage, TrainingData};
use crate::app::{App, Effect};
use crate::sample::{self, Record, Sample};
use crate::sequence::visible_text;

/// Characters of a sentence that make its name.
const NAME: usize = 24;

/// Watches the sample on screen while something else is learned; watched already, no more.
pub fn pin(app: &mut App) -> Vec<Effect> {
    let at = app.training.probes.iter().position(|probe| probe.sample == app.sample);
    let (probes, sample) = (&mut app.training.probes, &app.shared.sample);
    match at {
        Some(at) => {
            probes.remove(at);
            app.asked.default_probes -= usize::from(at < app.asked.default_probes);
            app.shared.say("this is no probe any more");
        }
        None => {
            probes.push(Probe::new(name(sample), sample.clone()));
            let text = match probes.len() {
                1 => "this is watched as a probe".into(),
                n => format!("this is watched as one of {n} probes"),
            };
            app.shared.say(text);
        }
    }
    app.asked.probes = false;
    app.send_probes()
}

/// Takes the sample on screen into the set that is learned, or out of it.
pub fn collect(app: &mut App) {
    let (name, mut samples) = match &app.training.data {
        TrainingData::Screen => ("collected".into(), Vec::new()),
        TrainingData::Samples { name, samples } => (name.clone(), samples.to_vec()),
    };
    match samples.iter().position(|record| record.sample == app.sample) {
        Some(at) => drop(samples.remove(at)),
        None => samples.push(Record { form: app.form, split: app.policy.split, sample: app.sample.clone() }),
    }
    set_data(app, name, samples);
}

/// Learns these samples, or the screen where there are none.
pub fn set_data(app: &mut App, name: String, samples: Vec<Record>) {
    app.training.data = match samples.is_empty() {
        true => TrainingData::Screen,
        false => TrainingData::Samples { name, samples: samples.into() },
    };
    app.shared.say(format!("training on {}", app.training.data.describe()));
}

/// A sample was opened: a demonstration on another is over, and as long as nothing is learned, its own probes take the place
/// of those of the one before.
pub fn choose_probes(app: &mut App) {
    let is_of_another = |stage: &Stage| stage.probes.first().is_some_and(|probe| probe.sample != app.shared.sample);
    if app.training.stage.as_ref().is_some_and(is_of_another) {
        app.leave_stage();
    }
    if !app.training.is_untouched() {
        return;
    }
    let chosen = sample::probes(&app.sample).into_iter().map(|(name, sample)| Probe::new(name, sample));
    let chosen: Vec<Probe> = chosen.collect();
    let count = chosen.len();
    app.training.probes.splice(..app.asked.default_probes, chosen);
    app.asked.default_probes = count;
    app.asked.probes = false;
}

/// The beginning of what a sample says at last, as it is written on screen.
fn name(sample: &Sample) -> String {
    let text = match sample {
        Sample::Text(text) => text,
        Sample::Prepared(_) => "",
        Sample::Chat(chat) => chat.messages.last().map_or("", |message| message.content.as_str()),
    };
    let start: String = text.chars().take(NAME).collect();
    let more = if start.len() < text.len() { "…" } else { "" };
    format!("{}{more}", visible_text(&start))
}
