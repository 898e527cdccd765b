//! The view Attend: which of the model's layers it shows. Layers with the same attention mask look the same.

use super::{Room, View, ViewCommand};
use crate::app::general::Part;
use crate::app::keymap::{Binding, Context};
use crate::app::{App, Effect};
use crate::mask::AttentionMask;

/// What the view remembers.
#[derive(Clone, Debug, Default)]
pub struct Attend {
    /// Which of the model's attention masks is shown, counted on and round.
    layers_shown: usize,
}

/// What only this view can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// Layers that see another part of the text are shown.
    NextLayers,
}

impl Room for Attend {
    const ABOUT: &'static str = "view Attend: what each prediction may see";
    const BEHIND: Part = Part::Rest;
    const KEYS: &'static [Binding] = &[Binding {
        context: Context::View(View::Attend),
        keys: &["i"],
        command: crate::app::Command::In(ViewCommand::Attend(Command::NextLayers)),
        help: "layers with another attention mask",
        short: "",
    }];
    type Command = Command;

    fn run(app: &mut App, Command::NextLayers: Command) -> Vec<Effect> {
        app.views.attend.layers_shown += 1;
        Vec::new()
    }
}

impl App {
    /// The mask on show, and the layers that have it; without a model what every causal model has.
    pub fn attention_mask(&self) -> (AttentionMask, &[usize]) {
        let masks = self.attention_masks();
        match masks.get(self.views.attend.layers_shown % masks.len().max(1)) {
            Some((mask, layers)) => (*mask, layers),
            None => (AttentionMask::Causal, &[]),
        }
    }

    /// Whether the model has layers with another mask than the one on show.
    pub fn has_other_masks(&self) -> bool {
        self.attention_masks().len() > 1
    }

    fn attention_masks(&self) -> &[(AttentionMask, Vec<usize>)] {
        self.analysis.model.as_ref().map_or(&[], |model| &model.masks)
    }
}
