//! Twin runs that make a point in a minute: what the two copies do otherwise.

use crate::mask::{Mode, PartWeights, Policy};
use crate::sequence::Kind;
use crate::template::Part;
use crate::train::{LoraSettings, Method, Optimizer, Settings};

/// A twin run that can be chosen.
#[derive(Debug)]
pub struct Preset {
    pub title: &'static str,
    /// What it shows, in a few words.
    pub about: &'static str,
    /// What the two copies are.
    pub names: [&'static str; 2],
    difference: Difference,
    /// The embedded chat model knows already what this is about: the embedded base model takes its place, at this
    /// learning rate.
    pub untaught: Option<f64>,
}

/// What the two copies do otherwise.
#[derive(Debug)]
enum Difference {
    /// Only the answer is scored, or all of the text.
    Prompt,
    /// Parts of the assistant's turns have these weights; all else is scored as `assistant` does.
    Parts([&'static [(Part, f64)]; 2]),
    /// The settings of both, from those that were chosen.
    Settings(fn(&Settings) -> [Settings; 2]),
}

/// The presets, in the order of the list.
pub const PRESETS: &[Preset] = &[
    Preset {
        title: "prompt scored or not",
        about: "what it costs to learn the question too",
        names: ["answer only", "all tokens"],
        difference: Difference::Prompt,
        untaught: None,
    },
    Preset {
        title: "the stop token unscored",
        about: "the model that never stops",
        names: ["stop scored", "stop unscored"],
        difference: Difference::Parts([&[], &[(Part::Stop, 0.0)]]),
        untaught: Some(1e-3),
    },
    Preset {
        title: "the header scored",
        about: "loss spent on what the template supplies",
        names: ["header unscored", "header scored"],
        difference: Difference::Parts([&[], &[(Part::Header, 1.0)]]),
        untaught: None,
    },
    Preset {
        title: "reasoning against answer",
        about: "the thinking scored like the answer, or a tenth of it",
        names: ["reasoning 1", "reasoning 0.1"],
        difference: Difference::Parts([&[], &[(Part::Reasoning, 0.1)]]),
        untaught: None,
    },
    Preset {
        title: "learning rate ×10",
        about: "faster, until it is too fast",
        names: ["lr", "lr ×10"],
        difference: Difference::Settings(|settings| {
            [settings.clone(), Settings { lr: settings.lr * 10.0, ..settings.clone() }]
        }),
        untaught: None,
    },
    Preset {
        title: "full or LoRA",
        about: "every weight, or low-rank adapters",
        names: ["full", "LoRA"],
        difference: Difference::Settings(|settings| {
            let lora = match &settings.method {
                Method::Lora(lora) => lora.clone(),
                _ => LoraSettings::default(),
            };
            let with = |method| Settings { method, ..settings.clone() };
            [with(Method::Full), with(Method::Lora(lora))]
        }),
        untaught: None,
    },
    Preset {
        title: "SGD or AdamW",
        about: "one learning rate, two sizes of step",
        names: ["AdamW", "SGD"],
        difference: Difference::Settings(|settings| {
            let momentum = match settings.optimizer {
                Optimizer::Sgd { momentum } => momentum,
                Optimizer::AdamW => 0.0,
            };
            let with = |optimizer| Settings { optimizer, ..settings.clone() };
            [with(Optimizer::AdamW), with(Optimizer::Sgd { momentum })]
        }),
        untaught: None,
    },
];

impl Preset {
    /// The settings of both copies, from those that were chosen.
    pub fn settings(&self, chosen: &Settings) -> [Settings; 2] {
        match self.difference {
            Difference::Settings(settings) => settings(chosen),
            Difference::Prompt | Difference::Parts(_) => [chosen.clone(), chosen.clone()],
        }
    }

    /// What both copies score of a sample of this kind, with the options that were `chosen`; `None` where both score what
    /// was chosen.
    pub fn policies(&self, kind: Kind, chosen: Policy) -> Option<[Policy; 2]> {
        let on = |mode: Mode, parts| Policy { parts, ..chosen.on(mode) };
        match self.difference {
            Difference::Settings(_) => None,
            Difference::Prompt => {
                let answer = if kind == Kind::Chat { Mode::Assistant } else { Mode::Completion };
                Some([answer, Mode::All].map(|mode| on(mode, PartWeights::default())))
            }
            Difference::Parts(parts) => Some(parts.map(|parts| on(Mode::Assistant, weights(parts)))),
        }
    }
}

fn weights(parts: &[(Part, f64)]) -> PartWeights {
    // A weight that a part cannot have is left out; a test sees to it that there is none.
    parts.iter().fold(PartWeights::default(), |weights, &(part, weight)| weights.with(part, weight).unwrap_or(weights))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_copies_differ() {
        for preset in PRESETS {
            let [first, second] = preset.settings(&Settings::default());
            let masks = preset.policies(Kind::Chat, Policy::default());
            let masks_differ = masks.is_some_and(|[first, second]| first != second);
            assert!(masks_differ != (first != second), "{} differs in one thing", preset.title);
        }
    }

    #[test]
    fn every_part_of_a_preset_takes_a_weight() {
        let parts = PRESETS.iter().filter_map(|preset| match preset.difference {
            Difference::Parts(parts) => Some(parts.concat()),
            _ => None,
        });
        for (part, weight) in parts.flatten() {
            assert!(PartWeights::default().with(part, weight).is_ok(), "{part:?}");
        }
    }
}
